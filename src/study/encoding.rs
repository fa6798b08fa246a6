//! Raw values ↔ the coordinates that the model sees.
//!
//! A float becomes a unit coordinate, `u = (t(x) − t(low)) / (t(high) − t(low))` with `t = ln` on a log
//! scale. An int and a float with a step become the middle of their bin, with bounds padded by half a
//! step: `u = (t(x) − t(low − s/2)) / (t(high + s/2) − t(low − s/2))` (the `bin` convention; Optuna's
//! `_gp/search_space.py` does the same), so that every value owns an equal share of the axis. A category
//! becomes its index, which the kernel compares with `≠` alone. A parameter with one value only has no
//! coordinate. Checked by `tests/transforms.rs`.
//!
//! A parameter that takes part for some configurations only lies in the middle of its axis where it takes none. Each
//! group of such parameters that come and go together has a *switch* beside them, a category of its own (0: off, 1: on)
//! after all other coordinates, so that a row in which they are off is not taken for one in the middle; it is left out
//! where the one parameter that decides has two values and says the same. (An explicit embedding, so that kernels stay
//! positive semi-definite: imputation and an indicator instead of the arcs of Swersky et al. 2013, arXiv 1409.4011.)

mod axis;

pub use axis::Axis;

use super::{Domain, Parameter, Space, StudyError, Value};

/// The coordinates of one configuration: unit-cube values, and indices for categories.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitPoint(pub Vec<f64>);

/// Maps configurations of a space to points and back. Coordinates are the parameters with more than one
/// value, in the order of the space.
#[derive(Clone, Debug)]
pub struct Encoder {
    params: Vec<Parameter>,
    /// `(index of the parameter, its axis)`, one a coordinate; switches at the end, with the first of their parameters.
    axes: Vec<(usize, Axis)>,
    /// Coordinates before the switches.
    own: usize,
    /// The name of each coordinate.
    inputs: Vec<String>,
}

impl Encoder {
    #[must_use]
    pub fn new(space: &Space) -> Self {
        let mut axes: Vec<(usize, Axis)> = space
            .params
            .iter()
            .enumerate()
            .filter(|(_, p)| p.cardinality() != Some(1))
            .map(|(i, p)| (i, Axis::of(p)))
            .collect();
        let own = axes.len();
        axes.extend(
            switches(space)
                .into_iter()
                .map(|i| (i, Axis::Category { count: 2 })),
        );
        let name = |(j, (i, _)): (usize, &(usize, Axis))| {
            let name = space.params.get(*i).map_or("", |p| p.name.raw());
            if j < own {
                name.to_owned()
            } else {
                format!("active({name})")
            }
        };
        let inputs = axes.iter().enumerate().map(name).collect();
        Self {
            params: space.params.clone(),
            axes,
            own,
            inputs,
        }
    }

    /// Number of coordinates that are parameters; those after them are switches.
    #[must_use]
    pub fn own_dims(&self) -> usize {
        self.own
    }

