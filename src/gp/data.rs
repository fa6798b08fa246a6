//! What a Gaussian process is made of: rows, and hyperparameters.

use nalgebra::{DMatrix, DVector};

use super::{FitError, Kernel};

/// How two values of an input are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InputKind {
    /// By their difference.
    Numeric,
    /// By `≠` alone: the value is the index of a category.
    Category,
}

/// The prior mean of the latent function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mean {
    /// A known constant.
    Fixed(f64),
    /// A constant estimated from the data, `β̂ = 1ᵀK⁻¹y / (1ᵀK⁻¹1 + 1/τ²)` with `τ = 1`
    /// ([`Mean::PROFILE_VARIANCE`]), so that it cannot run away at small n.
    Profiled,
}

impl Mean {
    /// Prior variance `τ²` of a profiled mean, in output units squared (outputs are standardised).
    pub const PROFILE_VARIANCE: f64 = 1.0;
}

/// Hyperparameters: everything that a posterior needs beside the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub kernel: Kernel,
    pub mean: Mean,
    /// `σn²` of one observation, in output units squared; 0 is allowed.
    pub noise_variance: f64,
}

/// Rows to learn from.
///
/// A row may stand for several observations at the same inputs: `y` is then their mean, `counts` their
/// number, and `total` and `within` keep the likelihood that of all observations.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Inputs, n × d.
    pub x: DMatrix<f64>,
    /// Outputs, n.
    pub y: DVector<f64>,
    /// Observations a row, n; each at least 1.
    pub counts: Vec<f64>,
    /// Number of observations, `Σ counts`.
    pub total: usize,
    /// `Σ (y_obs − y_row)²` over the observations of each row, n; 0 for a row of one.
    pub within: Vec<f64>,
    /// Noise variance that a row is known to carry beside that of the model, in output units squared: n entries, or none
    /// where nothing is known. Rows that have some stand for one observation.
    pub known_noise: Vec<f64>,
}

impl Data {
    /// One observation a row, repeats left as they are.
    #[must_use]
    pub fn new(x: DMatrix<f64>, y: DVector<f64>) -> Self {
        let n = x.nrows();
        Self {
            x,
            y,
            counts: vec![1.0; n],
            total: n,
            within: vec![0.0; n],
            known_noise: Vec::new(),
        }
    }

    /// One observation a row, each with a noise variance that is known of it; repeats are left as they are,
    /// for they need not be equally good.
    #[must_use]
    pub fn with_known_noise(x: DMatrix<f64>, y: DVector<f64>, known_noise: Vec<f64>) -> Self {
        Self {
            known_noise,
            ..Self::new(x, y)
        }
    }

    /// Noise variance of row `i`, where that of one observation is `noise`.
    #[must_use]
    pub fn noise_of(&self, i: usize, noise: f64) -> f64 {
        noise / self.counts[i] + self.known_noise.get(i).copied().unwrap_or(0.0)
    }

    /// One more observation.
    pub(crate) fn push(&mut self, x: &[f64], y: f64, known_noise: f64) {
        let n = self.n();
        let grown = std::mem::replace(&mut self.x, DMatrix::zeros(0, 0)).resize_vertically(n + 1, 0.0);
        self.x = grown;
        for (j, v) in x.iter().enumerate() {
            self.x[(n, j)] = *v;
        }
        self.y = std::mem::replace(&mut self.y, DVector::zeros(0)).resize_vertically(n + 1, y);
        self.counts.push(1.0);
        self.within.push(0.0);
        self.total += 1;
        if known_noise > 0.0 || !self.known_noise.is_empty() {
            self.known_noise.resize(n, 0.0);
            self.known_noise.push(known_noise);
        }
    }

