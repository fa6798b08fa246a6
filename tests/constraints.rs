//! Constraints on what trials measure: the best is feasible, and the search stays where trials are.

#[path = "common/program.rs"]
mod program;
#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use program::{said, tunescope};
use serde_json::{Value as Json, json};
use studies::{cube, fit, floats, next, numbers};
use tunescope::analysis::{AcquisitionFunction, AcquisitionSettings, Outlook};
use tunescope::study::{Constraint, Direction, Place, Study, Trial, TrialId, TrialState};

/// The plane falls towards (1, 1), and what is constrained is a curve through the square: at most 0 below it.
fn objective(x: &[f64]) -> f64 {
    2.0 - x[0] - x[1]
}

/// Gramacy et al. 2016 (toy problem), on the unit square: the least of `x + y` where both keep 0.
fn gramacy(x: &[f64]) -> (f64, [f64; 2]) {
    let first =
        1.5 - x[0] - 2.0 * x[1] - 0.5 * (2.0 * std::f64::consts::PI * (x[0] * x[0] - 2.0 * x[1])).sin();
    let second = x[0] * x[0] + x[1] * x[1] - 1.5;
    (x[0] + x[1], [first, second])
}

fn constrained(count: usize) -> Study {
    let mut study = cube(2, Direction::Minimize);
    for k in 0..count {
        study.constraints.push(Constraint {
            place: Place::Told(k),
            ..Constraint::parse(&format!("c{k}<=0")).unwrap()
        });
    }
    study
}

fn tell(study: &mut Study, x: &[f64], value: f64, told: &[f64]) {
    study.trials.push(Arc::new(Trial {
        state: TrialState::Complete,
        params: floats(x).into_iter().map(Some).collect(),
        values: vec![value],
        constraints: told.into(),
        ..Trial::new(TrialId::Number(study.trials.len() as u64))
    }));
}

/// What a trial gives: its value, and what it measured.
type Evaluate<'a> = dyn Fn(&[f64]) -> (f64, Vec<f64>) + 'a;

/// A search of so many trials, ten of them a spread.
fn search(trials: usize, evaluate: &Evaluate<'_>, count: usize) -> Study {
    let mut study = constrained(count);
    for k in 0..10 {
        let x = [
            (0.5 + 0.618_034 * f64::from(k)).fract(),
            (f64::from(k) + 0.5) / 10.0,
        ];
        let (value, told) = evaluate(&x);
        tell(&mut study, &x, value, &told);
    }
    while study.trials.len() < trials {
        let x = numbers(&next(&fit(&study), AcquisitionFunction::LogEi).configuration);
        let (value, told) = evaluate(&x);
        tell(&mut study, &x, value, &told);
    }
    study
}

fn feasible(study: &Study, from: usize) -> usize {
    let late = study.trials.iter().skip(from);
    late.filter(|t| study.is_feasible(t) == Some(true)).count()
}

#[test]
fn the_known_constrained_optimum_is_found() {
    let evaluate = |x: &[f64]| {
        let (value, told) = gramacy(x);
        (value, told.to_vec())
    };
    let study = search(35, &evaluate, 2);
    let best = study.trials[study.best().unwrap()].objective().unwrap();
    println!(
        "best {best}, {} of 25 suggestions satisfy both",
        feasible(&study, 10)
    );
    // Gramacy et al. give 0.5998 for the optimum.
    assert!((0.5997..0.605).contains(&best), "{best}");
    // Blind to the constraints, the search goes to the corner where none of it counts.
    let blind = search(35, &|x| (gramacy(x).0, vec![f64::NAN; 2]), 2);
    let truly_feasible = |s: &Study| {
        let told = s.trials.iter().skip(10).map(|t| gramacy(&point_of(t)).1);
        told.filter(|c| c.iter().all(|c| *c <= 0.0)).count()
    };
    assert!(
        truly_feasible(&study) >= 10 && truly_feasible(&blind) <= 3,
        "{} {}",
        truly_feasible(&study),
        truly_feasible(&blind)
    );
}

fn point_of(trial: &Trial) -> Vec<f64> {
    trial
        .params
        .iter()
        .map(|v| v.as_ref().unwrap().as_f64().unwrap())
        .collect()
}

