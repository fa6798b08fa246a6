//! The marginal likelihood over one lengthscale and the noise, all other hyperparameters as they are.
//!
//! Each cell is `log p(y|θ)` of the rows of a model (Rasmussen & Williams 2006, eq. 5.8) as
//! [`crate::gp::Posterior::log_marginal_likelihood`] gives it, with the prior mean kept as it is. Two optima are usual
//! (there, fig. 5.5): a short lengthscale with little noise, or a long one with much. Checked by `tests/lab_numbers.rs`.

use crate::analysis::surrogate::Surrogate;
use crate::gp::{Data, Mean, Model, Posterior, Role};

/// With more rows than this the map is of a part of them.
pub const MOST_ROWS: usize = 160;

/// What is looked at at least: the lengthscale in units of the axis from 0 to 1, the noise's standard deviation in model
/// units.
const LENGTHSCALES: (f64, f64) = (0.02, 10.0);
const NOISES: (f64, f64) = (1e-3, 2.0);

/// Refinements of an optimum: each halves the step.
const HALVINGS: usize = 8;

/// A place on the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub lengthscale: f64,
    /// Standard deviation, in model units.
    pub noise_sd: f64,
}

/// A local maximum of the likelihood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimum {
    pub place: Place,
    pub value: f64,
    /// Whether it goes on beyond the edge of the map.
    pub at_edge: bool,
}

/// The log marginal likelihood over a lengthscale and the noise.
#[derive(Clone, Debug, PartialEq)]
pub struct LikelihoodMap {
    /// Whose lengthscale: index into `Space::params`.
    pub param: usize,
    /// The columns and rows, ascending, even in their logarithms.
    pub lengthscales: Vec<f64>,
    pub noises: Vec<f64>,
    /// Nats; cell `(row, column)` at `row·columns + column`. NaN where the matrix does not factor.
    pub values: Vec<f64>,
    /// Local maxima, the highest first, at most two.
    pub optima: Vec<Optimum>,
    /// Rows that it is of, and all.
    pub rows: (usize, usize),
    /// Whether a finer one is on its way.
    pub coarse: bool,
}

/// What a map depends on beside the two hyperparameters that it is over.
#[derive(Clone, Debug, PartialEq)]
pub struct MapOf {
    pub param: usize,
    rest: Vec<f64>,
}

impl MapOf {
    /// Whether two maps would be the same but for rounding.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * (1.0 + a.abs());
        self.param == other.param
            && self.rest.len() == other.rest.len()
            && self.rest.iter().zip(&other.rest).all(close)
    }
}

/// The likelihood as a function of the two.
struct Likelihood<'a> {
    surrogate: &'a Surrogate,
    data: Data,
    /// Place of the lengthscale in `Kernel::parameters`.
    index: usize,
    parameters: Vec<f64>,
}

impl Likelihood<'_> {
    fn at(&self, place: Place) -> f64 {
        let posterior = self.surrogate.posterior();
        let mut parameters = self.parameters.clone();
        if let Some(slot) = parameters.get_mut(self.index) {
            *slot = place.lengthscale;
        }
        let model = Model {
            kernel: posterior.model().kernel.with_parameters(&parameters),
            mean: Mean::Fixed(posterior.mean_constant()),
            noise_variance: place.noise_sd * place.noise_sd,
        };
        Posterior::new(&model, posterior.kinds(), &self.data)
            .map_or(f64::NAN, |p| p.log_marginal_likelihood().value)
    }

    /// Climbs from a place by steps in the logarithms, halved where none leads up.
    fn climb(&self, from: Optimum, steps: (f64, f64), inside: &dyn Fn(Place) -> bool) -> Optimum {
        let (mut best, mut steps) = (from, steps);
        let mut halvings = 0;
        while halvings < HALVINGS {
            let around = [
                (1.0, 0.0),
                (-1.0, 0.0),
                (0.0, 1.0),
                (0.0, -1.0),
                (1.0, 1.0),
                (-1.0, -1.0),
                (1.0, -1.0),
                (-1.0, 1.0),
            ];
            let better = around
                .iter()
                .map(|(a, b)| Place {
                    lengthscale: best.place.lengthscale * (a * steps.0).exp(),
                    noise_sd: best.place.noise_sd * (b * steps.1).exp(),
                })
                .filter(|place| inside(*place))
                .map(|place| (place, self.at(place)))
                .filter(|(_, value)| *value > best.value)
                .max_by(|a, b| a.1.total_cmp(&b.1));
            match better {
                Some((place, value)) => best = Optimum { place, value, ..best },
                None => {
                    steps = (steps.0 / 2.0, steps.1 / 2.0);
                    halvings += 1;
                }
            }
        }
        best
    }
}

