//! The formulas over plain numbers, minimised. Sources: Surjanovic & Bingham, Virtual Library of Simulation
//! Experiments; the ones of Hartmann as in Dixon & Szegő 1978; Forrester et al. 2008; Gramacy & Lee 2012.

use std::f64::consts::{E, PI};

/// `(6x − 2)² sin(12x − 4)`.
pub fn forrester(x: &[f64]) -> f64 {
    let t = 6.0 * first(x) - 2.0;
    t * t * (2.0 * t).sin()
}

/// `sin(10πx)/(2x) + (x − 1)⁴`.
pub fn gramacy_lee(x: &[f64]) -> f64 {
    let x = first(x);
    (10.0 * PI * x).sin() / (2.0 * x) + (x - 1.0).powi(4)
}

/// Of the first two numbers; the others do nothing.
pub fn branin(x: &[f64]) -> f64 {
    let (a, b) = pair(x);
    let t = b - 5.1 / (4.0 * PI * PI) * a * a + 5.0 / PI * a - 6.0;
    t * t + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * a.cos() + 10.0
}

pub fn six_hump_camel(x: &[f64]) -> f64 {
    let (a, b) = pair(x);
    (4.0 - 2.1 * a * a + a.powi(4) / 3.0) * a * a + a * b + (-4.0 + 4.0 * b * b) * b * b
}

pub fn goldstein_price(x: &[f64]) -> f64 {
    let (a, b) = pair(x);
    let p =
        1.0 + (a + b + 1.0).powi(2) * (19.0 - 14.0 * a + 3.0 * a * a - 14.0 * b + 6.0 * a * b + 3.0 * b * b);
    let q = 30.0
        + (2.0 * a - 3.0 * b).powi(2)
            * (18.0 - 32.0 * a + 12.0 * a * a + 48.0 * b - 36.0 * a * b + 27.0 * b * b);
    p * q
}

const ALPHA: [f64; 4] = [1.0, 1.2, 3.0, 3.2];

const A3: [[f64; 3]; 4] = [
    [3.0, 10.0, 30.0],
    [0.1, 10.0, 35.0],
    [3.0, 10.0, 30.0],
    [0.1, 10.0, 35.0],
];

const P3: [[f64; 3]; 4] = [
    [0.3689, 0.1170, 0.2673],
    [0.4699, 0.4387, 0.7470],
    [0.1091, 0.8732, 0.5547],
    [0.0381, 0.5743, 0.8828],
];

const A6: [[f64; 6]; 4] = [
    [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
    [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
    [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
    [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
];

const P6: [[f64; 6]; 4] = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];

pub fn hartmann3(x: &[f64]) -> f64 {
    hartmann(&A3, &P3, x)
}

pub fn hartmann6(x: &[f64]) -> f64 {
    hartmann(&A6, &P6, x)
}

/// `−Σᵢ αᵢ exp(−Σⱼ Aᵢⱼ (xⱼ − Pᵢⱼ)²)`.
fn hartmann<const D: usize>(a: &[[f64; D]; 4], p: &[[f64; D]; 4], x: &[f64]) -> f64 {
    -a.iter()
        .zip(p)
        .zip(ALPHA)
        .map(|((a, p), alpha)| {
            let q: f64 = a
                .iter()
                .zip(p)
                .zip(x)
                .map(|((a, p), x)| a * (x - p).powi(2))
                .sum();
            alpha * (-q).exp()
        })
        .sum::<f64>()
}

/// `−20 exp(−0.2 √(Σx²/d)) − exp(Σcos(2πx)/d) + 20 + e`.
pub fn ackley(x: &[f64]) -> f64 {
    let d = count(x);
    let square = x.iter().map(|x| x * x).sum::<f64>() / d;
    let waves = x.iter().map(|x| (2.0 * PI * x).cos()).sum::<f64>() / d;
    -20.0 * (-0.2 * square.sqrt()).exp() - waves.exp() + 20.0 + E
}

/// With `w = 1 + (x − 1)/4`: `sin²(πw₁) + Σ_{i<d}(wᵢ − 1)²(1 + 10 sin²(πwᵢ + 1)) + (w_d − 1)²(1 + sin²(2πw_d))`.
pub fn levy(x: &[f64]) -> f64 {
    let w: Vec<f64> = x.iter().map(|x| 1.0 + (x - 1.0) / 4.0).collect();
    let Some((last, inner)) = w.split_last() else {
        return 0.0;
    };
    let sum: f64 = inner
        .iter()
        .map(|w| (w - 1.0).powi(2) * (1.0 + 10.0 * (PI * w + 1.0).sin().powi(2)))
        .sum();
    (PI * first(&w)).sin().powi(2) + sum + (last - 1.0).powi(2) * (1.0 + (2.0 * PI * last).sin().powi(2))
}

/// `Σ 100(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²`.
pub fn rosenbrock(x: &[f64]) -> f64 {
    x.iter()
        .zip(x.iter().skip(1))
        .map(|(a, b)| 100.0 * (b - a * a).powi(2) + (1.0 - a).powi(2))
        .sum()
}

/// `10d + Σ x² − 10 cos(2πx)`.
pub fn rastrigin(x: &[f64]) -> f64 {
    x.iter().map(|x| 10.0 + x * x - 10.0 * (2.0 * PI * x).cos()).sum()
}

/// `Σ x²/4000 − Π cos(xᵢ/√i) + 1`.
pub fn griewank(x: &[f64]) -> f64 {
    let bowl = x.iter().map(|x| x * x / 4000.0).sum::<f64>();
    let waves: f64 = x
        .iter()
        .zip(1_u32..)
        .map(|(x, i)| (x / f64::from(i).sqrt()).cos())
        .product();
    bowl - waves + 1.0
}

/// `½ Σ x⁴ − 16x² + 5x`.
pub fn styblinski_tang(x: &[f64]) -> f64 {
    0.5 * x.iter().map(|x| x.powi(4) - 16.0 * x * x + 5.0 * x).sum::<f64>()
}

/// `−Σ sin(xᵢ) sin²⁰(i xᵢ²/π)`.
pub fn michalewicz(x: &[f64]) -> f64 {
    -x.iter()
        .zip(1_u32..)
        .map(|(x, i)| x.sin() * (f64::from(i) * x * x / PI).sin().powi(20))
        .sum::<f64>()
}

/// An error of a classifier over `C` and `γ`, both on log scales: a bent valley with ripples along it. Of
/// this project. With `c = log₁₀C − 1`, `g = log₁₀γ + 2`, `q = 0.12 g² + 0.3 (c + 0.6 g)² + 0.05 (1 − cos 3g)`:
/// `0.08 + 0.4 (1 − e^{−q})`.
pub fn svm(x: &[f64]) -> f64 {
    let (cost, gamma) = pair(x);
    let (c, g) = (cost.log10() - 1.0, gamma.log10() + 2.0);
    let q = 0.12 * g * g + 0.3 * (c + 0.6 * g).powi(2) + 0.05 * (1.0 - (3.0 * g).cos());
    0.08 + 0.4 * (1.0 - (-q).exp())
}

fn first(x: &[f64]) -> f64 {
    x.first().copied().unwrap_or(f64::NAN)
}

fn pair(x: &[f64]) -> (f64, f64) {
    (first(x), x.get(1).copied().unwrap_or(f64::NAN))
}

#[expect(clippy::cast_precision_loss, reason = "a count of parameters")]
fn count(x: &[f64]) -> f64 {
    x.len() as f64
}
