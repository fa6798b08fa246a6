//! What a person decided and did not deliver: it outlives the program.
//!
//! Rejections, locks, the open draft, and what was set by hand. Values are kept by the names of their
//! parameters, so that a space that has changed meanwhile loses no more than it must.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::analysis::settings::Objective;
use crate::analysis::{AcquisitionFunction, ModelFile};
use crate::study::{Configuration, Parameter, Space, Value};

use super::draft::Draft;
use super::effect::REJECTED_RADIUS;
use super::model::{Model, Rejection};

/// Parameter names and values.
pub type Named = Map<String, Json>;

/// What was decided on one study of one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejections: Vec<KeptRejection>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub locks: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<KeptDraft>,
    #[serde(flatten)]
    pub by_hand: ByHand,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptRejection {
    pub params: Named,
    /// Seconds since the epoch.
    pub when: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptDraft {
    /// Where it began.
    pub base: Named,
    pub values: Named,
}

/// What the person set by hand; `None`: it is as the program was started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ByHand {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquisition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xi: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta: Option<f64>,
    /// A specification, or `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Whether hyperparameters are fitted by leave-one-out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leave_one_out: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_warp: Option<bool>,
    /// Hyperparameters set by hand, as a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelFile>,
}

/// Where the keeping of decisions stands.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    /// The study whose decisions were asked for.
    pub asked: Option<String>,
    /// Whether the answer has come: before, nothing is written over it.
    pub is_open: bool,
    /// Whether what is decided is really written somewhere.
    pub is_safe: bool,
    /// What was written last.
    pub last: Kept,
    /// What was decided on the studies that were left, by name.
    pub shelf: BTreeMap<String, Kept>,
}

impl Kept {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What the model holds of it now.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let space = &model.study.space;
        let named = |c: &Configuration| space.configuration_to_json(c);
        let (draft, locks, rejections) = model.own();
        Self {
            rejections: rejections
                .iter()
                .map(|r| KeptRejection {
                    params: named(&r.configuration),
                    when: r.when,
                })
                .collect(),
            locks: (space.params.iter().zip(locks))
                .filter_map(|(p, lock)| Some((p.name.raw().to_owned(), lock.as_ref()?.to_json())))
                .collect(),
            draft: draft.filter(|d| d.edits() > 0).map(|d| KeptDraft {
                base: named(&d.base),
                values: named(&d.values),
            }),
            by_hand: model.by_hand.clone(),
        }
    }

    /// What it holds, in words: "2 rejections, 1 lock and a draft".
    #[must_use]
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        let count = |n: usize, one: &str| match n {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {one}s")),
        };
        parts.extend(count(self.rejections.len(), "rejection"));
        parts.extend(count(self.locks.len(), "lock"));
        if self.draft.is_some() {
            parts.push("your draft".to_owned());
        }
        let hand = &self.by_hand;
        if let Some(name) = &hand.acquisition {
            parts.push(format!("acquisition {name}"));
        }
        parts.extend(hand.xi.map(|x| format!("ξ {x}")));
        parts.extend(hand.beta.map(|b| format!("β {b}")));
        if let Some(kernel) = &hand.kernel {
            parts.push(format!("kernel {kernel}"));
        }
        parts.extend(hand.leave_one_out.map(|loo| {
            let word = if loo {
                "leave-one-out"
            } else {
                "marginal likelihood"
            };
            format!("fit by {word}")
        }));
        parts.extend(
            hand.output_warp
                .map(|on| format!("warp {}", if on { "on" } else { "off" })),
        );
        if hand.model.is_some() {
            parts.push("hyperparameters set by hand".to_owned());
        }
        match parts.split_last() {
            None => "nothing".to_owned(),
            Some((only, [])) => only.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        }
    }

    /// The rejected configurations that the space still has, each with the radius of its region.
    #[must_use]
    pub fn rejected_in(&self, space: &Space) -> Vec<(Configuration, f64)> {
        let known = self.rejections.iter();
        known
            .filter_map(|r| Some((configuration(space, &r.params)?, REJECTED_RADIUS)))
            .collect()
    }

    /// The locked value of each parameter of the space.
    #[must_use]
    pub fn locks_in(&self, space: &Space) -> Vec<Option<Value>> {
        let lock = |p: &Parameter| p.snap(&Value::from_json(self.locks.get(p.name.raw())?)?);
        space.params.iter().map(lock).collect()
    }

    /// Puts it into the model, after what was decided there already. Returns whether the model or the
    /// acquisition function has changed.
    pub fn restore(&self, model: &mut Model) -> bool {
        let space = model.study.space.clone();
        for (k, r) in self.rejections.iter().enumerate() {
            if let Some(configuration) = configuration(&space, &r.params)
                && !model.rejections.iter().any(|m| m.configuration == configuration)
            {
                let at = k.min(model.rejections.len());
                model.rejections.insert(
                    at,
                    Rejection {
                        configuration,
                        when: r.when,
                    },
                );
            }
        }
        model.locks.resize(space.len(), None);
        for (kept, lock) in self.locks_in(&space).into_iter().zip(&mut model.locks) {
            if lock.is_none() {
                *lock = kept;
            }
        }
        if model.draft.is_none()
            && let Some(kept) = &self.draft
            && let (Some(base), Some(values)) = (
                configuration(&space, &kept.base),
                configuration(&space, &kept.values),
            )
        {
            let mut draft = Draft::new(base, model.param);
            draft.values = values;
            model.draft = Some(draft);
        }
        self.by_hand.restore(model)
    }
}

