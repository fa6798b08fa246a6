//! The named test functions against values with more digits than a double holds
//! (`data/oracles/testfunctions.json`).

use serde_json::Value as Json;
use tunescope::learn::function::Function;

fn oracle() -> Vec<Json> {
    let whole: Json = serde_json::from_str(include_str!("data/oracles/testfunctions.json")).unwrap();
    whole["functions"].as_array().unwrap().clone()
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap())
        .collect()
}

/// Ours, over the oracle's box.
fn ours(row: &Json) -> Function {
    let d = row["d"].as_u64().unwrap();
    let name = match row["name"].as_str().unwrap() {
        "six_hump_camel" => "camel6".to_owned(),
        name @ ("ackley" | "levy" | "rosenbrock" | "griewank" | "rastrigin" | "michalewicz") => {
            format!("{name}{d}")
        }
        name => name.to_owned(),
    };
    let bounds: Vec<(f64, f64)> = row["domain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| (b[0].as_f64().unwrap(), b[1].as_f64().unwrap()))
        .collect();
    let f = Function::named(&name).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(f.dims() as u64, d, "{name}");
    f.over(&bounds)
}

#[test]
fn values_agree_with_the_oracle_at_every_point() {
    let rows = oracle();
    assert!(rows.len() >= 19);
    for row in &rows {
        let f = ours(row);
        for point in row["points"].as_array().unwrap() {
            let x = numbers(&point["x"]);
            let want = point["f"].as_f64().unwrap();
            let got = f.at(&x).unwrap();
            assert!(
                (got - want).abs() <= 1e-10 * (1.0 + want.abs()),
                "{} at {x:?}: {got}, not {want}",
                f.name
            );
        }
    }
}

#[test]
fn minima_and_minimizers_are_those_of_the_oracle() {
    for row in &oracle() {
        let f = ours(row);
        assert!(
            (f.minimum - row["f_min"].as_f64().unwrap()).abs() < 1e-12,
            "{}",
            f.name
        );
        let theirs = row["minimisers"].as_array().unwrap();
        assert_eq!(f.minimizers.len(), theirs.len(), "{}", f.name);
        for at in theirs {
            let at = numbers(at);
            let near = f.minimizers.iter().any(|mine| {
                mine.iter()
                    .zip(&at)
                    .all(|(a, b)| (a.as_f64().unwrap() - b).abs() < 1e-7)
            });
            assert!(near, "{}: {at:?}", f.name);
        }
    }
}
