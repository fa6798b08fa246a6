//! EI, log EI, PI, log PI and UCB with their gradients against 20-digit values
//! (`data/oracles/acquisition.json`).

use serde_json::Value;
use tunescope::acquisition::{ei, pi, ucb};

fn oracle() -> Value {
    serde_json::from_str(include_str!("data/oracles/acquisition.json")).unwrap()
}

/// One row in the engine's direction: `(sign, mean, sd, best)`.
fn moments(row: &Value) -> (f64, f64, f64, f64) {
    let s = if row["direction"] == "maximise" { 1.0 } else { -1.0 };
    let get = |name: &str| row[name].as_f64().unwrap();
    (s, s * get("mean"), get("sd"), s * get("best"))
}

fn check(row: &Value, name: &str, got: f64, tolerance: impl Fn(f64) -> f64) {
    let Some(want) = row[name].as_f64() else {
        assert_eq!(got, f64::NEG_INFINITY, "{name} of {}", row["id"]);
        return;
    };
    let allowed = tolerance(want);
    assert!(
        (got - want).abs() <= allowed,
        "{name} of {} (z = {}): {got:e}, not {want:e}; off by {:e}, allowed {allowed:e}",
        row["id"],
        row["z"],
        (got - want).abs()
    );
}

#[test]
fn values_hold_their_digits_from_the_centre_to_the_deep_tail() {
    for row in oracle()["scalar"].as_array().unwrap() {
        let (s, mean, sd, best) = moments(row);
        let (xi, beta) = (row["xi"].as_f64().unwrap(), row["beta"].as_f64().unwrap());
        let z = row["z"].as_f64().unwrap();
        let log = |want: f64| 1e-12 * (1.0 + want.abs());
        let linear = |want: f64| 1e-13 * (1.0 + z * z) * want.abs() + 1e-306;
        check(row, "log_ei", ei::log_ei(mean, sd, best, xi).value, log);
        check(row, "log_pi", pi::log_pi(mean, sd, best, xi).value, log);
        check(row, "ei", ei::ei(mean, sd, best, xi).value, linear);
        check(row, "pi", pi::pi(mean, sd, best, xi).value, linear);
        let terms = ei::terms(mean, sd, best, xi);
        check(row, "ei_exploit", terms.exploitation, linear);
        check(row, "ei_explore", terms.exploration, linear);
        let bound = ucb::ucb(mean, sd, beta).value;
        check(row, "cb_score", bound, |want| 1e-13 * (1.0 + want.abs()));
        check(row, if s > 0.0 { "ucb" } else { "lcb" }, s * bound, |want| {
            1e-13 * (1.0 + want.abs())
        });
    }
}

#[test]
fn gradients_hold_ten_digits_from_the_centre_to_the_deep_tail() {
    for row in oracle()["scalar"].as_array().unwrap() {
        let (s, mean, sd, best) = moments(row);
        let xi = row["xi"].as_f64().unwrap();
        let z = row["z"].as_f64().unwrap();
        let relative = |want: f64| 1e-10 * want.abs() + 1e-306;
        let linear = |want: f64| (1e-10 + 1e-13 * z * z) * want.abs() + 1e-306;
        let plain = ei::ei(mean, sd, best, xi);
        check(row, "dei_dmean", s * plain.d_mean, linear);
        check(row, "dei_dsd", plain.d_sd, linear);
        let log = ei::log_ei(mean, sd, best, xi);
        check(row, "dlogei_dmean", s * log.d_mean, relative);
        check(row, "dlogei_dsd", log.d_sd, relative);
        check(row, "dlogei_dbest", -s * log.d_mean, relative);
        let log = pi::log_pi(mean, sd, best, xi);
        check(row, "dlogpi_dmean", s * log.d_mean, relative);
        check(row, "dlogpi_dsd", log.d_sd, relative);
    }
}

#[test]
fn without_doubt_only_a_real_improvement_counts() {
    for row in oracle()["degenerate"].as_array().unwrap() {
        let (_, mean, sd, best) = moments(row);
        let near = |want: f64| 1e-15 * (1.0 + want.abs());
        check(row, "ei", ei::ei(mean, sd, best, 0.0).value, near);
        check(row, "log_ei", ei::log_ei(mean, sd, best, 0.0).value, near);
        check(row, "pi", pi::pi(mean, sd, best, 0.0).value, near);
        assert_eq!(ei::terms(mean, sd, best, 0.0).exploration, 0.0);
    }
}

#[test]
fn the_kriging_believer_picks_what_the_oracles_pick() {
    use nalgebra::{DMatrix, DVector};
    use tunescope::gp::{Data, InputKind, Kernel, Mean, Model, Posterior};

    let list = |v: &Value| -> Vec<f64> {
        v.as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_f64().unwrap())
            .collect()
    };
    let rows = |v: &Value| -> DMatrix<f64> {
        let rows: Vec<Vec<f64>> = v.as_array().unwrap().iter().map(list).collect();
        DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
    };
    let mut compared = 0;
    for case in oracle()["fantasies"].as_array().unwrap() {
        if case["fantasy_rule"] != "kriging_believer" {
            continue;
        }
        let s = if case["direction"] == "maximise" {
            1.0
        } else {
            -1.0
        };
        let (x, candidates) = (rows(&case["X"]), rows(&case["candidates"]));
        let y: Vec<f64> = list(&case["y"]).iter().map(|y| s * y).collect();
        let kernel = &case["kernel"];
        let (lengthscales, inputs) = (list(&kernel["lengthscales"]), None);
        let shape = match kernel["nu"].as_f64() {
            Some(nu) => Kernel::Matern {
                nu,
                lengthscales,
                inputs,
            },
            None => Kernel::Rbf { lengthscales, inputs },
        };
        let model = Model {
            kernel: Kernel::Product(vec![
                Kernel::constant(kernel["variance"].as_f64().unwrap()),
                shape,
            ]),
            mean: Mean::Fixed(s * case["prior_mean"].as_f64().unwrap()),
            noise_variance: case["noise_variance"].as_f64().unwrap(),
        };
        let kinds = vec![InputKind::Numeric; x.ncols()];
        let best = s * case["best"].as_f64().unwrap();
        let base = Posterior::new(&model, &kinds, &Data::new(x, DVector::from_vec(y))).unwrap();
        let mut picked: Vec<usize> = Vec::new();
        for step in case["steps"].as_array().unwrap() {
            let believed = base.with_pending(&candidates.select_rows(&picked)).unwrap();
            let at = believed.predict(&candidates);
            let log_ei: Vec<f64> = at
                .mean
                .iter()
                .zip(&at.variance)
                .map(|(m, v)| ei::log_ei(*m, v.sqrt(), best, 0.0).value)
                .collect();
            let (means, variances) = (list(&step["posterior_mean"]), list(&step["posterior_variance"]));
            for i in 0..log_ei.len() {
                assert!(
                    (s * at.mean[i] - means[i]).abs() < 1e-9,
                    "{} mean {i}",
                    case["id"]
                );
                assert!(
                    (at.variance[i] - variances[i]).abs() < 1e-9,
                    "{} variance {i}",
                    case["id"]
                );
                compared += 1;
            }
            let top = (0..log_ei.len())
                .max_by(|a, b| log_ei[*a].total_cmp(&log_ei[*b]))
                .unwrap();
            assert_eq!(
                top as u64,
                step["selected_index"].as_u64().unwrap(),
                "{}",
                case["id"]
            );
            picked.push(top);
        }
    }
    assert!(compared > 50);
}
