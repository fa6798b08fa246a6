//! Reading the reference numbers under `data/oracles`.
#![allow(dead_code, reason = "each test file uses a part")]

use nalgebra::{DMatrix, DVector};
use serde_json::Value;
use tunescope::gp::Kernel;

/// One file of references.
pub fn load(name: &str) -> Value {
    let path = format!("{}/tests/data/oracles/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap()
}

pub fn number(v: &Value) -> f64 {
    v.as_f64().unwrap_or_else(|| panic!("not a number: {v}"))
}

pub fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(number).collect()
}

pub fn vector(v: &Value) -> DVector<f64> {
    DVector::from_vec(numbers(v))
}

/// A list of rows.
pub fn matrix(v: &Value) -> DMatrix<f64> {
    let rows: Vec<Vec<f64>> = v.as_array().unwrap().iter().map(numbers).collect();
    DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

/// A reference kernel in ours: `variance · family`.
pub fn kernel_of(spec: &Value, inputs: Option<Vec<usize>>) -> Kernel {
    let variance = Kernel::constant(number(&spec["variance"]));
    let lengthscales = match spec.get("lengthscales") {
        Some(list) => numbers(list),
        None => spec["lengthscale"].as_f64().into_iter().collect(),
    };
    let family = match spec["type"].as_str().unwrap() {
        "constant" => return variance,
        "rbf" => Kernel::Rbf { lengthscales, inputs },
        "matern" => Kernel::Matern {
            nu: number(&spec["nu"]),
            lengthscales,
            inputs,
        },
        other => panic!("unknown kernel {other}"),
    };
    Kernel::Product(vec![variance, family])
}

/// `|got − known| ≤ tolerance · |known|`, with room for what a double cannot hold.
#[track_caller]
pub fn close(got: f64, known: f64, tolerance: f64, what: &str) {
    let allowed = tolerance * known.abs() + 1e-300;
    assert!((got - known).abs() <= allowed, "{what}: {got:e} is not {known:e}");
}

/// `|got − known| ≤ tolerance`.
#[track_caller]
pub fn near(got: f64, known: f64, tolerance: f64, what: &str) {
    assert!(
        (got - known).abs() <= tolerance,
        "{what}: {got:e} is not {known:e} to {tolerance:e}"
    );
}
