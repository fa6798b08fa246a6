//! What no model can be made of, and what the refusal says.

use super::*;

#[test]
fn kernels_are_chosen_by_their_notation_and_a_wrong_one_is_told_the_column() {
    let mut study = cube(2, Direction::Minimize);
    for i in 0..15 {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        complete(&mut study, &floats(&u), branin(&u));
    }
    let study = Arc::new(study);
    for spec in ["rbf", "matern32", "matern(nu=1.7)[x0] + constant*rbf[x1]"] {
        let settings = ModelSettings {
            kernel: Some(spec.into()),
            ..ModelSettings::default()
        };
        let surrogate = Surrogate::fit(&study, &settings, None, &never).unwrap();
        assert_eq!(surrogate.summary.kernel, spec);
        assert!(surrogate.predict(&floats(&[0.5, 0.5])).unwrap().mean.is_finite());
    }
    let settings = ModelSettings {
        kernel: Some("matern52[lr]".into()),
        ..ModelSettings::default()
    };
    let error = Surrogate::fit(&study, &settings, None, &never)
        .unwrap_err()
        .to_string();
    assert!(error.contains("column") && error.contains("lr"), "{error}");
}

#[test]
fn parameters_that_no_trial_has_together_are_named() {
    let mut study = cube(3, Direction::Minimize);
    for i in 0..6_usize {
        let mut row = floats(&[0.1 * i as f64, 0.5, 0.7]);
        complete(&mut study, &row, i as f64);
        row.clear();
        let last = study.trials.pop().unwrap();
        let mut last = (*last).clone();
        last.params[1 + i % 2] = None;
        study.trials.push(Arc::new(last));
    }
    let error = Surrogate::fit(&Arc::new(study), &ModelSettings::default(), None, &never).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("x1, x2") && message.contains("--params"),
        "{message}"
    );
    let none = Surrogate::fit(
        &Arc::new(cube(2, Direction::Minimize)),
        &ModelSettings::default(),
        None,
        &never,
    );
    assert!(none.unwrap_err().to_string().contains("no complete trial"));
}
