//! Expected improvement over the incumbent, as its two terms and as its logarithm.
//!
//! With the improvement `Δ = μ − f* − ξ` and `z = Δ/σ`:
//!
//! `EI = E[max(f − f* − ξ, 0)] = Δ·Φ(z) + σ·φ(z) = σ·h(z)`, `h(z) = φ(z) + zΦ(z)`.
//!
//! **Units**: model output units, larger is better. **Source**: Mockus 1975; Jones, Schonlau & Welch 1998
//! eq. 15 (with the sign for maximisation); `log EI`: Ament et al. 2023, arXiv 2310.20708, here by the
//! continued fraction of [`super::normal`]. Checked by `tests/acquisition.rs`.

use super::normal;

/// `EI` as its two terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpectedImprovement {
    /// `Δ·Φ(z)`: what the mean promises; negative below the incumbent.
    pub exploitation: f64,
    /// `σ·φ(z)`: what the doubt promises.
    pub exploration: f64,
}

impl ExpectedImprovement {
    /// `exploitation + exploration`.
    #[must_use]
    pub fn total(self) -> f64 {
        self.exploitation + self.exploration
    }
}

/// A value with its derivatives by the mean and the standard deviation. The derivative by the incumbent
/// (and by `ξ`) is `−d_mean`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sensitivity {
    pub value: f64,
    pub d_mean: f64,
    pub d_sd: f64,
}

/// The two terms `Δ·Φ(z)` and `σ·φ(z)`; with `σ = 0`: `max(Δ, 0)` and `0`.
#[must_use]
pub fn terms(mean: f64, sd: f64, incumbent: f64, xi: f64) -> ExpectedImprovement {
    let improvement = mean - incumbent - xi;
    if sd <= 0.0 {
        return ExpectedImprovement {
            exploitation: improvement.max(0.0),
            exploration: 0.0,
        };
    }
    let z = improvement / sd;
    ExpectedImprovement {
        exploitation: improvement * normal::cdf(z),
        exploration: sd * normal::pdf(z),
    }
}

/// `EI = σ·h(z)`, never negative, with `∂EI/∂μ = Φ(z)` and `∂EI/∂σ = φ(z)`.
#[must_use]
pub fn ei(mean: f64, sd: f64, incumbent: f64, xi: f64) -> Sensitivity {
    let improvement = mean - incumbent - xi;
    if sd <= 0.0 {
        return Sensitivity {
            value: improvement.max(0.0),
            d_mean: if improvement > 0.0 { 1.0 } else { 0.0 },
            d_sd: 0.0,
        };
    }
    let z = improvement / sd;
    Sensitivity {
        value: sd * normal::h(z),
        d_mean: normal::cdf(z),
        d_sd: normal::pdf(z),
    }
}

/// `log EI = log σ + log h(z)`, with `∂/∂μ = (h′/h)/σ` and `∂/∂σ = (φ/h)/σ`.
///
/// With `σ = 0`: `log max(Δ, 0)`, `−∞` at and below the incumbent.
#[must_use]
pub fn log_ei(mean: f64, sd: f64, incumbent: f64, xi: f64) -> Sensitivity {
    let improvement = mean - incumbent - xi;
    if sd <= 0.0 {
        return Sensitivity {
            value: improvement.max(0.0).ln(),
            d_mean: if improvement > 0.0 { 1.0 / improvement } else { 0.0 },
            d_sd: 0.0,
        };
    }
    let z = improvement / sd;
    Sensitivity {
        value: sd.ln() + normal::log_h(z),
        d_mean: normal::h_slope(z) / sd,
        d_sd: normal::pdf_over_h(z) / sd,
    }
}

