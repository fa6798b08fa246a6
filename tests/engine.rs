//! The way from a study to numbers: given models against 20-digit posteriors, appends against batches,
//! written models against read ones, importance against exact values, and what must not depend on units.

#[path = "engine/refused.rs"]
mod refused;
#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use serde_json::{Value as Json, json};
use studies::{branin, choices, complete, cube, float, floats, hartmann6, int, levy, push};
use tunescope::acquisition::ei;
use tunescope::analysis::{
    AcquisitionSettings, Layer, ModelFile, ModelSettings, SuggestRequest, Surrogate, Verdict,
};
use tunescope::study::{Direction, Study, TrialState, Value};

fn never() -> bool {
    false
}

fn fit(study: Study) -> Surrogate {
    Surrogate::fit(&Arc::new(study), &ModelSettings::default(), None, &never).unwrap()
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

/// A case of the oracles as MODEL JSON; `sign` turns its outputs into larger-is-better.
fn model_of(case: &Json, d: usize, sign: f64) -> ModelFile {
    let kernel = &case["kernel"];
    let shape = match kernel["type"].as_str().unwrap() {
        "rbf" => json!({"rbf": {"lengthscales": kernel["lengthscales"]}}),
        "matern" => json!({"matern": {"nu": kernel["nu"], "lengthscales": kernel["lengthscales"]}}),
        other => panic!("no such kernel here: {other}"),
    };
    let inputs: Vec<Json> = (0..d)
        .map(|j| json!({"name": format!("x{j}"), "encoding": "unit"}))
        .collect();
    let file = json!({
        "inputs": inputs,
        "output": {"transform": "identity"},
        "mean": sign * case["prior_mean"].as_f64().unwrap(),
        "kernel": {"product": [{"constant": {"variance": kernel["variance"]}}, shape]},
        "noise_variance": case["noise_variance"],
    });
    ModelFile::from_json_text(&file.to_string()).unwrap()
}

fn study_of(case: &Json, direction: Direction) -> Study {
    let d = case["X"][0].as_array().unwrap().len();
    let mut study = cube(d, direction);
    for (x, y) in case["X"].as_array().unwrap().iter().zip(numbers(&case["y"])) {
        complete(&mut study, &floats(&numbers(x)), y);
    }
    study
}

#[test]
fn a_given_model_predicts_what_the_oracles_say_in_both_directions() {
    let oracle: Json = serde_json::from_str(include_str!("data/oracles/posterior.json")).unwrap();
    let mut compared = 0;
    for case in oracle["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        if case["kernel"]["type"] == "constant" {
            continue;
        }
        let d = case["d"].as_u64().unwrap() as usize;
        for direction in [Direction::Maximize, Direction::Minimize] {
            let study = Arc::new(study_of(case, direction));
            let model = model_of(case, d, direction.sign());
            let surrogate = Surrogate::with_model(&study, &ModelSettings::default(), &model).unwrap();
            assert_eq!(surrogate.summary.jitter, 0.0, "{id}");
            let closed = matches!(case["kernel"]["nu"].as_f64(), None | Some(0.5 | 1.5 | 2.5));
            let slack = if closed { 1.0 } else { 10.0 };
            let tolerance = |name: &str| slack * case["tol"][name].as_f64().unwrap();
            let rows = case["X_test"].as_array().unwrap().iter();
            let moments = numbers(&case["mean"])
                .into_iter()
                .zip(numbers(&case["latent_variance"]));
            for (x, (mean, variance)) in rows.zip(moments) {
                let got = surrogate.predict(&floats(&numbers(x))).unwrap();
                assert!(
                    (got.mean - mean).abs() <= tolerance("mean"),
                    "{id}: {} not {mean}",
                    got.mean
                );
                let off = (got.sd.powi(2) - variance).abs();
                assert!(off <= tolerance("cov"), "{id}: variance off by {off:e}");
                assert_eq!(got.model_mean, direction.sign() * got.mean);
                compared += 1;
            }
            let lml = case["lml"].as_f64().unwrap();
            let off = (surrogate.summary.log_marginal_likelihood - lml).abs();
            // Merged repeats split the likelihood into parts of the size of 1/noise.
            let merged = surrogate.summary.trials_used != case["n"].as_u64().unwrap() as usize;
            assert!(
                merged || off <= tolerance("lml").max(1e-9 * lml.abs()),
                "{id}: off by {off:e}"
            );
        }
    }
    assert!(compared > 300);
}