    /// Whether some parameter takes part for some configurations only.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.params.iter().any(|p| p.activity.is_some())
    }

    /// The raw name of coordinate `j`: of its parameter, or `active(NAME)` of a switch with its first parameter.
    #[must_use]
    pub fn input_name(&self, j: usize) -> &str {
        self.inputs.get(j).map_or("", String::as_str)
    }

    /// Whether coordinate `j` is a switch that no rule sets: in suggestions it is on, so that no value is missing.
    #[must_use]
    pub fn is_free_switch(&self, j: usize) -> bool {
        let activity = self
            .axes
            .get(j)
            .and_then(|(i, _)| self.params.get(*i)?.activity.as_ref());
        j >= self.own && activity.is_some_and(|a| a.rules.is_empty())
    }

    /// Puts what takes no part in the middle of its axis, and sets the switches.
    pub fn settle(&self, point: &mut [f64]) {
        if !self.is_conditional() {
            return;
        }
        let values = self.all_values(point);
        let active = self.active(&values, point);
        for (j, (i, axis)) in self.axes.iter().enumerate() {
            let Some(slot) = point.get_mut(j) else { continue };
            let is_active = active.get(*i).copied().unwrap_or(true);
            if j >= self.own {
                *slot = f64::from(u8::from(is_active));
            } else if !is_active {
                *slot = middle(axis);
            }
        }
    }

    /// Which parameters take part, for the values of all of them and the switches that no rule sets.
    fn active(&self, values: &[Value], point: &[f64]) -> Vec<bool> {
        let free: Vec<Option<bool>> = (0..self.params.len())
            .map(|i| self.free_switch(i, point))
            .collect();
        let value = |i: usize| match free.get(i).copied().flatten() {
            Some(false) => Some(Value::Inactive),
            _ => values.get(i).cloned(),
        };
        (0..self.params.len())
            .map(|i| super::activity::is_active(&self.params, &value, i).unwrap_or(true))
            .collect()
    }

    /// How the switch of parameter `i` stands, where it has one that no rule sets.
    fn free_switch(&self, i: usize, point: &[f64]) -> Option<bool> {
        let activity = self
            .params
            .get(i)?
            .activity
            .as_ref()
            .filter(|a| a.rules.is_empty())?;
        let j = (self.own..self.axes.len()).find(|&j| {
            let other = self
                .axes
                .get(j)
                .and_then(|(i, _)| self.params.get(*i)?.activity.as_ref());
            other.is_some_and(|o| o.rules.is_empty() && o.group == activity.group)
        })?;
        point.get(j).map(|u| *u >= 0.5)
    }

    /// Number of coordinates.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.axes.len()
    }

    /// The axis of coordinate `j`.
    #[must_use]
    pub fn axis(&self, j: usize) -> &Axis {
        &self.axes[j].1
    }

    /// One a coordinate, in their order.
    pub fn axes(&self) -> impl Iterator<Item = &Axis> {
        self.axes.iter().map(|(_, axis)| axis)
    }

    /// Index of the parameter that coordinate `j` belongs to.
    #[must_use]
    pub fn param_of(&self, j: usize) -> usize {
        self.axes[j].0
    }

    /// The coordinate of parameter `i`, where it has one.
    #[must_use]
    pub fn coordinate_of(&self, param: usize) -> Option<usize> {
        self.axes.iter().take(self.own).position(|(i, _)| *i == param)
    }

    /// The parameter of this place in the space.
    #[must_use]
    pub fn parameter(&self, i: usize) -> &Parameter {
        &self.params[i]
    }

    /// The point of a configuration. Numbers outside their bounds are extrapolated, not clamped: trials
    /// from before a change of the space still say what they saw.
    ///
    /// # Errors
    /// A value that has no coordinate: text for a number, an unknown choice, the log of a number ≤ 0.
    pub fn encode(&self, configuration: &[Value]) -> Result<UnitPoint, StudyError> {
        let value = |i: usize| configuration.get(i).cloned();
        self.axes
            .iter()
            .enumerate()
            .map(|(j, (i, axis))| {
                let p = &self.params[*i];
                let active = super::activity::is_active(&self.params, &value, *i).unwrap_or(true);
                if j >= self.own {
                    return Ok(f64::from(u8::from(active)));
                }
                if !active {
                    return Ok(middle(axis));
                }
                let missing = || StudyError::Missing {
                    name: p.name.shown().to_owned(),
                };
                coordinate(p, axis, configuration.get(*i).ok_or_else(missing)?)
            })
            .collect::<Result<_, _>>()
            .map(UnitPoint)
    }

    /// The coordinate of a value of parameter `i`, active or not; `None` where it has no coordinate.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn coordinate_at(&self, i: usize, value: &Value) -> Result<Option<f64>, StudyError> {
        let Some(j) = self.coordinate_of(i) else {
            return Ok(None);
        };
        coordinate(&self.params[i], &self.axes[j].1, value).map(Some)
    }

    /// The configuration of a point: every value allowed, ints and steps on their grid, what takes no part marked.
    #[must_use]
    pub fn decode(&self, point: &[f64]) -> Vec<Value> {
        let mut values = self.all_values(point);
        if self.is_conditional() {
            let active = self.active(&values, point);
            for (value, active) in values.iter_mut().zip(active) {
                if !active {
                    *value = Value::Inactive;
                }
            }
        }
        values
    }

    /// The values of all parameters, whether they take part or not.
    fn all_values(&self, point: &[f64]) -> Vec<Value> {
        let mut values: Vec<Value> = self.params.iter().map(only_value).collect();
        for (j, (i, axis)) in self.axes.iter().enumerate().take(self.own) {
            let x = axis.inverse(point[j]);
            values[*i] = match &self.params[*i].domain {
                Domain::Categorical { choices } =>
                {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
                    choices[x as usize].clone()
                }
                Domain::Int { .. } | Domain::Float { step: Some(_), .. } => {
                    self.params[*i].snap(&Value::Float(x)).unwrap_or(Value::Null)
                }
                Domain::Float {
                    step: None,
                    low,
                    high,
                    log,
                } => Value::Float(tidy(x, *low, *high, *log).clamp(*low, *high)),
            };
        }
        values
    }

    /// The nearest point that parameters can take: `encode(decode(point))` without the detour through values.
    #[must_use]
    pub fn snap(&self, point: &[f64]) -> UnitPoint {
        let mut point: Vec<f64> = self
            .axes
            .iter()
            .zip(point)
            .map(|((i, axis), &u)| match axis {
                Axis::Unit { low, high, log } => axis
                    .forward(tidy(axis.inverse(u), *low, *high, *log).clamp(*low, *high))
                    .clamp(0.0, 1.0),
                // Through the value, so that it is bit for bit what `encode` gives for it.
                Axis::Grid { .. } => {
                    let x = axis.inverse(u);
                    axis.forward(
                        self.params[*i]
                            .snap(&Value::Float(x))
                            .and_then(|v| v.as_f64())
                            .unwrap_or(x),
                    )
                }
                Axis::Category { .. } => axis.inverse(u),
            })
            .collect();
        self.settle(&mut point);
        UnitPoint(point)
    }
}

