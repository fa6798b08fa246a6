//! What is said about the best trial at an end of a range: where, with which wider range, and how short on its slice.

#[path = "common/desk.rs"]
mod desk;
#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use desk::{Desk, screen};
use studies::{complete, float, int, log_float, push, study};
use tunescope::analysis::{ModelSettings, Surrogate};
use tunescope::session::Pane;
use tunescope::study::{Direction, Study, TrialState, Value};

/// The smaller the first two and the larger the third, the better; the fourth does not matter, and is at its end where the
/// best is.
fn descending() -> Study {
    let domains = vec![
        log_float(1e-4, 1.0),
        float(0.1, 0.9),
        int(1, 6),
        float(0.0, 1.0),
        float(0.0, 0.5),
    ];
    let mut study = study(domains, Direction::Minimize);
    for k in 0..24 {
        let at = |step: f64| (f64::from(k) * step).fract();
        let (u, v, layers) = match k {
            0 => (0.0, 0.0, 6),
            _ => (at(0.618), at(0.755), 1 + k % 6),
        };
        let zero = at(0.569);
        let values = [
            Value::Float(10f64.powf(4.0 * u - 4.0)),
            Value::Float(0.1 + 0.8 * v),
            Value::Int(i64::from(layers)),
            Value::Float(at(0.39)),
            Value::Float(0.5 * zero),
        ];
        complete(&mut study, &values, u + v + zero - 0.3 * f64::from(layers));
    }
    study
}

#[test]
fn a_wider_range_is_proposed_where_the_mean_improves_towards_the_end_and_never_across_zero() {
    let model = Surrogate::fit(&Arc::new(descending()), &ModelSettings::default(), None, &|| {
        false
    })
    .unwrap();
    let trust = model.trust();
    let ends: Vec<(usize, bool)> = trust.edges.iter().map(|e| (e.param, e.upper)).collect();
    // The fourth is flat; below a range from 0 there is nothing to try.
    assert_eq!(ends, [(0, false), (1, false), (2, true)], "{:?}", trust.edges);
    let (rate, share, layers) = (&trust.edges[0], &trust.edges[1], &trust.edges[2]);
    assert!(
        (rate.low / 1e-5 - 1.0).abs() < 1e-9 && rate.high == 1.0,
        "{rate:?}"
    );
    assert_eq!((share.low, layers.high), (0.0, 7.0));
    let told = trust.lints.join(" ");
    assert!(
        told.contains("lower end of x0; a range of 1e-5 … 1 would"),
        "{told}"
    );
    assert!(told.contains("upper end of x2; a range of 1 … 7 would"), "{told}");
}

#[test]
fn the_slice_of_such_a_parameter_says_so_in_its_heading() {
    let mut desk = Desk::open(descending());
    desk.model.zoomed = true;
    desk.model.focus = Pane::Slices;
    let shown = screen(&desk.model, 160, 48);
    let headings = |name: &str| {
        let row = shown.lines().find(|l| l.contains(name)).unwrap();
        row[row.find(name).unwrap()..]
            .chars()
            .take(40)
            .collect::<String>()
    };
    assert!(headings("x0 ").contains("★ at the end"), "{shown}");
    assert!(!headings("x3 ").contains("★ at the end"), "{shown}");
}

#[test]
fn whole_numbers_are_told_to_their_last_digit() {
    let mut study = study(vec![int(1, 1283)], Direction::Minimize);
    for k in 0..12 {
        let x = 60 * k + 7;
        complete(&mut study, &[Value::Int(x)], (x as f64 - 300.0).powi(2));
    }
    for x in [1001, 1009] {
        push(&mut study, TrialState::Failed, &[Value::Int(x)], None);
    }
    let model = Surrogate::fit(&Arc::new(study), &ModelSettings::default(), None, &|| false).unwrap();
    let told = model.trust().lints.join(" ");
    assert!(told.contains("all with x0 ≥ 1001"), "{told}");
}
