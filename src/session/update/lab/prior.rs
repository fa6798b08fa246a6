//! Before the first point: functions drawn from the prior, where samples are asked for.

use crate::analysis::samples::SampleCut;
use crate::analysis::slice::SliceKind;
use crate::learn::bench::prior_curves;
use crate::session::explained::PriorDraws;
use crate::session::model::Model;

/// Where nothing was fitted and nothing said: the kernel that a fit would begin with, a third of the axis.
const KERNEL: &str = "matern52";
const LENGTHSCALE: f64 = 0.3;

/// Draws them anew where what they depend on has changed; drops them with the first point.
pub(super) fn refresh(model: &mut Model) {
    let count = model.explained.samples;
    let Some(lab) = model
        .lab
        .as_ref()
        .filter(|l| l.bench.has_truth() && l.bench.points().is_empty())
    else {
        model.explained.prior = None;
        return;
    };
    if count == 0 {
        model.explained.prior = None;
        return;
    }
    let kernel = model.settings.kernel.as_deref().unwrap_or(KERNEL).to_owned();
    let (lengthscale, seed) = (lab.lengthscale.unwrap_or(LENGTHSCALE), model.settings.seed);
    let is_same = (model.explained.prior.as_ref()).is_some_and(|p| {
        p.count == count && p.kernel == kernel && p.lengthscale == lengthscale && p.seed == seed
    });
    if is_same {
        return;
    }
    let cuts = (model.study.space.params.iter().enumerate()).filter_map(|(param, _)| {
        let own = seed.wrapping_add(1000 * param as u64);
        let (positions, curves) = prior_curves(&kernel, lengthscale, own, count).ok()?;
        Some(SampleCut {
            param,
            kind: SliceKind::Curve,
            positions,
            curves,
        })
    });
    let cuts = cuts.collect();
    model.explained.prior = Some(PriorDraws {
        kernel,
        lengthscale,
        count,
        seed,
        cuts,
    });
}
