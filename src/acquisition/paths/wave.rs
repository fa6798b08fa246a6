//! Cosines and sines of many phases, at the vector width of the machine.
//!
//! A phase is reduced to turns, then folded into a quarter turn, where the sine is a Taylor polynomial: error below
//! `1e-13` plus the rounding of the phase itself. Checked below against the library.

use pulp::{Arch, Simd, WithSimd};

/// `(2π)^(2k+1)/(2k+1)!` with alternating sign: `sin(2πu)` for `|u| ≤ ¼`; the term after the last is below 5e-16.
const SINE: [f64; 11] = sine_coefficients();

const fn sine_coefficients() -> [f64; 11] {
    let turn = std::f64::consts::TAU;
    let mut c = [0.0; 11];
    let mut term = turn;
    let mut k = 0;
    while k < c.len() {
        c[k] = term;
        let n = (2 * k + 2) as f64;
        term = -term * turn * turn / (n * (n + 1.0));
        k += 1;
    }
    c
}

/// Adding and subtracting it rounds a number below 2^51 to a whole one.
const ROUND: f64 = 6_755_399_441_055_744.0;

#[inline(always)]
#[expect(clippy::inline_always, reason = "must inline into each vector width")]
fn sine_of_turns(u: f64) -> f64 {
    let square = u * u;
    let mut sum = SINE[10];
    let mut k = 10;
    while k > 0 {
        k -= 1;
        sum = sum * square + SINE[k];
    }
    sum * u
}

/// Sine and cosine of a phase.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must inline into each vector width")]
fn both(phase: f64) -> (f64, f64) {
    let turns = phase * (1.0 / std::f64::consts::TAU);
    let u = turns - ((turns + ROUND) - ROUND);
    let size = u.abs();
    let folded = if size < 0.5 - size { size } else { 0.5 - size };
    (sine_of_turns(folded.copysign(u)), sine_of_turns(0.25 - size))
}

struct Waves<'a> {
    phase: &'a mut [f64],
    sine: Option<&'a mut [f64]>,
}

impl WithSimd for Waves<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.sine {
            None => self.phase.iter_mut().for_each(|p| *p = both(*p).1),
            Some(sine) => {
                for (p, s) in self.phase.iter_mut().zip(sine) {
                    (*s, *p) = both(*p);
                }
            }
        }
    }
}

/// Phases become their cosines.
pub fn cosines(phase: &mut [f64]) {
    Arch::new().dispatch(Waves { phase, sine: None });
}

/// Phases become their cosines, and `sine` their sines; both of the same length.
pub fn cosines_and_sines(phase: &mut [f64], sine: &mut [f64]) {
    Arch::new().dispatch(Waves {
        phase,
        sine: Some(sine),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waves_agree_with_the_library_over_many_turns() {
        let phases: Vec<f64> = (-4000..4000).map(|i| f64::from(i) * 0.0273).collect();
        let (mut cosine, mut sine) = (phases.clone(), vec![0.0; phases.len()]);
        cosines_and_sines(&mut cosine, &mut sine);
        let mut alone = phases.clone();
        cosines(&mut alone);
        for (i, p) in phases.iter().enumerate() {
            assert!((cosine[i] - p.cos()).abs() < 1e-13, "cos {p}");
            assert!((sine[i] - p.sin()).abs() < 1e-13, "sin {p}");
            assert_eq!(alone[i], cosine[i]);
        }
    }
}
