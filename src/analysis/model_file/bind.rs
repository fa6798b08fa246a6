//! Between the names of a MODEL file and the columns of the engine.

use crate::gp::{Kernel, Mean, Model};
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

#[expect(clippy::too_many_lines, reason = "one arm a kernel")]
/// The kernel with columns for names. A parameter with one value only has no column: its lengthscale is
/// dropped, as its difference is always 0.
fn columns(
    spec: &KernelSpec,
    all: &[Option<usize>],
    column_of: &dyn Fn(&str) -> Option<usize>,
    dims: usize,
) -> Kernel {
    let pick = |inputs: &Option<Vec<String>>| -> Vec<Option<usize>> {
        inputs.as_ref().map_or_else(
            || all.to_vec(),
            |names| names.iter().map(|n| column_of(n)).collect(),
        )
    };
    // The columns that there are, and a function that picks the entries of a list that belong to them.
    let bound = |inputs: &Option<Vec<String>>| {
        let picked = pick(inputs);
        let list: Vec<usize> = picked.iter().copied().flatten().collect();
        let is_all = list.len() == dims && list.iter().enumerate().all(|(i, c)| i == *c);
        let of = move |values: &[f64]| -> Vec<f64> {
            picked
                .iter()
                .zip(values)
                .filter_map(|(column, v)| column.map(|_| *v))
                .collect()
        };
        ((!is_all).then_some(list), of)
    };
    match spec {
        KernelSpec::Constant { variance } => Kernel::Constant {
            variance: *variance,
            inputs: None,
        },
        KernelSpec::Rbf { lengthscales, inputs } => {
            let (inputs, of) = bound(inputs);
            Kernel::Rbf {
                lengthscales: of(lengthscales),
                inputs,
            }
        }
        KernelSpec::Matern {
            nu,
            lengthscales,
            inputs,
        } => {
            let (inputs, of) = bound(inputs);
            Kernel::Matern {
                nu: *nu,
                lengthscales: of(lengthscales),
                inputs,
            }
        }
        KernelSpec::RationalQuadratic {
            alpha,
            lengthscales,
            inputs,
        } => {
            let (inputs, of) = bound(inputs);
            Kernel::RationalQuadratic {
                alpha: *alpha,
                lengthscales: of(lengthscales),
                inputs,
            }
        }
        KernelSpec::Periodic {
            lengthscales,
            periods,
            inputs,
        } => {
            let (inputs, of) = bound(inputs);
            Kernel::Periodic {
                lengthscales: of(lengthscales),
                periods: of(periods),
                inputs,
            }
        }
        KernelSpec::Linear {
            variances,
            center,
            inputs,
        } => {
            let (inputs, of) = bound(inputs);
            Kernel::Linear {
                variances: of(variances),
                center: *center,
                inputs,
            }
        }
        KernelSpec::Categorical { lengthscales, inputs } => {
            // The mean over inputs counts those with one value, too, which never differ.
            let all = inputs.as_ref().map_or(all.len(), Vec::len);
            let (inputs, of) = bound(inputs);
            let kept = of(lengthscales);
            #[expect(clippy::cast_precision_loss, reason = "few inputs")]
            let share = all as f64 / kept.len().max(1) as f64;
            Kernel::Categorical {
                lengthscales: kept.iter().map(|l| l * share).collect(),
                inputs,
            }
        }
        KernelSpec::Warp { a, b, inputs, kernel } => {
            let (inputs, of) = bound(inputs);
            Kernel::Warp {
                a: of(a),
                b: of(b),
                inputs,
                kernel: Box::new(columns(kernel, all, column_of, dims)),
            }
        }
        KernelSpec::Hamming { lengthscale, inputs } => Kernel::Hamming {
            lengthscale: *lengthscale,
            inputs: inputs
                .as_ref()
                .map(|names| names.iter().filter_map(|n| column_of(n)).collect()),
        },
        KernelSpec::Sum(terms) => {
            Kernel::Sum(terms.iter().map(|t| columns(t, all, column_of, dims)).collect())
        }
        KernelSpec::Product(terms) => {
            Kernel::Product(terms.iter().map(|t| columns(t, all, column_of, dims)).collect())
        }
    }
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

fn spec(kernel: &Kernel, names: &[String]) -> KernelSpec {
    let named = |inputs: &Option<Vec<usize>>| {
        inputs
            .as_ref()
            .map(|list| list.iter().filter_map(|i| names.get(*i).cloned()).collect())
    };
    match kernel {
        Kernel::Constant { variance, .. } => KernelSpec::Constant { variance: *variance },
        Kernel::Rbf { lengthscales, inputs } => KernelSpec::Rbf {
            lengthscales: lengthscales.clone(),
            inputs: named(inputs),
        },
        Kernel::Matern {
            nu,
            lengthscales,
            inputs,
        } if nu.is_infinite() => KernelSpec::Rbf {
            lengthscales: lengthscales.clone(),
            inputs: named(inputs),
        },
        Kernel::Matern {
            nu,
            lengthscales,
            inputs,
        } => KernelSpec::Matern {
            nu: *nu,
            lengthscales: lengthscales.clone(),
            inputs: named(inputs),
        },
        Kernel::Hamming { lengthscale, inputs } => KernelSpec::Hamming {
            lengthscale: *lengthscale,
            inputs: named(inputs),
        },
        Kernel::RationalQuadratic {
            alpha,
            lengthscales,
            inputs,
        } => KernelSpec::RationalQuadratic {
            alpha: *alpha,
            lengthscales: lengthscales.clone(),
            inputs: named(inputs),
        },
        Kernel::Periodic {
            lengthscales,
            periods,
            inputs,
        } => KernelSpec::Periodic {
            lengthscales: lengthscales.clone(),
            periods: periods.clone(),
            inputs: named(inputs),
        },
        Kernel::Linear {
            variances,
            center,
            inputs,
        } => KernelSpec::Linear {
            variances: variances.clone(),
            center: *center,
            inputs: named(inputs),
        },
        Kernel::Categorical { lengthscales, inputs } => KernelSpec::Categorical {
            lengthscales: lengthscales.clone(),
            inputs: named(inputs),
        },
        Kernel::Warp { a, b, inputs, kernel } => KernelSpec::Warp {
            a: a.clone(),
            b: b.clone(),
            inputs: named(inputs),
            kernel: Box::new(spec(kernel, names)),
        },
        Kernel::Sum(terms) => KernelSpec::Sum(terms.iter().map(|t| spec(t, names)).collect()),
        Kernel::Product(terms) => KernelSpec::Product(terms.iter().map(|t| spec(t, names)).collect()),
    }
}