/// The first parameter of each group that needs a switch.
fn switches(space: &Space) -> Vec<usize> {
    let mut firsts: Vec<usize> = Vec::new();
    for (i, p) in space.params.iter().enumerate() {
        let Some(activity) = &p.activity else { continue };
        let is_same = |k: &usize| {
            space.params[*k].activity.as_ref().is_some_and(|other| {
                other.rules == activity.rules && (!activity.rules.is_empty() || other.group == activity.group)
            })
        };
        if !firsts.iter().any(is_same) && !says_the_same(space, activity) {
            firsts.push(i);
        }
    }
    firsts
}

/// Whether one parameter of two values, that always takes part, decides alone.
fn says_the_same(space: &Space, activity: &super::Activity) -> bool {
    let [rule] = activity.rules.as_slice() else {
        return false;
    };
    let parent = space.params.iter().find(|p| p.name == rule.parent);
    parent.is_some_and(|p| p.cardinality() == Some(2) && p.activity.is_none())
}

/// Where a parameter lies that takes no part: in the middle, on a value of its grid; at the first choice.
fn middle(axis: &Axis) -> f64 {
    match axis {
        Axis::Unit { .. } => 0.5,
        Axis::Grid { count, .. } => axis.coordinate((count - 1) / 2),
        Axis::Category { .. } => 0.0,
    }
}

