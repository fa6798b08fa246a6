//! What was decided and not delivered outlives the program and the change of study; hyperparameters,
//! kernels and acquisition functions side by side. Keys in, model and effects out.

#[path = "common/session.rs"]
mod session;

use std::sync::Arc;

use session::{opened, press, study, suggestion, value};
use tunescope::analysis::{ModelSettings, Surrogate};
use tunescope::session::effect::Effect;
use tunescope::session::model::{Confirm, SourceStatus};
use tunescope::session::seen::SeenBest;
use tunescope::session::{Kept, Model, Msg, Overlay, Seen, update};
use tunescope::study::{Direction, Label, Study, StudyEntry, Value};

fn kept(effects: &[Effect]) -> Option<Kept> {
    effects.iter().rev().find_map(|e| match e {
        Effect::Keep { kept, .. } => Some((**kept).clone()),
        _ => None,
    })
}

fn recall(model: &mut Model, found: Option<Kept>) -> Vec<Effect> {
    let study = model.study.name.raw().to_owned();
    update(
        model,
        Msg::Recalled {
            study,
            found: Ok(found.map(Box::new)),
            is_safe: true,
        },
        1002.0,
    )
}

#[test]
fn nothing_is_written_before_what_was_kept_has_been_read() {
    let mut model = opened();
    assert!(kept(&press(&mut model, "XL")).is_none());
    let written = kept(&recall(&mut model, None)).unwrap();
    assert_eq!(written.rejections.len(), 1);
    assert_eq!(written.locks.len(), 1);
}

#[test]
fn a_restart_brings_back_rejections_locks_the_draft_and_what_was_set_by_hand() {
    let mut model = opened();
    recall(&mut model, None);
    let mut last = None;
    for keys in ["X", "L", "a", "}}", "j", "E", "28<Enter>"] {
        last = kept(&press(&mut model, keys)).or(last);
    }
    let written = last.unwrap();
    assert!(written.draft.is_some());
    assert_eq!(written.by_hand.acquisition.as_deref(), Some("ei"));
    assert_eq!(written.by_hand.xi, Some(0.003));

    let mut again = opened();
    let effects = recall(&mut again, Some(written.clone()));
    assert_eq!(again.rejections, model.rejections);
    assert_eq!(again.locks, model.locks);
    assert_eq!(again.acquisition, model.acquisition);
    assert_eq!(again.in_hand(), model.in_hand());
    assert!(again.draft.is_some());
    let said = &again.notice.as_ref().unwrap().text;
    assert!(said.contains("1 rejection, 1 lock, your draft"), "{said}");
    assert!(said.contains(":forget"), "{said}");
    assert!(
        kept(&effects).is_none(),
        "what was just read is not written again"
    );
    assert_eq!(Kept::of(&again), written);
}

#[test]
fn a_kept_draft_is_drawn_through_once_there_is_a_model() {
    let mut first = opened();
    recall(&mut first, None);
    let written = kept(&press(&mut first, "jE28<Enter>")).unwrap();
    // Everything is read anew: the draft is there before the first fit and the first suggestion.
    let mut model = Model::new(1000.0, (120, 36));
    let study = study(12);
    let came = Msg::Study {
        study: Arc::clone(&study),
        source: SourceStatus::default(),
    };
    update(&mut model, came, 1000.0);
    recall(&mut model, Some(written));
    assert!(model.draft.is_some() && model.probe.configuration.is_empty());
    let surrogate = Surrogate::fit(&study, &ModelSettings::default(), None, &|| false).unwrap();
    let fitted = Msg::Fitted {
        data: model.data,
        surrogate: Arc::new(surrogate),
        refitted: true,
    };
    let effects = update(&mut model, fitted, 1003.0);
    let asked = |effects: &[Effect]| {
        (effects.iter()).any(|e| matches!(e, Effect::Explore(r) if r.parts.slices && r.parts.surface))
    };
    assert!(asked(&effects));
    update(&mut model, Msg::Suggested(suggestion(9e-4)), 1004.0);
    assert!(!model.probe.configuration.is_empty());
}