#[test]
fn acquisition_values_are_exact_functions_of_the_model_moments() {
    let mut study = cube(2, Direction::Minimize);
    for i in 0..20 {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        complete(&mut study, &floats(&u), branin(&u));
    }
    push(&mut study, TrialState::Running, &floats(&[0.3, 0.3]), None);
    let surrogate = fit(study);
    let acquisition = AcquisitionSettings {
        xi: 0.02,
        beta: 1.3,
        ..AcquisitionSettings::default()
    };
    for u in [[0.1, 0.9], [0.54, 0.15], [0.3, 0.3001]] {
        let (p, r) = surrogate.readout(&floats(&u), &acquisition).unwrap();
        let terms = ei::terms(p.model_mean, p.model_sd, p.model_incumbent, 0.02);
        assert_eq!(
            (r.exploitation, r.exploration),
            (terms.exploitation, terms.exploration)
        );
        assert!((r.exploitation + r.exploration - r.ei).abs() <= 1e-13 * r.exploration);
        assert!((r.ucb - (p.model_mean + 1.3 * p.model_sd)).abs() < 1e-14);
        assert!((r.log_pi - r.pi.ln()).abs() < 1e-9 * (1.0 + r.log_pi.abs()));
        assert!(p.low95 < p.low68 && p.low68 < p.mean && p.mean < p.high68 && p.high68 < p.high95);
        assert!(p.sd_observed > p.sd);
    }
}

#[test]
fn an_append_equals_the_batch_result_and_knows_when_it_cannot() {
    let mut study = cube(2, Direction::Minimize);
    for i in 0..25 {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        complete(&mut study, &floats(&u), branin(&u));
    }
    let before = fit(study.clone());
    push(&mut study, TrialState::Running, &floats(&[0.25, 0.75]), None);
    for u in [[0.9, 0.2], [0.11, 0.5], [0.618, 0.414]] {
        complete(&mut study, &floats(&u), branin(&u));
    }
    let grown = Arc::new(study.clone());
    let appended = before.append(&grown).unwrap();
    assert_eq!(appended.summary.trials_used, 28);
    assert_eq!(appended.summary.hyperparameters_from, 25);
    // The same transform and hyperparameters on all rows at once; the warp belongs to the old rows.
    let plain = ModelSettings {
        output_warp: false,
        ..ModelSettings::default()
    };
    let first = Surrogate::fit(before.study(), &plain, None, &never).unwrap();
    let batch = Surrogate::with_model(&grown, &plain, &first.model_file()).unwrap();
    let appended = first.append(&grown).unwrap();
    for u in [[0.2, 0.8], [0.9, 0.21], [0.25, 0.75], [0.5, 0.5]] {
        let (a, b) = (
            appended.predict(&floats(&u)).unwrap(),
            batch.predict(&floats(&u)).unwrap(),
        );
        // The profiled mean moves with the rows in the append, and is fixed in the file.
        assert!((a.model_sd - b.model_sd).abs() < 1e-9, "{a:?} {b:?}");
        assert!((a.sd - b.sd).abs() < 1e-7 * b.sd);
    }
    let mut changed = study.clone();
    changed.trials.remove(3);
    assert!(before.append(&Arc::new(changed)).is_none());
    let mut wider = study.clone();
    wider.space.params[0].domain = float(0.0, 2.0);
    assert!(before.append(&Arc::new(wider)).is_none());
    let mut turned = study;
    turned.directions = vec![Direction::Maximize];
    assert!(before.append(&Arc::new(turned)).is_none());
}

