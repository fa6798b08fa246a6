//! The verdict, from leave-one-out and from predictions made before each recent result.

use super::{LeftOut, OneStep, Trust, Verdict};
use crate::analysis::surrogate::Surrogate;
use crate::gp::{Data, Posterior};

/// Fewer rows than this say nothing about calibration.
const ENOUGH: usize = 8;

/// Recent trials that are predicted from those before them.
const REPLAYED: usize = 64;

/// The central 95 % of a normal distribution, in standard deviations.
const Z95: f64 = 1.96;

impl Surrogate {
    /// Can it be trusted? Leave-one-out with hyperparameters kept, the one-step-ahead record, and what
    /// looks odd.
    #[must_use]
    pub fn trust(&self) -> Trust {
        // Promises of unfinished trials are no results to be checked against.
        let y = self.posterior().data().y.rows(0, self.own_rows()).into_owned();
        let loo = self.posterior().loo();
        let n = y.len();
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let count = n as f64;
        let z: Vec<f64> = (0..n)
            .map(|i| (y[i] - loo.mean[i]) / loo.variance[i].sqrt())
            .collect();
        let mean = y.sum() / count;
        let spread: f64 = y.iter().map(|v| (v - mean).powi(2)).sum();
        let missed: f64 = y.iter().zip(&loo.mean).map(|(v, m)| (v - m).powi(2)).sum();
        let q2 = if spread > 0.0 { 1.0 - missed / spread } else { 0.0 };
        let within = |bound: f64| {
            #[expect(clippy::cast_precision_loss, reason = "a count")]
            let inside = z.iter().filter(|z| z.abs() <= bound).count() as f64;
            inside / count
        };
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let trials = self.posterior().data().total as f64;
        let one_step = self.one_step();
        let edges = self.edges();
        let mut trust = Trust {
            verdict: Verdict::TooFew,
            reason: String::new(),
            q2,
            coverage68: within(1.0),
            coverage95: within(Z95),
            log_predictive: loo.total_at_mean / trials,
            one_step,
            left_out: self.left_out(&loo.mean, &z),
            lints: self.lints(&edges),
            edges,
        };
        (trust.verdict, trust.reason) = if spread > 0.0 || n < 2 {
            verdict(&trust, n, self.summary.prior_only)
        } else {
            let reason = format!("All {n} values are alike: there is nothing to learn from them yet.");
            (Verdict::Flat, reason)
        };
        trust
    }

    fn left_out(&self, means: &[f64], z: &[f64]) -> Vec<LeftOut> {
        let y = &self.posterior().data().y;
        (0..self.own_rows())
            .filter_map(|row| {
                Some(LeftOut {
                    trial: self.trial_of_row(row)?,
                    observed: self.output().to_user(y[row]),
                    predicted: self.output().to_user(means[row]),
                    z: z[row],
                })
            })
            .collect()
    }

    /// Replays the latest trials in the order of the study with the present hyperparameters and output
    /// transform: each is predicted from those before it, then appended in O(n²).
    fn one_step(&self) -> Option<OneStep> {
        let order = self.in_study_order();
        let first = order.len().saturating_sub(REPLAYED).max(ENOUGH);
        if first >= order.len() {
            return None;
        }
        let (x, y) = self.rows_of(&order[..first]);
        let (start, _) = Data::merge_repeats(&x, &y);
        let mut posterior =
            Posterior::new(self.posterior().model(), self.posterior().kinds(), &start).ok()?;
        let noise = self.posterior().model().noise_variance;
        let (mut squares, mut inside, mut count) = (0.0, 0.0, 0_usize);
        for &k in &order[first..] {
            let (point, y) = self.observation(k);
            let at = posterior.predict(&crate::analysis::surrogate::matrix(
                std::slice::from_ref(&point),
                point.len(),
            ));
            let (Some(mean), Some(variance)) = (at.mean.first(), at.variance.first()) else {
                break;
            };
            let z = (y - mean) / (variance + noise).sqrt();
            if z.is_finite() {
                squares += z * z;
                inside += f64::from(u8::from(z.abs() <= Z95));
                count += 1;
            }
            posterior = posterior.append(&point, y).ok()?;
        }
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let n = count as f64;
        (count > 0).then(|| OneStep {
            count,
            z_rms: (squares / n).sqrt(),
            coverage95: inside / n,
        })
    }
}

/// The verdict and its sentence.
fn verdict(trust: &Trust, n: usize, prior_only: bool) -> (Verdict, String) {
    if prior_only || n < ENOUGH {
        let reason =
            format!("{n} trials say too little to check the model against; {ENOUGH} are a beginning.");
        return (Verdict::TooFew, reason);
    }
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let slack = 2.0 * (0.95 * 0.05 / n as f64).sqrt();
    let percent = 100.0 * trust.coverage95;
    let score = format!("Q² {:.2}, n = {n}", trust.q2);
    if trust.q2 <= 0.0 {
        let reason = format!("It predicts left-out trials no better than their mean ({score}).");
        return (Verdict::Misleading, reason);
    }
    if trust.coverage95 < 0.95 - slack - 0.1 {
        let reason =
            format!("Only {percent:.0} % of left-out trials fall inside their 95 % bands ({score}).");
        return (Verdict::Misleading, reason);
    }
    if let Some(step) = &trust.one_step
        && step.count >= ENOUGH
        && step.z_rms > 2.0
    {
        let reason = format!(
            "The last {} results missed their predictions by {:.1} times the promised error ({score}).",
            step.count, step.z_rms
        );
        return (Verdict::Weak, reason);
    }
    if trust.q2 < 0.5 {
        let reason = format!("It explains little of what left-out trials do ({score}).");
        return (Verdict::Weak, reason);
    }
    if trust.coverage95 < 0.95 - slack {
        let reason = format!(
            "Its bands are somewhat narrow: {percent:.0} % of left-out trials inside 95 % ({score})."
        );
        return (Verdict::Weak, reason);
    }
    let reason = format!("It predicts left-out trials well ({score}).");
    (Verdict::Good, reason)
}