#[test]
fn a_refit_changes_nothing_of_what_is_kept() {
    let mut model = opened();
    recall(&mut model, None);
    press(&mut model, "XE1e-3<Enter>");
    let before = Kept::of(&model);
    let effects = update(&mut model, Msg::Suggested(suggestion(9e-4)), 1003.0);
    assert!(kept(&effects).is_none());
    let effects = update(
        &mut model,
        Msg::Study {
            study: study(14),
            source: SourceStatus::default(),
        },
        1004.0,
    );
    assert!(kept(&effects).is_none());
    assert_eq!(Kept::of(&model), before);
}

#[test]
fn what_the_command_line_states_stands_against_what_was_kept() {
    let mut first = opened();
    recall(&mut first, None);
    let written = kept(&press(&mut first, "a}")).unwrap();
    let mut model = opened();
    model.stated.acquisition = Some("logei".to_owned());
    recall(&mut model, Some(written));
    assert_eq!(model.acquisition.function.name(), "logei");
    assert!(model.acquisition.xi > 0.0, "ξ was not stated");
}

#[test]
fn forget_asks_and_then_everything_is_as_at_the_start() {
    let mut model = opened();
    recall(&mut model, None);
    press(&mut model, "XLaK");
    assert!(press(&mut model, ":forget<Enter>").is_empty());
    let Some(Overlay::Confirm(Confirm::Forget { what })) = &model.overlay else {
        panic!("no confirmation");
    };
    assert!(what.contains("1 rejection"), "{what}");
    let written = kept(&press(&mut model, "y")).unwrap();
    assert!(written.is_empty());
    assert!(model.rejections.is_empty() && model.locks.iter().all(Option::is_none));
    assert_eq!(model.acquisition.function.name(), "logei");
    assert_eq!(model.settings, ModelSettings::default());
}

#[test]
fn leaving_with_a_draft_that_is_kept_does_not_ask() {
    let mut model = opened();
    recall(&mut model, None);
    press(&mut model, "E1e-3<Enter>");
    assert!(matches!(press(&mut model, "q").as_slice(), [Effect::Quit(_)]));
}

fn several() -> SourceStatus {
    let entry = |name: &str| StudyEntry {
        name: Label::new(name),
        trials: 3,
        directions: vec![Direction::Minimize],
        best: Some(0.5),
        changed: Some(900.0),
    };
    SourceStatus {
        studies: vec![entry("one"), entry("two")].into(),
        ..SourceStatus::default()
    }
}

fn named(name: &str, trials: usize) -> Arc<Study> {
    let mut study = (*study(trials)).clone();
    study.name = Label::new(name);
    Arc::new(study)
}

#[test]
fn another_study_is_chosen_from_the_list_and_each_keeps_its_own_decisions() {
    let mut model = opened();
    update(
        &mut model,
        Msg::Study {
            study: named("one", 12),
            source: several(),
        },
        1003.0,
    );
    recall(&mut model, None);
    press(&mut model, "X");
    press(&mut model, "B");
    assert!(matches!(model.overlay, Some(Overlay::Studies { cursor: 0 })));
    let effects = press(&mut model, "j<Enter>");
    assert!(matches!(effects.as_slice(), [Effect::ChooseStudy(name)] if name == "two"));
    assert!(model.study.trials.is_empty() && model.rejections.is_empty() && model.suggestions.is_none());

    // What is still said of the study that was left is not shown.
    update(&mut model, Msg::Suggested(suggestion(3e-4)), 1003.0);
    update(
        &mut model,
        Msg::Study {
            study: named("one", 13),
            source: several(),
        },
        1003.0,
    );
    assert!(model.study.trials.is_empty() && model.suggestions.is_none());

    let two = SourceStatus {
        chosen: Some("two".to_owned()),
        ..several()
    };
    update(
        &mut model,
        Msg::Study {
            study: named("two", 5),
            source: two,
        },
        1004.0,
    );
    recall(&mut model, None);
    assert!(model.rejections.is_empty());
    press(&mut model, ":study one<Enter>");
    let one = SourceStatus {
        chosen: Some("one".to_owned()),
        ..several()
    };
    update(
        &mut model,
        Msg::Study {
            study: named("one", 13),
            source: one,
        },
        1005.0,
    );
    assert_eq!(model.rejections.len(), 1, "as it was left");
}

/// A model with a surrogate really fitted.
fn fitted() -> Model {
    let mut model = opened();
    let surrogate = Surrogate::fit(&model.study, &model.settings, None, &|| false).unwrap();
    let data = model.data;
    update(
        &mut model,
        Msg::Fitted {
            data,
            surrogate: Arc::new(surrogate),
            refitted: true,
        },
        1002.0,
    );
    model
}

