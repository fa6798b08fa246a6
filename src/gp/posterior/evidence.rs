//! How likely the data are under the model, as a whole and one row at a time.

use std::f64::consts::PI;

use super::Posterior;
use crate::gp::{Data, Mean};

/// The log marginal likelihood of all observations, in nats, with its terms. They sum to `value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogMarginalLikelihood {
    pub value: f64,
    /// `−½ (y − β)ᵀ K⁻¹ (y − β)`.
    pub data_fit: f64,
    /// `−½ log |K|`.
    pub log_det: f64,
    /// `−n/2 log 2π`.
    pub constant: f64,
    /// What merging repeats left out: `−(N − n)/2 log 2πσn² − SS_within/(2σn²) − ½ Σ log c_i`; 0 without repeats.
    pub repeats: f64,
}

/// Each row predicted from all the others, and each observation from all the others, hyperparameters kept.
///
/// `μ₋ᵢ = y_i − α_i/[K⁻¹]_ii`, `σ²₋ᵢ = 1/[K⁻¹]_ii` (Rasmussen & Williams 2006, eq. 5.12). Under a profiled mean
/// `K⁻¹` is replaced by `Q = K⁻¹ − K⁻¹11ᵀK⁻¹/(1ᵀK⁻¹1 + 1/τ²)`, so that the mean is left out of the fold, too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaveOneOut {
    pub mean: Vec<f64>,
    /// Of the row's output: noise included.
    pub variance: Vec<f64>,
    /// Of a row of one observation `log N(y_i; μ₋ᵢ, σ²₋ᵢ)`; of a row of `c` repeats the sum of
    /// `log p(y_ij | all other observations, those of the row included)`. With the latent moments of the row
    /// left out as a whole, `m = μ₋ᵢ` and `v = σ²₋ᵢ − σn²/c`, and `w = v(c − 1)/(v(c − 1) + σn²)`, each of these is
    /// normal with variance `s = σn² + vσn²/(v(c − 1) + σn²)`, and the squared residuals add up to
    /// `SS(1 + w/(c − 1))² + c(1 − w)²(ȳ_i − m)²`.
    pub log_density: Vec<f64>,
    /// [`LeaveOneOut::total`] with the mean constant kept as it is, too: what a model with that constant
    /// given has.
    pub total_at_mean: f64,
}

impl LeaveOneOut {
    /// The log predictive density of all observations, in nats.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.log_density.iter().sum()
    }
}

/// The term of the likelihood that merging repeats leaves out.
pub(crate) fn repeats_term(data: &Data, noise: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    let extra = (data.total.saturating_sub(data.n())) as f64;
    if extra == 0.0 {
        return 0.0;
    }
    let logs: f64 = data.counts.iter().map(|c| c.ln()).sum();
    -0.5 * extra * (2.0 * PI * noise).ln() - 0.5 * data.within_ss() / noise - 0.5 * logs
}

impl Posterior {
    /// Of the completed observations; pending rows have no say.
    #[must_use]
    pub fn log_marginal_likelihood(&self) -> LogMarginalLikelihood {
        if let Some(base) = &self.inner.without_pending {
            return base.log_marginal_likelihood();
        }
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let n = self.n() as f64;
        let data_fit = self.inner.data_fit;
        let log_det = -self.inner.factor.half_log_det();
        let constant = -0.5 * n * (2.0 * PI).ln();
        let repeats = repeats_term(&self.inner.data, self.inner.model.noise_variance);
        LogMarginalLikelihood {
            value: data_fit + log_det + constant + repeats,
            data_fit,
            log_det,
            constant,
            repeats,
        }
    }

    /// Leave-one-out predictions of the completed rows, computed at the first call and kept.
    #[must_use]
    pub fn loo(&self) -> LeaveOneOut {
        if let Some(base) = &self.inner.without_pending {
            return base.loo();
        }
        self.inner
            .leave_one_out
            .get_or_init(|| self.leave_one_out())
            .clone()
    }

    fn leave_one_out(&self) -> LeaveOneOut {
        let inverse = self.inner.factor.inverse();
        let mut diagonal: Vec<f64> = inverse.diagonal().iter().copied().collect();
        let at_mean = self.log_densities(&diagonal);
        if self.inner.model.mean == Mean::Profiled {
            let v: Vec<f64> = inverse.column_iter().map(|c| c.sum()).collect();
            let s = v.iter().sum::<f64>() + 1.0 / Mean::PROFILE_VARIANCE;
            diagonal.iter_mut().zip(&v).for_each(|(d, v)| *d -= v * v / s);
        }
        let rows = || diagonal.iter().zip(self.alpha()).zip(self.inner.data.y.iter());
        LeaveOneOut {
            mean: rows().map(|((d, a), y)| y - a / d).collect(),
            variance: diagonal.iter().map(|d| 1.0 / d).collect(),
            log_density: self.log_densities(&diagonal),
            total_at_mean: at_mean.iter().sum(),
        }
    }

    /// [`LeaveOneOut::log_density`] for a diagonal of `K⁻¹` or `Q`.
    fn log_densities(&self, diagonal: &[f64]) -> Vec<f64> {
        let noise = self.inner.model.noise_variance;
        // Rows of several observations carry no known noise of their own (`Data::merge_repeats`).
        let Data { counts, within, .. } = &self.inner.data;
        diagonal
            .iter()
            .zip(self.alpha())
            .zip(counts.iter().zip(within))
            .map(|((&d, &a), (&c, &ss))| {
                if c <= 1.0 {
                    return 0.5 * d.ln() - 0.5 * a * a / d - 0.5 * (2.0 * PI).ln();
                }
                let latent = (1.0 / d - noise / c).max(0.0);
                let others = latent * (c - 1.0) + noise;
                let (w, keep) = (latent * (c - 1.0) / others, noise / others);
                let variance = noise + latent * noise / others;
                let squares = ss * (1.0 + w / (c - 1.0)).powi(2) + c * (keep * a / d).powi(2);
                -0.5 * c * (2.0 * PI * variance).ln() - 0.5 * squares / variance
            })
            .collect()
    }
}