#[test]
fn a_written_model_read_back_predicts_the_same() {
    for (warp, direction) in [(true, Direction::Minimize), (false, Direction::Maximize)] {
        let mut study = studies::study(
            vec![
                studies::log_float(1e-4, 1.0),
                int(1, 9),
                choices(&["a", "b", "c"]),
            ],
            direction,
        );
        for i in 0..30_u32 {
            let t = f64::from(i);
            let lr = 10_f64.powf(-4.0 + 4.0 * (t * 0.618).fract());
            let k = 1 + i64::from(i % 9);
            let c = ["a", "b", "c"][i as usize % 3];
            let value = (lr.log10() + 2.0).powi(2) + 0.1 * k as f64 + f64::from(u8::from(c == "b"));
            let config = [Value::Float(lr), Value::Int(k), Value::Text(c.into())];
            complete(&mut study, &config, value);
        }
        let settings = ModelSettings {
            output_warp: warp,
            ..ModelSettings::default()
        };
        let study = Arc::new(study);
        let first = Surrogate::fit(&study, &settings, None, &never).unwrap();
        let text = serde_json::to_string(&first.model_file()).unwrap();
        let file = ModelFile::from_json_text(&text).unwrap();
        let second = Surrogate::with_model(&study, &settings, &file).unwrap();
        for (lr, k, c) in [(3e-3, 4, "a"), (0.5, 9, "b"), (1e-4, 1, "c")] {
            let config = [Value::Float(lr), Value::Int(k), Value::Text(c.into())];
            let (a, b) = (first.predict(&config).unwrap(), second.predict(&config).unwrap());
            assert!(
                (a.mean - b.mean).abs() < 1e-9 * (1.0 + a.mean.abs()),
                "{a:?} {b:?}"
            );
            assert!((a.sd - b.sd).abs() < 1e-9 * (1.0 + a.sd));
            assert!((a.model_incumbent - b.model_incumbent).abs() < 1e-9);
        }
        let (a, b) = (&first.summary, &second.summary);
        assert!(
            (a.loo_log_predictive - b.loo_log_predictive).abs() < 1e-7 * (1.0 + a.loo_log_predictive.abs())
        );
    }
}

#[test]
fn repeats_count_one_by_one_in_the_leave_one_out_density_of_a_given_model() {
    let oracle: Json = serde_json::from_str(include_str!("data/oracles/posterior.json")).unwrap();
    let mut met = 0;
    for case in oracle["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        if !id.starts_with("exact_duplicates") {
            continue;
        }
        met += 1;
        let d = case["X"][0].as_array().unwrap().len();
        let study = Arc::new(study_of(case, Direction::Maximize));
        let model = model_of(case, d, 1.0);
        let surrogate = Surrogate::with_model(&study, &ModelSettings::default(), &model).unwrap();
        let (got, known) = (
            surrogate.summary.loo_log_predictive,
            case["loo_total"].as_f64().unwrap(),
        );
        assert!(
            (got - known).abs() < 1e-6 * (1.0 + known.abs()),
            "{id}: {got} not {known}"
        );
    }
    assert!(met > 0);
}

#[test]
fn the_scatter_at_one_configuration_is_noise() {
    let mut study = cube(2, Direction::Minimize);
    for value in [1.0, 1.4, 0.7, 1.2, 0.9, 1.1, 0.8, 1.3] {
        complete(&mut study, &floats(&[0.3, 0.6]), value);
    }
    let surrogate = fit(study);
    assert!(
        surrogate.summary.warnings.is_empty(),
        "{:?}",
        surrogate.summary.warnings
    );
    let at = surrogate.predict(&floats(&[0.3, 0.6])).unwrap();
    // The standard deviation of the eight values is 0.245.
    assert!((0.1..0.5).contains(&at.sd_observed), "{at:?}");
    assert!(at.sd < 0.2, "{at:?}");
    assert!(surrogate.summary.noise_variance > 0.1);
}

