//! What the lessons say in numbers, against the numbers of the engine at the place where they say it.

#[path = "common/desk.rs"]
mod desk;
#[path = "common/pupil.rs"]
mod pupil;

use pupil::{Pupil, played};
use tunescope::learn::lesson::catalog::Language;
use tunescope::study::Value;

fn english(number: usize, steps: usize) -> Pupil {
    played(number, steps, Language::English)
}

impl Pupil {
    /// Where the points lie along the first parameter, and their values.
    fn points(&self) -> Vec<(f64, f64)> {
        let trials = self.desk.model.study.trials.iter();
        trials
            .map(|t| (t.params[0].as_ref().and_then(Value::as_f64).unwrap(), t.values[0]))
            .collect()
    }

    fn regret(&self) -> f64 {
        self.desk.model.lab.as_ref().unwrap().bench.regret().unwrap()
    }

    /// By how many of its deviations the mean misses the truth at most, and where.
    fn worst_miss(&self) -> (f64, f64) {
        let model = &self.desk.model;
        let bench = &model.lab.as_ref().unwrap().bench;
        let surrogate = &model.surrogate.as_ref().unwrap().value;
        (0..=200)
            .map(|i| {
                let x = f64::from(i) / 200.0;
                let at = surrogate.predict(&[Value::Float(x)]).unwrap();
                let truth = bench.truth(&[Value::Float(x)]).unwrap();
                ((truth - at.mean).abs() / at.sd, x)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap()
    }

    /// What is believed at the probe: the chance of an improvement and the mean gain.
    fn chance_and_gain(&self) -> (f64, f64) {
        let told = &self.desk.model.probe.consequences.as_ref().unwrap().improvement;
        (told.probability, told.gain)
    }
}

#[test]
fn lesson_2_the_rbf_kernel_misses_the_bend_by_seven_deviations_and_matern_by_two() {
    let (miss, x) = english(2, 3).worst_miss();
    assert!(
        (miss - 7.0).abs() < 0.7 && (x - 0.4).abs() < 0.02,
        "{miss} at {x}"
    );
    let (miss, _) = english(2, 4).worst_miss();
    assert!(miss < 2.0, "with ν = 1/2 the truth is inside: {miss}");
    let (miss, x) = english(2, 5).worst_miss();
    assert!(
        (miss - 2.3).abs() < 0.5 && (x - 0.4).abs() < 0.02,
        "{miss} at {x}"
    );
}

#[test]
fn lesson_3_the_true_minimum_is_where_it_is_said_to_be() {
    let f = |x: f64| (5.0 * x).sin() + 0.4 * x;
    let x = (0..=1000)
        .map(|i| f64::from(i) / 1000.0)
        .min_by(|a, b| f(*a).total_cmp(&f(*b)))
        .unwrap();
    assert!(
        (x - 0.93).abs() < 0.005 && (f(x) + 0.63).abs() < 0.005,
        "{x} {}",
        f(x)
    );
    // Of n normal draws the deviation is known to a share of 1/√(2(n − 1)).
    assert!((1.0 / (2.0 * 11.0_f64).sqrt() - 0.2).abs() < 0.02);
}

#[test]
fn lesson_4_two_stories_are_even_with_a_valley_between_until_more_data_decide() {
    let tops = |pupil: &Pupil| {
        let surrogate = &pupil.desk.model.surrogate.as_ref().unwrap().value;
        let map = surrogate.likelihood_map(0, &[], (60, 44), &|| false).unwrap();
        let mut optima = map.optima.clone();
        assert_eq!(optima.len(), 2, "{optima:?}");
        optima.sort_by(|a, b| a.place.lengthscale.total_cmp(&b.place.lengthscale));
        // From top to top the best path still goes down this far.
        let ridge = map.values.chunks(map.columns()).collect::<Vec<_>>();
        let column = |c: usize| ridge.iter().map(|r| r[c]).fold(f64::MIN, f64::max);
        let between = (0..map.columns())
            .filter(|c| {
                let l = map.lengthscales[*c];
                l > optima[0].place.lengthscale && l < optima[1].place.lengthscale
            })
            .map(column)
            .fold(f64::MAX, f64::min);
        let lower = optima[0].value.min(optima[1].value);
        (optima[0], optima[1], lower - between)
    };
    let (signal, noise, depth) = tops(&english(4, 4));
    assert!(
        signal.place.noise_sd < 0.1 && signal.place.lengthscale < 0.3,
        "{signal:?}"
    );
    assert!(
        noise.place.noise_sd > 0.3 && noise.place.lengthscale > 0.6,
        "{noise:?}"
    );
    assert!((signal.value - noise.value).abs() < 1.5, "{signal:?} {noise:?}");
    assert!(depth > 0.5, "{depth}");
    let (signal, noise, _) = tops(&english(4, 5));
    assert!(signal.value - noise.value > 3.0, "{signal:?} {noise:?}");
}

#[test]
fn lesson_6_the_jump_is_at_a_tenth_and_one_is_3_3_units_of_the_function() {
    let pupil = english(6, 3);
    let told = &pupil.desk.model.probe.consequences.as_ref().unwrap().improvement;
    assert!((told.unit.unwrap() - 3.3).abs() < 0.05, "{:?}", told.unit);
    let mut pupil = english(6, 0);
    let mut next = |xi: &str| {
        pupil.press(&format!(":xi_{xi}"));
        let next = pupil.desk.model.suggestion().unwrap().configuration[0].as_f64();
        next.unwrap()
    };
    assert!(next("0.08") < 0.7 && next("0.13") > 0.95);
}

#[test]
fn lesson_7_the_wrong_sign_finds_the_maximum_and_gains_nothing() {
    let (before, after) = (english(7, 3), english(7, 4));
    assert_eq!(before.regret(), after.regret(), "the best value did not move");
    assert!(
        before.regret() < 0.03,
        "two right steps went down: {}",
        before.regret()
    );
    let highest = (0.5_f64 / 7.0).acos() / 7.0;
    let (x, _) = *after.points().last().unwrap();
    assert!(
        (x - highest).abs() < 0.02 && (highest - 0.21).abs() < 0.01,
        "{x}, {highest}"
    );
    let (chance, _) = before.chance_and_gain();
    assert!(chance > 0.99, "P(worse) is {chance}");
}

#[test]
fn lesson_7_what_is_drawn_with_the_wrong_sign_is_the_misprinted_formula() {
    let pupil = english(7, 3);
    let model = &pupil.desk.model;
    let surrogate = &model.surrogate.as_ref().unwrap().value;
    let slice = &model.slices.as_ref().unwrap().value[0];
    for p in &slice.points {
        let at = surrogate.predict(std::slice::from_ref(&p.value)).unwrap();
        let (f, m, s) = (at.model_incumbent, at.model_mean, at.model_sd);
        let z = (f - m) / s;
        let printed =
            (f - m) * tunescope::acquisition::normal::cdf(z) + s * tunescope::acquisition::normal::pdf(z);
        let drawn = p.exploitation + p.exploration;
        assert!(
            (drawn - printed).abs() < 1e-9,
            "{drawn} {printed} at {:?}",
            p.value
        );
    }
    let told = &model.probe.consequences.as_ref().unwrap().improvement;
    assert!(told.is_misprinted && (told.exploitation + told.exploration - told.ei).abs() < 1e-12);
}

#[test]
fn lesson_8_greed_stays_in_the_left_dip_and_optimism_finds_the_right_one() {
    let greedy = english(8, 1);
    assert!(
        greedy.points()[4..].iter().all(|p| p.0 < 0.4),
        "{:?}",
        greedy.points()
    );
    assert!(greedy.regret() > 5.0);
    let optimist = english(8, 3);
    assert!(optimist.regret() < 0.1, "{}", optimist.regret());
}

#[test]
fn lesson_9_pi_creeps_and_ei_takes_a_third_of_a_chance_of_a_gain_many_times_as_large() {
    let creeping = english(9, 2);
    assert!(
        creeping.points()[4..].iter().all(|p| (p.0 - 0.15).abs() < 0.1),
        "{:?}",
        creeping.points()
    );
    let (_, small) = creeping.chance_and_gain();
    let looking = english(9, 4);
    let (chance, gain) = looking.chance_and_gain();
    assert!(
        (chance - 0.33).abs() < 0.05 && gain > 50.0 * small,
        "{chance} {gain} {small}"
    );
    assert!(
        looking.desk.model.suggestion().unwrap().configuration[0]
            .as_f64()
            .unwrap()
            > 0.6
    );
}

#[test]
fn lesson_10_the_marks_gather_in_the_deep_dip() {
    let pupil = english(10, 6);
    assert!(
        pupil.points().iter().any(|p| (p.0 - 0.757).abs() < 0.1),
        "{:?}",
        pupil.points()
    );
}

#[test]
fn lesson_11_most_is_gained_early_and_a_hundredth_of_ei_is_0_4_of_the_function() {
    let pupil = english(11, 2);
    let values: Vec<f64> = pupil.points().iter().map(|p| p.1).collect();
    let best = |n: usize| values[..n].iter().copied().fold(f64::INFINITY, f64::min);
    assert!((best(6) - 15.0).abs() < 1.0, "it begins at {}", best(6));
    assert!(best(6) - best(11) > 0.6 * (best(6) - best(16)), "{values:?}");
    let told = &pupil.desk.model.probe.consequences.as_ref().unwrap().improvement;
    let unit = told.unit.unwrap();
    assert!((unit - 40.0).abs() < 6.0, "{unit}");
}

#[test]
fn lesson_12_the_recorded_study_is_what_it_is_said_to_be() {
    let mut pupil = english(12, 2);
    let model = &pupil.desk.model;
    let name = |i: usize| model.study.space.params[i].name.to_string();
    let surrogate = &model.surrogate.as_ref().unwrap().value;
    let shares = surrogate.importance(&|| false).unwrap().shares;
    let share = |of: &str| shares.iter().find(|s| name(s.param) == of).unwrap().total;
    assert_eq!(name(shares[0].param), "learning_rate");
    assert!(
        (share("learning_rate") - 0.9).abs() < 0.05,
        "{}",
        share("learning_rate")
    );
    assert_eq!(name(shares.last().unwrap().param), "warmup_ratio");
    assert!(share("warmup_ratio") < 0.01 && share("dropout") > 0.02 && share("dropout") < 0.08);
    let failed: Vec<f64> = (model.study.trials.iter())
        .filter(|t| t.state == tunescope::study::TrialState::Failed)
        .map(|t| t.params[0].as_ref().and_then(Value::as_f64).unwrap())
        .collect();
    assert!(
        failed.len() == 5 && failed.iter().all(|lr| *lr > 0.09),
        "{failed:?}"
    );
    pupil.press("n");
    let (chance, _) = pupil.chance_and_gain();
    assert!((chance - 0.62).abs() < 0.01, "{chance}");
}

#[test]
fn lesson_12_the_more_layers_are_frozen_the_larger_the_best_learning_rate() {
    let pupil = english(12, 2);
    let model = &pupil.desk.model;
    let surrogate = &model.surrogate.as_ref().unwrap().value;
    let frozen = (model.study.space.params.iter()).position(|p| p.name == "frozen_layers");
    let best = |layers: i64| {
        let mut configuration = model.suggestion().unwrap().configuration.clone();
        configuration[frozen.unwrap()] = Value::Int(layers);
        (0..=200)
            .map(|i| 2e-5 * 1e4_f64.powf(f64::from(i) / 200.0))
            .min_by_key(|lr| {
                configuration[0] = Value::Float(*lr);
                let mean = surrogate.predict(&configuration).unwrap().mean;
                ordered(mean)
            })
            .unwrap()
    };
    let (none, three) = (best(0), best(3));
    assert!(
        (none - 0.005).abs() < 0.001 && (three - 0.015).abs() < 0.003,
        "{none} {three}"
    );
}

/// A key that sorts as positive numbers do.
fn ordered(x: f64) -> u64 {
    x.max(0.0).to_bits()
}
