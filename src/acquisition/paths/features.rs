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

mod column;
mod draw;

use nalgebra::DMatrix;

use column::Column;
use draw::{Draw, Sparse};

use super::wave;
use crate::acquisition::random::Random;
use crate::gp::{InputKind, Kernel};

/// Straight factors of all features: `t_f(x) = constant_f + e(x)·slope_f`.
#[derive(Clone, Debug)]
struct Tilt {
    /// Embedded columns × F.
    slope: DMatrix<f64>,
    constant: Vec<f64>,
}

/// A feature map `ψ: [0, 1]^d → R^F` with `ψ(x)·ψ(x') ≈ k(x, x')`.
#[derive(Clone, Debug)]
pub struct Features {
    dims: usize,
    columns: Vec<Column>,
    /// Embedded columns × F.
    omega: DMatrix<f64>,
    offset: Vec<f64>,
    scale: Vec<f64>,
    tilts: Vec<Tilt>,
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
        let (mut offset, mut scale) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut drawn: Vec<(Sparse, Vec<(Sparse, f64)>)> = Vec::with_capacity(count);
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        for f in 0..count {
            let mut draw = Draw {
                columns: &mut columns,
                kinds,
                choices,
                random,
                frequency: Vec::new(),
                tilts: Vec::new(),
                amplitude: 1.0 / (count as f64).sqrt(),
                is_wave: false,
                place: Some((f as f64 + 0.5) / count as f64),
                warps: vec![Vec::new(); kinds.len()],
            };
            draw.follow(kernel);
            let (wave, amplitude) = (draw.is_wave, draw.amplitude);
            drawn.push((draw.frequency, draw.tilts));
            scale.push(amplitude * if wave { std::f64::consts::SQRT_2 } else { 1.0 });
            offset.push(if wave {
                std::f64::consts::TAU * random.uniform()
            } else {
                0.0
            });
        }
        let dense = |part: &dyn Fn(usize) -> Option<Sparse>| {
            let mut out = DMatrix::zeros(columns.len(), count);
            for f in 0..count {
                for (c, v) in part(f).into_iter().flatten() {
                    out[(c, f)] += v;
                }
            }
            out
        };
        let most = drawn.iter().map(|d| d.1.len()).max().unwrap_or(0);
        let tilts = (0..most)
            .map(|k| Tilt {
                slope: dense(&|f| drawn[f].1.get(k).map(|t| t.0.clone())),
                constant: drawn.iter().map(|d| d.1.get(k).map_or(1.0, |t| t.1)).collect(),
            })
            .collect();
        Self {
            dims: kinds.len(),
            omega: dense(&|f| Some(drawn[f].0.clone())),
            columns,
            offset,
            scale,
            tilts,
        }
    }

    /// `F`, the number of features.
    #[must_use]
    pub fn count(&self) -> usize {
        self.scale.len()
    }

    fn embed(&self, points: &DMatrix<f64>) -> DMatrix<f64> {
        DMatrix::from_fn(points.nrows(), self.columns.len(), |i, c| {
            let column = &self.columns[c];
            column.at(points[(i, column.input())]).0
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
        for tilt in &self.tilts {
            values.component_mul_assign(&tilt.at(&embedded));
        }
        for (mut column, scale) in values.column_iter_mut().zip(&self.scale) {
            column *= *scale;
        }
        values
    }

    /// `w·ψ` and its gradient by the inputs at every row of `points`; 0 for categories.
    #[must_use]
    pub fn slopes(&self, points: &DMatrix<f64>, weights: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let embedded = self.embed(points);
        let mut cosine = self.phases(&embedded);
        let mut sine = DMatrix::zeros(cosine.nrows(), cosine.ncols());
        wave::cosines_and_sines(cosine.as_mut_slice(), sine.as_mut_slice());
        for (f, (scale, w)) in self.scale.iter().zip(weights).enumerate() {
            cosine.column_mut(f).scale_mut(scale * w);
            sine.column_mut(f).scale_mut(-scale * w);
        }
        let tilts: Vec<DMatrix<f64>> = self.tilts.iter().map(|t| t.at(&embedded)).collect();
        let mut by_column = DMatrix::zeros(points.nrows(), self.columns.len());
        for (k, tilt) in self.tilts.iter().enumerate() {
            let mut others = cosine.clone();
            for (_, t) in tilts.iter().enumerate().filter(|(l, _)| *l != k) {
                others.component_mul_assign(t);
            }
            by_column += others * tilt.slope.transpose();
        }
        for t in &tilts {
            cosine.component_mul_assign(t);
            sine.component_mul_assign(t);
        }
        by_column += sine * self.omega.transpose();
        (0..points.nrows())
            .map(|i| {
                let mut gradient = vec![0.0; self.dims];
                for (c, column) in self.columns.iter().enumerate() {
                    let input = column.input();
                    gradient[input] += by_column[(i, c)] * column.at(points[(i, input)]).1;
                }
                (cosine.row(i).sum(), gradient)
            })
            .collect()
    }
}

impl Tilt {
    /// m × F.
    fn at(&self, embedded: &DMatrix<f64>) -> DMatrix<f64> {
        let mut t = embedded * &self.slope;
        for (mut column, constant) in t.column_iter_mut().zip(&self.constant) {
            column.add_scalar_mut(*constant);
        }
        t
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
    fn the_rest_of_the_catalogue_has_features_too() {
        use InputKind::{Category, Numeric};
        let kinds = [Numeric, Category, Category];
        let choices = [0, 3, 2];
        let linear = Kernel::Linear {
            variances: vec![1.4],
            center: 0.5,
            inputs: Some(vec![0]),
        };
        let periodic = Kernel::Periodic {
            lengthscales: vec![0.8],
            periods: vec![0.37],
            inputs: Some(vec![0]),
        };
        let quadratic = Kernel::RationalQuadratic {
            alpha: 0.7,
            lengthscales: vec![0.3],
            inputs: Some(vec![0]),
        };
        let mixed = Kernel::Categorical {
            lengthscales: vec![0.6, 1.5],
            inputs: Some(vec![1, 2]),
        };
        let warped = Kernel::Warp {
            a: vec![1.8],
            b: vec![0.7],
            inputs: Some(vec![0]),
            kernel: Box::new(Kernel::Product(vec![quadratic.clone(), mixed.clone()])),
        };
        for kernel in [
            periodic.clone(),
            quadratic,
            warped,
            Kernel::Sum(vec![
                linear.clone(),
                Kernel::Product(vec![periodic.clone(), linear, mixed]),
            ]),
        ] {
            let off = error(&kernel, &kinds, &choices);
            // A product with a line has heavier tails than a wave alone.
            assert!(off < 12.0, "{kernel:?} is off by {off} standard errors");
        }
    }

    #[test]
    fn slopes_of_lines_circles_and_warps_agree_with_central_differences() {
        let warped = |kernel| Kernel::Warp {
            a: vec![1.8],
            b: vec![0.7],
            inputs: Some(vec![0]),
            kernel: Box::new(kernel),
        };
        let linear = Kernel::Linear {
            variances: vec![1.4, 0.6],
            center: 0.5,
            inputs: None,
        };
        let periodic = Kernel::Periodic {
            lengthscales: vec![0.8],
            periods: vec![0.37],
            inputs: Some(vec![0]),
        };
        let kernel = Kernel::Sum(vec![
            linear.clone(),
            warped(Kernel::Product(vec![periodic, linear.clone(), linear])),
        ]);
        let kinds = [InputKind::Numeric; 2];
        let features = Features::draw(&kernel, &kinds, &[0, 0], 64, &mut Random::new(1));
        let mut random = Random::new(2);
        let weights: Vec<f64> = (0..64).map(|_| random.normal()).collect();
        let value = |x: [f64; 2]| {
            let psi = features.values(&DMatrix::from_row_slice(1, 2, &x));
            psi.row(0).iter().zip(&weights).map(|(p, w)| p * w).sum::<f64>()
        };
        let x = [0.4, 0.7];
        let (at, gradient) = features
            .slopes(&DMatrix::from_row_slice(1, 2, &x), &weights)
            .remove(0);
        assert!((at - value(x)).abs() < 1e-12);
        for j in 0..2 {
            let h = 1e-6;
            let (mut up, mut down) = (x, x);
            up[j] += h;
            down[j] -= h;
            let difference = (value(up) - value(down)) / (2.0 * h);
            assert!((gradient[j] - difference).abs() < 1e-6 * (1.0 + difference.abs()));
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