#[test]
fn the_incumbent_is_the_best_that_is_not_infeasible() {
    let mut study = constrained(1);
    for (x, told) in [(0.1, -1.0), (0.3, -0.5), (0.5, -0.1), (0.7, 0.3), (0.9, 2.0)] {
        tell(&mut study, &[x, 0.5], objective(&[x, 0.5]), &[told]);
    }
    let model = fit(&study);
    let at = |x: f64| model.predict(&floats(&[x, 0.5])).unwrap();
    let prediction = at(0.5);
    assert_eq!(study.best(), Some(2));
    assert!(
        (prediction.model_incumbent - prediction.model_mean).abs() < 0.05,
        "{prediction:?}"
    );
    let (low, high) = (at(0.2).p_feasible.unwrap(), at(0.85).p_feasible.unwrap());
    assert!(low > 0.9 && high < 0.1, "{low} {high}");
    assert_eq!(model.feasibility_counts(), Some((2, 3)));
    // The measurement is predicted in its own units.
    let predicted = model.constraints_at(&floats(&[0.7, 0.5])).unwrap();
    assert_eq!(predicted.len(), 1);
    let predicted = &predicted[0];
    assert!((predicted.value - 0.3).abs() < 0.15, "{predicted:?}");
    assert!(
        predicted.low95 < predicted.value && predicted.value < predicted.high95,
        "{predicted:?}"
    );
    assert!((predicted.probability - at(0.7).p_feasible.unwrap()).abs() < 1e-12);
}

#[test]
fn while_no_trial_is_feasible_the_search_looks_for_one_that_is() {
    // Only a corner of a tenth of the square is feasible, and the objective pulls away from there.
    let evaluate = |x: &[f64]| (objective(x), vec![x[0] * x[0] + x[1] * x[1] - 0.05]);
    let mut study = constrained(1);
    for x in [
        [0.5, 0.5],
        [0.9, 0.2],
        [0.3, 0.8],
        [0.7, 0.7],
        [0.4, 0.3],
        [0.8, 0.9],
    ] {
        let (value, told) = evaluate(&x);
        tell(&mut study, &x, value, &told);
    }
    assert!(fit(&study).seeks_feasible());
    let advice = fit(&study).stopping_advice();
    assert_eq!((advice.outlook, advice.gain), (Outlook::NoneFeasible, None));
    assert!(advice.sentence.starts_with("No trial is feasible yet"));
    let mut taken = 0;
    while study.best().is_none() {
        let model = fit(&study);
        let suggestion = next(&model, AcquisitionFunction::LogEi);
        let x = numbers(&suggestion.configuration);
        let p = suggestion.prediction.unwrap().p_feasible.unwrap();
        let chosen = suggestion.readout.unwrap().chosen.unwrap();
        assert!((chosen - p.ln()).abs() < 1e-9, "{chosen} {p}");
        let (value, told) = evaluate(&x);
        tell(&mut study, &x, value, &told);
        taken += 1;
        assert!(taken <= 8, "nothing found in {taken} suggestions");
    }
    let model = fit(&study);
    assert!(!model.seeks_feasible());
    assert_ne!(model.stopping_advice().outlook, Outlook::NoneFeasible);
}

#[test]
fn slopes_of_the_weighed_acquisition_agree_with_differences() {
    let evaluate = |x: &[f64]| {
        let (value, told) = gramacy(x);
        (value, told.to_vec())
    };
    let model = fit(&search(14, &evaluate, 2));
    for function in [AcquisitionFunction::LogEi, AcquisitionFunction::Ucb] {
        let acquisition = AcquisitionSettings {
            function,
            ..AcquisitionSettings::default()
        };
        // A maximum inside: no neighbour is better.
        let suggestion = next(&model, function);
        let x = numbers(&suggestion.configuration);
        let value = |x: &[f64]| {
            let (_, readout) = model.readout(&floats(x), &acquisition).unwrap();
            readout.chosen.unwrap()
        };
        let top = value(&x);
        for j in 0..2 {
            for step in [-1e-3, 1e-3] {
                let mut near = x.clone();
                near[j] = (near[j] + step).clamp(0.0, 1.0);
                assert!(
                    value(&near) <= top + 1e-9,
                    "{function:?} {x:?} {}",
                    value(&near) - top
                );
            }
        }
    }
}

