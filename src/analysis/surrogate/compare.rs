//! Which kernel the data prefer: the evidence of alternatives on the rows of a model.

use super::build::names;
use super::fitting::Plan;
use super::{Surrogate, SurrogateError};
use crate::analysis::settings::NoiseSetting;
use crate::gp::{self, Data, InputKind};

/// Kernels worth a look beside one's own, in the notation of `--kernel`; see also [`Surrogate::alternatives`].
pub const ALTERNATIVES: [&str; 7] = [
    "matern52",
    "matern32",
    "matern12",
    "rbf",
    "rq",
    "matern52 + linear",
    "warp(matern52)",
];

/// With more rows than this, alternatives are compared on a part of them: the same one for all.
const MOST_ROWS: usize = 400;

/// One kernel of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelEvidence {
    /// As it was asked for.
    pub spec: String,
    /// Its figures, or why it cannot be had: a sentence, with the column where the specification is at fault.
    pub outcome: Result<Evidence, String>,
}

/// How well a fitted kernel explains the rows of a model. All in nats, of the transformed outputs; comparable
/// between kernels on the same rows, with larger ones better (`bic` alone: smaller ones).
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The kernel that was fitted, as `--kernel` would write it.
    pub kernel: String,
    /// `log p(y|θ̂)`.
    pub log_marginal_likelihood: f64,
    /// `log p(y|θ̂) + log p(θ̂)`.
    pub log_posterior: f64,
    /// Leave-one-out log predictive density at `θ̂`.
    pub loo: f64,
    /// Laplace's approximation of `log ∫ p(y|θ) p(θ) dθ`: the one figure that weighs kernels with different numbers of
    /// hyperparameters against each other. `None` without priors or under the leave-one-out objective.
    pub log_evidence: Option<f64>,
    /// `−2 log p(y|θ̂) + p log n`.
    pub bic: f64,
    /// Hyperparameters of the kernel and the noise.
    pub hyperparameters: usize,
    /// Rows that it was fitted to.
    pub rows: usize,
}

impl Evidence {
    /// What to rank by: the log evidence, or the leave-one-out density where there is none.
    #[must_use]
    pub fn score(&self) -> f64 {
        self.log_evidence.unwrap_or(self.loo)
    }
}

impl Surrogate {
    /// The specification that this model was fitted with.
    #[must_use]
    pub fn kernel_spec(&self) -> &str {
        self.settings.kernel.as_deref().unwrap_or("matern52")
    }

    /// Kernels worth a look for the inputs of this model: its own first, each once.
    #[must_use]
    pub fn alternatives(&self) -> Vec<String> {
        let kinds = &self.training.kinds;
        let numbers = kinds.contains(&InputKind::Numeric);
        let mut all = vec![self.kernel_spec().to_owned()];
        let usual = ALTERNATIVES.into_iter().filter(|spec| {
            let needs_numbers = spec.contains("linear") || spec.contains("warp");
            numbers || !needs_numbers
        });
        let mixed = (numbers && kinds.contains(&InputKind::Category)).then_some("mixed");
        for spec in usual.chain(mixed) {
            if all.iter().all(|known| known != spec) {
                all.push(spec.to_owned());
            }
        }
        all
    }

    /// Fits another kernel to the rows of this model, with its outputs and settings. Repeatable by the seed of
    /// the settings.
    ///
    /// # Errors
    /// [`SurrogateError::Cancelled`] alone: everything else is part of the answer.
    pub fn evidence_of(
        &self,
        spec: &str,
        cancel: &dyn Fn() -> bool,
    ) -> Result<KernelEvidence, SurrogateError> {
        let outcome = match self.fit_alternative(spec, cancel) {
            Ok(evidence) => Ok(evidence),
            Err(SurrogateError::Cancelled) => return Err(SurrogateError::Cancelled),
            Err(error) => Err(error.to_string()),
        };
        Ok(KernelEvidence {
            spec: spec.to_owned(),
            outcome,
        })
    }

    fn fit_alternative(&self, spec: &str, cancel: &dyn Fn() -> bool) -> Result<Evidence, SurrogateError> {
        let mut plan = Plan::named(Some(spec), &self.settings, &self.training)?;
        plan.options.noise_variance = self.noise_given();
        let data = self.compared_rows();
        let options = &plan.options;
        let kinds = &self.training.kinds;
        let fit = plan.fit(kinds, &data, None, cancel)?;
        let hyperparameters = fit.model.kernel.parameters().len() + 1;
        #[expect(clippy::cast_precision_loss, reason = "counts")]
        let (p, n) = (hyperparameters as f64, data.total as f64);
        let log_evidence = gp::log_evidence(&fit, kinds, &data, options, cancel);
        if cancel() {
            return Err(SurrogateError::Cancelled);
        }
        let likelihood = fit.log_marginal_likelihood;
        Ok(Evidence {
            kernel: gp::spec::print(&fit.model.kernel, &names(&self.training.encoder)),
            log_marginal_likelihood: likelihood,
            log_posterior: likelihood + fit.log_prior,
            loo: fit.posterior.loo().total(),
            log_evidence,
            bic: -2.0 * likelihood + p * n.ln(),
            hyperparameters,
            rows: data.n(),
        })
    }

    /// The noise variance, where it is no hyperparameter.
    fn noise_given(&self) -> Option<f64> {
        let estimated = self.settings.noise == NoiseSetting::Estimated;
        (!estimated).then(|| self.posterior.model().noise_variance)
    }

    /// All rows, or every k-th of them.
    fn compared_rows(&self) -> Data {
        let data = self.posterior.data();
        if data.n() <= MOST_ROWS {
            return data.clone();
        }
        let rows: Vec<usize> = (0..MOST_ROWS).map(|i| i * data.n() / MOST_ROWS).collect();
        data.select(&rows)
    }
}

/// [`Surrogate::evidence_of`] each specification, in the order given; `each` is told of every one as it
/// comes, so that a screen can fill its table.
///
/// # Errors
/// [`SurrogateError::Cancelled`] alone.
pub fn compare_kernels<S: AsRef<str>>(
    model: &Surrogate,
    specs: &[S],
    each: &mut dyn FnMut(&KernelEvidence),
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<KernelEvidence>, SurrogateError> {
    let mut found = Vec::with_capacity(specs.len());
    for spec in specs {
        let evidence = model.evidence_of(spec.as_ref(), cancel)?;
        each(&evidence);
        found.push(evidence);
    }
    Ok(found)
}