impl Surrogate {
    /// The lengthscale of a parameter and the noise as they are; `None` where the kernel has no lengthscale for it.
    #[must_use]
    pub fn lengthscale_and_noise(&self, param: usize) -> Option<Place> {
        let index = self.lengthscale_index(param)?;
        let model = self.posterior().model();
        Some(Place {
            lengthscale: *model.kernel.parameters().get(index)?,
            noise_sd: model.noise_variance.sqrt(),
        })
    }

    /// What a map of this model would depend on.
    #[must_use]
    pub fn likelihood_of(&self, param: usize) -> Option<MapOf> {
        let index = self.lengthscale_index(param)?;
        let posterior = self.posterior();
        let mut rest = posterior.model().kernel.parameters();
        rest.remove(index);
        rest.push(posterior.mean_constant());
        rest.extend(posterior.data().y.iter());
        Some(MapOf { param, rest })
    }

    /// The likelihood over the lengthscale of a parameter and the noise, on `columns` by `rows` cells that reach at
    /// least to all places of `within`. `None` where the kernel has no lengthscale for it, and on cancellation.
    #[must_use]
    pub fn likelihood_map(
        &self,
        param: usize,
        within: &[Place],
        (columns, rows): (usize, usize),
        cancel: &dyn Fn() -> bool,
    ) -> Option<LikelihoodMap> {
        let likelihood = self.likelihood(param)?;
        let here = self.lengthscale_and_noise(param)?;
        let reach = |range: (f64, f64), of: &dyn Fn(&Place) -> f64| {
            let all = within
                .iter()
                .chain([&here])
                .map(of)
                .filter(|v| v.is_finite() && *v > 0.0);
            all.fold(range, |(low, high), v| (low.min(v * 0.7), high.max(v * 1.4)))
        };
        let lengthscales = even(reach(LENGTHSCALES, &|p| p.lengthscale), columns);
        let noises = even(reach(NOISES, &|p| p.noise_sd), rows);
        let mut values = Vec::with_capacity(columns * rows);
        for noise_sd in &noises {
            for lengthscale in &lengthscales {
                if cancel() {
                    return None;
                }
                values.push(likelihood.at(Place {
                    lengthscale: *lengthscale,
                    noise_sd: *noise_sd,
                }));
            }
        }
        let mut map = LikelihoodMap {
            param,
            lengthscales,
            noises,
            values,
            optima: Vec::new(),
            rows: (likelihood.data.n(), self.posterior().data().n()),
            coarse: false,
        };
        map.optima = map.climbed(&likelihood, cancel)?;
        Some(map)
    }

    /// The log marginal likelihood at one place of such a map.
    #[must_use]
    pub fn likelihood_at(&self, param: usize, place: Place) -> Option<f64> {
        Some(self.likelihood(param)?.at(place))
    }

    fn likelihood(&self, param: usize) -> Option<Likelihood<'_>> {
        let index = self.lengthscale_index(param)?;
        let data = self.posterior().data();
        let n = data.n();
        let data = if n > MOST_ROWS {
            data.select(&(0..MOST_ROWS).map(|i| i * n / MOST_ROWS).collect::<Vec<_>>())
        } else {
            data.clone()
        };
        Some(Likelihood {
            surrogate: self,
            data,
            index,
            parameters: self.posterior().model().kernel.parameters(),
        })
    }

    fn lengthscale_index(&self, param: usize) -> Option<usize> {
        let j = self.training().encoder.coordinate_of(param)?;
        let posterior = self.posterior();
        let roles = posterior.model().kernel.roles(posterior.kinds());
        let own = roles.iter().position(|role| {
            let is_length = matches!(
                role,
                Role::Lengthscale { .. } | Role::MismatchLengthscale { .. } | Role::CategoryScale { .. }
            );
            is_length && role.input() == Some(j)
        });
        own.or_else(|| roles.iter().position(|role| *role == Role::SharedLengthscale))
    }
}

