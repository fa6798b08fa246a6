//! Random features: functions whose products average to a kernel.
//!
//! Each feature is drawn for itself by walking the tree. A stationary leaf gives a frequency of its spectral
//! density: `z/ℓ` for an RBF, `z/(ℓ√g)` with `g ~ Γ(ν, ν)` for a Matérn, one `g` for all its inputs. Frequencies of
//! the factors of a product add up, because the cosine of independent symmetric phases factors in the mean; of a sum one
//! term is followed, with a chance proportional to its variance. A category is a column for each of its choices at
//! `ℓ√2`, which has the same distances. A rational quadratic gives `z√g/ℓ` with `g ~ Γ(α, α)`; a periodic leaf a multiple of
//! `2π/p` whose number is the difference of two Poisson draws of mean `1/(2ℓ²)` (its Fourier coefficients are
//! `e^{−κ} I_j(κ)`, `κ = 1/ℓ²`: Skellam); a linear leaf a factor `√v (x − c)` of one of its inputs; a warp columns of warped
//! inputs. So every tree of the catalogue has its feature map.
//!
//! **Source**: Rahimi & Recht 2007; Matérn: Rasmussen & Williams 2006, eq. 4.15 as a scale mixture. Checked below and by
//! `tests/acquisition_paths.rs`.

use nalgebra::DMatrix;

use super::wave;
use crate::acquisition::random::Random;
use crate::gp::kernel::kumaraswamy;
use crate::gp::{InputKind, Kernel};

/// A column of the embedded inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Column {
    /// The input itself.
    Number(usize),
    /// Whether the input is this choice.
    Choice { input: usize, choice: usize },
    /// The input through a Kumaraswamy warp.
    Warped { input: usize, a: f64, b: f64 },
}

/// The columns of each input: the first, and how many.
type Scope = [(usize, usize)];

/// A feature map `ψ: [0, 1]^d → R^F` with `ψ(x)·ψ(x') ≈ k(x, x')`.
#[derive(Clone, Debug)]
pub struct Features {
    dims: usize,
    columns: Vec<Column>,
    /// Embedded columns × F.
    omega: DMatrix<f64>,
    offset: Vec<f64>,
    scale: Vec<f64>,
    /// Of each feature, the factors `x_c − center` that linear leaves give it.
    lines: Vec<Vec<(usize, f64)>>,
}

/// One feature while it is drawn.
struct Draw<'a> {
    frequency: &'a mut [f64],
    amplitude: f64,
    is_wave: bool,
    lines: Vec<(usize, f64)>,
    columns: &'a [Column],
    /// Where along the first sum this feature stands: features are dealt out over its terms, not drawn.
    place: Option<f64>,
}

impl Features {
    /// `count` features of a kernel over inputs of the given kinds; `choices` is the number of choices of each
    /// category (not looked at for numbers).
    #[must_use]
    pub fn draw(
        kernel: &Kernel,
        kinds: &[InputKind],
        choices: &[usize],
        count: usize,
        random: &mut Random,
    ) -> Self {
        let mut columns = Vec::new();
        let mut scope = Vec::with_capacity(kinds.len());
        for (input, kind) in kinds.iter().enumerate() {
            let first = columns.len();
            match kind {
                InputKind::Numeric => columns.push(Column::Number(input)),
                InputKind::Category => {
                    let n = choices.get(input).copied().unwrap_or(0);
                    columns.extend((0..n).map(|choice| Column::Choice { input, choice }));
                }
            }
            scope.push((first, columns.len() - first));
        }
        add_warps(kernel, &mut columns);
        let mut omega = DMatrix::zeros(columns.len(), count);
        let (mut offset, mut scale) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut lines = Vec::with_capacity(count);
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        for f in 0..count {
            let width = columns.len();
            let mut draw = Draw {
                frequency: &mut omega.as_mut_slice()[f * width..(f + 1) * width],
                amplitude: 1.0 / (count as f64).sqrt(),
                is_wave: false,
                lines: Vec::new(),
                columns: &columns,
                place: Some((f as f64 + 0.5) / count as f64),
            };
            draw.follow(kernel, &scope, kinds, random);
            let wave = draw.is_wave;
            let amplitude = draw.amplitude;
            lines.push(draw.lines);
            scale.push(amplitude * if wave { std::f64::consts::SQRT_2 } else { 1.0 });
            offset.push(if wave {
                std::f64::consts::TAU * random.uniform()
            } else {
                0.0
            });
        }
        Self {
            dims: kinds.len(),
            columns,
            omega,
            offset,
            scale,
            lines,
        }
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.scale.len()
    }

