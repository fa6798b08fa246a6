//! Entropy searches: MES against 20-digit values, PES and JES against mutual information by brute force, and their
//! gradients against differences (`data/oracles/acquisition.json`).

mod oracles;

use nalgebra::{DMatrix, DVector};
use oracles::{kernel_of, load, matrix, near, number, numbers};
use serde_json::Value;
use tunescope::acquisition::information::{Information, Question, Setting};
use tunescope::acquisition::maximize::Coordinate;
use tunescope::acquisition::mes::{Gumbel, MaxValues};
use tunescope::acquisition::optima::{Optimum, Place, optima};
use tunescope::acquisition::paths::Paths;
use tunescope::gp::{Data, InputKind, Kernel, Mean, Model, Posterior};

fn never() -> bool {
    false
}

fn sign(row: &Value) -> f64 {
    if row["direction"] == "maximise" { 1.0 } else { -1.0 }
}

#[test]
fn max_value_entropy_holds_its_digits() {
    for row in load("acquisition")["mes"].as_array().unwrap() {
        let s = sign(row);
        let (mean, sd) = (s * number(&row["mean"]), number(&row["sd"]));
        let maxima: Vec<f64> = numbers(&row["ystar"]).iter().map(|y| s * y).collect();
        let gammas = numbers(&row["gamma"]);
        for ((y, gamma), want) in maxima.iter().zip(&gammas).zip(numbers(&row["per_sample"])) {
            let got = MaxValues::new(vec![*y]).mes(mean, sd).value;
            let allowed = 1e-10 * want.abs() + 1e-12 * (1.0 + gamma * gamma);
            near(got, want, allowed, &format!("{} at γ = {gamma}", row["id"]));
        }
        let worst = gammas.iter().fold(0.0_f64, |w, g| w.max(g * g));
        let want = number(&row["mes"]);
        near(
            MaxValues::new(maxima).mes(mean, sd).value,
            want,
            1e-10 * want + 1e-12 * (1.0 + worst),
            "the average",
        );
    }
}

#[test]
fn the_gumbel_fit_and_its_entropies_are_those_of_the_oracle() {
    for row in load("acquisition")["mes_gumbel"].as_array().unwrap() {
        let s = sign(row);
        let mean: Vec<f64> = numbers(&row["mean"]).iter().map(|m| s * m).collect();
        let sd = numbers(&row["sd"]);
        let gumbel = Gumbel::match_maximum(&mean, &sd).unwrap();
        for (name, got) in ["q25", "q50", "q75"].iter().zip(gumbel.quartiles) {
            near(s * got, number(&row[*name]), 1e-10, name);
        }
        near(gumbel.location, number(&row["gumbel_location_a"]), 1e-10, "a");
        near(gumbel.scale, number(&row["gumbel_scale_b"]), 1e-10, "b");
        let maxima: Vec<f64> = numbers(&row["u"]).iter().map(|u| gumbel.quantile(*u)).collect();
        for (got, want) in maxima.iter().zip(numbers(&row["ystar"])) {
            near(s * got, want, 1e-10, "y*");
        }
        let maxima = MaxValues::new(maxima);
        for ((m, sd), want) in mean.iter().zip(&sd).zip(numbers(&row["mes"])) {
            near(maxima.mes(*m, *sd).value, want, 1e-9 * (1.0 + want), "MES");
        }
    }
}

/// A toy of the oracle, its outputs flipped so that larger is better.
struct Toy {
    posterior: Posterior,
    kernel: Kernel,
    lengthscales: Vec<f64>,
    grid: DMatrix<f64>,
    gain: Vec<f64>,
    best: f64,
}

impl Toy {
    fn of(row: &Value) -> Self {
        let s = sign(row);
        let kernel = kernel_of(&row["kernel"], None);
        let y: Vec<f64> = numbers(&row["y"]).iter().map(|y| s * y).collect();
        let model = Model {
            kernel: kernel.clone(),
            mean: Mean::Fixed(s * number(&row["prior_mean"])),
            noise_variance: number(&row["noise_variance"]),
        };
        let best = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let data = Data::new(matrix(&row["X"]), DVector::from_vec(y));
        let grid = numbers(&row["grid"]);
        Self {
            posterior: Posterior::new(&model, &[InputKind::Numeric], &data).unwrap(),
            kernel,
            lengthscales: numbers(&row["kernel"]["lengthscales"]),
            grid: DMatrix::from_column_slice(grid.len(), 1, &grid),
            gain: numbers(&row["info_gain"]),
            best,
        }
    }

    fn optima(&self, count: usize, seed: u64) -> Vec<Optimum> {
        let paths = Paths::draw(&self.posterior, &[0], count, seed);
        let place = Place {
            coordinates: &[Coordinate::Continuous],
            lengthscales: &self.lengthscales,
            snap: &|p| p.to_vec(),
            around: &[],
            seed,
        };
        optima(&paths, &place, &never).unwrap()
    }