#[test]
fn importance_comes_within_a_hundredth_of_the_exact_indices() {
    let oracle: Json = serde_json::from_str(include_str!("data/oracles/importance.json")).unwrap();
    for case in oracle["gp_mean"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let d = case["d"].as_u64().unwrap() as usize;
        let study = Arc::new(study_of(case, Direction::Maximize));
        let model = model_of(case, d, 1.0);
        let surrogate = Surrogate::with_model(&study, &ModelSettings::default(), &model).unwrap();
        let importance = surrogate.importance(&never).unwrap();
        let (first, total) = (numbers(&case["first_order"]), numbers(&case["total"]));
        for share in &importance.shares {
            let j = share.param;
            assert!(
                (share.total - total[j]).abs() < 0.01,
                "{id} x{j}: {} not {}",
                share.total,
                total[j]
            );
            assert!(
                (share.first - first[j]).abs() < 0.02,
                "{id} x{j}: {} not {}",
                share.first,
                first[j]
            );
        }
        assert!(importance.shares.windows(2).all(|w| w[0].total >= w[1].total));
    }
}

#[test]
fn units_and_direction_change_no_decision() {
    let build = |direction: Direction, scale: f64, shift: f64| {
        let mut study = cube(2, direction);
        for i in 0..16 {
            let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
            complete(&mut study, &floats(&u), shift + scale * branin(&u));
        }
        fit(study)
    };
    let plain = build(Direction::Minimize, 1.0, 0.0);
    let request = SuggestRequest {
        count: 1,
        seed: 3,
        ..SuggestRequest::default()
    };
    let place = |s: &Surrogate| studies::numbers(&s.suggest(&request, &never).unwrap()[0].configuration);
    let here = place(&plain);
    for (direction, scale, shift) in [
        (Direction::Maximize, -1.0, 0.0),
        (Direction::Minimize, 1024.0, 4096.0),
        (Direction::Minimize, 1.0 / 64.0, 0.0),
    ] {
        let other = build(direction, scale, shift);
        for (a, b) in here.iter().zip(place(&other)) {
            assert!((a - b).abs() < 1e-3, "{here:?} {scale} {shift}");
        }
        let u = floats(&[0.3, 0.6]);
        let (a, b) = (plain.predict(&u).unwrap(), other.predict(&u).unwrap());
        assert!((a.sd * scale.abs() - b.sd).abs() < 1e-3 * b.sd);
        assert!((a.mean * scale + shift - b.mean).abs() < 1e-3 * b.sd);
    }
}

#[test]
fn few_or_flat_values_give_a_model_that_says_so() {
    let empty = Surrogate::fit(
        &Arc::new(cube(2, Direction::Minimize)),
        &ModelSettings::default(),
        None,
        &never,
    );
    assert!(empty.unwrap_err().to_string().contains("no complete trial"));
    let mut study = cube(2, Direction::Minimize);
    complete(&mut study, &floats(&[0.5, 0.5]), 1.0);
    let one = fit(study.clone());
    assert!(one.summary.prior_only);
    assert_eq!(one.trust().verdict, Verdict::TooFew);
    let near = one.predict(&floats(&[0.5, 0.51])).unwrap();
    let far = one.predict(&floats(&[0.0, 0.0])).unwrap();
    assert!((near.mean - 1.0).abs() < 0.2 && near.sd < far.sd);
    for i in 0..12 {
        complete(&mut study, &floats(&[f64::from(i) / 12.0, 0.2]), 1.0);
    }
    let flat = fit(study);
    assert!(flat.summary.warnings.iter().any(|w| w.contains("equal")));
    let request = SuggestRequest {
        count: 1,
        ..SuggestRequest::default()
    };
    assert_eq!(flat.suggest(&request, &never).unwrap().len(), 1);
}

#[test]
fn failed_pruned_and_broken_trials_are_left_out_with_a_reason() {
    let mut study = cube(2, Direction::Minimize);
    for i in 0..10 {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        complete(&mut study, &floats(&u), branin(&u));
    }
    push(&mut study, TrialState::Failed, &floats(&[0.1, 0.1]), None);
    push(&mut study, TrialState::Pruned, &floats(&[0.2, 0.2]), Some(5.0));
    complete(&mut study, &floats(&[0.3, 0.3]), f64::INFINITY);
    complete(&mut study, &floats(&[0.3]), 1.0);
    let surrogate = fit(study);
    assert_eq!(surrogate.summary.trials_used, 10);
    let reasons: Vec<&str> = surrogate
        .summary
        .left_out
        .iter()
        .map(|(_, why)| why.as_str())
        .collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    for (reason, word) in reasons.iter().zip(["failed", "pruned", "finite", "x1"]) {
        assert!(reason.contains(word), "{reason}");
    }
}

