//! What is predicted of the constraints, in words and as JSON.

use serde_json::{Value as Json, json};

use crate::analysis::ConstraintPrediction;
use crate::study::number::{percent, significant};

/// `[{"name", "side", "bound", "value", "low95", "high95", "probability"}]`.
pub fn json(all: &[ConstraintPrediction]) -> Vec<Json> {
    let each = all.iter().map(|at| {
        json!({
            "name": at.constraint.name,
            "side": at.constraint.sign(),
            "bound": at.constraint.bound,
            "value": at.value,
            "low95": at.low95,
            "high95": at.high95,
            "probability": at.probability,
        })
    });
    each.collect()
}

/// `peak_gb ≤ 24: 21.3 (18 … 25), satisfied with 93 %`.
pub fn words(at: &ConstraintPrediction) -> String {
    format!(
        "{}: {} ({} … {}), satisfied with {}",
        at.constraint,
        significant(at.value, 4),
        significant(at.low95, 3),
        significant(at.high95, 3),
        percent(at.probability)
    )
}