    fn embed(&self, points: &DMatrix<f64>) -> DMatrix<f64> {
        #[expect(clippy::cast_precision_loss, reason = "few choices")]
        DMatrix::from_fn(points.nrows(), self.columns.len(), |i, c| match self.columns[c] {
            Column::Number(input) => points[(i, input)],
            Column::Choice { input, choice } => f64::from(u8::from(points[(i, input)] == choice as f64)),
            Column::Warped { input, a, b } => kumaraswamy(points[(i, input)], a, b).value,
        })
    }

    fn phases(&self, embedded: &DMatrix<f64>) -> DMatrix<f64> {
        let mut phase = embedded * &self.omega;
        for (mut column, offset) in phase.column_iter_mut().zip(&self.offset) {
            column.add_scalar_mut(*offset);
        }
        phase
    }

    /// `ψ` at the rows of `points`: m × F.
    #[must_use]
    pub fn values(&self, points: &DMatrix<f64>) -> DMatrix<f64> {
        let embedded = self.embed(points);
        let mut values = self.phases(&embedded);
        wave::cosines(values.as_mut_slice());
        for ((mut column, scale), lines) in values.column_iter_mut().zip(&self.scale).zip(&self.lines) {
            column *= *scale;
            for (c, center) in lines {
                for (value, x) in column.iter_mut().zip(embedded.column(*c).iter()) {
                    *value *= x - center;
                }
            }
        }
        values
    }

    /// `w·ψ` and its gradient by the inputs at every row of `points`; 0 for categories.
    #[must_use]
    pub fn slopes(&self, points: &DMatrix<f64>, weights: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let inputs = self.embed(points);
        let mut cosine = self.phases(&inputs);
        let mut sine = DMatrix::zeros(cosine.nrows(), cosine.ncols());
        wave::cosines_and_sines(cosine.as_mut_slice(), sine.as_mut_slice());
        let mut values = vec![0.0; points.nrows()];
        // What linear factors add to the slope by the columns.
        let mut along = DMatrix::zeros(points.nrows(), self.columns.len());
        for (f, (scale, w)) in self.scale.iter().zip(weights).enumerate() {
            let factor = scale * w;
            for (i, value) in values.iter_mut().enumerate() {
                let lines = &self.lines[f];
                let line = |k: usize| inputs[(i, lines[k].0)] - lines[k].1;
                let all: f64 = (0..lines.len()).map(line).product();
                *value += factor * all * cosine[(i, f)];
                sine[(i, f)] *= -factor * all;
                for (k, (c, _)) in lines.iter().enumerate() {
                    let others: f64 = (0..lines.len()).filter(|o| *o != k).map(line).product();
                    along[(i, *c)] += factor * others * cosine[(i, f)];
                }
            }
        }
        let by_column = sine * self.omega.transpose() + along;
        values
            .into_iter()
            .enumerate()
            .map(|(i, value)| {
                let mut gradient = vec![0.0; self.dims];
                for (c, column) in self.columns.iter().enumerate() {
                    match *column {
                        Column::Number(input) => gradient[input] += by_column[(i, c)],
                        Column::Warped { input, a, b } => {
                            let slope = kumaraswamy(points[(i, input)], a, b).slope;
                            gradient[input] += slope * by_column[(i, c)];
                        }
                        Column::Choice { .. } => {}
                    }
                }
                (value, gradient)
            })
            .collect()
    }
}

