//! MODEL as JSON.

use serde_json::{Map, Value as Json, json};

use super::{KernelSpec, ModelFile};

pub fn model(model: &ModelFile) -> Json {
    let inputs: Vec<Json> = model
        .inputs
        .iter()
        .map(|input| json!({"name": input.name, "encoding": input.encoding.name()}))
        .collect();
    let mut output = Map::new();
    output.insert("transform".into(), model.output.transform.name().into());
    for (name, value) in [
        ("mean", model.output.mean),
        ("sd", model.output.sd),
        ("lambda", model.output.lambda),
        ("spread", model.output.spread),
    ] {
        if let Some(value) = value {
            output.insert(name.into(), value.into());
        }
    }
    let mut written = json!({
        "inputs": inputs,
        "output": output,
        "mean": model.mean,
        "kernel": kernel(&model.kernel),
        "noise_variance": model.noise_variance,
    });
    if let (Some(learned), Some(object)) = (model.learned, written.as_object_mut()) {
        let word = |is_used: bool| if is_used { "model" } else { "ignore" };
        let trials = json!({"pruned": word(learned.pruned), "failures": word(learned.failures)});
        object.insert("trials".into(), trials);
    }
    if let (true, Some(object)) = (model.doubt > 0.0, written.as_object_mut()) {
        object.insert("doubt".into(), model.doubt.into());
    }
    written
}

fn kernel(spec: &KernelSpec) -> Json {
    let leaf = |name: &str, mut fields: Map<String, Json>, inputs: &Option<Vec<String>>| {
        if let Some(inputs) = inputs {
            fields.insert("inputs".into(), inputs.clone().into());
        }
        Json::Object(Map::from_iter([(name.to_owned(), Json::Object(fields))]))
    };
    let fields = |pairs: &[(&str, Json)]| -> Map<String, Json> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect()
    };
    match spec {
        KernelSpec::Constant { variance, .. } => {
            leaf("constant", fields(&[("variance", json!(variance))]), &None)
        }
        KernelSpec::Matern {
            nu,
            lengthscales,
            inputs,
            // JSON has no infinity, and the RBF is that limit.
        } if nu.is_infinite() => leaf("rbf", fields(&[("lengthscales", json!(lengthscales))]), inputs),
        KernelSpec::Rbf { lengthscales, inputs } => {
            leaf("rbf", fields(&[("lengthscales", json!(lengthscales))]), inputs)
        }
        KernelSpec::Matern {
            nu,
            lengthscales,
            inputs,
        } => leaf(
            "matern",
            fields(&[("nu", json!(nu)), ("lengthscales", json!(lengthscales))]),
            inputs,
        ),
        KernelSpec::Hamming { lengthscale, inputs } => {
            leaf("hamming", fields(&[("lengthscale", json!(lengthscale))]), inputs)
        }
        KernelSpec::RationalQuadratic {
            alpha,
            lengthscales,
            inputs,
        } => leaf(
            "rational_quadratic",
            fields(&[("alpha", json!(alpha)), ("lengthscales", json!(lengthscales))]),
            inputs,
        ),
        KernelSpec::Periodic {
            lengthscales,
            periods,
            inputs,
        } => leaf(
            "periodic",
            fields(&[("lengthscales", json!(lengthscales)), ("periods", json!(periods))]),
            inputs,
        ),
        KernelSpec::Linear {
            variances,
            center,
            inputs,
        } => leaf(
            "linear",
            fields(&[("variances", json!(variances)), ("center", json!(center))]),
            inputs,
        ),
        KernelSpec::Categorical { lengthscales, inputs } => leaf(
            "categorical",
            fields(&[("lengthscales", json!(lengthscales))]),
            inputs,
        ),
        KernelSpec::Warp { a, b, inputs, kernel } => leaf(
            "warp",
            fields(&[("a", json!(a)), ("b", json!(b)), ("kernel", self::kernel(kernel))]),
            inputs,
        ),
        KernelSpec::Sum(terms) => json!({"sum": terms.iter().map(kernel).collect::<Vec<_>>()}),
        KernelSpec::Product(terms) => json!({"product": terms.iter().map(kernel).collect::<Vec<_>>()}),
    }
}
