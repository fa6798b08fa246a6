//! What is predicted of the limits, in words and as JSON.

use serde_json::{Value as Json, json};

use crate::analysis::LimitAt;
use crate::study::number::{percent, significant};

/// `[{"name", "side", "bound", "value", "low95", "high95", "probability"}]`.
pub fn json(limits: &[LimitAt]) -> Vec<Json> {
    let each = limits.iter().map(|l| {
        json!({
            "name": l.constraint.name,
            "side": l.constraint.sign(),
            "bound": l.constraint.bound,
            "value": l.value,
            "low95": l.low95,
            "high95": l.high95,
            "probability": l.probability,
        })
    });
    each.collect()
}

/// `peak_gb ≤ 24: 21.3 (18 … 25), kept with 93 %`.
pub fn words(limit: &LimitAt) -> String {
    format!(
        "{}: {} ({} … {}), kept with {}",
        limit.constraint,
        significant(limit.value, 4),
        significant(limit.low95, 3),
        significant(limit.high95, 3),
        percent(limit.probability)
    )
}