    fn information(&self, question: Question, count: usize, seed: u64) -> Information {
        let setting = Setting {
            question,
            optima: &self.optima(count, seed),
            lengthscales: &self.lengthscales,
            smooth: &[self.kernel.is_differentiable()],
            best: self.best,
        };
        Information::new(&self.posterior, &setting, &never).unwrap()
    }

    fn curve(&self, question: Question, count: usize, seed: u64) -> Vec<f64> {
        let information = self.information(question, count, seed);
        information.values(&self.grid, &self.posterior.predict(&self.grid))
    }
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    for (rank, i) in order.into_iter().enumerate() {
        ranks[i] = rank as f64;
    }
    ranks
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (ma, mb) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let cross: f64 = a.iter().zip(b).map(|(x, y)| (x - ma) * (y - mb)).sum();
    let square = |v: &[f64], m: f64| v.iter().map(|x| (x - m).powi(2)).sum::<f64>();
    cross / (square(a, ma) * square(b, mb)).sqrt()
}

fn top(values: &[f64]) -> usize {
    (0..values.len())
        .max_by(|a, b| values[*a].total_cmp(&values[*b]))
        .unwrap()
}

/// `(Spearman correlation with the truth, truth at our maximum as a share of its maximum)`.
fn quality(toy: &Toy, curve: &[f64]) -> (f64, f64) {
    let best = toy.gain[top(&toy.gain)];
    (
        correlation(&ranks(curve), &ranks(&toy.gain)),
        toy.gain[top(curve)] / best,
    )
}

#[test]
fn predictive_entropy_search_ranks_like_the_mutual_information() {
    for row in load("acquisition")["pes"].as_array().unwrap() {
        let toy = Toy::of(row);
        for (count, seed) in [(64, 1), (64, 2), (16, 3), (16, 4)] {
            let (spearman, share) = quality(&toy, &toy.curve(Question::Place, count, seed));
            println!(
                "{} M={count}: Spearman {spearman:.4}, share {share:.4}",
                row["id"]
            );
            let least = if count == 64 { 0.95 } else { 0.9 };
            assert!(
                spearman >= least,
                "{} M = {count}: Spearman {spearman}",
                row["id"]
            );
            assert!(share >= 0.9, "{} M = {count}: {share} of the maximum", row["id"]);
        }
    }
}

#[test]
fn joint_entropy_search_ranks_nearly_as_well() {
    for row in load("acquisition")["pes"].as_array().unwrap() {
        let toy = Toy::of(row);
        let (spearman, share) = quality(&toy, &toy.curve(Question::PlaceAndHeight, 64, 1));
        println!("{}: Spearman {spearman:.4}, share {share:.4}", row["id"]);
        assert!(
            spearman >= 0.85 && share >= 0.9,
            "{} {spearman} {share}",
            row["id"]
        );
    }
}

/// The gain is an entropy before less one after: mutual information between the place of the maximum and one
/// observation, estimated from sampled paths alone on a coarse partition of the axis.
#[test]
fn predictive_entropy_search_agrees_with_sampled_paths() {
    let toy = Toy::of(&load("acquisition")["pes"][0]);
    let count = 4000;
    let paths = Paths::draw(&toy.posterior, &[0], count, 9);
    let values = paths.values(&toy.grid);
    let noise = toy.posterior.model().noise_variance;
    // A sampled path's maximum over the grid, in one of 41 places.
    let places: Vec<usize> = (0..count)
        .map(|s| top(&values.column(s).iter().copied().collect::<Vec<_>>()))
        .collect();
    let log_density = |y: f64, of: &[f64]| -> f64 {
        let sum: f64 = of.iter().map(|f| (-(y - f).powi(2) / (2.0 * noise)).exp()).sum();
        (sum / of.len() as f64).max(1e-300).ln()
    };
    let sampled: Vec<f64> = (0..toy.grid.nrows())
        .map(|g| {
            let at: Vec<f64> = values.row(g).iter().copied().collect();
            let mut total = 0.0;
            for s in (0..count).step_by(8) {
                // The value of another path with its maximum near this one's stands for the observation.
                let same: Vec<f64> = (0..count)
                    .filter(|t| *t != s && places[*t].abs_diff(places[s]) <= 1)
                    .map(|t| at[t])
                    .collect();
                if same.len() > 20 {
                    total += log_density(at[s], &same) - log_density(at[s], &at);
                }
            }
            total
        })
        .collect();
    let curve = toy.curve(Question::Place, 64, 1);
    let agreement = correlation(&ranks(&curve), &ranks(&sampled));
    println!("Spearman with sampled paths {agreement:.4}");
    assert!(agreement > 0.85, "{agreement}");
    let best = sampled[top(&sampled)];
    assert!(sampled[top(&curve)] > 0.85 * best);
}

