//! Named test functions: a space, a formula, the known minimum and where it is taken.
//!
//! All are to be minimised and take values in their own units. Families have their dimension in the name
//! (`levy4`, `ackley10`, `branin8`). Domains, minima and values are checked by `tests/functions.rs` against
//! `data/oracles/testfunctions.json`, which was computed with many more digits than a double holds.
//! Where the usual box has the minimum in its middle, which any design starts with, the box is shifted.

mod catalog;
mod fine_tuning;
mod formulas;

use crate::study::{Configuration, Domain, Label, Parameter, Space, Value};

/// One objective with a known minimum.
#[derive(Clone, Debug)]
pub struct Function {
    /// What [`Function::named`] knows it by.
    pub name: String,
    /// As people write it.
    pub title: String,
    /// What is evaluated, in plain text.
    pub formula: &'static str,
    pub space: Space,
    /// The smallest value over the space.
    pub minimum: f64,
    /// Configurations where it is taken: all of them where there are few, one of each kind otherwise.
    pub minimizers: Vec<Configuration>,
    /// A standard deviation that makes noise felt near the minimum without drowning the rest: about 2 % of what lies
    /// between the minimum and the median over the space.
    pub noise_sd: f64,
    rule: Rule,
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    Numbers(fn(&[f64]) -> f64),
    /// For spaces with categories; `None` for a value that is no choice.
    Values(fn(&[Value]) -> Option<f64>),
}

impl Function {
    /// The function of a name. Families take any dimension from 1 (`rosenbrock`: 2, Branin with idle parameters: 3)
    /// to 99.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        catalog::named(name)
    }

    /// Names for a menu; of the families those dimensions that are usual.
    #[must_use]
    pub fn names() -> &'static [&'static str] {
        catalog::NAMES
    }

    /// Number of parameters.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.space.len()
    }

    /// The value at a configuration; `None` where one of its values does not fit the space's types.
    #[must_use]
    pub fn evaluate(&self, configuration: &[Value]) -> Option<f64> {
        if configuration.len() != self.dims() {
            return None;
        }
        match self.rule {
            Rule::Values(f) => f(configuration),
            Rule::Numbers(f) => {
                let x: Option<Vec<f64>> = configuration.iter().map(Value::as_f64).collect();
                x.map(|x| f(&x))
            }
        }
    }

    /// The value at numbers, for functions without categories.
    #[must_use]
    pub fn at(&self, x: &[f64]) -> Option<f64> {
        let values: Configuration = x.iter().map(|x| Value::Float(*x)).collect();
        self.evaluate(&values)
    }

    /// The same over another box (one pair of bounds a parameter), where all parameters are plain floats. The minimum
    /// is as before: keep its place inside.
    #[must_use]
    pub fn over(mut self, bounds: &[(f64, f64)]) -> Self {
        for (parameter, (low, high)) in self.space.params.iter_mut().zip(bounds) {
            if matches!(parameter.domain, Domain::Float { step: None, .. }) {
                parameter.domain = float(*low, *high);
            }
        }
        self
    }
}

fn float(low: f64, high: f64) -> Domain {
    Domain::Float {
        low,
        high,
        log: false,
        step: None,
    }
}

fn log_float(low: f64, high: f64) -> Domain {
    Domain::Float {
        low,
        high,
        log: true,
        step: None,
    }
}

fn space(parameters: Vec<(String, Domain)>) -> Space {
    Space {
        params: parameters
            .into_iter()
            .enumerate()
            .map(|(column, (name, domain))| Parameter {
                name: Label::new(&name),
                column,
                domain,
                activity: None,
            })
            .collect(),
        inferred: false,
    }
}

/// Parameters `x1`, `x2`, …, or one `x`, with the same bounds.
fn cube(d: usize, low: f64, high: f64) -> Space {
    boxed(&vec![(low, high); d])
}

fn boxed(bounds: &[(f64, f64)]) -> Space {
    space(
        bounds
            .iter()
            .enumerate()
            .map(|(i, (low, high))| {
                let name = if bounds.len() == 1 {
                    "x".to_owned()
                } else {
                    format!("x{}", i + 1)
                };
                (name, float(*low, *high))
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Encoder;

    #[test]
    fn every_name_gives_a_function_of_that_name_whose_minimum_is_where_it_says() {
        for name in Function::names() {
            let f = Function::named(name).unwrap();
            assert_eq!(&f.name, name);
            assert!(!f.minimizers.is_empty(), "{name}");
            for at in &f.minimizers {
                assert_eq!(f.space.check(at).as_ref(), Ok(at), "{name}");
                let value = f.evaluate(at).unwrap();
                let gap = (value - f.minimum).abs();
                assert!(
                    gap < 1e-9 * (1.0 + f.minimum.abs()),
                    "{name}: {value} is not {}",
                    f.minimum
                );
            }
        }
    }

    #[test]
    fn nothing_on_a_fine_spread_of_the_space_is_below_the_minimum() {
        for name in Function::names() {
            let f = Function::named(name).unwrap();
            let encoder = Encoder::new(&f.space);
            let mut state = 1_u64;
            let mut uniform = || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 11) as f64 / (1_u64 << 53) as f64
            };
            for _ in 0..3000 {
                let point: Vec<f64> = encoder
                    .axes()
                    .map(|axis| {
                        if axis.is_category() {
                            (uniform() * axis.count().unwrap() as f64).floor()
                        } else {
                            uniform()
                        }
                    })
                    .collect();
                let value = f.evaluate(&encoder.decode(&point)).unwrap();
                assert!(value >= f.minimum - 1e-9, "{name} at {point:?}: {value}");
            }
        }
    }

    #[test]
    fn no_minimum_lies_in_the_middle_of_its_box() {
        for name in Function::names() {
            let f = Function::named(name).unwrap();
            let encoder = Encoder::new(&f.space);
            let centred = f.minimizers.iter().any(|at| {
                let point = encoder.encode(at).unwrap().0;
                point
                    .iter()
                    .zip(encoder.axes())
                    .all(|(u, axis)| axis.is_category() || (u - 0.5).abs() < 0.02)
            });
            assert!(!centred, "{name}");
        }
    }

    #[test]
    fn families_take_their_dimension_from_the_name_and_nonsense_is_no_function() {
        assert_eq!(Function::named("levy7").map(|f| f.dims()), Some(7));
        assert_eq!(Function::named("branin8").map(|f| f.dims()), Some(8));
        assert_eq!(Function::named("levy").map(|f| f.dims()), Some(2));
        for name in [
            "",
            "levy0",
            "levy1000",
            "branin2",
            "rosenbrock1",
            "hartmann4",
            "levy04",
            "forrester1",
        ] {
            assert!(Function::named(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_value_of_another_type_or_too_few_values_have_no_result() {
        let f = Function::named("lmft").unwrap();
        let mut at = f.minimizers[0].clone();
        at[5] = Value::Float(1.0);
        assert_eq!(f.evaluate(&at), None);
        assert_eq!(f.evaluate(&at[..3]), None);
        assert_eq!(
            Function::named("branin")
                .unwrap()
                .evaluate(&[Value::Null, Value::Int(1)]),
            None
        );
    }
}
