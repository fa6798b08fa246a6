//! The Kumaraswamy warp of one input of the unit cube.

/// Inputs closer than this to an end of the unit interval are moved there: beyond, a warp may have an infinite slope.
const EDGE: f64 = 1e-6;

/// A warped input with its derivatives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warped {
    pub value: f64,
    /// By the input; 0 where it was moved.
    pub slope: f64,
    /// By the logs of a and b.
    pub dlog_a: f64,
    pub dlog_b: f64,
}

/// `w(x) = 1 − (1 − x^a)^b` for x within `[1e-6, 1 − 1e-6]`, the value at the nearer end beyond.
/// Source: Kumaraswamy 1980; as an input warp Snoek et al. 2014. Checked below and by `tests/kernel_catalogue.rs`.
#[must_use]
pub fn kumaraswamy(x: f64, a: f64, b: f64) -> Warped {
    let at = x.clamp(EDGE, 1.0 - EDGE);
    let ln_x = at.ln();
    let power = (a * ln_x).exp();
    // ln(1 − x^a), exact at both ends.
    let ln_rest = (-(a * ln_x).exp_m1()).ln();
    let rest = (b * ln_rest).exp();
    // (1 − x^a)^(b−1) x^a.
    let inner = ((b - 1.0) * ln_rest).exp() * power;
    Warped {
        value: -(b * ln_rest).exp_m1(),
        slope: if at == x { a * b * inner / at } else { 0.0 },
        dlog_a: a * b * inner * ln_x,
        dlog_b: -b * rest * ln_rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warp_is_its_documented_expression_and_its_slopes_are_differences() {
        for (a, b) in [(1.0, 1.0), (0.4, 2.5), (3.0, 0.7), (8.0, 9.0)] {
            for x in [0.01, 0.3, 0.77, 0.999_f64] {
                let got = kumaraswamy(x, a, b);
                let documented = |x: f64, a: f64, b: f64| 1.0 - (1.0 - x.powf(a)).powf(b);
                assert!((got.value - documented(x, a, b)).abs() < 1e-13);
                let h = 1e-6_f64;
                let slope = (documented(x + h * x, a, b) - documented(x - h * x, a, b)) / (2.0 * h * x);
                assert!(
                    (got.slope - slope).abs() < 1e-6 * (1.0 + slope.abs()),
                    "{x} {a} {b}"
                );
                let by = |s: f64| (s * h).exp();
                let dlog_a = (documented(x, a * by(1.0), b) - documented(x, a * by(-1.0), b)) / (2.0 * h);
                let dlog_b = (documented(x, a, b * by(1.0)) - documented(x, a, b * by(-1.0))) / (2.0 * h);
                assert!((got.dlog_a - dlog_a).abs() < 1e-7, "{x} {a} {b}");
                assert!((got.dlog_b - dlog_b).abs() < 1e-7, "{x} {a} {b}");
            }
        }
        assert_eq!(kumaraswamy(-0.5, 2.0, 3.0), kumaraswamy(0.0, 2.0, 3.0));
        assert!(kumaraswamy(0.4, 1.0, 1.0).value - 0.4 < 1e-15);
    }
}