#[test]
fn information_is_never_negative_and_vanishes_where_the_maximum_says_nothing() {
    for row in load("acquisition")["pes"].as_array().unwrap() {
        let toy = Toy::of(row);
        for question in [Question::Place, Question::PlaceAndHeight] {
            assert!(toy.curve(question, 32, 5).iter().all(|v| *v >= -1e-9));
            // Far outside of the cube a place is independent of all that is inside.
            let far = DMatrix::from_column_slice(1, 1, &[9.0]);
            let information = toy.information(question, 32, 5);
            let gain = information.values(&far, &toy.posterior.predict(&far))[0];
            // C3 alone remains: the place may not be better than the maximum.
            assert!((-1e-9..0.4).contains(&gain), "{gain}");
        }
    }
}

#[test]
fn a_maximum_that_is_known_already_tells_nothing_about_a_place_far_away() {
    // One high observation without noise: V* is 0 there, and C3 has nothing to cut far below it.
    let model = Model {
        kernel: Kernel::scaled_matern(0.01, 2.5, vec![0.05]),
        mean: Mean::Fixed(0.0),
        noise_variance: 1e-9,
    };
    let data = Data::new(
        DMatrix::from_column_slice(1, 1, &[0.2]),
        DVector::from_vec(vec![5.0]),
    );
    let posterior = Posterior::new(&model, &[InputKind::Numeric], &data).unwrap();
    let optima = [Optimum {
        point: vec![0.2],
        value: 5.0,
    }];
    for question in [Question::Place, Question::PlaceAndHeight] {
        let setting = Setting {
            question,
            optima: &optima,
            lengthscales: &[0.05],
            smooth: &[true],
            best: 5.0,
        };
        let information = Information::new(&posterior, &setting, &never).unwrap();
        let far = DMatrix::from_column_slice(1, 1, &[0.9]);
        let gain = information.values(&far, &posterior.predict(&far))[0];
        assert!(gain.abs() < 1e-6, "{question:?}: {gain}");
    }
}

#[test]
fn gradients_of_the_entropy_searches_agree_with_central_differences() {
    let x = DMatrix::from_row_slice(
        6,
        2,
        &[0.1, 0.2, 0.4, 0.9, 0.7, 0.3, 0.95, 0.8, 0.5, 0.5, 0.2, 0.7],
    );
    let y = DVector::from_vec(vec![0.3, -0.5, 0.8, 0.1, 0.9, -0.2]);
    for (nu, noise) in [(2.5, 0.01), (f64::INFINITY, 1e-4), (1.5, 0.1)] {
        let lengthscales = vec![0.3, 0.5];
        let model = Model {
            kernel: Kernel::scaled_matern(1.2, nu, lengthscales.clone()),
            mean: Mean::Profiled,
            noise_variance: noise,
        };
        let kinds = [InputKind::Numeric; 2];
        let posterior = Posterior::new(&model, &kinds, &Data::new(x.clone(), y.clone())).unwrap();
        let pending = DMatrix::from_row_slice(1, 2, &[0.6, 0.6]);
        let believed = posterior.with_pending(&pending).unwrap();
        let paths = Paths::draw(&posterior, &[0, 0], 8, 3);
        let place = Place {
            coordinates: &[Coordinate::Continuous, Coordinate::Continuous],
            lengthscales: &lengthscales,
            snap: &|p| p.to_vec(),
            around: &[],
            seed: 3,
        };
        let optima = optima(&paths, &place, &never).unwrap();
        for question in [Question::Place, Question::PlaceAndHeight] {
            let setting = Setting {
                question,
                optima: &optima,
                lengthscales: &lengthscales,
                smooth: &[true, true],
                best: 0.9,
            };
            let information = Information::new(&believed, &setting, &never).unwrap();
            let value = |u: [f64; 2]| {
                let p = DMatrix::from_row_slice(1, 2, &u);
                information.values(&p, &believed.predict(&p))[0]
            };
            for u in [[0.33, 0.41], [0.8, 0.55], [0.61, 0.62]] {
                let p = DMatrix::from_row_slice(1, 2, &u);
                let at = believed.predict_batch_with_gradient(&p);
                let (at, gradient) = information.slopes(&p, &at).remove(0);
                assert!((at - value(u)).abs() < 1e-12);
                for j in 0..2 {
                    let h = 1e-5;
                    let (mut up, mut down) = (u, u);
                    up[j] += h;
                    down[j] -= h;
                    let difference = (value(up) - value(down)) / (2.0 * h);
                    assert!(
                        (gradient[j] - difference).abs() < 2e-6 * (1.0 + difference.abs()),
                        "{question:?} ν = {nu} at {u:?}: {} is not {difference}",
                        gradient[j]
                    );
                }
            }
        }
    }
}
