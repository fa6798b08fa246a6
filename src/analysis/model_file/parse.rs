//! MODEL from JSON, with the field in every error.

use serde_json::{Map, Value as Json};

use super::{Encoding, InputSpec, KernelSpec, Learned, ModelFile, ModelFileError, OutputSpec, TransformName};

type Result<T> = std::result::Result<T, ModelFileError>;

/// A place in the file with its name.
struct At<'a> {
    json: &'a Json,
    field: String,
}

impl<'a> At<'a> {
    fn wrong<T>(&self, expected: &'static str) -> Result<T> {
        let mut found = self.json.to_string();
        if found.chars().count() > 40 {
            found = found.chars().take(40).chain(['…']).collect();
        }
        let found = crate::study::Label::new(&found).shown().to_owned();
        Err(if self.field.is_empty() {
            ModelFileError::NotAnObject { found }
        } else {
            ModelFileError::Wrong {
                field: self.field.clone(),
                expected,
                found,
            }
        })
    }

    fn object(&self, known: &[&str]) -> Result<&'a Map<String, Json>> {
        let Some(object) = self.json.as_object() else {
            return self.wrong("an object");
        };
        match object.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(ModelFileError::UnknownField {
                field: self.join(crate::study::Label::new(key).shown()),
                known: known.join(", "),
            }),
            None => Ok(object),
        }
    }

    fn join(&self, name: &str) -> String {
        if self.field.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.field)
        }
    }

    fn optional(&self, name: &str) -> Option<At<'a>> {
        self.json.get(name).filter(|json| !json.is_null()).map(|json| At {
            json,
            field: self.join(name),
        })
    }

    fn get(&self, name: &str) -> Result<At<'a>> {
        self.optional(name).ok_or_else(|| ModelFileError::Missing {
            field: self.join(name),
        })
    }

    fn number(&self) -> Result<f64> {
        match self.json.as_f64() {
            Some(x) if x.is_finite() => Ok(x),
            _ => self.wrong("a finite number"),
        }
    }

    fn positive(&self) -> Result<f64> {
        match self.json.as_f64() {
            Some(x) if x.is_finite() && x > 0.0 => Ok(x),
            _ => self.wrong("a number above 0"),
        }
    }

    fn text(&self) -> Result<&'a str> {
        match self.json.as_str() {
            Some(text) => Ok(text),
            None => self.wrong("a text"),
        }
    }

    fn items(&self) -> Result<Vec<At<'a>>> {
        let Some(list) = self.json.as_array() else {
            return self.wrong("a list");
        };
        Ok(list
            .iter()
            .enumerate()
            .map(|(i, json)| At {
                json,
                field: format!("{}[{i}]", self.field),
            })
            .collect())
    }

    fn one_of<T: Copy>(&self, all: &[T], name: fn(T) -> &'static str, expected: &'static str) -> Result<T> {
        let text = self.text()?;
        match all.iter().find(|t| name(**t) == text) {
            Some(found) => Ok(*found),
            None => self.wrong(expected),
        }
    }
}

pub fn model(json: &Json) -> Result<ModelFile> {
    let at = At {
        json,
        field: String::new(),
    };
    at.object(&[
        "inputs",
        "output",
        "mean",
        "kernel",
        "noise_variance",
        "trials",
        "doubt",
    ])?;
    let inputs = at
        .get("inputs")?
        .items()?
        .iter()
        .map(input)
        .collect::<Result<Vec<_>>>()?;
    let names: Vec<&str> = inputs.iter().map(|i| i.name.as_str()).collect();
    once(&names, |i| format!("inputs[{i}].name"))?;
    let noise = at.get("noise_variance")?;
    let noise_variance = noise.number()?;
    if noise_variance < 0.0 {
        return noise.wrong("a number of at least 0");
    }
    let doubt = at.optional("doubt");
    let doubt = match &doubt {
        None => 0.0,
        Some(at) => match at.number()? {
            doubt if doubt >= 0.0 => doubt,
            _ => return at.wrong("a number of at least 0"),
        },
    };
    Ok(ModelFile {
        doubt,
        output: output(&at.get("output")?)?,
        mean: at.optional("mean").map_or(Ok(0.0), |at| at.number())?,
        kernel: kernel(&at.get("kernel")?, &names, Around::default())?,
        noise_variance,
        inputs,
        learned: at.optional("trials").map(|at| learned(&at)).transpose()?,
    })
}

