//! Between what the session says and what is written down.

use jiff::Timestamp;

use crate::session::effect::{DeliverRequest, Origin as Asked};
use crate::session::receipt::{Receipt as SessionReceipt, ReceiptState};
use crate::study::{Label, Space, TrialId, Value};

use super::{AcquisitionReading, Decision, Origin, Predicted, Receipt, Status};

impl Decision {
    /// The decision that the session asks to deliver, made at `now`.
    #[must_use]
    pub fn from_request(request: &DeliverRequest, space: &Space, now: Timestamp, random: [u8; 10]) -> Self {
        let params = space
            .params
            .iter()
            .zip(&request.configuration)
            .filter(|(_, v)| !v.is_inactive())
            .map(|(p, v)| (p.name.clone(), v.clone()))
            .collect();
        let origin = match request.origin {
            Asked::Suggested => Origin::Suggested,
            Asked::Edited => Origin::Edited,
            Asked::Manual => Origin::Manual,
        };
        Self {
            edited: request.edited.iter().map(|n| Label::new(n)).collect(),
            predicted: request.predicted.map(|(mean, sd)| Predicted { mean, sd }),
            acquisition: request.acquisition.map(|(name, value)| AcquisitionReading {
                name: name.to_owned(),
                value,
            }),
            ..Self::new(now, random, params, origin)
        }
    }
}

impl Receipt {
    /// The receipt as the session shows it. A parameter that the decision does not name is `Value::Null`,
    /// or inactive where it need not take part.
    #[must_use]
    pub fn for_session(&self, space: &Space, hook: Option<String>) -> SessionReceipt {
        let decision = &self.decision;
        let configuration = space
            .params
            .iter()
            .map(|p| {
                let given = decision.params.iter().find(|(name, _)| *name == p.name);
                let missing = if p.activity.is_some() {
                    Value::Inactive
                } else {
                    Value::Null
                };
                given.map_or(missing, |(_, v)| p.check(v).unwrap_or_else(|_| v.clone()))
            })
            .collect();
        #[expect(
            clippy::cast_precision_loss,
            reason = "microseconds of this century fit in 2^53"
        )]
        let created = decision.created.as_microsecond() as f64 * 1e-6;
        SessionReceipt {
            id: decision.id.clone(),
            configuration,
            created,
            edited: decision.edited.iter().map(|n| n.shown().to_owned()).collect(),
            predicted: decision.predicted.map(|p| (p.mean, p.sd)),
            state: self.status.for_session(),
            place: self.place.clone(),
            hook,
        }
    }
}

impl Status {
    fn for_session(&self) -> ReceiptState {
        let known = |trial: &Option<TrialId>| {
            let unknown = || TrialId::Text(Label::new("not in the source"));
            trial.clone().unwrap_or_else(unknown)
        };
        match self {
            Self::Queued => ReceiptState::Queued,
            Self::Claimed { by } => ReceiptState::Claimed { by: by.clone() },
            Self::Running { trial } => ReceiptState::Running { trial: trial.clone() },
            Self::Finished {
                trial,
                value: Some(value),
            } => ReceiptState::Finished {
                trial: known(trial),
                value: *value,
            },
            Self::Finished { trial, value: None } | Self::Failed { trial } => {
                ReceiptState::Failed { trial: known(trial) }
            }
            Self::Withdrawn => ReceiptState::Withdrawn,
        }
    }
}
