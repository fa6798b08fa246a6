//! Any MODEL of the grammar, through the same door as `--model`, against a dense computation of its own.

#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use nalgebra::{DMatrix, DVector};
use serde_json::{Value as Json, json};
use studies::{complete, cube, floats};
use tunescope::analysis::{ModelFile, ModelSettings, Surrogate};
use tunescope::study::Direction;

const NAMES: [&str; 3] = ["x0", "x1", "x2"];

/// `k(a, b)` straight from the JSON; `inputs` as an enclosing sum or product names them.
fn k(spec: &Json, a: &[f64], b: &[f64], outer: &[usize]) -> f64 {
    let object = spec.as_object().unwrap();
    let named = |v: Option<&Json>, otherwise: &[usize]| -> Vec<usize> {
        v.map_or(otherwise.to_vec(), |list| {
            let place = |n: &Json| NAMES.iter().position(|m| *m == n.as_str().unwrap()).unwrap();
            list.as_array().unwrap().iter().map(place).collect()
        })
    };
    let beside = named(object.get("inputs"), outer);
    let (kind, inner) = object.iter().find(|(k, _)| *k != "inputs").unwrap();
    if let Some(terms) = inner.as_array() {
        let values = terms.iter().map(|t| k(t, a, b, &beside));
        return if kind == "sum" {
            values.sum()
        } else {
            values.product()
        };
    }
    let inputs = named(inner.get("inputs"), &beside);
    let list = |name: &str| -> Vec<f64> {
        let list: Vec<f64> = inner[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect();
        if list.len() == 1 {
            vec![list[0]; inputs.len()]
        } else {
            list
        }
    };
    let number = |name: &str| inner[name].as_f64().unwrap();
    let q = || -> f64 {
        inputs
            .iter()
            .zip(list("lengthscales"))
            .map(|(j, l)| ((a[*j] - b[*j]) / l).powi(2))
            .sum()
    };
    match kind.as_str() {
        "constant" => number("variance"),
        "rbf" => (-0.5 * q()).exp(),
        "matern" => {
            let z = (2.0 * number("nu") * q()).sqrt();
            match (2.0 * number("nu")) as u32 {
                1 => (-z).exp(),
                3 => (1.0 + z) * (-z).exp(),
                5 => (1.0 + z + z * z / 3.0) * (-z).exp(),
                _ => panic!("closed forms only"),
            }
        }
        "rational_quadratic" => {
            let alpha = number("alpha");
            (1.0 + q() / (2.0 * alpha)).powf(-alpha)
        }
        "periodic" => {
            let terms = inputs.iter().zip(list("lengthscales")).zip(list("periods"));
            let sum: f64 = terms
                .map(|((j, l), p)| ((std::f64::consts::PI * (a[*j] - b[*j]) / p).sin() / l).powi(2))
                .sum();
            (-2.0 * sum).exp()
        }
        "linear" => {
            let c = number("center");
            inputs
                .iter()
                .zip(list("variances"))
                .map(|(j, v)| v * (a[*j] - c) * (b[*j] - c))
                .sum()
        }
        "hamming" => {
            let h = inputs.iter().filter(|j| a[**j] != b[**j]).count() as f64;
            (-h / (2.0 * number("lengthscale").powi(2))).exp()
        }
        "categorical" => {
            let m = inputs.len() as f64;
            let terms = inputs.iter().zip(list("lengthscales"));
            let sum: f64 = terms
                .map(|(j, l)| if a[*j] == b[*j] { 0.0 } else { 1.0 / l })
                .sum();
            (-sum / m).exp()
        }
        "warp" => {
            let warped = |x: &[f64]| {
                let mut x = x.to_vec();
                for ((j, p), q) in inputs.iter().zip(list("a")).zip(list("b")) {
                    x[*j] = 1.0 - (1.0 - x[*j].powf(p)).powf(q);
                }
                x
            };
            k(&inner["kernel"], &warped(a), &warped(b), &[0, 1, 2])
        }
        other => panic!("{other}"),
    }
}

fn kernels() -> Vec<Json> {
    vec![
        json!({"sum": [
            {"product": [{"constant": {"variance": 1.3}}, {"matern": {"nu": 2.5, "lengthscales": [0.4, 0.7, 1.1]}}]},
            {"rbf": {"lengthscales": [0.2], "inputs": ["x1"]}},
        ]}),
        json!({"product": [
            {"sum": [{"rbf": {"lengthscales": [0.5]}}, {"constant": {"variance": 0.2}}]},
            {"sum": [
                {"matern": {"nu": 1.5, "lengthscales": [0.3, 0.9]}, "inputs": ["x2", "x0"]},
                {"product": [{"constant": {"variance": 0.7}}, {"matern": {"nu": 0.5, "lengthscales": [0.8]}}], "inputs": ["x1"]},
            ]},
            {"constant": {"variance": 2.0}},
        ]}),
        json!({"sum": [{"sum": [{"product": [{"rbf": {"lengthscales": [0.6, 0.6, 0.6]}}]}]}]}),
        json!({"constant": {"variance": 3.0}}),
        json!({"matern": {"nu": 2.5, "lengthscales": [0.35]}}),
        json!({"sum": [
            {"rational_quadratic": {"alpha": 0.8, "lengthscales": [0.3], "inputs": ["x0", "x2"]}},
            {"product": [
                {"periodic": {"lengthscales": [1.1, 0.8], "periods": [0.4, 0.9], "inputs": ["x2", "x1"]}},
                {"linear": {"variances": [0.6], "center": 0.3}},
            ]},
            {"linear": {"variances": [1.5], "center": 0.5, "inputs": ["x0"]}},
        ]}),
        json!({"warp": {
            "a": [0.7, 1.8], "b": [1.4, 0.8], "inputs": ["x0", "x2"],
            "kernel": {"product": [{"constant": {"variance": 1.7}}, {"matern": {"nu": 2.5, "lengthscales": [0.4]}}]},
        }}),
        json!({"sum": [
            {"hamming": {"lengthscale": 0.9, "inputs": ["x1"]}},
            {"categorical": {"lengthscales": [0.9, 1.4], "inputs": ["x1", "x2"]}},
            {"rbf": {"lengthscales": [0.4]}},
        ]}),
    ]
}

fn model(kernel: &Json, noise: f64) -> ModelFile {
    let inputs: Vec<Json> = NAMES
        .iter()
        .map(|n| json!({"name": n, "encoding": "unit"}))
        .collect();
    let json = json!({
        "inputs": inputs,
        "output": {"transform": "identity"},
        "mean": 0.3,
        "kernel": kernel,
        "noise_variance": noise,
    });
    ModelFile::from_json_text(&json.to_string()).unwrap()
}

fn points(n: usize, from: usize) -> Vec<[f64; 3]> {
    (from..from + n)
        .map(|i| {
            let u = |c: f64| (0.02 + 0.96 * ((i + 1) as f64 * c).fract()).min(0.98);
            [u(0.819_172_5), u(0.671_043_6), u(0.549_700_5)]
        })
        .collect()
}

#[test]
fn every_tree_of_kernels_predicts_what_a_dense_computation_says() {
    let all = [0, 1, 2];
    for kernel in kernels() {
        let x = points(14, 0);
        // A matrix of low rank needs noise; the others stand without.
        let low_rank = kernel.get("constant").is_some();
        for noise in if low_rank { vec![0.05] } else { vec![0.05, 0.0] } {
            let mut study = cube(3, Direction::Maximize);
            let y: Vec<f64> = x
                .iter()
                .map(|p| (4.0 * p[0]).sin() + p[1] - p[2] * p[2])
                .collect();
            for (p, y) in x.iter().zip(&y) {
                complete(&mut study, &floats(p), *y);
            }
            let file = model(&kernel, noise);
            let settings = ModelSettings::default();
            let surrogate = Surrogate::with_model(&Arc::new(study), &settings, &file).unwrap();
            let written: Json = surrogate.model_file().into();
            let again = ModelFile::from_json_text(&written.to_string()).unwrap();
            assert_eq!(Json::from(again), written, "{kernel}");

            let n = x.len();
            let gram = DMatrix::from_fn(n, n, |i, j| {
                k(&kernel, &x[i], &x[j], &all) + if i == j { noise } else { 0.0 }
            });
            let factor = gram.cholesky().unwrap();
            let r = DVector::from_iterator(n, y.iter().map(|v| v - 0.3));
            let alpha = factor.solve(&r);
            let log_det: f64 = factor.l_dirty().diagonal().iter().map(|v| v.ln()).sum();
            let lml = -0.5 * r.dot(&alpha) - log_det - 0.5 * n as f64 * std::f64::consts::TAU.ln();
            let got = surrogate.summary.log_marginal_likelihood;
            let condition = 1e-7 * (1.0 + lml.abs());
            assert!((got - lml).abs() < condition, "{kernel} {noise}: {got} {lml}");
            for at in points(5, 100) {
                let cross = DVector::from_fn(n, |i, _| k(&kernel, &x[i], &at, &all));
                let mean = 0.3 + cross.dot(&alpha);
                let variance = k(&kernel, &at, &at, &all) - cross.dot(&factor.solve(&cross));
                let got = surrogate.predict(&floats(&at)).unwrap();
                assert!(
                    (got.mean - mean).abs() < 1e-6,
                    "{kernel} {noise}: {} {mean}",
                    got.mean
                );
                let sd = variance.max(0.0).sqrt();
                assert!(
                    (got.model_sd - sd).abs() < 1e-5,
                    "{kernel} {noise}: {} {sd}",
                    got.model_sd
                );
            }
        }
    }
}