fn learned(at: &At<'_>) -> Result<Learned> {
    at.object(&["pruned", "failures"])?;
    let is_used = |name: &str| {
        at.optional(name).map_or(Ok(false), |at| {
            at.one_of(
                &[true, false],
                |used| if used { "model" } else { "ignore" },
                "\"model\" or \"ignore\"",
            )
        })
    };
    Ok(Learned {
        pruned: is_used("pruned")?,
        failures: is_used("failures")?,
    })
}

fn input(at: &At<'_>) -> Result<InputSpec> {
    at.object(&["name", "encoding"])?;
    Ok(InputSpec {
        name: at.get("name")?.text()?.to_owned(),
        encoding: at.get("encoding")?.one_of(
            &Encoding::ALL,
            Encoding::name,
            "\"unit\", \"unit_log\" or \"category\"",
        )?,
    })
}

fn output(at: &At<'_>) -> Result<OutputSpec> {
    at.object(&["transform", "mean", "sd", "lambda", "spread"])?;
    let transform = at.get("transform")?.one_of(
        &TransformName::ALL,
        TransformName::name,
        "\"identity\", \"standardize\", \"yeo_johnson\", \"half_rank\" or \"half_rank_log\"",
    )?;
    let number = |name: &str| at.optional(name).map(|at| at.number()).transpose();
    Ok(OutputSpec {
        transform,
        mean: number("mean")?,
        sd: at.optional("sd").map(|at| at.positive()).transpose()?,
        lambda: number("lambda")?,
        spread: at.optional("spread").map(|at| at.positive()).transpose()?,
    })
}

const KERNELS: [&str; 12] = [
    "constant",
    "rbf",
    "matern",
    "hamming",
    "rational_quadratic",
    "periodic",
    "linear",
    "categorical",
    "warp",
    "sum",
    "product",
    "inputs",
];

/// Kernels within kernels, as deep as this; beyond it only a mistake is likely.
const DEEPEST: usize = 64;

/// What encloses a kernel: the inputs that sums and products around it name, how deep it is.
#[derive(Clone, Copy, Default)]
struct Around<'a> {
    inputs: Option<&'a [String]>,
    depth: usize,
    /// Whether a warp is among it.
    warp: bool,
}

fn kernel(at: &At<'_>, names: &[&str], around: Around<'_>) -> Result<KernelSpec> {
    let object = at.object(&KERNELS)?;
    let kinds: Vec<&String> = object.keys().filter(|key| *key != "inputs").collect();
    let [kind] = kinds[..] else {
        return at.wrong("one kernel: constant, rbf, matern, hamming, sum, product or another");
    };
    if around.depth > DEEPEST {
        return at.wrong("a kernel that is nested less deeply");
    }
    let beside = at
        .optional("inputs")
        .map(|at| self::names(&at, names))
        .transpose()?;
    let named = beside.or_else(|| around.inputs.map(<[String]>::to_vec));
    let inner = at.get(kind)?;
    if kind == "sum" || kind == "product" {
        let within = Around {
            inputs: named.as_deref(),
            depth: around.depth + 1,
            ..around
        };
        let terms = inner
            .items()?
            .iter()
            .map(|term| kernel(term, names, within))
            .collect::<Result<Vec<_>>>()?;
        if terms.is_empty() {
            return inner.wrong("a list of at least one kernel");
        }
        return Ok(if kind == "sum" {
            KernelSpec::Sum(terms)
        } else {
            KernelSpec::Product(terms)
        });
    }
    leaf(kind, &inner, names, named, around)
}

