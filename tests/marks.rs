//! What stands behind a drawn posterior beside complete trials is said on screen where it has an effect: failures, unfinished
//! trials, averaged hyperparameters, what is pending.

#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use studies::{branin, complete, cube, floats, push};
use tunescope::analysis::settings::Hyperparameters;
use tunescope::analysis::{Layer, Outlook, Surrogate};
use tunescope::session::effect::{Effect, ExploreRequest};
use tunescope::session::model::SourceStatus;
use tunescope::session::{Model, Msg, Overlay, Pane, Stamped, update};
use tunescope::study::{Constraint, Direction, Place, Study, Trial, TrialState, Value};
use tunescope::ui::view;

fn never() -> bool {
    false
}

/// Ten complete trials with their curves.
fn complete_ones() -> Study {
    let mut study = cube(2, Direction::Minimize);
    for i in 0..10 {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        complete(&mut study, &floats(&u), branin(&u));
        report(&mut study, branin(&u));
    }
    study
}

/// The last trial has reported on its way to a value.
fn report(study: &mut Study, value: f64) {
    let last = study.trials.pop().unwrap();
    study.trials.push(Arc::new(Trial {
        intermediate: (1..=4).map(|s| (s, value * (1.0 + 1.0 / s as f64))).collect(),
        ..(*last).clone()
    }));
}

/// And what else there may be: two failures, two pruned trials, one that runs.
fn everything() -> Study {
    let mut study = complete_ones();
    for u in [[0.05, 0.05], [0.1, 0.02]] {
        push(&mut study, TrialState::Failed, &floats(&u), None);
    }
    for u in [[0.9, 0.1], [0.8, 0.15]] {
        push(&mut study, TrialState::Pruned, &floats(&u), None);
        report(&mut study, 90.0);
    }
    push(&mut study, TrialState::Running, &floats(&[0.5, 0.5]), None);
    study
}

/// A session that shows slices and surface of a study's model.
fn shown(study: Study, averaged: bool) -> Model {
    let mut model = Model::new(1000.0, (140, 44));
    if averaged {
        model.settings.hyperparameters = Hyperparameters::Average;
    }
    let study = Arc::new(study);
    let came = Msg::Study {
        study: Arc::clone(&study),
        source: SourceStatus::default(),
    };
    update(&mut model, came, 1000.0);
    let surrogate = Surrogate::fit(&study, &model.settings, None, &never).unwrap();
    let fitted = Msg::Fitted {
        data: model.data,
        surrogate: Arc::new(surrogate),
        refitted: true,
    };
    update(&mut model, fitted, 1001.0);
    let surrogate = model.surrogate.as_ref().unwrap().value.clone();
    let request = tunescope::analysis::SuggestRequest {
        count: 1,
        ..Default::default()
    };
    let found = surrogate.suggest(&request, &never).unwrap();
    let stamp = (model.fit_id, model.data);
    let effects = update(&mut model, Msg::Suggested(stamped(stamp, found)), 1002.0);
    let asked = effects.iter().rev().find_map(|e| match e {
        Effect::Explore(request) => Some(request.clone()),
        _ => None,
    });
    explored(&mut model, &asked.unwrap());
    model
}

fn stamped<T>((fit, data): (u64, u64), value: T) -> Stamped<T> {
    Stamped { fit, data, value }
}

fn explored(model: &mut Model, r: &ExploreRequest) {
    let surrogate = r.surrogate.as_ref().unwrap();
    let slices = surrogate
        .slices(&r.probe, &r.acquisition, None, 33, &never)
        .unwrap();
    let surface = surrogate.surface((0, 1), &r.probe, &r.acquisition, None, 24, 16, &never);
    let stamp = (r.fit, r.data);
    update(model, Msg::Sliced(stamped(stamp, slices)), 1003.0);
    update(model, Msg::Surfaced(stamped(stamp, surface.unwrap())), 1003.0);
}

fn screen(model: &Model) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(140, 44)).unwrap();
    terminal.draw(|frame| drop(view(model, &[], frame))).unwrap();
    let buf = terminal.backend().buffer();
    (0..44)
        .map(|y| (0..140).map(|x| buf[(x, y)].symbol()).collect())
        .collect()
}

/// The title row of a pane, alone on the screen.
fn title(model: &mut Model, pane: Pane) -> String {
    (model.focus, model.zoomed) = (pane, true);
    let name = pane.title();
    let rows = screen(model);
    let found = rows.iter().find(|row| row.contains(name));
    found
        .unwrap_or_else(|| panic!("no {name}:\n{}", rows.join("\n")))
        .clone()
}

#[test]
fn a_posterior_of_complete_trials_alone_has_no_marks() {
    let mut model = shown(complete_ones(), false);
    for pane in [Pane::Slices, Pane::Surface] {
        let title = title(&mut model, pane);
        for word in ["P(ok)", "pending", "unfinished", "averaged"] {
            assert!(!title.contains(word), "{title}");
        }
    }
}