fn refit(model: &mut Model, effects: &[Effect]) {
    let request = effects.iter().rev().find_map(|e| match e {
        Effect::Fit(request) => Some(request),
        _ => None,
    });
    let request = request.expect("a fit was asked for");
    let surrogate = Surrogate::fit(&request.study, &request.settings, None, &|| false).unwrap();
    update(
        model,
        Msg::Fitted {
            data: request.data,
            surrogate: Arc::new(surrogate),
            refitted: true,
        },
        1003.0,
    );
}

#[test]
fn a_hyperparameter_set_by_hand_shows_what_it_costs_and_goes_back() {
    let mut model = fitted();
    let before = model.fitted.clone().unwrap();
    press(&mut model, "H");
    let effects = press(&mut model, "j<S-Right><S-Right><S-Right><S-Right>");
    refit(&mut model, &effects);
    let summary = model.surrogate.as_ref().unwrap().value.summary.clone();
    assert!(summary.log_marginal_likelihood < before.log_marginal_likelihood);
    assert_eq!(
        model.fitted.as_ref(),
        Some(&before),
        "what was fitted stays in sight"
    );
    let effects = press(&mut model, "r");
    refit(&mut model, &effects);
    let summary = &model.surrogate.as_ref().unwrap().value.summary;
    assert!((summary.log_marginal_likelihood - before.log_marginal_likelihood).abs() < 1e-6);
    assert!(model.by_hand.model.is_none());
}

#[test]
fn kernels_are_compared_joined_and_used() {
    let mut model = fitted();
    let orders = |effects: &[Effect]| -> Vec<(u64, Vec<String>)> {
        effects
            .iter()
            .filter_map(|e| match e {
                Effect::CompareKernels(o) => Some((o.round, o.specs.clone())),
                _ => None,
            })
            .collect()
    };
    let asked = orders(&press(&mut model, "e"));
    let (round, specs) = &asked[0];
    assert!(specs.iter().any(|s| s == "rbf"), "{specs:?}");
    for spec in specs {
        let surrogate = model.surrogate.as_ref().unwrap().value.clone();
        let evidence = surrogate.evidence_of(spec, &|| false).unwrap();
        update(
            &mut model,
            Msg::KernelEvidence {
                round: *round,
                evidence,
            },
            1003.0,
        );
    }
    assert!(model.kernels.best_score().is_some());
    let joined = orders(&press(&mut model, "+j*"));
    let built = &joined.last().unwrap().1;
    assert_eq!(built, &["matern52*matern32"]);
    // Typed, and taken into use.
    let typed = orders(&press(&mut model, "e<C-u>rbf[learning_rate] + matern12<Enter>"));
    assert_eq!(
        typed.last().unwrap().1.last().unwrap(),
        "rbf[learning_rate] + matern12"
    );
    press(&mut model, "<Enter>");
    assert_eq!(
        model.settings.kernel.as_deref(),
        Some("rbf[learning_rate] + matern12")
    );
}

#[test]
fn a_comparison_follows_the_probe_and_hands_over_its_next_point() {
    let mut model = fitted();
    let run = |model: &mut Model, effects: &[Effect]| {
        let order = effects.iter().rev().find_map(|e| match e {
            Effect::Compare(order) => Some(order.clone()),
            _ => None,
        });
        let order = order.expect("a comparison was asked for");
        let mut all = Vec::new();
        let _last =
            order
                .surrogate
                .compare_acquisitions(&order.request, &mut |c| all.push(c.clone()), &|| false);
        for value in all {
            let stamped = tunescope::session::Stamped {
                fit: order.fit,
                data: order.data,
                value,
            };
            update(model, Msg::Compared(stamped), 1003.0);
        }
    };
    let effects = press(&mut model, "C");
    run(&mut model, &effects);
    let before = model.comparison.as_ref().unwrap().value.probe;
    let effects = press(&mut model, "<S-Right>");
    run(&mut model, &effects);
    let after = &model.comparison.as_ref().unwrap().value;
    assert!(after.probe > before);
    let next = after.rows[2].next.clone().unwrap().configuration;
    press(&mut model, "<Home>jjn");
    assert_eq!(model.in_hand(), next);
    press(&mut model, "<Enter>");
    assert_eq!(
        model.acquisition.function,
        model.comparison.as_ref().unwrap().value.rows[2].function
    );
}

