//! Box–Cox and Yeo–Johnson power transforms.
//!
//! Sources: Box & Cox 1964; Yeo & Johnson 2000. Log likelihood as usual (Gaussian with the population variance,
//! constants dropped): `−n/2 ln var(w(y)) + Σ ln w'(y)`.

/// A family of power transforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerFamily {
    /// For outputs above 0.
    BoxCox,
    YeoJohnson,
}

/// `(y^λ − 1)/λ`, `ln y` at λ = 0, for y > 0.
#[must_use]
pub fn box_cox(y: f64, lambda: f64) -> f64 {
    power(y.ln(), lambda)
}

/// The y with [`box_cox`]`(y) = t`; 0 or ∞ where `λt + 1 ≤ 0`.
#[must_use]
pub fn inverse_box_cox(t: f64, lambda: f64) -> f64 {
    inverse_power(t, lambda).exp()
}

/// `((y+1)^λ − 1)/λ` for y ≥ 0 (`ln(y+1)` at λ = 0), `−((1−y)^(2−λ) − 1)/(2−λ)` for y < 0 (`−ln(1−y)` at λ = 2).
#[must_use]
pub fn yeo_johnson(y: f64, lambda: f64) -> f64 {
    if y >= 0.0 {
        power(y.ln_1p(), lambda)
    } else {
        -power((-y).ln_1p(), 2.0 - lambda)
    }
}

/// The y with [`yeo_johnson`]`(y) = t`; ±∞ beyond the end of the family.
#[must_use]
pub fn inverse_yeo_johnson(t: f64, lambda: f64) -> f64 {
    if t >= 0.0 {
        inverse_power(t, lambda).exp_m1()
    } else {
        -inverse_power(-t, 2.0 - lambda).exp_m1()
    }
}

/// `(e^{λl} − 1)/λ`, `l` at λ = 0: exact for tiny λ.
fn power(l: f64, lambda: f64) -> f64 {
    if lambda == 0.0 {
        l
    } else {
        (lambda * l).exp_m1() / lambda
    }
}

/// `ln(1 + λt)/λ`, `t` at λ = 0.
fn inverse_power(t: f64, lambda: f64) -> f64 {
    if lambda == 0.0 {
        return t;
    }
    let x = lambda * t;
    if x <= -1.0 {
        // The family ends here: below for λ > 0, above for λ < 0.
        return if lambda > 0.0 {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    x.ln_1p() / lambda
}

/// The log likelihood of λ.
///
/// For Box–Cox the variance is taken of `y^λ/λ` relative to its largest term, so that large λ cannot overflow.
#[must_use]
pub fn log_likelihood(family: PowerFamily, y: &[f64], lambda: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let n = y.len() as f64;
    match family {
        PowerFamily::BoxCox => {
            let logs: Vec<f64> = y.iter().map(|v| v.ln()).collect();
            let jacobian = (lambda - 1.0) * logs.iter().sum::<f64>();
            // var(w) = e^{2λc}/λ² · var(e^{λ(l−c)} − 1); with c the mid-range nothing overflows early.
            let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let low = logs.iter().copied().fold(f64::INFINITY, f64::min);
            let c = if lambda >= 0.0 { high } else { low };
            let w: Vec<f64> = logs.iter().map(|l| power(l - c, lambda)).collect();
            jacobian - 0.5 * n * (variance(&w).ln() + 2.0 * lambda * c)
        }
        PowerFamily::YeoJohnson => {
            let w: Vec<f64> = y.iter().map(|v| yeo_johnson(*v, lambda)).collect();
            let jacobian: f64 = y.iter().map(|v| v.signum() * v.abs().ln_1p()).sum();
            (lambda - 1.0) * jacobian - 0.5 * n * variance(&w).ln()
        }
    }
}

/// Population variance.
fn variance(w: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let n = w.len() as f64;
    let mean = w.iter().sum::<f64>() / n;
    w.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n
}

/// λ with the largest likelihood inside `bounds`: a grid, then golden sections around its best cell.
#[must_use]
pub fn fit_lambda(family: PowerFamily, y: &[f64], bounds: (f64, f64)) -> f64 {
    const CELLS: u32 = 80;
    let at = |lambda: f64| {
        let value = log_likelihood(family, y, lambda);
        if value.is_finite() {
            value
        } else {
            f64::NEG_INFINITY
        }
    };
    let (low, high) = bounds;
    let width = (high - low) / f64::from(CELLS);
    let node = |i: u32| low + width * f64::from(i);
    let best = (0..=CELLS)
        .map(|i| (i, at(node(i))))
        .fold((0, f64::NEG_INFINITY), |b, c| if c.1 > b.1 { c } else { b })
        .0;
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut a, mut b) = (node(best.saturating_sub(1)), node((best + 1).min(CELLS)));
    let (mut c, mut d) = (b - golden * (b - a), a + golden * (b - a));
    let (mut fc, mut fd) = (at(c), at(d));
    while b - a > 1e-9 * (1.0 + a.abs()) {
        if fc >= fd {
            (b, d, fd) = (d, c, fc);
            c = b - golden * (b - a);
            fc = at(c);
        } else {
            (a, c, fc) = (c, d, fd);
            d = a + golden * (b - a);
            fd = at(d);
        }
    }
    let middle = 0.5 * (a + b);
    // The optimum may be an end of the box, which golden sections only approach.
    [middle, low, high]
        .into_iter()
        .fold((middle, at(middle)), |best, l| {
            if at(l) > best.1 { (l, at(l)) } else { best }
        })
        .0
}