#[test]
fn failures_pending_unfinished_and_averaged_are_said_in_the_titles_of_what_they_change() {
    let mut model = shown(everything(), true);
    let slices = title(&mut model, Pane::Slices);
    assert!(
        slices.contains("EI × P(ok)^3, 1 pending, 2 unfinished ≈, θ averaged"),
        "{slices}"
    );
    model.layer = Layer::Mean;
    let mean = title(&mut model, Pane::Surface);
    assert!(
        mean.contains("2 unfinished ≈, θ averaged") && !mean.contains("P(ok)"),
        "{mean}"
    );
    model.layer = Layer::Acquisition;
    let acquisition = title(&mut model, Pane::Surface);
    assert!(acquisition.contains("EI × P(ok)^3, 1 pending"), "{acquisition}");
    model.layer = Layer::Exploitation;
    let part = title(&mut model, Pane::Surface);
    assert!(part.contains("1 pending") && !part.contains("P(ok)"), "{part}");
}

#[test]
fn the_table_marks_the_values_that_are_promises_and_the_model_window_says_what_counts() {
    let mut model = shown(everything(), true);
    (model.focus, model.zoomed) = (Pane::Trials, true);
    let table = screen(&model).join("\n");
    assert_eq!(table.matches('≈').count(), 2, "{table}");
    model.zoomed = false;
    model.overlay = Some(Overlay::Model { scroll: 0 });
    let window = screen(&model).join("\n");
    for words in [
        "averaged",
        "over 12 draws",
        "2 trials count with what their curves promise",
        "2 of 14 trials: the acquisition is weighed by P(ok)^3",
        "1 that run or are queued",
    ] {
        assert!(window.contains(words), "{words:?} is not there:\n{window}");
    }
}

/// As `complete_ones`, each with a measurement that is at most 0 on one side of a diagonal.
fn constrained() -> Study {
    let mut study = complete_ones();
    study.constraints = vec![Constraint {
        place: Place::Told(0),
        ..Constraint::parse("memory<=0").unwrap()
    }];
    for trial in &mut study.trials {
        let x: f64 = trial.params.iter().flatten().filter_map(Value::as_f64).sum();
        Arc::make_mut(trial).constraints = [x - 1.0].into();
    }
    study
}

#[test]
fn constraints_are_said_where_they_weigh_hatch_the_surface_and_mark_what_violates_them() {
    let mut model = shown(constrained(), false);
    let rows = screen(&model).join("\n");
    assert!(
        rows.contains("feasible") && rows.contains("memory ≤ 0 with"),
        "{rows}"
    );
    let slices = title(&mut model, Pane::Slices);
    assert!(slices.contains("EI × P(feasible)"), "{slices}");
    let surface = title(&mut model, Pane::Surface);
    assert!(surface.contains("╱ probably infeasible"), "{surface}");
    // Of the surface, about half is hatched: the cells above the diagonal, one in four of them.
    let hatched = screen(&model).join("").matches('╱').count() - 1;
    assert!((300..1000).contains(&hatched), "{hatched}");
    // So is a slice through what is infeasible, and what it passes is marked as in the table.
    title(&mut model, Pane::Slices);
    let slices = screen(&model).join("\n");
    assert!(slices.contains("╱ probably infeasible"), "{slices}");
    assert!((100..1500).contains(&slices.matches('╱').count()), "{slices}");
    assert!(slices.contains('⊗'), "{slices}");
    let trials = title(&mut model, Pane::Trials);
    assert!(!trials.contains("P(feasible)"), "{trials}");
    let table = screen(&model).join("\n");
    let infeasible = (model.study.trials.iter())
        .filter(|t| model.study.is_feasible(t) == Some(false))
        .count();
    assert_eq!(table.matches("⊗ infeasible").count(), infeasible, "{table}");
    assert!(infeasible > 0 && infeasible < 10);
    model.zoomed = false;
    model.overlay = Some(Overlay::Model { scroll: 0 });
    let window = screen(&model).join("\n");
    assert!(window.contains("trials are infeasible"), "{window}");
}

#[test]
fn while_every_trial_is_infeasible_the_header_says_so_and_only_the_constraints_rank() {
    let mut study = constrained();
    study.constraints[0].bound = -10.0;
    let mut model = shown(study, false);
    let rows = screen(&model);
    assert!(rows[1].contains("every trial is infeasible"), "{}", rows[1]);
    // Nothing is said of a gain, or of a best that nobody has.
    let whole = rows.join("\n");
    assert!(whole.contains("nothing feasible to beat yet"), "{whole}");
    for word in [
        "exploitation",
        "P(improve)",
        "stopping",
        "better than",
        "worse than",
    ] {
        assert!(!whole.contains(word), "{word}:\n{whole}");
    }
    let slices = title(&mut model, Pane::Slices);
    assert!(
        slices.contains("P(feasible)") && !slices.contains("EI ×"),
        "{slices}"
    );
    let surrogate = model.surrogate.as_ref().unwrap().value.clone();
    let advice = surrogate.stopping_advice();
    assert_eq!(
        (advice.outlook, advice.gain),
        (Outlook::NoneFeasible, None),
        "{advice:?}"
    );
}