/// The logarithm of what is often printed: `(f* − μ)Φ(Z) + σφ(Z)` with `Z = (f* − μ)/σ`, which is EI for minimisation,
/// where EI for maximisation is defined. It is EI at the mean mirrored in the incumbent, `2f* − μ`; `ξ` as in [`ei`].
#[must_use]
pub fn misprinted(mean: f64, sd: f64, incumbent: f64, xi: f64) -> Sensitivity {
    let mirrored = log_ei(2.0 * incumbent - mean, sd, incumbent, xi);
    Sensitivity {
        d_mean: -mirrored.d_mean,
        ..mirrored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trapezoid over ±12 σ of `max(f − f* − ξ, 0)·N(f; μ, σ²)`.
    fn integral(mean: f64, sd: f64, incumbent: f64, xi: f64) -> f64 {
        let steps = 200_000;
        let width = 24.0 * sd / f64::from(steps);
        (0..=steps)
            .map(|i| mean - 12.0 * sd + f64::from(i) * width)
            .map(|f| (f - incumbent - xi).max(0.0) * normal::pdf((f - mean) / sd) / sd * width)
            .sum()
    }

    #[test]
    fn ei_is_the_expectation_that_defines_it_and_the_sum_of_its_terms() {
        for (mean, sd, incumbent, xi) in [
            (0.3, 0.5, 0.7, 0.0),
            (1.2, 0.4, 0.7, 0.05),
            (-1.0, 0.8, 0.7, 0.01),
        ] {
            let exact = integral(mean, sd, incumbent, xi);
            assert!((ei(mean, sd, incumbent, xi).value - exact).abs() < 1e-8);
            let terms = terms(mean, sd, incumbent, xi);
            assert!((terms.total() - exact).abs() < 1e-8);
        }
    }

    #[test]
    fn the_documented_expression_holds_literally() {
        let (mean, sd, incumbent, xi) = (0.2_f64, 0.6, 0.5, 0.1);
        let delta = mean - incumbent - xi;
        let z = delta / sd;
        let expression = delta * normal::cdf(z) + sd * normal::pdf(z);
        assert!((ei(mean, sd, incumbent, xi).value - expression).abs() < 1e-15);
    }

    #[test]
    fn minimising_and_maximising_forms_differ_by_the_improvement() {
        let (mean, sd, incumbent) = (0.4_f64, 0.3, 0.8);
        let upward = ei(mean, sd, incumbent, 0.0).value;
        let downward = ei(-mean, sd, -incumbent, 0.0).value;
        assert!((downward - upward - (incumbent - mean)).abs() < 1e-15);
    }

    #[test]
    fn the_misprint_is_what_is_printed_and_differs_from_ei_by_the_improvement() {
        let (mean, sd, incumbent) = (0.4_f64, 0.3, 0.8);
        let z = (incumbent - mean) / sd;
        let printed = (incumbent - mean) * normal::cdf(z) + sd * normal::pdf(z);
        let wrong = misprinted(mean, sd, incumbent, 0.0);
        assert!((wrong.value.exp() - printed).abs() < 1e-15);
        let right = ei(mean, sd, incumbent, 0.0).value;
        assert!((printed - right - (incumbent - mean)).abs() < 1e-15);
        let step = 1e-6;
        let slope = (misprinted(mean + step, sd, incumbent, 0.0).value
            - misprinted(mean - step, sd, incumbent, 0.0).value)
            / (2.0 * step);
        assert!((slope - wrong.d_mean).abs() < 1e-6);
    }

    #[test]
    fn ei_is_zero_when_the_deviation_is_zero_and_the_mean_is_worse() {
        assert_eq!(ei(0.1, 0.0, 0.5, 0.0).value, 0.0);
        assert_eq!(log_ei(0.1, 0.0, 0.5, 0.0).value, f64::NEG_INFINITY);
        assert_eq!(terms(0.9, 0.0, 0.5, 0.1).total(), 0.9 - 0.5 - 0.1);
    }

    #[test]
    fn gradients_agree_with_central_differences_down_the_tail() {
        for mean in [0.9, 0.0, -3.0, -40.0] {
            let (sd, incumbent, step) = (0.3, 0.6, 1e-6);
            let at = log_ei(mean, sd, incumbent, 0.0);
            let by = |f: &dyn Fn(f64) -> f64| (f(step) - f(-step)) / (2.0 * step);
            let d_mean = by(&|e| log_ei(mean + e, sd, incumbent, 0.0).value);
            let d_sd = by(&|e| log_ei(mean, sd + e, incumbent, 0.0).value);
            assert!((at.d_mean - d_mean).abs() < 1e-5 * (1.0 + d_mean.abs()));
            assert!((at.d_sd - d_sd).abs() < 1e-5 * (1.0 + d_sd.abs()));
        }
    }
}