fn coordinate(p: &Parameter, axis: &Axis, value: &Value) -> Result<f64, StudyError> {
    let name = || p.name.shown().to_owned();
    if value.is_inactive() {
        return Err(StudyError::Missing { name: name() });
    }
    if axis.is_category() {
        #[expect(clippy::cast_precision_loss, reason = "few choices")]
        return p.choice_index(value).map(|k| k as f64).ok_or_else(|| {
            p.check(value)
                .err()
                .unwrap_or(StudyError::Missing { name: name() })
        });
    }
    let not_a_number = || StudyError::NotANumber {
        name: name(),
        value: value.to_string(),
    };
    let u = axis.forward(value.as_f64().ok_or_else(not_a_number)?);
    if u.is_finite() { Ok(u) } else { Err(not_a_number()) }
}

/// `x` without the digits that nothing depends on: seven significant ones on a log scale, a ten-millionth
/// of the range on a linear one. A proposed configuration is read, typed and compared by people.
fn tidy(x: f64, low: f64, high: f64, log: bool) -> f64 {
    let size = if log {
        x.abs() * 1e-6
    } else {
        (0.5 * high - 0.5 * low) * 2e-7
    };
    #[expect(clippy::cast_possible_truncation, reason = "the exponent of a double")]
    let place = -(size.log10().floor() as i32);
    // Up to 10^22 powers of ten are exact, so that the quotient is the double nearest to the decimal.
    if !(0..=22).contains(&place) {
        return x;
    }
    let scale = 10f64.powi(place);
    (x * scale).round() / scale
}

fn only_value(parameter: &Parameter) -> Value {
    match &parameter.domain {
        Domain::Float { low, .. } => Value::Float(*low),
        Domain::Int { low, .. } => Value::Int(*low),
        Domain::Categorical { choices } => choices[0].clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Label;

    fn space() -> Space {
        let domains = [
            Domain::Float {
                low: 1e-5,
                high: 1e-1,
                log: true,
                step: None,
            },
            Domain::Int {
                low: 1,
                high: 64,
                log: true,
                step: 1,
            },
            Domain::Float {
                low: 0.0,
                high: 0.4,
                log: false,
                step: Some(0.05),
            },
            Domain::Categorical {
                choices: vec![Value::Bool(true), Value::Null, Value::Text("x".into())],
            },
            Domain::Int {
                low: 3,
                high: 3,
                log: false,
                step: 1,
            },
        ];
        let params = domains
            .into_iter()
            .enumerate()
            .map(|(i, d)| Parameter::new(Label::new(&format!("p{i}")), i, d).unwrap())
            .collect();
        Space {
            params,
            inferred: false,
        }
    }

    #[test]
    fn decoding_undoes_encoding_and_a_fixed_parameter_has_no_coordinate() {
        let encoder = Encoder::new(&space());
        assert_eq!(encoder.dims(), 4);
        for k in 1..=64 {
            let config = vec![
                Value::Float(1e-3),
                Value::Int(k),
                Value::Float(0.15),
                Value::Null,
                Value::Int(3),
            ];
            let point = encoder.encode(&config).unwrap();
            let back = encoder.decode(&point.0);
            assert_eq!(back[1..], config[1..]);
            assert!((back[0].as_f64().unwrap() / 1e-3 - 1.0).abs() < 1e-12);
            assert_eq!(encoder.snap(&point.0).0[1..], point.0[1..]);
        }
    }

    #[test]
    fn decoded_numbers_carry_no_digits_that_nothing_depends_on() {
        let encoder = Encoder::new(&space());
        let low = encoder.decode(&[1e-9, 0.0, 0.0, 0.0]);
        assert_eq!(low[0], Value::Float(1e-5));
        assert_eq!(tidy(0.123_456_789_123, 0.0, 0.3, false), 0.123_456_79);
        assert_eq!(
            tidy(1_000_000.123_456_789, 1e6, 1e6 + 1.0, false),
            1_000_000.123_456_8
        );
    }

    #[test]
    fn decoded_values_never_leave_the_bounds() {
        let encoder = Encoder::new(&space());
        for u in [-1.0, 0.0, 1.0, 2.0] {
            let config = encoder.decode(&[u, u, u, u]);
            assert!(space().check(&config).is_ok(), "{config:?}");
        }
    }
}