/// A column for each warped input of a tree.
fn add_warps(kernel: &Kernel, columns: &mut Vec<Column>) {
    match kernel {
        Kernel::Warp { a, b, inputs, kernel } => {
            for ((input, a), b) in listed(inputs.as_deref(), a.len()).into_iter().zip(a).zip(b) {
                let column = Column::Warped { input, a: *a, b: *b };
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
            add_warps(kernel, columns);
        }
        Kernel::Sum(terms) | Kernel::Product(terms) => terms.iter().for_each(|t| add_warps(t, columns)),
        _ => {}
    }
}

impl Draw<'_> {
    fn follow(&mut self, kernel: &Kernel, scope: &Scope, kinds: &[InputKind], random: &mut Random) {
        match kernel {
            Kernel::Constant { variance, .. } => self.amplitude *= variance.sqrt(),
            Kernel::Rbf { lengthscales, inputs } => {
                let inputs = listed(inputs.as_deref(), lengthscales.len());
                self.wave(&inputs, lengthscales, 1.0, scope, kinds, random);
            }
            Kernel::Matern {
                nu,
                lengthscales,
                inputs,
            } => {
                let inputs = listed(inputs.as_deref(), lengthscales.len());
                // Beyond this the mixture has no width left.
                let stretch = if *nu > 1e6 {
                    1.0
                } else {
                    (gamma(*nu, random) / nu).sqrt().recip()
                };
                self.wave(&inputs, lengthscales, stretch, scope, kinds, random);
            }
            Kernel::Hamming { lengthscale, inputs } => {
                let inputs = listed(inputs.as_deref(), kinds.len());
                let lengths = vec![*lengthscale; inputs.len()];
                let all = vec![InputKind::Category; kinds.len()];
                self.wave(&inputs, &lengths, 1.0, scope, &all, random);
            }
            Kernel::RationalQuadratic {
                alpha,
                lengthscales,
                inputs,
            } => {
                let inputs = listed(inputs.as_deref(), lengthscales.len());
                let stretch = (gamma(*alpha, random) / alpha).sqrt();
                self.wave(&inputs, lengthscales, stretch, scope, kinds, random);
            }
            Kernel::Categorical { lengthscales, inputs } => {
                let inputs = listed(inputs.as_deref(), lengthscales.len());
                #[expect(clippy::cast_precision_loss, reason = "few inputs")]
                let half = 0.5 * inputs.len() as f64;
                // At ℓ' √2 a mismatch has the correlation exp(−1/(2ℓ'²)).
                let lengths: Vec<f64> = lengthscales.iter().map(|l| (half * l).sqrt()).collect();
                let all = vec![InputKind::Category; kinds.len()];
                self.wave(&inputs, &lengths, 1.0, scope, &all, random);
            }
            Kernel::Periodic {
                lengthscales,
                periods,
                inputs,
            } => {
                self.is_wave = true;
                let inputs = listed(inputs.as_deref(), lengthscales.len());
                for ((input, length), period) in inputs.into_iter().zip(lengthscales).zip(periods) {
                    let mean = 0.5 / (length * length);
                    let order = poisson(mean, random) - poisson(mean, random);
                    self.frequency[scope[input].0] += std::f64::consts::TAU * order / period;
                }
            }
            Kernel::Linear {
                variances,
                center,
                inputs,
            } => {
                let inputs = listed(inputs.as_deref(), variances.len());
                let k = random.below(inputs.len().max(1));
                #[expect(clippy::cast_precision_loss, reason = "few inputs")]
                let share = inputs.len() as f64;
                if let (Some(input), Some(variance)) = (inputs.get(k), variances.get(k)) {
                    self.amplitude *= (share * variance).sqrt();
                    self.lines.push((scope[*input].0, *center));
                }
            }
            Kernel::Warp { a, b, inputs, kernel } => {
                let mut inner = scope.to_vec();
                for ((input, a), b) in listed(inputs.as_deref(), a.len()).into_iter().zip(a).zip(b) {
                    let column = Column::Warped { input, a: *a, b: *b };
                    if let Some(place) = self.columns.iter().position(|c| *c == column) {
                        inner[input] = (place, 1);
                    }
                }
                self.follow(kernel, &inner, kinds, random);
            }
            Kernel::Sum(terms) => self.one_of(terms, scope, kinds, random),
            Kernel::Product(factors) => {
                for factor in factors {
                    self.follow(factor, scope, kinds, random);
                }
            }
        }
    }

    /// A frequency of a stationary leaf.
    fn wave(
        &mut self,
        inputs: &[usize],
        lengths: &[f64],
        stretch: f64,
        scope: &Scope,
        kinds: &[InputKind],
        random: &mut Random,
    ) {
        self.is_wave = true;
        for (&input, length) in inputs.iter().zip(lengths) {
            let width = match kinds[input] {
                InputKind::Numeric => *length,
                InputKind::Category => length * std::f64::consts::SQRT_2,
            };
            let (first, count) = scope[input];
            for slot in &mut self.frequency[first..first + count] {
                *slot += random.normal() * stretch / width;
            }
        }
    }

    fn one_of(&mut self, terms: &[Kernel], scope: &Scope, kinds: &[InputKind], random: &mut Random) {
        let variances: Vec<f64> = terms.iter().map(Kernel::prior_variance).collect();
        let total: f64 = variances.iter().sum();
        let mut left = self.place.take().unwrap_or_else(|| random.uniform()) * total;
        for (k, (term, variance)) in terms.iter().zip(&variances).enumerate() {
            left -= variance;
            if left <= 0.0 || k + 1 == terms.len() {
                self.amplitude *= (total / variance).sqrt();
                self.follow(term, scope, kinds, random);
                return;
            }
        }
    }
}

