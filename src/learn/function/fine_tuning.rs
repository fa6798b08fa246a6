//! Made-up surfaces in the shape of real ones: mixed spaces whose optimum is known in closed form.

use crate::study::Value;

/// The validation loss of a fine-tuned language model over learning rate, batch size, warm-up, weight decay,
/// dropout and schedule. With `b = log₂(batch/32)`, `o = −4 + ½ b log₁₀2 + off`, `u = log₁₀lr − o`:
///
/// `e = 0.35u² + [u ≥ 0] 1.6 max(0, u − 0.6 − 2 warmup)² + 0.8 (warmup − 0.06)² + 0.02 (log₁₀wd + 2)²
///    + 1.2 (dropout − 0.1)² + 0.25 max(0, −log₁₀wd − 3) max(0, 0.1 − dropout) + 0.02 b² + pen`,
/// `loss = 1.2 + 2.6 (1 − e^{−e/2.6})`; off and pen by schedule: linear 0, 0.015; cosine −0.15, 0; constant 0.25, 0.04.
pub fn loss(values: &[Value]) -> Option<f64> {
    let [lr, batch, warmup, decay, dropout, schedule] = values else {
        return None;
    };
    let (offset, penalty) = match schedule {
        Value::Text(name) => match name.raw() {
            "linear" => (0.0, 0.015),
            "cosine" => (-0.15, 0.0),
            "constant" => (0.25, 0.04),
            _ => return None,
        },
        _ => return None,
    };
    let (warmup, decay, dropout) = (warmup.as_f64()?, decay.as_f64()?.log10(), dropout.as_f64()?);
    let b = (batch.as_f64()? / 32.0).log2();
    let u = lr.as_f64()?.log10() - (-4.0 + 0.5 * b * 2.0_f64.log10() + offset);
    let mut e = 0.35 * u * u + 0.8 * (warmup - 0.06).powi(2) + 0.02 * (decay + 2.0).powi(2);
    if u >= 0.0 {
        e += 1.6 * (u - 0.6 - 2.0 * warmup).max(0.0).powi(2);
    }
    e += 1.2 * (dropout - 0.1).powi(2) + 0.25 * (-decay - 3.0).max(0.0) * (0.1 - dropout).max(0.0);
    e += 0.02 * b * b + penalty;
    Some(1.2 + 2.6 * (1.0 - (-e / 2.6).exp()))
}

/// The error of a small network over learning rate, layers, width, dropout and activation. With `w = log₂width − 8`,
/// `a = log₁₀lr + 2.5 + 0.1 (layers − 4) + 0.2 w − off`:
///
/// `e = (0.25 if a < 0 else 0.6) a² + 0.03 (layers − 4)² + 0.02 w² + 0.8 (dropout − 0.2 − 0.03 w)² + pen`,
/// `error = 0.05 + 1 − e^{−e}`; off and pen by activation: relu 0, 0.02; tanh 0.3, 0.08; gelu −0.2, 0.
pub fn network(values: &[Value]) -> Option<f64> {
    let [lr, layers, width, dropout, activation] = values else {
        return None;
    };
    let (offset, penalty) = match activation {
        Value::Text(name) => match name.raw() {
            "relu" => (0.0, 0.02),
            "tanh" => (0.3, 0.08),
            "gelu" => (-0.2, 0.0),
            _ => return None,
        },
        _ => return None,
    };
    let (layers, dropout) = (layers.as_f64()? - 4.0, dropout.as_f64()?);
    let w = width.as_f64()?.log2() - 8.0;
    let a = lr.as_f64()?.log10() + 2.5 + 0.1 * layers + 0.2 * w - offset;
    let steep = if a < 0.0 { 0.25 } else { 0.6 };
    let e = steep * a * a
        + 0.03 * layers * layers
        + 0.02 * w * w
        + 0.8 * (dropout - 0.2 - 0.03 * w).powi(2)
        + penalty;
    Some(0.05 + 1.0 - (-e).exp())
}