    /// Rows with bit-for-bit equal inputs become one, with their mean and count; rows keep the order of
    /// their first appearance. Also gives the merged row of each original one.
    ///
    /// The likelihood of the result equals that of the unmerged rows (surrogate note 1.1.2; checked by
    /// `tests/posterior.rs`).
    #[must_use]
    pub fn merge_repeats(x: &DMatrix<f64>, y: &DVector<f64>) -> (Self, Vec<usize>) {
        let key = |i: usize| -> Vec<u64> {
            // `+ 0.0` makes −0 and 0 one key.
            x.row(i).iter().map(|v| (v + 0.0).to_bits()).collect()
        };
        let mut seen = std::collections::HashMap::new();
        let mut firsts = Vec::new();
        let row_of: Vec<usize> = (0..x.nrows())
            .map(|i| {
                *seen.entry(key(i)).or_insert_with(|| {
                    firsts.push(i);
                    firsts.len() - 1
                })
            })
            .collect();
        let mut counts = vec![0.0; firsts.len()];
        let mut means: DVector<f64> = DVector::zeros(firsts.len());
        for (i, &row) in row_of.iter().enumerate() {
            counts[row] += 1.0;
            means[row] += (y[i] - means[row]) / counts[row];
        }
        let mut within = vec![0.0; firsts.len()];
        for (&row, v) in row_of.iter().zip(y.iter()) {
            within[row] += (v - means[row]).powi(2);
        }
        let merged = Self {
            x: x.select_rows(&firsts),
            y: means,
            counts,
            total: x.nrows(),
            within,
            known_noise: Vec::new(),
        };
        (merged, row_of)
    }

    /// Number of rows.
    #[must_use]
    pub fn n(&self) -> usize {
        self.x.nrows()
    }

    /// `Σ (y_obs − y_row)²` over all observations.
    #[must_use]
    pub fn within_ss(&self) -> f64 {
        self.within.iter().sum()
    }

    /// One observation a row again. Which values the repeats of a row had is not known any more: they get
    /// values with the same mean and the same sum of squares, `ȳ ± √(SS/2)` and `ȳ` for the rest. A sum of
    /// log densities over all observations depends on no more than these two, as long as it treats repeats
    /// alike.
    #[must_use]
    pub(crate) fn apart(&self) -> Self {
        let mut rows = Vec::new();
        let mut y = Vec::new();
        for i in 0..self.n() {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            let count = (self.counts[i].round() as usize).max(1);
            let half = (0.5 * self.within[i]).sqrt();
            for k in 0..count {
                rows.push(i);
                y.push(match k {
                    0 if count > 1 => self.y[i] + half,
                    1 => self.y[i] - half,
                    _ => self.y[i],
                });
            }
        }
        let known_noise = rows
            .iter()
            .filter_map(|&i| self.known_noise.get(i).copied())
            .collect();
        Self::with_known_noise(self.x.select_rows(&rows), DVector::from_vec(y), known_noise)
    }

    /// The rows of the given indices, in that order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let counts: Vec<f64> = rows.iter().map(|&i| self.counts[i]).collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let total = counts.iter().sum::<f64>().round() as usize;
        Self {
            x: self.x.select_rows(rows),
            y: DVector::from_iterator(rows.len(), rows.iter().map(|&i| self.y[i])),
            counts,
            total,
            within: rows.iter().map(|&i| self.within[i]).collect(),
            known_noise: rows
                .iter()
                .filter_map(|&i| self.known_noise.get(i).copied())
                .collect(),
        }
    }

    pub(crate) fn check(&self, kinds: usize) -> Result<(), FitError> {
        let n = self.x.nrows();
        let shape = |what, expected, found| {
            if expected == found {
                Ok(())
            } else {
                Err(FitError::Shape {
                    what,
                    expected,
                    found,
                })
            }
        };
        shape("the list of input kinds", self.x.ncols(), kinds)?;
        shape("y", n, self.y.len())?;
        shape("counts", n, self.counts.len())?;
        shape("the sums of squares within rows", n, self.within.len())?;
        if !self.known_noise.is_empty() {
            shape("the list of known noise", n, self.known_noise.len())?;
        }
        for (row, v) in self.known_noise.iter().enumerate() {
            if !(v.is_finite() && *v >= 0.0) {
                return Err(FitError::NotFinite {
                    what: "the known noise",
                    row,
                });
            }
        }
        for i in 0..n {
            if !self.y[i].is_finite() {
                return Err(FitError::NotFinite {
                    what: "the output",
                    row: i,
                });
            }
            if !(self.counts[i].is_finite() && self.counts[i] > 0.0) {
                return Err(FitError::NotFinite {
                    what: "the count",
                    row: i,
                });
            }
            if self.x.row(i).iter().any(|v| !v.is_finite()) {
                return Err(FitError::NotFinite {
                    what: "an input",
                    row: i,
                });
            }
        }
        Ok(())
    }
}
