//! What stands behind a drawn posterior beside complete trials and one set of hyperparameters, in the fewest words: for the
//! title of every pane where it changes what is seen.

use crate::analysis::{Layer, Surrogate};
use crate::language::tr;
use crate::session::Model;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// Means and bands alone.
    Posterior,
    /// What pending trials change: expected improvement and its parts.
    Improvement,
    /// The acquisition function in use, with all that weighs it.
    Acquisition,
}

impl Drawn {
    #[must_use]
    pub fn of(layer: Layer) -> Self {
        match layer {
            Layer::Mean | Layer::Sd => Self::Posterior,
            Layer::Acquisition => Self::Acquisition,
            Layer::Exploitation | Layer::Exploration | Layer::ProbabilityOfImprovement => Self::Improvement,
        }
    }
}

/// `"EI × P(ok)^3, 1 pending, 2 unfinished ≈, θ averaged"`; empty where a plain posterior is drawn.
#[must_use]
pub fn words(model: &Model, drawn: Drawn) -> String {
    said(model, drawn, false)
}

/// `"EI × P(ok)^3, 1 pending, 2 ≈, θ avg"`: the same where there is little room.
#[must_use]
pub fn brief_words(model: &Model, drawn: Drawn) -> String {
    said(model, drawn, true)
}

fn said(model: &Model, drawn: Drawn, is_brief: bool) -> String {
    let Some(surrogate) = model.surrogate.as_ref().map(|s| &*s.value) else {
        return String::new();
    };
    let mut words: Vec<String> = Vec::new();
    if drawn == Drawn::Acquisition
        && let Some(weight) = weight(surrogate)
    {
        let function = model.acquisition.function.linear();
        let name = model.language().word(function.title());
        // While every trial is infeasible the weight is all there is.
        words.push(match surrogate.seeks_feasible() && function.is_positive() {
            true => weight,
            false => format!("{name} × {weight}"),
        });
    }
    if drawn != Drawn::Posterior && surrogate.pending_counted() > 0 {
        words.push(tr!(
            model,
            "{pending_counted} pending",
            pending_counted = surrogate.pending_counted()
        ));
    }
    let unfinished = surrogate.extrapolations().count();
    if unfinished > 0 {
        words.push(if is_brief {
            format!("{unfinished} ≈")
        } else {
            tr!(model, "{unfinished} unfinished ≈", unfinished = unfinished)
        });
    }
    if surrogate.averaged_over().is_some() {
        words.push(
            if is_brief {
                "θ̄"
            } else {
                tr!(model, "θ averaged")
            }
            .to_owned(),
        );
    }
    words.join(", ")
}

/// What weighs an acquisition function: `P(ok)`, to the power of the caution, once something failed, and `P(feasible)` where
/// there are constraints.
#[must_use]
pub fn weight(surrogate: &Surrogate) -> Option<String> {
    let ok = surrogate.failures().map(|_| match surrogate.caution() {
        caution if caution > 1.0 => format!("P(ok)^{caution:.0}"),
        _ => "P(ok)".to_owned(),
    });
    let feasible = surrogate.feasibility_counts().map(|_| "P(feasible)".to_owned());
    let all: Vec<String> = [ok, feasible].into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(" × "))
}
