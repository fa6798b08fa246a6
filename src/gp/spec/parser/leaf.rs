//! Kernels with their settings and inputs.

use super::{Parser, Part};
use crate::gp::InputKind;
use crate::gp::kernel::{Kernel, Role};
use crate::gp::prior::Priors;
use crate::gp::spec::print::NAMED_ORDERS;
use crate::gp::spec::{SpecError, visible};

/// Every kernel, and the settings that it takes.
const KERNELS: [(&str, &[&str]); 14] = [
    ("matern12", &["lengthscale"]),
    ("matern32", &["lengthscale"]),
    ("matern52", &["lengthscale"]),
    ("matern72", &["lengthscale"]),
    ("matern", &["nu", "lengthscale"]),
    ("rbf", &["lengthscale"]),
    ("rq", &["alpha", "lengthscale"]),
    ("periodic", &["period", "lengthscale"]),
    ("linear", &["center", "variance"]),
    ("hamming", &["lengthscale"]),
    ("categorical", &["lengthscale"]),
    ("mixed", &[]),
    ("constant", &["variance"]),
    ("warp", &[]),
];

/// One setting: its name, its value (none: a question mark), and where the value stands.
struct Setting {
    name: &'static str,
    value: Option<f64>,
}

/// A kernel as it stands in the text.
struct Head {
    column: usize,
    name: &'static str,
    settings: Vec<Setting>,
    inputs_column: usize,
    inputs: Option<Vec<usize>>,
}

impl Head {
    fn setting(&self, name: &str) -> Option<f64> {
        self.settings
            .iter()
            .find(|s| s.name == name)
            .and_then(|s| s.value)
    }
}

