//! What lessons ask about, from what is on screen.

use crate::analysis::AcquisitionFunction;
use crate::learn::bench::largest_gap;
use crate::learn::play::Quantities;
use crate::session::model::Model;
use crate::session::update::navigate::configuration_of;
use crate::study::{Direction, Encoder, Value};

/// So near, on an axis from 0 to 1, a point is the probe's own.
const EXACTLY: f64 = 1e-9;

/// What is not known, or not yet of the newest data, is no number.
pub fn of(model: &Model) -> Quantities {
    let mut q = Quantities {
        xi: model.acquisition.xi,
        beta: model.acquisition.beta,
        samples: whole(model.explained.samples),
        kernel: model.settings.kernel.as_deref().unwrap_or("matern52").to_owned(),
        acquisition: model.acquisition.function.name().to_owned(),
        sign: match model.acquisition.function {
            AcquisitionFunction::MisprintedEi => "wrong",
            _ => "right",
        },
        trial: whole(match &model.lens.past {
            Some(past) => past.count,
            None => crate::study::past::ended(&model.study).len(),
        }),
        points: whole(
            model
                .study
                .trials
                .iter()
                .filter(|t| t.objective().is_some())
                .count(),
        ),
        ..Quantities::default()
    };
    q.nu = nu(&q.kernel);
    if q.sign == "wrong" {
        "ei".clone_into(&mut q.acquisition);
    }
    let score = |g: &crate::learn::game::Game| g.score().you;
    if let Some(game) = model.games.now.as_deref().or(model.games.last.as_deref()) {
        q.score = score(game);
    }
    if let Some(lab) = &model.lab {
        q.truth = lab.truth_shown();
        q.regret = lab.bench.regret().unwrap_or(f64::NAN);
    }
    if let Some(play) = model.play() {
        let counts = play.counts();
        q.added = f64::from(counts.added);
        q.removed = f64::from(counts.removed);
        q.steps = f64::from(counts.steps);
        q.jumps = f64::from(counts.jumps);
    }
    if let Some(best) = model
        .study
        .best()
        .and_then(|i| model.study.trials.get(i)?.objective())
    {
        q.best = best;
    }
    places(model, &mut q);
    beliefs(model, &mut q);
    evidence(model, &mut q);
    q
}

#[expect(clippy::cast_precision_loss, reason = "counts of points")]
fn whole(n: usize) -> f64 {
    n as f64
}

/// The smoothness that a kernel's name says; infinite for the RBF kernel.
fn nu(kernel: &str) -> f64 {
    let kernel = kernel.trim();
    if kernel.starts_with("rbf") {
        return f64::INFINITY;
    }
    let rest = kernel.strip_prefix("matern").unwrap_or("");
    let digits: String = (rest.trim_start_matches(['(', 'n', 'u', '=', ' ']).chars())
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    match digits.as_str() {
        "12" => 0.5,
        "32" => 1.5,
        "52" => 2.5,
        "72" => 3.5,
        other => other.parse().unwrap_or(f64::NAN),
    }
}

fn places(model: &Model, q: &mut Quantities) {
    let here = model.in_hand();
    let two = |values: &[Value]| [0, 1].map(|i| values.get(i).and_then(Value::as_f64).unwrap_or(f64::NAN));
    q.at = two(here);
    let encoder = Encoder::new(&model.study.space);
    let Ok(at) = encoder.encode(here) else { return };
    let gap = |configuration: &[Value]| {
        let there = encoder.encode(configuration).ok()?;
        Some(largest_gap(&encoder, &at.0, &there.0))
    };
    if let Some(next) = model.suggestion().filter(|_| model.is_settled()) {
        q.next = two(&next.configuration);
        q.gap = gap(&next.configuration).unwrap_or(f64::NAN);
    }
    let gaps: Vec<f64> = (model.study.trials.iter())
        .filter(|t| t.objective().is_some())
        .filter_map(|t| gap(&configuration_of(&model.study.space, t)?))
        .collect();
    q.nearest = gaps.iter().copied().reduce(f64::min).unwrap_or(f64::NAN);
    q.here = whole(gaps.iter().filter(|g| **g < EXACTLY).count());
}

fn beliefs(model: &Model, q: &mut Quantities) {
    let consequences = match &model.draft {
        Some(draft) => draft.consequences.as_ref(),
        None => model.probe.consequences.as_ref(),
    };
    let (Some(c), Some(surrogate)) = (consequences, &model.surrogate) else {
        return;
    };
    if model.is_stale(surrogate) {
        return;
    }
    let (p, improvement, summary) = (&c.prediction, &c.improvement, &surrogate.value.summary);
    q.mean = p.mean;
    (q.mean_lost, q.widest) = along(model, p.mean);
    q.sd = p.sd;
    // The probe's deviation in the user's units for one in the model's.
    q.prior_sd = p.sd / p.model_sd.max(f64::MIN_POSITIVE) * summary.signal_variance.sqrt();
    q.z = improvement.z;
    q.ei = improvement.ei;
    q.exploitation = improvement.exploitation;
    q.exploration = improvement.exploration;
    q.pi = improvement.probability;
    q.ucb = c.readout.ucb;
    q.noise = summary.noise_sd;
    q.lengthscale = (summary.lengthscales.iter())
        .find(|(param, _)| *param == 0)
        .map_or(f64::NAN, |(_, l)| *l);
}

/// How much worse a mean is than the best of the slice along the parameter in hand, and the largest deviation there; no
/// numbers while that is not of the newest fit.
fn along(model: &Model, mean: f64) -> (f64, f64) {
    let slices = model.slices.as_ref().filter(|s| !model.is_stale(s));
    let slice = slices.and_then(|s| s.value.iter().find(|s| s.param == model.param));
    let points = || slice.into_iter().flat_map(|s| &s.points);
    let means = points().map(|p| p.mean).filter(|m| m.is_finite());
    let lost = means.map(|m| match model.study.direction() {
        Direction::Minimize => mean - m,
        Direction::Maximize => m - mean,
    });
    let widths = points()
        .map(|p| 0.5 * (p.high68 - p.low68))
        .filter(|w| w.is_finite());
    // The places of a slice need not be where the probe stands: it may be a little better than all of them.
    let lost = lost.reduce(f64::max).map_or(f64::NAN, |lost| lost.max(0.0));
    (lost, widths.reduce(f64::max).unwrap_or(f64::NAN))
}

fn evidence(model: &Model, q: &mut Quantities) {
    let Some(surrogate) = model.surrogate.as_ref().filter(|s| !model.is_stale(s)) else {
        return;
    };
    q.evidence = surrogate.value.summary.log_marginal_likelihood;
    if let Some(fitted) = model.fitted.as_ref().filter(|f| f.data == model.data) {
        q.evidence_lost = fitted.log_marginal_likelihood - q.evidence;
    }
}

#[cfg(test)]
mod tests {
    use super::nu;

    #[test]
    fn the_smoothness_is_read_from_the_name() {
        for (kernel, expected) in [
            ("matern12", 0.5),
            ("matern52", 2.5),
            ("matern(nu=1.7)", 1.7),
            ("rbf", f64::INFINITY),
            ("matern32+constant", 1.5),
        ] {
            assert_eq!(nu(kernel), expected, "{kernel}");
        }
        assert!(nu("linear").is_nan());
    }
}