fn leaf(
    kind: &str,
    at: &At<'_>,
    names: &[&str],
    named: Option<Vec<String>>,
    around: Around<'_>,
) -> Result<KernelSpec> {
    at.object(match kind {
        "constant" => &["variance", "inputs"],
        "rbf" | "categorical" => &["lengthscales", "lengthscale", "inputs"],
        "matern" => &["nu", "lengthscales", "lengthscale", "inputs"],
        "rational_quadratic" => &["alpha", "lengthscales", "lengthscale", "inputs"],
        "periodic" => &["lengthscales", "lengthscale", "periods", "period", "inputs"],
        "linear" => &["variances", "variance", "center", "inputs"],
        "warp" => &["a", "b", "kernel", "inputs"],
        _ => &["lengthscale", "inputs"],
    })?;
    let inside = at
        .optional("inputs")
        .map(|at| self::names(&at, names))
        .transpose()?;
    let inputs = inside.or(named);
    let active = inputs.as_ref().map_or(names.len(), Vec::len);
    let lengthscales = || each(at, "lengthscales", Some("lengthscale"), active);
    Ok(match kind {
        "constant" => KernelSpec::Constant {
            variance: at.get("variance")?.positive()?,
            inputs: None,
        },
        "rbf" => KernelSpec::Rbf {
            lengthscales: lengthscales()?,
            inputs,
        },
        "matern" => KernelSpec::Matern {
            nu: at.get("nu")?.positive()?,
            lengthscales: lengthscales()?,
            inputs,
        },
        "rational_quadratic" => KernelSpec::RationalQuadratic {
            alpha: at.get("alpha")?.positive()?,
            lengthscales: lengthscales()?,
            inputs,
        },
        "periodic" => KernelSpec::Periodic {
            lengthscales: lengthscales()?,
            periods: each(at, "periods", Some("period"), active)?,
            inputs,
        },
        "linear" => KernelSpec::Linear {
            variances: each(at, "variances", Some("variance"), active)?,
            center: at.optional("center").map_or(Ok(0.5), |at| at.number())?,
            inputs,
        },
        "categorical" => KernelSpec::Categorical {
            lengthscales: lengthscales()?,
            inputs,
        },
        "warp" if around.warp => return at.wrong("a kernel without a warp, inside of one"),
        "warp" => {
            let within = Around {
                inputs: None,
                depth: around.depth + 1,
                warp: true,
            };
            KernelSpec::Warp {
                a: each(at, "a", None, active)?,
                b: each(at, "b", None, active)?,
                kernel: Box::new(kernel(&at.get("kernel")?, names, within)?),
                inputs,
            }
        }
        _ => KernelSpec::Hamming {
            lengthscale: at.get("lengthscale")?.positive()?,
            inputs,
        },
    })
}

/// That no name stands in a list twice; `field` says where the i-th one does.
fn once(names: &[&str], field: impl Fn(usize) -> String) -> Result<()> {
    match (1..names.len()).find(|&i| names[..i].contains(&names[i])) {
        Some(i) => Err(ModelFileError::Twice {
            field: field(i),
            name: crate::study::Label::new(names[i]).shown().to_owned(),
        }),
        None => Ok(()),
    }
}

fn names(at: &At<'_>, known: &[&str]) -> Result<Vec<String>> {
    let list: Vec<String> = at
        .items()?
        .iter()
        .map(|item| {
            let name = item.text()?;
            if known.contains(&name) {
                Ok(name.to_owned())
            } else {
                Err(ModelFileError::UnknownInput {
                    field: item.field.clone(),
                    name: crate::study::Label::new(name).shown().to_owned(),
                    known: known.join(", "),
                })
            }
        })
        .collect::<Result<_>>()?;
    let borrowed: Vec<&str> = list.iter().map(String::as_str).collect();
    once(&borrowed, |i| format!("{}[{i}]", at.field))?;
    Ok(list)
}