#[test]
fn one_measurement_or_many_equal_ones_are_no_trouble() {
    let mut study = constrained(1);
    tell(&mut study, &[0.5, 0.5], 1.0, &[3.0]);
    assert!(
        fit(&study)
            .predict(&floats(&[0.1, 0.1]))
            .unwrap()
            .p_feasible
            .unwrap()
            > 0.0
    );
    for k in 0..8 {
        let x = f64::from(k) / 8.0;
        tell(&mut study, &[x, 1.0 - x], x, &[-2.0]);
    }
    study.trials.remove(0);
    let sure = fit(&study)
        .predict(&floats(&[0.1, 0.1]))
        .unwrap()
        .p_feasible
        .unwrap();
    assert!(sure > 0.99, "what was never violated is hardly a danger: {sure}");
    let mut wild = study.clone();
    tell(&mut wild, &[0.2, 0.9], 0.4, &[f64::INFINITY]);
    let p = fit(&wild)
        .predict(&floats(&[0.2, 0.9]))
        .unwrap()
        .p_feasible
        .unwrap();
    assert!(p < 0.5, "{p}");
}

fn run(arguments: &[&str], input: &str) -> Json {
    program::json(tunescope(arguments).write_stdin(input))
}

fn rows() -> String {
    let row = |k: u32| {
        let lr = 10f64.powf(-4.0 + f64::from(k) / 6.0);
        let batch = 8 << (k % 4);
        let gb = 4.0 + f64::from(batch) * 0.75;
        let loss = 1.0 + (lr.log10() + 3.0).powi(2) - 0.02 * f64::from(batch);
        json!({"lr": lr, "batch": batch, "loss": loss, "peak_gb": gb}).to_string() + "\n"
    };
    (0..12).map(row).collect()
}

#[test]
fn a_constraint_on_the_command_line_takes_a_measurement_for_what_it_is() {
    let common = [
        "-",
        "--metric",
        "loss",
        "--constraint",
        "peak_gb<=20",
        "--format",
        "json",
    ];
    let with = |command: &'static str| [&[command], common.as_slice()].concat();
    let trials = run(&with("trials"), &rows());
    let names: Vec<&str> = trials["space"]["params"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["lr", "batch"]);
    assert_eq!(
        trials["study"]["constraints"],
        json!([{"name": "peak_gb", "side": "<=", "bound": 20.0}])
    );
    let feasible: Vec<bool> = trials["trials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["feasible"].as_bool().unwrap())
        .collect();
    assert_eq!(feasible.iter().filter(|f| **f).count(), 6);
    let best = trials["best"]["params"]["batch"].as_i64().unwrap();
    assert!(best <= 16, "{}", trials["best"]);
    let found = &run(&with("suggest"), &rows())[0];
    let told = &found["constraints"][0];
    assert_eq!(told["name"], "peak_gb");
    assert!(told["probability"].as_f64().unwrap() > 0.5, "{found}");
    assert!(found["params"]["batch"].as_f64().unwrap() < 22.0, "{found}");
    assert_eq!(found["p_feasible"], told["probability"]);
}

#[test]
fn a_space_file_sets_constraints_and_says_where_one_is_not_understood() {
    let folder = tempfile::tempdir().unwrap();
    let space = folder.path().join("space.toml");
    let write = |bound: &str| {
        let text = format!(
            "[study]\nmetric = \"loss\"\ndirection = \"minimize\"\n\n[constraints]\npeak_gb = {bound}\n\n\
             [params.lr]\ntype = \"float\"\nlow = 1e-5\nhigh = 1.0\nlog = true\n\n\
             [params.batch]\ntype = \"int\"\nlow = 8\nhigh = 64\n"
        );
        std::fs::write(&space, text).unwrap();
    };
    let space_text = space.to_str().unwrap().to_owned();
    let arguments = ["trials", "-", "--space", &space_text, "--format", "json"];
    write("\"<= 20\"");
    let trials = run(&arguments, &rows());
    assert_eq!(trials["trials"][3]["feasible"], false);
    assert_eq!(trials["warnings"], json!([]));
    write("\"20\"");
    let output = tunescope(&arguments).write_stdin(rows()).output().unwrap();
    let said = said(&output);
    assert!(
        said.contains(":6: constraint peak_gb") && said.contains("<= or >="),
        "{said}"
    );
}

#[test]
fn a_constraint_that_nobody_measures_is_a_sentence_with_the_names_there_are() {
    let trials = run(
        &["trials", "-", "--metric", "loss", "--constraint", "memory<=3", "--format", "json"],
        &"{\"lr\":0.1,\"loss\":1,\"tag\":\"a\",\"metrics\":{\"gb\":3}}\n{\"lr\":0.2,\"loss\":2,\"metrics\":{\"gb\":4}}\n".repeat(3),
    );
    let said = trials["warnings"].to_string();
    assert!(
        said.contains("constraint memory: no trial has a measurement of that name"),
        "{said}"
    );
    assert_eq!(trials["best"]["value"], 1.0);
}