fn listed(inputs: Option<&[usize]>, count: usize) -> Vec<usize> {
    inputs.map_or_else(|| (0..count).collect(), <[usize]>::to_vec)
}

/// A draw of the Poisson distribution: by counting the arrivals of a unit of time, by the normal limit from a mean of 500.
fn poisson(mean: f64, random: &mut Random) -> f64 {
    if mean > 500.0 {
        return (mean + mean.sqrt() * random.normal()).round().max(0.0);
    }
    let (mut count, mut time) = (0.0, -random.uniform().ln());
    while time < mean {
        count += 1.0;
        time -= random.uniform().ln();
    }
    count
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error of `ψ(x)·ψ(x')` over pairs of points, in standard errors of about `k/√F`.
    fn error(kernel: &Kernel, kinds: &[InputKind], choices: &[usize]) -> f64 {
        let count = 40_000;
        let features = Features::draw(kernel, kinds, choices, count, &mut Random::new(5));
        let mut random = Random::new(8);
        let points = DMatrix::from_fn(6, kinds.len(), |_, j| match kinds[j] {
            InputKind::Numeric => random.uniform(),
            InputKind::Category => random.below(choices[j]) as f64,
        });
        let psi = features.values(&points);
        let gram = &psi * psi.transpose();
        let mut worst = 0.0_f64;
        for i in 0..6 {
            for j in 0..6 {
                let row = |r: usize| points.row(r).iter().copied().collect::<Vec<f64>>();
                let exact = kernel.value(kinds, &row(i), &row(j)).unwrap();
                worst = worst.max((gram[(i, j)] - exact).abs());
            }
        }
        worst / (kernel.prior_variance() / (count as f64).sqrt())
    }

    fn matern(nu: f64, lengthscales: Vec<f64>, inputs: Option<Vec<usize>>) -> Kernel {
        Kernel::Matern {
            nu,
            lengthscales,
            inputs,
        }
    }

    #[test]
    fn products_of_features_average_to_the_kernel() {
        use InputKind::{Category, Numeric};
        let kinds = [Numeric, Numeric, Category];
        let choices = [0, 0, 3];
        let rbf = Kernel::Rbf {
            lengthscales: vec![0.3, 0.8],
            inputs: Some(vec![0, 1]),
        };
        let hamming = Kernel::Hamming {
            lengthscale: 0.7,
            inputs: Some(vec![2]),
        };
        let trees = [
            Kernel::scaled_matern(2.5, 2.5, vec![0.3, 0.5, 0.9]),
            matern(0.5, vec![0.4, 0.4, 1.0], None),
            matern(1.7, vec![0.4], Some(vec![1])),
            Kernel::Product(vec![rbf.clone(), hamming.clone()]),
            Kernel::Sum(vec![
                Kernel::constant(0.4),
                Kernel::Product(vec![Kernel::constant(1.5), rbf.clone()]),
                Kernel::Product(vec![
                    Kernel::Sum(vec![hamming, Kernel::constant(0.3)]),
                    matern(1.5, vec![0.2], Some(vec![0])),
                ]),
            ]),
            Kernel::RationalQuadratic {
                alpha: 0.7,
                lengthscales: vec![0.4, 0.9, 1.2],
                inputs: None,
            },
            Kernel::Product(vec![
                Kernel::Periodic {
                    lengthscales: vec![0.8, 1.3],
                    periods: vec![0.3, 0.7],
                    inputs: Some(vec![1, 0]),
                },
                Kernel::Categorical {
                    lengthscales: vec![1.4],
                    inputs: Some(vec![2]),
                },
            ]),
            Kernel::Warp {
                a: vec![0.6],
                b: vec![1.7],
                inputs: Some(vec![1]),
                kernel: Box::new(Kernel::Sum(vec![
                    rbf.clone(),
                    Kernel::Product(vec![
                        matern(2.5, vec![0.5], Some(vec![0])),
                        Kernel::Linear {
                            variances: vec![3.0, 2.0],
                            center: 0.4,
                            inputs: Some(vec![0, 1]),
                        },
                    ]),
                ])),
            },
        ];
        for kernel in trees {
            let off = error(&kernel, &kinds, &choices);
            assert!(off < 5.0, "{kernel:?} is off by {off} standard errors");
        }
    }

    #[test]
    fn slopes_agree_with_central_differences() {
        use InputKind::{Category, Numeric};
        let kernel = Kernel::Sum(vec![
            Kernel::scaled_matern(1.0, 2.5, vec![0.3, 0.5, 0.9]),
            Kernel::Warp {
                a: vec![0.6],
                b: vec![1.7],
                inputs: Some(vec![0]),
                kernel: Box::new(Kernel::Product(vec![
                    Kernel::Rbf {
                        lengthscales: vec![0.5],
                        inputs: Some(vec![0]),
                    },
                    Kernel::Linear {
                        variances: vec![1.0, 2.0],
                        center: 0.4,
                        inputs: Some(vec![0, 2]),
                    },
                ])),
            },
        ]);
        let features = Features::draw(
            &kernel,
            &[Numeric, Category, Numeric],
            &[0, 2, 0],
            64,
            &mut Random::new(1),
        );
        let mut random = Random::new(2);
        let weights: Vec<f64> = (0..64).map(|_| random.normal()).collect();
        let value = |x: [f64; 3]| {
            let psi = features.values(&DMatrix::from_row_slice(1, 3, &x));
            psi.row(0).iter().zip(&weights).map(|(p, w)| p * w).sum::<f64>()
        };
        let x = [0.4, 1.0, 0.7];
        let (at, gradient) = features
            .slopes(&DMatrix::from_row_slice(1, 3, &x), &weights)
            .remove(0);
        assert!((at - value(x)).abs() < 1e-12);
        for j in [0, 2] {
            let h = 1e-6;
            let (mut up, mut down) = (x, x);
            up[j] += h;
            down[j] -= h;
            assert!((gradient[j] - (value(up) - value(down)) / (2.0 * h)).abs() < 1e-7);
        }
        assert_eq!(gradient[1], 0.0);
    }
}