impl ByHand {
    /// Only what the person has not set since, and did not state at the start.
    fn restore(&self, model: &mut Model) -> bool {
        let before = (model.settings.clone(), model.acquisition);
        let mut kept = self.clone();
        kept.give_way_to(&model.stated);
        self::restore(kept, model);
        (model.settings.clone(), model.acquisition) != before
    }

    fn give_way_to(&mut self, stated: &Self) {
        fn drop_if<T>(mine: &mut Option<T>, theirs: Option<&T>) {
            if theirs.is_some() {
                *mine = None;
            }
        }
        drop_if(&mut self.acquisition, stated.acquisition.as_ref());
        drop_if(&mut self.xi, stated.xi.as_ref());
        drop_if(&mut self.beta, stated.beta.as_ref());
        drop_if(&mut self.kernel, stated.kernel.as_ref());
        drop_if(&mut self.leave_one_out, stated.leave_one_out.as_ref());
        drop_if(&mut self.output_warp, stated.output_warp.as_ref());
        // A model of either kind is about the kernel, too.
        drop_if(&mut self.model, stated.model.as_ref());
        if stated.kernel.is_some() {
            self.model = None;
        }
        if stated.model.is_some() {
            self.kernel = None;
        }
    }
}

/// Sets what is not set by hand yet.
fn restore(kept: ByHand, model: &mut Model) {
    let now = &mut model.by_hand;
    if now.acquisition.is_none()
        && let Some(function) = kept
            .acquisition
            .as_deref()
            .and_then(AcquisitionFunction::from_name)
    {
        now.acquisition = kept.acquisition;
        model.acquisition.function = function;
    }
    if let (None, Some(xi)) = (now.xi, kept.xi) {
        now.xi = Some(xi);
        model.acquisition.xi = xi;
    }
    if let (None, Some(beta)) = (now.beta, kept.beta) {
        now.beta = Some(beta);
        model.acquisition.beta = beta;
    }
    if let (None, Some(kernel)) = (&now.kernel, kept.kernel) {
        model.settings.kernel = (kernel != "default").then(|| kernel.as_str().into());
        now.kernel = Some(kernel);
    }
    if let (None, Some(loo)) = (now.leave_one_out, kept.leave_one_out) {
        now.leave_one_out = Some(loo);
        model.settings.objective = if loo {
            Objective::LeaveOneOut
        } else {
            Objective::MarginalLikelihood
        };
    }
    if let (None, Some(warp)) = (now.output_warp, kept.output_warp) {
        now.output_warp = Some(warp);
        model.settings.output_warp = warp;
    }
    if let (None, Some(given)) = (&now.model, kept.model) {
        model.settings.given = Some(std::sync::Arc::new(given.clone()));
        now.model = Some(given);
    }
}

/// The configuration of these names, snapped to the space; `None` where a parameter has no value.
fn configuration(space: &Space, named: &Named) -> Option<Configuration> {
    if space.is_empty() {
        return None;
    }
    space
        .params
        .iter()
        .map(|p| match named.get(p.name.raw()) {
            // What takes no part there is not written down.
            None => p.activity.as_ref().map(|_| Value::Inactive),
            Some(value) => match Value::from_json(value)? {
                Value::Null => Some(Value::Null),
                value => p.snap(&value),
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_reads_back_as_it_was_written() {
        let kept = Kept {
            rejections: vec![KeptRejection {
                params: Map::from_iter([("lr".to_owned(), 0.1.into())]),
                when: 12.5,
            }],
            locks: Map::from_iter([("batch".to_owned(), 8.into())]),
            draft: None,
            by_hand: ByHand {
                acquisition: Some("ei".to_owned()),
                xi: Some(0.1),
                ..ByHand::default()
            },
        };
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Kept>(&text).unwrap(), kept);
        assert_eq!(kept.words(), "1 rejection, 1 lock, acquisition ei and ξ 0.1");
        assert!(!kept.is_empty());
        assert!(serde_json::from_str::<Kept>("{}").unwrap().is_empty());
    }
}