/// One number above 0 for each of some inputs: a list as long, or one number (in a list, bare, or in the
/// singular) for all.
fn each(at: &At<'_>, plural: &str, singular: Option<&str>, inputs: usize) -> Result<Vec<f64>> {
    let one = singular.and_then(|name| at.optional(name));
    let at = match (at.optional(plural), one) {
        (Some(list), _) => list,
        (None, Some(one)) => one,
        (None, None) => at.get(plural)?,
    };
    if at.json.is_number() {
        return Ok(vec![at.positive()?; inputs]);
    }
    let list = at.items()?.iter().map(At::positive).collect::<Result<Vec<_>>>()?;
    match list[..] {
        [one] => Ok(vec![one; inputs]),
        _ if list.len() == inputs => Ok(list),
        _ => Err(ModelFileError::Lengthscales {
            field: at.field.clone(),
            found: list.len(),
            inputs,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn example() -> Json {
        json!({
            "inputs": [{"name": "lr", "encoding": "unit_log"}, {"name": "opt", "encoding": "category"}],
            "output": {"transform": "standardize", "mean": -0.5, "sd": 0.25},
            "mean": 0.125,
            "kernel": {"product": [
                {"constant": {"variance": 2.0}},
                {"sum": [
                    {"matern": {"nu": 2.5, "lengthscales": [0.3, 1.5]}},
                    {"rbf": {"lengthscales": [0.1], "inputs": ["lr"]}},
                    {"hamming": {"lengthscale": 0.7, "inputs": ["opt"]}},
                    {"rational_quadratic": {"alpha": 1.5, "lengthscales": [0.2, 0.9]}},
                    {"periodic": {"lengthscales": [0.8], "periods": [0.25], "inputs": ["lr"]}},
                    {"linear": {"variances": [0.4], "center": 0.25, "inputs": ["lr"]}},
                    {"categorical": {"lengthscales": [1.2], "inputs": ["opt"]}},
                    {"warp": {
                        "a": [0.7], "b": [1.4], "kernel": {"rbf": {"lengthscales": [0.2, 1.0]}}, "inputs": ["lr"]
                    }}
                ]}
            ]},
            "noise_variance": 0.01
        })
    }

    #[test]
    fn a_model_survives_the_way_through_json() {
        let first = model(&example()).unwrap();
        let json: Json = first.clone().into();
        assert_eq!(json, example());
        assert_eq!(ModelFile::from_json_text(&json.to_string()).unwrap(), first);
        let wrapped = json!({"model": json, "seconds": 1.0});
        assert_eq!(ModelFile::from_json_text(&wrapped.to_string()).unwrap(), first);
    }

    #[test]
    fn one_number_stands_for_the_same_for_each_input() {
        let with = |kernel: Json| {
            let mut json = example();
            json["kernel"] = kernel;
            model(&json).unwrap().kernel
        };
        let known = with(json!({"rbf": {"lengthscales": [0.3, 0.3]}}));
        assert_eq!(with(json!({"rbf": {"lengthscales": [0.3]}})), known);
        assert_eq!(with(json!({"rbf": {"lengthscales": 0.3}})), known);
        assert_eq!(with(json!({"rbf": {"lengthscale": 0.3}})), known);
    }

    #[test]
    fn a_kernel_that_is_nested_without_end_is_refused() {
        let mut kernel = json!({"constant": {"variance": 1.0}});
        for _ in 0..100 {
            kernel = json!({"sum": [kernel]});
        }
        let mut json = example();
        json["kernel"] = kernel;
        assert!(model(&json).unwrap_err().to_string().contains("less deeply"));
    }

    #[test]
    fn errors_name_the_field() {
        let cases: [(&str, Json, &str); 6] = [
            ("/noise_variance", json!(-1.0), "noise_variance"),
            ("/inputs/1/encoding", json!("onehot"), "inputs[1].encoding"),
            ("/output/transform", json!("log"), "output.transform"),
            (
                "/kernel/product/1/sum/0/matern/lengthscales",
                json!([0.3, 0.4, 0.5]),
                "kernel.product[1].sum[0].matern.lengthscales",
            ),
            (
                "/kernel/product/1/sum/1/rbf/inputs",
                json!(["momentum"]),
                "kernel.product[1].sum[1].rbf.inputs[0]",
            ),
            (
                "/kernel/product/0",
                json!({"lineal": {}}),
                "kernel.product[0].lineal",
            ),
        ];
        for (place, value, field) in cases {
            let mut json = example();
            *json.pointer_mut(place).unwrap() = value;
            let message = model(&json).unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
        let mut twice = example();
        twice["inputs"][1]["name"] = json!("lr");
        let message = model(&twice).unwrap_err().to_string();
        assert!(
            message.contains("inputs[1].name names lr a second time"),
            "{message}"
        );
        let mut twice = example();
        twice["kernel"] = json!({"rbf": {"lengthscales": [0.1, 0.2]}, "inputs": ["lr", "lr"]});
        let message = model(&twice).unwrap_err().to_string();
        assert!(
            message.contains("kernel.inputs[1] names lr a second time"),
            "{message}"
        );
        let message = model(&json!([1])).unwrap_err().to_string();
        assert_eq!(message, "the model should be an object, not [1]");
        let marked = format!("\u{feff}{}", example());
        assert!(
            ModelFile::from_json_text(&marked).is_ok(),
            "a byte order mark is no text"
        );
        let missing = model(&json!({"inputs": []})).unwrap_err();
        assert!(missing.to_string().contains("noise_variance"));
    }
}