impl Parser<'_> {
    pub(super) fn leaf(&mut self) -> Result<Part, SpecError> {
        let start = self.at;
        let word = self.word();
        if word.is_empty() {
            return Err(self.expected("a kernel"));
        }
        let column = start + 1;
        let Some((name, settings)) = KERNELS.iter().find(|(known, _)| *known == word) else {
            return Err(SpecError::UnknownKernel { column, name: word });
        };
        if *name == "warp" {
            return self.warp(column);
        }
        let settings = self.settings(name, settings)?;
        let inputs_column = self.column();
        let head = Head {
            column,
            name,
            settings,
            inputs_column,
            inputs: self.inputs()?,
        };
        self.check_inputs(&head)?;
        self.build(&head)
    }

    /// `(name=number,…)`, where it is there.
    fn settings(&mut self, kernel: &'static str, known: &[&'static str]) -> Result<Vec<Setting>, SpecError> {
        let open = self.column();
        let mut settings: Vec<Setting> = Vec::new();
        if !self.take('(') {
            return Ok(settings);
        }
        loop {
            self.blank();
            let column = self.at + 1;
            let word = self.word();
            let Some(name) = known.iter().find(|k| **k == word) else {
                if word.is_empty() || known.is_empty() {
                    let what = "settings in parentheses".to_owned();
                    let kernel = kernel.to_owned();
                    return Err(SpecError::Surplus {
                        column: open,
                        kernel,
                        what,
                    });
                }
                return Err(SpecError::Surplus {
                    column,
                    kernel: kernel.to_owned(),
                    what: format!("setting {word}, only {}", known.join(" and ")),
                });
            };
            if !self.take('=') {
                return Err(self.expected("= and a value"));
            }
            settings.retain(|s| s.name != *name);
            settings.push(self.value(name)?);
            if self.take(')') {
                return Ok(settings);
            }
            if !self.take(',') {
                return Err(self.expected("a comma or a closing parenthesis"));
            }
        }
    }

    fn value(&mut self, name: &'static str) -> Result<Setting, SpecError> {
        self.blank();
        let column = self.at + 1;
        let found = self.until(&[',', ')']).trim().to_owned();
        if name == "nu" && found == "?" {
            return Ok(Setting { name, value: None });
        }
        let number = found.parse::<f64>().ok().filter(|v| v.is_finite());
        let fits = number.is_some_and(|v| v > 0.0 || name == "center");
        if !fits {
            return Err(SpecError::BadSetting {
                column,
                setting: name,
                wanted: match name {
                    "center" => "a number",
                    "nu" => "a number above 0, or ? to look for it",
                    _ => "a number above 0",
                },
                found: visible(&found),
            });
        }
        Ok(Setting { name, value: number })
    }

    /// `warp ( sum ) [ inputs ]`, after its name.
    fn warp(&mut self, column: usize) -> Result<Part, SpecError> {
        if !self.take('(') {
            return Err(self.expected("a kernel in parentheses"));
        }
        if self.in_warp {
            return Err(SpecError::WarpedTwice {
                column,
                name: "what stands here".to_owned(),
            });
        }
        self.deeper()?;
        self.in_warp = true;
        let inner = self.sum()?;
        self.in_warp = false;
        self.depth -= 1;
        self.close()?;
        let inputs_column = self.column();
        let head = Head {
            column,
            name: "warp",
            settings: Vec::new(),
            inputs_column,
            inputs: self.inputs()?,
        };
        self.check_inputs(&head)?;
        let inputs = self.numbers(&head)?;
        let count = inputs.as_ref().map_or(self.names.len(), Vec::len);
        let held = [vec![false; 2 * count], inner.held].concat();
        Ok(Part {
            kernel: Kernel::Warp {
                a: vec![1.0; count],
                b: vec![1.0; count],
                inputs,
                kernel: Box::new(inner.kernel),
            },
            held,
        })
    }

    /// Constants take no inputs, and kernels of numbers no categories.
    fn check_inputs(&self, head: &Head) -> Result<(), SpecError> {
        let Some(inputs) = &head.inputs else {
            return Ok(());
        };
        if ["constant", "mixed"].contains(&head.name) {
            return Err(SpecError::Surplus {
                column: head.inputs_column,
                kernel: head.name.to_owned(),
                what: "list of parameters".to_owned(),
            });
        }
        if ["periodic", "linear", "warp"].contains(&head.name)
            && let Some(input) = inputs.iter().find(|j| self.kinds[**j] == InputKind::Category)
        {
            return Err(SpecError::NeedsNumber {
                column: head.inputs_column,
                kernel: head.name.to_owned(),
                name: self.names[*input].to_owned(),
            });
        }
        Ok(())
    }

    fn of_kind(&self, kind: InputKind) -> Vec<usize> {
        (0..self.kinds.len()).filter(|&j| self.kinds[j] == kind).collect()
    }

    /// The inputs named, or all numbers.
    fn numbers(&self, head: &Head) -> Result<Option<Vec<usize>>, SpecError> {
        self.only(head, InputKind::Numeric, "number")
    }

    /// The inputs named, or all of a kind: `None` where those are all there are.
    fn only(
        &self,
        head: &Head,
        kind: InputKind,
        what: &'static str,
    ) -> Result<Option<Vec<usize>>, SpecError> {
        if head.inputs.is_some() {
            return Ok(head.inputs.clone());
        }
        let all = self.of_kind(kind);
        if all.is_empty() {
            return Err(SpecError::NoInputs {
                column: head.column,
                kernel: head.name.to_owned(),
                what,
            });
        }
        Ok((all.len() < self.kinds.len()).then_some(all))
    }

    fn build(&self, head: &Head) -> Result<Part, SpecError> {
        let inputs = head.inputs.clone();
        let count = |inputs: &Option<Vec<usize>>| inputs.as_ref().map_or(self.names.len(), Vec::len);
        let ones = |inputs: &Option<Vec<usize>>| vec![1.0; count(inputs)];
        let kernel = match head.name {
            "constant" => Kernel::constant(1.0),
            "mixed" => return self.mixed(head),
            "rbf" => Kernel::Rbf {
                lengthscales: ones(&inputs),
                inputs,
            },
            "rq" => Kernel::RationalQuadratic {
                alpha: 1.0,
                lengthscales: ones(&inputs),
                inputs,
            },
            "periodic" => {
                let inputs = self.numbers(head)?;
                Kernel::Periodic {
                    lengthscales: ones(&inputs),
                    periods: ones(&inputs),
                    inputs,
                }
            }
            "linear" => {
                let inputs = self.numbers(head)?;
                Kernel::Linear {
                    variances: ones(&inputs),
                    center: head.setting("center").unwrap_or(0.5),
                    inputs,
                }
            }
            // Named numbers are compared as categories; without names, what is a category counts (all, if nothing is).
            "hamming" => Kernel::Hamming {
                lengthscale: 1.0,
                inputs: self.only(head, InputKind::Category, "category").unwrap_or(None),
            },
            "categorical" => {
                let inputs = self.only(head, InputKind::Category, "category")?;
                Kernel::Categorical {
                    lengthscales: ones(&inputs),
                    inputs,
                }
            }
            _ => Kernel::Matern {
                nu: self.order(head)?,
                lengthscales: ones(&inputs),
                inputs,
            },
        };
        Ok(self.filled(kernel, head))
    }

    /// NaN where it is to be found.
    fn order(&self, head: &Head) -> Result<f64, SpecError> {
        if let Some((_, nu)) = NAMED_ORDERS.iter().find(|(name, _)| *name == head.name) {
            return Ok(*nu);
        }
        let setting = head.settings.iter().find(|s| s.name == "nu");
        let column = head.column;
        setting.map_or(Err(SpecError::MissingNu { column }), |s| {
            Ok(s.value.unwrap_or(f64::NAN))
        })
    }

    /// Hyperparameters as they were set, and at the modes of the default prior otherwise.
    fn filled(&self, kernel: Kernel, head: &Head) -> Part {
        let priors = Priors::default();
        let roles = kernel.roles(self.kinds);
        let given: Vec<Option<f64>> = roles
            .iter()
            .map(|role| {
                head.setting(match role {
                    Role::Variance | Role::SlopeVariance { .. } => "variance",
                    Role::Shape => "alpha",
                    Role::Period { .. } => "period",
                    _ => "lengthscale",
                })
            })
            .collect();
        let values: Vec<f64> = roles
            .iter()
            .zip(&given)
            .map(|(role, given)| given.unwrap_or_else(|| priors.of(*role).location.exp()))
            .collect();
        Part {
            kernel: kernel.with_parameters(&values),
            held: given.iter().map(Option::is_some).collect(),
        }
    }

    /// `matern52[numbers] + categorical[categories] + matern52[numbers]*categorical[categories]`; the one that there
    /// is where the other has no inputs.
    fn mixed(&self, head: &Head) -> Result<Part, SpecError> {
        let leaf = |name, inputs: Vec<usize>| {
            let all = inputs.len() == self.kinds.len();
            self.build(&Head {
                name,
                column: head.column,
                settings: Vec::new(),
                inputs_column: head.column,
                inputs: (!all).then_some(inputs),
            })
        };
        let (numbers, categories) = (
            self.of_kind(InputKind::Numeric),
            self.of_kind(InputKind::Category),
        );
        if categories.is_empty() {
            return leaf("matern52", numbers);
        }
        if numbers.is_empty() {
            return leaf("categorical", categories);
        }
        let (a, b) = (leaf("matern52", numbers)?, leaf("categorical", categories)?);
        let kernel = Kernel::Sum(vec![
            a.kernel.clone(),
            b.kernel.clone(),
            Kernel::Product(vec![a.kernel, b.kernel]),
        ]);
        Ok(Part::free(kernel))
    }
}