#[test]
fn along_its_own_axes_the_probe_moves_over_the_same_surface() {
    let mut model = fitted();
    press(&mut model, ":pair learning_rate dropout<Enter>2");
    let surfaces = |effects: &[Effect]| {
        effects
            .iter()
            .filter(|e| matches!(e, Effect::Explore(r) if r.parts.surface))
            .count()
    };
    assert_eq!(surfaces(&press(&mut model, "<Right><Right><Up>")), 0);
    let before = value(&model, 1);
    let effects = press(&mut model, "1j<Right>");
    assert!(value(&model, 1) == before || surfaces(&effects) == 1);
    assert_eq!(surfaces(&press(&mut model, ":set batch_size 28<Enter>")), 1);
    assert_eq!(value(&model, 1), Value::Int(28));
}

/// The answer to what was seen before, with nothing left to be worked out.
fn looked(model: &mut Model, seen: Option<Seen>) {
    let study = model.study.name.raw().to_owned();
    update(
        model,
        Msg::LookedLast {
            study,
            seen: seen.map(Box::new),
        },
        1002.0,
    );
    let failed = Msg::FitFailed {
        data: model.data,
        reason: "no fit here".to_owned(),
    };
    update(model, failed, 1002.0);
}

fn look(effects: &[Effect]) -> Option<Seen> {
    effects.iter().find_map(|e| match e {
        Effect::Look { seen, .. } => Some((**seen).clone()),
        _ => None,
    })
}

#[test]
fn a_look_is_written_down_at_the_first_key_and_at_the_end_but_not_at_every_key() {
    let mut model = opened();
    assert!(
        look(&press(&mut model, "j")).is_none(),
        "nobody knows yet what was seen before"
    );
    looked(&mut model, None);
    assert!(model.look.digest.is_none(), "a first look has no news");
    let seen = look(&press(&mut model, "j")).unwrap();
    assert_eq!((seen.over, seen.failed), (12, 0));
    assert!(look(&press(&mut model, "jkj")).is_none());
    assert!(look(&press(&mut model, "q")).is_some());
}

#[test]
fn what_is_new_since_the_last_look_is_told_and_gives_way_to_esc() {
    let before = Seen {
        when: 400.0,
        over: 9,
        best: Some(SeenBest {
            trial: "1".to_owned(),
            value: 2.2,
        }),
        ..Seen::default()
    };
    let mut model = opened();
    looked(&mut model, Some(before.clone()));
    let digest = model.look.digest.clone().unwrap();
    assert_eq!(digest.looked, 400.0);
    assert_eq!(digest.phrases, ["new best 2 (trial 3, was 2.2)", "3 more trials"]);
    press(&mut model, "j");
    assert!(model.look.digest.is_some(), "a row is free for it at this size");
    press(&mut model, "<Esc>");
    assert!(model.look.digest.is_none());
    press(&mut model, ":since<Enter>");
    assert_eq!(model.look.digest.as_ref().unwrap().phrases, digest.phrases);

    // Where it covers the footer, the next key wants the footer.
    let mut small = opened();
    small.size = (80, 24);
    looked(&mut small, Some(before));
    assert!(small.look.digest.is_some());
    press(&mut small, "j");
    assert!(small.look.digest.is_none());
}

#[test]
fn a_new_best_rings_the_bell_where_that_was_asked_for() {
    let rings = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::Bell));
    let mut better = (*study(13)).clone();
    let mut last = (*better.trials.pop().unwrap()).clone();
    last.values = vec![0.5];
    better.trials.push(Arc::new(last));
    let came = |study: Arc<Study>| Msg::Study {
        study,
        source: SourceStatus::default(),
    };
    let better = Arc::new(better);
    let mut silent = opened();
    assert!(!rings(&update(&mut silent, came(better.clone()), 1003.0)));
    let mut model = opened();
    press(&mut model, ":bell<Enter>");
    assert!(
        !rings(&update(&mut model, came(study(13)), 1003.0)),
        "no better than before"
    );
    assert!(rings(&update(&mut model, came(better.clone()), 1004.0)));
    assert!(!rings(&update(&mut model, came(better), 1005.0)), "that was told");
}