#[test]
fn panes_are_complete_and_pass_through_the_probe() {
    let mut study = studies::study(
        vec![float(0.0, 1.0), int(1, 200), choices(&["a", "b", "c"]), int(4, 4)],
        Direction::Maximize,
    );
    for i in 0..24_u32 {
        let t = f64::from(i);
        let (u, k, c) = ((t * 0.618).fract(), 1 + (i64::from(i) * 37) % 200, i as usize % 3);
        let value = -(u - 0.3).powi(2) - (k as f64 / 200.0 - 0.5).powi(2) - 0.1 * c as f64;
        let config = [
            Value::Float(u),
            Value::Int(k),
            Value::Text(["a", "b", "c"][c].into()),
            Value::Int(4),
        ];
        complete(&mut study, &config, value);
    }
    let surrogate = fit(study);
    let probe = [
        Value::Float(0.4),
        Value::Int(60),
        Value::Text("b".into()),
        Value::Int(4),
    ];
    let acquisition = AcquisitionSettings::default();
    let slices = surrogate.slices(&probe, &acquisition, None, 41, &never).unwrap();
    assert_eq!(slices.iter().map(|s| s.param).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(
        slices.iter().map(|s| s.points.len()).collect::<Vec<_>>(),
        [41, 64, 3]
    );
    for slice in &slices {
        assert!(slice.points.windows(2).all(|w| w[0].position < w[1].position));
        assert_eq!(slice.trials.len(), 24);
        let best = slice.points[slice.best_acquisition].acquisition;
        assert!(slice.points.iter().all(|p| p.acquisition <= best));
    }
    // The slices cross at the probe.
    let at_probe = surrogate.predict(&probe).unwrap();
    assert!((slices[0].points[16].mean - at_probe.mean).abs() < 1e-12);
    assert!((slices[2].points[1].mean - at_probe.mean).abs() < 1e-12);
    assert_eq!(slices[2].probe, 0.5);

    let surface = surrogate
        .surface((0, 2), &probe, &acquisition, Some(&probe), 30, 20, &never)
        .unwrap();
    assert_eq!((surface.columns, surface.rows), (30, 3));
    let sum: Vec<f64> = surface
        .layer(Layer::Exploitation)
        .iter()
        .zip(surface.layer(Layer::Exploration))
        .map(|(a, b)| a + b)
        .collect();
    for (sum, ei) in sum.iter().zip(surface.layer(Layer::Acquisition)) {
        assert!((sum - ei).abs() < 1e-12);
    }
    assert_eq!(surface.suggestion, Some(surface.probe));
    assert!(
        surrogate
            .surface((0, 3), &probe, &acquisition, None, 9, 9, &never)
            .is_none()
    );
    assert!(
        surrogate
            .surface((0, 1), &probe, &acquisition, None, 9, 9, &|| true)
            .is_none()
    );
    let trust = surrogate.trust();
    assert_eq!(trust.left_out.len(), 24);
    assert!(trust.one_step.unwrap().count >= 10);
    assert!(!surrogate.stopping_advice().sentence.is_empty());
}

#[test]
fn a_smooth_function_is_trusted_and_noise_is_not() {
    let mut smooth = cube(2, Direction::Minimize);
    let mut noise = cube(2, Direction::Minimize);
    let mut state = 1_u64;
    for i in 0..40 {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        complete(&mut smooth, &floats(&u), levy(&u));
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        complete(&mut noise, &floats(&u), (state >> 33) as f64);
    }
    let mut study = cube(2, Direction::Minimize);
    for i in 0..40 {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        complete(&mut study, &floats(&u), (u[0] - 0.4).powi(2) + u[1]);
    }
    assert_eq!(fit(study).trust().verdict, Verdict::Good);
    let trust = fit(noise).trust();
    assert!(
        matches!(trust.verdict, Verdict::Misleading | Verdict::Weak),
        "{trust:?}"
    );
    assert!(trust.reason.contains("n = 40"));
}

#[test]
fn a_long_study_stands_on_an_active_set_that_is_named() {
    let mut study = cube(3, Direction::Minimize);
    let mut sobol = tunescope::acquisition::sobol::Sobol::new(3, 1);
    for _ in 0..2100 {
        let u = sobol.next_point();
        let full: Vec<f64> = u.iter().chain(&[0.3, 0.3, 0.6]).copied().collect();
        complete(&mut study, &floats(&u), hartmann6(&full));
    }
    let best = study.best().unwrap();
    let model = json!({
        "inputs": [{"name": "x0", "encoding": "unit"}, {"name": "x1", "encoding": "unit"}, {"name": "x2", "encoding": "unit"}],
        "output": {"transform": "standardize"},
        "kernel": {"matern": {"nu": 2.5, "lengthscales": [0.5, 0.5, 0.5]}},
        "noise_variance": 1e-4,
    });
    let model = ModelFile::from_json_text(&model.to_string()).unwrap();
    let study = Arc::new(study);
    let surrogate = Surrogate::with_model(&study, &ModelSettings::default(), &model).unwrap();
    assert_eq!(surrogate.summary.active_set, Some((1500, 2100)));
    assert!(surrogate.summary.warnings[0].contains("1500 of 2100"));
    let config = study.space.configuration_of(&study.trials[best]).unwrap();
    assert_eq!(surrogate.nearest(&config).unwrap().1, 0.0);
    let value = study.trials[best].values[0];
    let at = surrogate.predict(&config).unwrap();
    assert!((at.mean - value).abs() < 0.1, "{} {value}", at.mean);
}

#[test]
fn a_power_transform_shows_the_median_and_the_quantiles_in_the_users_units() {
    let (lambda, mean, sd) = (0.4_f64, -0.3, 1.7);
    // g = −y, since the study is minimised; the file's numbers are those of g.
    let to_model = |y: f64| {
        let g = -y;
        let warped = if g >= 0.0 {
            ((g + 1.0).powf(lambda) - 1.0) / lambda
        } else {
            -((1.0 - g).powf(2.0 - lambda) - 1.0) / (2.0 - lambda)
        };
        (warped - mean) / sd
    };
    let mut study = cube(1, Direction::Minimize);
    for (u, y) in [(0.1, 0.7), (0.4, -1.2), (0.8, 2.5)] {
        complete(&mut study, &floats(&[u]), y);
    }
    let file = json!({
        "inputs": [{"name": "x0", "encoding": "unit"}],
        "output": {"transform": "yeo_johnson", "lambda": lambda, "mean": mean, "sd": sd},
        "mean": 0.25,
        "kernel": {"product": [{"constant": {"variance": 1.3}}, {"matern": {"nu": 2.5, "lengthscales": [0.3]}}]},
        "noise_variance": 1e-6,
    });
    let file = ModelFile::from_json_text(&file.to_string()).unwrap();
    let surrogate = Surrogate::with_model(&Arc::new(study), &ModelSettings::default(), &file).unwrap();
    // The best value is the incumbent, and the model's mean at a trial is its transformed value.
    let at = surrogate.predict(&floats(&[0.4])).unwrap();
    assert!((at.model_incumbent - to_model(-1.2)).abs() < 1e-12);
    assert!((at.model_mean - to_model(-1.2)).abs() < 1e-4);
    for u in [0.0, 0.25, 0.6, 1.0] {
        let p = surrogate.predict(&floats(&[u])).unwrap();
        let t = |z: f64| p.model_mean + z * p.model_sd;
        assert!((to_model(p.mean) - t(0.0)).abs() < 1e-9);
        assert!((to_model(p.low68) - t(1.0)).abs() < 1e-9 && (to_model(p.high68) - t(-1.0)).abs() < 1e-9);
        assert!((to_model(p.low95) - t(1.959_963_984_540_054)).abs() < 1e-9);
        assert!((p.sd - 0.5 * (p.high68 - p.low68)).abs() < 1e-12);
    }
    let back: Json = surrogate.model_file().into();
    let again = ModelFile::from_json_text(&back.to_string()).unwrap();
    assert_eq!(again.output, file.output);
}
