//! Between the names of a MODEL file and the columns of the engine.

use crate::gp::{Kernel, Mean, Model, Renamed};
use crate::study::{Domain, Encoder, Space};

use super::{Encoding, InputSpec, KernelSpec, ModelFile, ModelFileError, OutputSpec};

/// The encoder and hyperparameters that a file stands for in a space. A file may put a log scale where the
/// space has none, and the reverse: the model decides.
///
/// # Errors
/// Inputs that the space does not have, parameters that the model does not have, and encodings that do
/// not suit.
pub fn bind(file: &ModelFile, space: &Space) -> Result<(Encoder, Model), ModelFileError> {
    let mut space = space.clone();
    for parameter in &space.params {
        let is_named = file.inputs.iter().any(|i| parameter.name == *i.name.as_str());
        if !is_named && parameter.cardinality() != Some(1) {
            return Err(ModelFileError::NotAnInput {
                name: parameter.name.shown().to_owned(),
            });
        }
    }
    let switches: Vec<String> = switch_names(&space);
    for input in &file.inputs {
        if switches.contains(&input.name) && input.encoding == Encoding::Category {
            continue;
        }
        let Some(index) = space.index_of(&input.name) else {
            return Err(ModelFileError::NotAParameter {
                name: crate::study::Label::new(&input.name).shown().to_owned(),
                known: space
                    .params
                    .iter()
                    .map(|p| p.name.shown())
                    .collect::<Vec<_>>()
                    .join(", "),
            });
        };
        if let Some(parameter) = space.params.get_mut(index) {
            set_scale(&mut parameter.domain, input).map_err(|reason| ModelFileError::Unsuitable {
                name: parameter.name.shown().to_owned(),
                encoding: input.encoding.name(),
                reason,
            })?;
        }
    }
    let encoder = Encoder::new(&space);
    let column_of = |name: &str| match space.index_of(name) {
        Some(i) => encoder.coordinate_of(i),
        None => (encoder.own_dims()..encoder.dims()).find(|j| encoder.input_name(*j) == name),
    };
    let all: Vec<Option<usize>> = file.inputs.iter().map(|i| column_of(&i.name)).collect();
    let model = Model {
        kernel: columns(&file.kernel, &all, &column_of, encoder.dims()),
        mean: Mean::Fixed(file.mean),
        noise_variance: file.noise_variance,
    };
    Ok((encoder, model))
}

/// What `describe` calls the coordinates that say whether parameters take part.
fn switch_names(space: &Space) -> Vec<String> {
    let encoder = Encoder::new(space);
    (encoder.own_dims()..encoder.dims())
        .map(|j| encoder.input_name(j).to_owned())
        .collect()
}

fn set_scale(domain: &mut Domain, input: &InputSpec) -> Result<(), &'static str> {
    let wants_log = input.encoding == Encoding::UnitLog;
    match domain {
        Domain::Categorical { .. } if input.encoding == Encoding::Category => Ok(()),
        Domain::Categorical { .. } => Err("it is categorical; use \"category\""),
        Domain::Float { .. } | Domain::Int { .. } if input.encoding == Encoding::Category => {
            Err("it is a number; use \"unit\" or \"unit_log\"")
        }
        Domain::Float { step: Some(_), .. } if wants_log => Err("a stepped float has no log scale"),
        Domain::Float { low, .. } if wants_log && *low <= 0.0 => {
            Err("a log scale needs a lower bound above 0")
        }
        Domain::Int { low, .. } if wants_log && *low <= 0 => Err("a log scale needs a lower bound above 0"),
        Domain::Int { step, .. } if wants_log && *step != 1 => Err("a stepped integer has no log scale"),
        Domain::Float { log, .. } | Domain::Int { log, .. } => {
            *log = wants_log;
            Ok(())
        }
    }
}

/// The kernel with columns for names. A parameter with one value only has no column.
fn columns(
    spec: &KernelSpec,
    all: &[Option<usize>],
    column_of: &dyn Fn(&str) -> Option<usize>,
    dims: usize,
) -> Kernel {
    spec.renamed(&|names| {
        let picked: Vec<Option<usize>> = match names {
            Some(names) => names.iter().map(|n| column_of(n)).collect(),
            None => all.to_vec(),
        };
        let inputs: Vec<usize> = picked.iter().copied().flatten().collect();
        let is_all = inputs.len() == dims && inputs.iter().enumerate().all(|(i, c)| i == *c);
        Renamed {
            inputs: (!is_all).then_some(inputs),
            stays: picked.iter().map(Option::is_some).collect(),
        }
    })
}

/// The file of a model: `mean` is the constant that the posterior uses, profiled or not.
pub fn describe(encoder: &Encoder, model: &Model, mean: f64, output: OutputSpec) -> ModelFile {
    let names: Vec<String> = (0..encoder.dims())
        .map(|j| encoder.input_name(j).to_owned())
        .collect();
    let inputs = names
        .iter()
        .enumerate()
        .map(|(j, name)| InputSpec {
            name: name.clone(),
            encoding: if encoder.axis(j).is_category() {
                Encoding::Category
            } else if encoder.parameter(encoder.param_of(j)).is_log() {
                Encoding::UnitLog
            } else {
                Encoding::Unit
            },
        })
        .collect();
    ModelFile {
        inputs,
        output,
        mean,
        kernel: spec(&model.kernel, &names),
        noise_variance: model.noise_variance,
        learned: None,
        doubt: 0.0,
    }
}

/// The kernel with names for columns.
fn spec(kernel: &Kernel, names: &[String]) -> KernelSpec {
    kernel.renamed(&|columns| Renamed {
        inputs: columns.map(|list| list.iter().filter_map(|i| names.get(*i).cloned()).collect()),
        stays: vec![true; names.len()],
    })
}
