//! The order ν of Matérn leaves, where a person wants it looked for.

use super::{Fit, FitOptions, fit};
use crate::gp::{Data, FitError, InputKind, Kernel, Model};

/// Orders that are tried first; the last is the RBF.
const GRID: [f64; 5] = [0.5, 1.5, 2.5, 3.5, f64::INFINITY];
/// The order that stands for the RBF where a neighbour on a continuous scale is needed.
const SMOOTHEST: f64 = 12.0;
/// Evaluations of the refinement between the neighbours of the best order of the grid.
const REFINEMENTS: usize = 8;
/// A general order must beat the closed form by this many nats to be worth its slower evaluation.
const WORTH: f64 = 0.1;
/// With more rows than this, orders are compared on the part of them that a large fit starts from.
const MOST_ROWS: usize = 300;

/// [`fit`] with the orders of the Matérn leaves of the given places ([`Kernel::orders`]) chosen by the objective, too:
/// each profiled over 1/2, 3/2, 5/2, 7/2 and ∞, then by golden sections on `log ν` around the best, one leaf after the
/// other. A closed form is kept unless a general order gains 0.1 nats.
///
/// # Errors
/// As [`fit`].
/// Checked by `tests/orders.rs`.
pub fn fit_orders(
    kernel: &Kernel,
    places: &[usize],
    kinds: &[InputKind],
    data: &Data,
    options: &FitOptions,
    cancel: &dyn Fn() -> bool,
) -> Result<Fit, FitError> {
    let mut search = Search {
        kinds,
        data: &part(data),
        options,
        cancel,
        warm: None,
    };
    let mut kernel = kernel.clone();
    for &place in places {
        kernel = search.profile(&kernel, place)?;
    }
    let kernel = settled(&kernel);
    // The orders were compared on these rows, or on some of them: either way not from nothing.
    let warm = search.warm.filter(|_| data.n() <= MOST_ROWS);
    fit(&kernel, kinds, data, options, warm.as_ref(), cancel)
}

/// The kernel with RBF leaves in the place of Matérn leaves of infinite order.
#[must_use]
pub fn settled(kernel: &Kernel) -> Kernel {
    match kernel {
        Kernel::Matern {
            nu,
            lengthscales,
            inputs,
        } if nu.is_infinite() => Kernel::Rbf {
            lengthscales: lengthscales.clone(),
            inputs: inputs.clone(),
        },
        Kernel::Warp { a, b, inputs, kernel } => Kernel::Warp {
            a: a.clone(),
            b: b.clone(),
            inputs: inputs.clone(),
            kernel: Box::new(settled(kernel)),
        },
        Kernel::Sum(terms) => Kernel::Sum(terms.iter().map(settled).collect()),
        Kernel::Product(terms) => Kernel::Product(terms.iter().map(settled).collect()),
        other => other.clone(),
    }
}

/// Three significant digits: the likelihood does not know an order any better.
fn rounded(order: f64) -> f64 {
    format!("{order:.2e}").parse().unwrap_or(order)
}

/// All rows, or an even spread of them.
fn part(data: &Data) -> Data {
    if data.n() <= MOST_ROWS {
        return data.clone();
    }
    let rows: Vec<usize> = (0..MOST_ROWS).map(|i| i * data.n() / MOST_ROWS).collect();
    data.select(&rows)
}

struct Search<'a> {
    kinds: &'a [InputKind],
    data: &'a Data,
    options: &'a FitOptions,
    cancel: &'a dyn Fn() -> bool,
    /// The best model so far: hyperparameters for one order are a good start for its neighbours.
    warm: Option<Model>,
}

impl Search<'_> {
    /// What is maximised at the best hyperparameters for an order.
    fn value(&mut self, kernel: &Kernel, place: usize, order: f64) -> Result<(f64, Model), FitError> {
        let kernel = kernel.with_order(place, order);
        let options = FitOptions {
            warm_iterations: self.options.cold_iterations.min(40),
            ..self.options.clone()
        };
        let warm = self.warm.as_ref();
        let found = fit(&kernel, self.kinds, self.data, &options, warm, self.cancel)?;
        Ok((found.objective_value, found.model))
    }

    fn profile(&mut self, kernel: &Kernel, place: usize) -> Result<Kernel, FitError> {
        let mut best = (f64::NEG_INFINITY, 0, None);
        for (index, order) in GRID.into_iter().enumerate() {
            let (value, model) = self.value(kernel, place, order)?;
            if self.warm.is_none() || value > best.0 {
                self.warm = Some(model.clone());
            }
            if value > best.0 {
                best = (value, index, Some(model));
            }
        }
        let (closed, index, model) = best;
        self.warm.clone_from(&model);
        let end = |i: usize| {
            if GRID[i].is_finite() {
                GRID[i].ln()
            } else {
                SMOOTHEST.ln()
            }
        };
        // ν → 0 is no process that anyone models; the grid starts at 1/2, the refinement at 1/4.
        let low = if index == 0 { 0.25_f64.ln() } else { end(index - 1) };
        let high = end((index + 1).min(GRID.len() - 1));
        let (order, value, refined) = self.refine(kernel, place, (low, high))?;
        if value > closed + WORTH {
            self.warm = Some(refined);
            return Ok(kernel.with_order(place, rounded(order)));
        }
        Ok(kernel.with_order(place, GRID[index]))
    }

    /// Golden sections on `log ν`.
    fn refine(
        &mut self,
        kernel: &Kernel,
        place: usize,
        (mut low, mut high): (f64, f64),
    ) -> Result<(f64, f64, Model), FitError> {
        let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
        let mut c = high - golden * (high - low);
        let mut d = low + golden * (high - low);
        let mut at_c = self.value(kernel, place, c.exp())?;
        let mut at_d = self.value(kernel, place, d.exp())?;
        for _ in 2..REFINEMENTS {
            if at_c.0 >= at_d.0 {
                (high, d, at_d) = (d, c, at_c);
                c = high - golden * (high - low);
                at_c = self.value(kernel, place, c.exp())?;
            } else {
                (low, c, at_c) = (c, d, at_d);
                d = low + golden * (high - low);
                at_d = self.value(kernel, place, d.exp())?;
            }
        }
        Ok(if at_c.0 >= at_d.0 {
            (c.exp(), at_c.0, at_c.1)
        } else {
            (d.exp(), at_d.0, at_d.1)
        })
    }
}
