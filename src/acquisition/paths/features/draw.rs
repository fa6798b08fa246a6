//! One feature, drawn by walking the tree of a kernel.

use super::column::{Column, Number};
use crate::acquisition::random::Random;
use crate::gp::{InputKind, Kernel};

/// Entries of a sparse column.
pub(super) type Sparse = Vec<(usize, f64)>;

/// One feature while it is drawn.
pub(super) struct Draw<'a> {
    pub(super) columns: &'a mut Vec<Column>,
    pub(super) kinds: &'a [InputKind],
    pub(super) choices: &'a [usize],
    pub(super) random: &'a mut Random,
    pub(super) frequency: Sparse,
    pub(super) tilts: Vec<(Sparse, f64)>,
    pub(super) amplitude: f64,
    pub(super) is_wave: bool,
    /// Where along the first sum this feature stands: features are dealt out over its terms, not drawn.
    pub(super) place: Option<f64>,
    /// Warps of each input here.
    pub(super) warps: Vec<Vec<(f64, f64)>>,
}

impl Draw<'_> {
    pub(super) fn follow(&mut self, kernel: &Kernel) {
        match kernel {
            Kernel::Constant { variance, .. } => self.amplitude *= variance.sqrt(),
            Kernel::Rbf { lengthscales, inputs } => self.wave(inputs.as_deref(), lengthscales, 1.0),
            Kernel::Matern {
                nu,
                lengthscales,
                inputs,
            } => {
                // Beyond this the mixture has no width left.
                let stretch = if *nu > 1e6 {
                    1.0
                } else {
                    (nu / gamma(*nu, self.random)).sqrt()
                };
                self.wave(inputs.as_deref(), lengthscales, stretch);
            }
            Kernel::RationalQuadratic {
                alpha,
                lengthscales,
                inputs,
            } => {
                let stretch = if *alpha > 1e6 {
                    1.0
                } else {
                    (gamma(*alpha, self.random) / alpha).sqrt()
                };
                self.wave(inputs.as_deref(), lengthscales, stretch);
            }
            Kernel::Hamming { lengthscale, inputs } => {
                let width = lengthscale * std::f64::consts::SQRT_2;
                for input in listed(inputs.as_deref(), self.kinds.len()) {
                    self.category(input, width);
                }
            }
            Kernel::Categorical { lengthscales, inputs } => {
                #[expect(clippy::cast_precision_loss, reason = "few inputs")]
                let m = lengthscales.len() as f64;
                for (input, length) in listed(inputs.as_deref(), lengthscales.len())
                    .into_iter()
                    .zip(lengthscales)
                {
                    self.category(input, (m * length).sqrt());
                }
            }
            Kernel::Periodic {
                lengthscales,
                periods,
                inputs,
            } => {
                let inputs = listed(inputs.as_deref(), lengthscales.len());
                for ((input, length), period) in inputs.into_iter().zip(lengthscales).zip(periods) {
                    self.circle(input, *length, *period);
                }
            }
            Kernel::Linear {
                variances,
                center,
                inputs,
            } => self.tilt(inputs.as_deref(), variances, *center),
            Kernel::Warp { a, b, inputs, kernel } => {
                let inputs = listed(inputs.as_deref(), a.len());
                let before = self.warps.clone();
                for ((input, a), b) in inputs.into_iter().zip(a).zip(b) {
                    self.warps[input].push((*a, *b));
                }
                self.follow(kernel);
                self.warps = before;
            }
            Kernel::Sum(terms) => self.one_of(terms),
            Kernel::Product(factors) => factors.iter().for_each(|factor| self.follow(factor)),
        }
    }

    fn number(&self, input: usize) -> Number {
        Number {
            input,
            warps: self.warps[input].clone(),
        }
    }

    fn column(&mut self, column: Column) -> usize {
        let known = self.columns.iter().position(|c| *c == column);
        known.unwrap_or_else(|| {
            self.columns.push(column);
            self.columns.len() - 1
        })
    }

    fn frequency(&mut self, column: Column, sd: f64) {
        let at = self.column(column);
        let value = self.random.normal() * sd;
        self.frequency.push((at, value));
        self.is_wave = true;
    }

    /// A frequency of a stationary leaf.
    fn wave(&mut self, inputs: Option<&[usize]>, lengths: &[f64], stretch: f64) {
        self.is_wave = true;
        for (input, length) in listed(inputs, lengths.len()).into_iter().zip(lengths) {
            match self.kinds[input] {
                InputKind::Numeric => self.frequency(Column::Number(self.number(input)), stretch / length),
                InputKind::Category => self.category(input, length * std::f64::consts::SQRT_2 / stretch),
            }
        }
    }

    fn category(&mut self, input: usize, width: f64) {
        self.is_wave = true;
        let count = self.choices.get(input).copied().unwrap_or(0);
        for choice in 0..count {
            self.frequency(Column::Choice { input, choice }, width.recip());
        }
    }

    fn circle(&mut self, input: usize, length: f64, period: f64) {
        for is_sine in [false, true] {
            let column = Column::Circle {
                number: self.number(input),
                period,
                is_sine,
            };
            self.frequency(column, length.recip());
        }
    }

    /// A random straight line through the centre.
    fn tilt(&mut self, inputs: Option<&[usize]>, variances: &[f64], center: f64) {
        let mut slope = Vec::new();
        let mut constant = 0.0;
        for (input, variance) in listed(inputs, variances.len()).into_iter().zip(variances) {
            let at = self.column(Column::Number(self.number(input)));
            let value = self.random.normal() * variance.sqrt();
            slope.push((at, value));
            constant -= center * value;
        }
        self.tilts.push((slope, constant));
    }

    fn one_of(&mut self, terms: &[Kernel]) {
        let variances: Vec<f64> = terms.iter().map(|t| t.prior_variance().max(1e-12)).collect();
        let total: f64 = variances.iter().sum();
        let place = self.place.take().unwrap_or_else(|| self.random.uniform());
        let mut left = place * total;
        for (k, (term, variance)) in terms.iter().zip(&variances).enumerate() {
            left -= variance;
            if left <= 0.0 || k + 1 == terms.len() {
                self.amplitude *= (total / variance).sqrt();
                self.follow(term);
                return;
            }
        }
    }
}

fn listed(inputs: Option<&[usize]>, count: usize) -> Vec<usize> {
    inputs.map_or_else(|| (0..count).collect(), <[usize]>::to_vec)
}

/// A draw of `Γ(shape, 1)`. Source: Marsaglia & Tsang 2000; below 1 by the power of a uniform number.
fn gamma(shape: f64, random: &mut Random) -> f64 {
    if shape < 1.0 {
        return gamma(shape + 1.0, random) * random.uniform().powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = random.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && random.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}
