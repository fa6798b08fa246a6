//! The hyperparameters of a model as a list of numbers that a person can turn.
//!
//! Works on the MODEL as it is written, so that every kernel that can be written can be turned.

use serde_json::Value as Json;

use super::model_file::{ModelFile, ModelFileError};

/// What is a hyperparameter wherever it stands in a kernel. Orders (`nu`) are part of the kernel's kind.
const NUMBERS: [(&str, &str); 3] = [
    ("variance", "variance"),
    ("lengthscale", "lengthscale"),
    ("alpha", "α"),
];
const LISTS: [(&str, &str); 5] = [
    ("lengthscales", "lengthscale"),
    ("periods", "period"),
    ("variances", "variance"),
    ("a", "a"),
    ("b", "b"),
];

/// The least and the most that a knob can be turned to.
pub const RANGE: (f64, f64) = (1e-6, 1e6);

/// One hyperparameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Knob {
    /// The kernel it belongs to, as the model names it; empty for the noise.
    pub kernel: String,
    /// What it is.
    pub what: &'static str,
    /// The input that it is about, where it is about one.
    pub input: Option<String>,
    pub value: f64,
    /// Where it stands in the MODEL, as a JSON pointer.
    place: String,
}

impl Knob {
    /// Whether it is a scale of an input: the shorter, the faster values change along it.
    #[must_use]
    pub fn is_lengthscale(&self) -> bool {
        self.what == "lengthscale"
    }
}

/// Every hyperparameter of a model, in the order of its kernel, the noise last.
#[must_use]
pub fn knobs(model: &ModelFile) -> Vec<Knob> {
    let names: Vec<String> = model.inputs.iter().map(|i| i.name.clone()).collect();
    let json = Json::from(model.clone());
    let mut found = Vec::new();
    if let Some(kernel) = json.get("kernel") {
        collect(kernel, "/kernel", &names, &mut found);
    }
    found.push(Knob {
        kernel: String::new(),
        what: "noise variance",
        input: None,
        value: model.noise_variance,
        place: "/noise_variance".to_owned(),
    });
    found
}

fn collect(node: &Json, place: &str, names: &[String], found: &mut Vec<Knob>) {
    let Json::Object(fields) = node else { return };
    for (kind, inner) in fields {
        let place = format!("{place}/{}", kind.replace('~', "~0").replace('/', "~1"));
        match inner {
            Json::Array(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    collect(part, &format!("{place}/{i}"), names, found);
                }
            }
            Json::Object(leaf) => of_leaf(kind, leaf, &place, names, found),
            _ => {}
        }
    }
}

fn of_leaf(
    kind: &str,
    leaf: &serde_json::Map<String, Json>,
    place: &str,
    names: &[String],
    found: &mut Vec<Knob>,
) {
    let own: Option<Vec<String>> = leaf.get("inputs").and_then(Json::as_array).map(|list| {
        list.iter()
            .filter_map(|n| n.as_str().map(ToOwned::to_owned))
            .collect()
    });
    let inputs = own.as_deref().unwrap_or(names);
    for (field, value) in leaf {
        if let Some((_, what)) = NUMBERS.iter().find(|(name, _)| name == field)
            && let Some(value) = value.as_f64()
        {
            found.push(Knob {
                kernel: kind.to_owned(),
                what,
                input: None,
                value,
                place: format!("{place}/{field}"),
            });
        }
        if let Some((_, what)) = LISTS.iter().find(|(name, _)| name == field)
            && let Some(values) = value.as_array()
        {
            for (i, value) in values.iter().enumerate() {
                found.push(Knob {
                    kernel: kind.to_owned(),
                    what,
                    // One number may stand for all inputs.
                    input: inputs.get(i).filter(|_| values.len() == inputs.len()).cloned(),
                    value: value.as_f64().unwrap_or(f64::NAN),
                    place: format!("{place}/{field}/{i}"),
                });
            }
        }
        // A kernel over one other: `scale`, `warped`, …
        if value.is_object() && field != "inputs" {
            collect(value, &format!("{place}/{field}"), names, found);
        }
    }
}

/// The model with one hyperparameter set to another value, kept within [`RANGE`].
///
/// # Errors
/// The model cannot be read with it: the knob is not of this model.
pub fn turned(model: &ModelFile, knob: &Knob, value: f64) -> Result<ModelFile, ModelFileError> {
    let mut json = Json::from(model.clone());
    if let Some(slot) = json.pointer_mut(&knob.place) {
        *slot = value.clamp(RANGE.0, RANGE.1).into();
    }
    ModelFile::try_from(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = r#"{
        "inputs": [{"name": "lr", "encoding": "unit_log"}, {"name": "wd", "encoding": "unit"}],
        "output": {"transform": "standardize", "mean": 0.5, "sd": 2.0},
        "mean": 0.0,
        "kernel": {"sum": [
            {"product": [{"constant": {"variance": 2.0}}, {"matern": {"nu": 2.5, "lengthscales": [0.3, 0.7]}}]},
            {"rbf": {"lengthscales": [0.1], "inputs": ["wd"]}}
        ]},
        "noise_variance": 0.01
    }"#;

    fn model() -> ModelFile {
        ModelFile::from_json_text(MODEL).unwrap()
    }

    #[test]
    fn every_hyperparameter_is_a_knob_with_its_input() {
        let found = knobs(&model());
        let words: Vec<(&str, &str, Option<&str>, f64)> = found
            .iter()
            .map(|k| (k.kernel.as_str(), k.what, k.input.as_deref(), k.value))
            .collect();
        assert_eq!(
            words,
            [
                ("constant", "variance", None, 2.0),
                ("matern", "lengthscale", Some("lr"), 0.3),
                ("matern", "lengthscale", Some("wd"), 0.7),
                ("rbf", "lengthscale", Some("wd"), 0.1),
                ("", "noise variance", None, 0.01),
            ]
        );
    }

    #[test]
    fn turning_one_changes_that_one_alone_and_stays_in_range() {
        let model = model();
        let all = knobs(&model);
        for (i, knob) in all.iter().enumerate() {
            let after = knobs(&turned(&model, knob, 5.0).unwrap());
            for (j, (before, after)) in all.iter().zip(&after).enumerate() {
                let wanted = if i == j { 5.0 } else { before.value };
                assert_eq!(after.value, wanted);
            }
        }
        let least = turned(&model, &all[4], 0.0).unwrap();
        assert_eq!(least.noise_variance, RANGE.0);
    }
}