impl LikelihoodMap {
    /// Cells a row of the map: one a lengthscale.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.lengthscales.len()
    }

    /// Where a place lies on the map, in shares of its width and height.
    #[must_use]
    pub fn position(&self, place: Place) -> Option<(f64, f64)> {
        Some((
            share(&self.lengthscales, place.lengthscale)?,
            share(&self.noises, place.noise_sd)?,
        ))
    }

    /// The place at shares of the map's width and height.
    #[must_use]
    pub fn place(&self, x: f64, y: f64) -> Option<Place> {
        let at = |axis: &[f64], share: f64| {
            let (low, high) = edges(axis)?;
            Some((low + share * (high - low)).exp())
        };
        Some(Place {
            lengthscale: at(&self.lengthscales, x)?,
            noise_sd: at(&self.noises, y)?,
        })
    }

    fn value(&self, row: usize, column: usize) -> f64 {
        self.values
            .get(row * self.columns() + column)
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// The hills of the grid, climbed to their tops; the two highest.
    fn climbed(&self, likelihood: &Likelihood<'_>, cancel: &dyn Fn() -> bool) -> Option<Vec<Optimum>> {
        let (columns, rows) = (self.columns(), self.noises.len());
        let mut tops: Vec<(usize, usize)> = (0..rows)
            .flat_map(|r| (0..columns).map(move |c| (r, c)))
            .filter(|&(r, c)| {
                let here = self.value(r, c);
                let around = (r.saturating_sub(1)..=(r + 1).min(rows - 1))
                    .flat_map(|i| (c.saturating_sub(1)..=(c + 1).min(columns - 1)).map(move |j| (i, j)))
                    .filter(|other| *other != (r, c));
                here.is_finite()
                    && around.into_iter().all(|(i, j)| {
                        let other = self.value(i, j);
                        other.is_nan() || other <= here
                    })
            })
            .collect();
        tops.sort_by(|a, b| self.value(b.0, b.1).total_cmp(&self.value(a.0, a.1)));
        let (Some(width), Some(height)) = (edges(&self.lengthscales), edges(&self.noises)) else {
            return Some(Vec::new());
        };
        #[expect(clippy::cast_precision_loss, reason = "few cells")]
        let steps = (
            0.5 * (width.1 - width.0) / columns as f64,
            0.5 * (height.1 - height.0) / rows as f64,
        );
        let inside = |p: Place| {
            let (l, n) = (p.lengthscale.ln(), p.noise_sd.ln());
            l >= width.0 && l <= width.1 && n >= height.0 && n <= height.1
        };
        let mut found: Vec<Optimum> = Vec::new();
        // A ridge that is flat to rounding may count as many hills.
        for (r, c) in tops.into_iter().take(6) {
            if cancel() {
                return None;
            }
            let from = Optimum {
                place: Place {
                    lengthscale: *self.lengthscales.get(c)?,
                    noise_sd: *self.noises.get(r)?,
                },
                value: self.value(r, c),
                at_edge: r == 0 || c == 0 || r + 1 == rows || c + 1 == columns,
            };
            let top = likelihood.climb(from, steps, &inside);
            let is_new = found.iter().all(|o| {
                let across = (o.place.lengthscale / top.place.lengthscale).ln().abs();
                let up = (o.place.noise_sd / top.place.noise_sd).ln().abs();
                across > 3.0 * steps.0 || up > 6.0 * steps.1
            });
            if is_new {
                found.push(top);
            }
        }
        found.sort_by(|a, b| b.value.total_cmp(&a.value));
        found.truncate(2);
        Some(found)
    }
}

/// Cell centres that are even in their logarithms, from edge to edge.
fn even((low, high): (f64, f64), count: usize) -> Vec<f64> {
    let (low, high) = (low.ln(), high.ln());
    #[expect(clippy::cast_precision_loss, reason = "few cells")]
    (0..count)
        .map(|k| (low + (k as f64 + 0.5) / count as f64 * (high - low)).exp())
        .collect()
}

/// The logarithms of the outer edges of cells with these centres.
fn edges(centres: &[f64]) -> Option<(f64, f64)> {
    let (first, last) = (centres.first()?.ln(), centres.last()?.ln());
    #[expect(clippy::cast_precision_loss, reason = "few cells")]
    let half = 0.5 * (last - first) / (centres.len().max(2) - 1) as f64;
    Some((first - half, last + half))
}

fn share(centres: &[f64], value: f64) -> Option<f64> {
    let (low, high) = edges(centres)?;
    Some((value.ln() - low) / (high - low)).filter(|s| s.is_finite())
}
