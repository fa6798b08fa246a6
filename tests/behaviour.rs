//! Behaviour as key strings: keys in, model and effects out. No terminal, no thread, no file.

#[path = "common/session.rs"]
mod session;

use std::sync::Arc;

use session::{opened, press, study, suggestion, value};
use tunescope::analysis::Importance;
use tunescope::analysis::importance::Share;
use tunescope::session::effect::{Effect, Origin};
use tunescope::session::model::{Confirm, ProbeOrigin, SourceStatus};
use tunescope::session::receipt::{Receipt, ReceiptState};
use tunescope::session::{Model, Msg, Overlay, Pane, Stamped, update};
use tunescope::study::{TrialState, Value};

#[test]
fn the_probe_starts_on_the_suggestion_and_follows_it_until_it_is_moved() {
    let mut model = opened();
    assert_eq!(value(&model, 0), Value::Float(3e-4));
    update(&mut model, Msg::Suggested(suggestion(5e-4)), 1002.0);
    assert_eq!(value(&model, 0), Value::Float(5e-4));
    press(&mut model, "<Right>");
    assert_eq!(model.probe.origin, ProbeOrigin::Moved);
    let moved = value(&model, 0);
    update(&mut model, Msg::Suggested(suggestion(7e-4)), 1003.0);
    assert_eq!(value(&model, 0), moved);
    press(&mut model, "n");
    assert_eq!(value(&model, 0), Value::Float(7e-4));
}

#[test]
fn a_refit_never_touches_a_draft_it_only_says_that_something_newer_is_there() {
    let mut model = opened();
    press(&mut model, "E<Enter>");
    assert_eq!(model.focus, Pane::Suggestion);
    press(&mut model, "<C-u>1e-3<Enter>");
    assert_eq!(value(&model, 0), Value::Float(1e-3));
    update(&mut model, Msg::Suggested(suggestion(9e-4)), 1003.0);
    update(
        &mut model,
        Msg::Study {
            study: study(13),
            source: SourceStatus::default(),
        },
        1004.0,
    );
    let draft = model.draft.as_ref().unwrap();
    assert_eq!(draft.values[0], Value::Float(1e-3));
    assert!(draft.outdated);
    press(&mut model, "<Esc>");
    assert!(model.draft.is_some(), "Esc keeps an edited draft");
}

#[test]
fn accepting_takes_a_capital_and_a_confirmation_that_says_what_is_written_where() {
    let mut model = opened();
    assert!(
        press(&mut model, "a<Enter>")
            .iter()
            .all(|e| !matches!(e, Effect::Deliver(_)))
    );
    press(&mut model, "<Esc>A");
    let Some(Overlay::Confirm(Confirm::Accept { text, place, .. })) = &model.overlay else {
        panic!("no confirm line");
    };
    assert!(
        text.contains("learning_rate=3e-4") && text.contains("scheduler=cosine"),
        "{text}"
    );
    assert_eq!(place, "the queue folder r.queue");
    let effects = press(&mut model, "n");
    assert!(effects.is_empty() && model.receipts.is_empty());
    let effects = press(&mut model, "Ay");
    let request = effects.iter().find_map(|e| match e {
        Effect::Deliver(request) => Some(request),
        _ => None,
    });
    assert_eq!(request.unwrap().origin, Origin::Suggested);
    assert_eq!(model.receipts[0].state, ReceiptState::Sending);
}

#[test]
fn an_edited_configuration_is_delivered_as_edited_with_the_names_and_the_draft_goes_once_it_is_safe() {
    let mut model = opened();
    let effects = press(&mut model, "E<Enter><C-u>1e-3<Enter>Ay");
    let Some(Effect::Deliver(request)) = effects.iter().find(|e| matches!(e, Effect::Deliver(_))) else {
        panic!("nothing delivered");
    };
    assert_eq!(request.origin, Origin::Edited);
    assert_eq!(request.edited, ["learning_rate"]);
    assert!(model.draft.is_some(), "kept until it is on disk");
    let receipt = Receipt {
        id: "q1".into(),
        configuration: request.configuration.clone(),
        created: 1002.0,
        edited: vec!["learning_rate".into()],
        predicted: None,
        state: ReceiptState::Queued,
        place: "r.queue/pending/x.json".into(),
        hook: None,
    };
    update(&mut model, Msg::Delivered(receipt.clone()), 1003.0);
    assert!(model.draft.is_none());
    assert_eq!(model.receipts.len(), 1);
    let effects = press(&mut model, "uy");
    assert!(
        effects
            .iter()
            .any(|e| matches!(e, Effect::Withdraw(id) if id == "q1"))
    );
    // A worker was faster.
    let taken = Receipt {
        state: ReceiptState::Claimed {
            by: "host (7)".into(),
        },
        ..receipt
    };
    update(&mut model, Msg::Receipts(vec![taken]), 1004.0);
    assert!(press(&mut model, "u").is_empty());
    assert!(model.overlay.is_none());
    assert!(model.notice.as_ref().unwrap().is_error);
}

#[test]
fn a_refused_delivery_keeps_the_draft() {
    let mut model = opened();
    press(&mut model, "E<Enter><C-u>1e-3<Enter>Ay");
    let refused = Receipt {
        state: ReceiptState::Refused {
            reason: "the lock is held".into(),
        },
        ..model.receipts[0].clone()
    };
    update(&mut model, Msg::Delivered(refused), 1003.0);
    assert_eq!(model.draft.as_ref().unwrap().values[0], Value::Float(1e-3));
    assert!(model.notice.as_ref().unwrap().text.contains("lock"));
}

#[test]
fn a_notice_fades_although_something_happens_all_the_time() {
    let mut model = opened();
    press(&mut model, "E<Enter><C-u>1e-3<Enter>Ay");
    let long = "/a/folder/that/is/rather/deep/results.queue/pending/20261124T081155745987Z_01a2.json";
    let queued = Receipt {
        state: ReceiptState::Queued,
        place: long.into(),
        ..model.receipts[0].clone()
    };
    update(&mut model, Msg::Delivered(queued), 1003.0);
    let said = &model.notice.as_ref().unwrap().text;
    assert_eq!(said, "queued: …/20261124T081155745987Z_01a2.json");
    for second in 1004..1011 {
        update(&mut model, Msg::Suggested(suggestion(7e-4)), f64::from(second));
        assert!(model.notice.is_some(), "{second}");
    }
    update(&mut model, Msg::Suggested(suggestion(7e-4)), 1012.0);
    assert!(model.notice.is_none());
}

#[test]
fn typed_values_snap_or_are_refused_in_words_and_esc_puts_the_old_one_back() {
    let mut model = opened();
    press(&mut model, "Ejj<Enter><C-u>0.17");
    let field = model.draft.as_ref().unwrap().field.as_ref().unwrap();
    assert_eq!(field.remark.as_deref(), Some("snaps to 0.15"));
    press(&mut model, "<Esc>");
    assert_eq!(value(&model, 2), Value::Float(0.1));
    press(&mut model, "<Enter><C-u>7<Enter>");
    let field = model.draft.as_ref().unwrap().field.as_ref().unwrap();
    assert!(field.is_error && field.remark.as_ref().unwrap().contains("0 … 0.4"));
    press(&mut model, "A");
    assert!(model.overlay.is_none(), "nothing can be accepted while typing");
}

#[test]
fn the_first_character_replaces_the_old_value_and_arrows_keep_it() {
    let mut model = opened();
    press(&mut model, "E<Enter>2e-4<Enter>");
    assert_eq!(value(&model, 0), Value::Float(2e-4));
    press(&mut model, "<Enter><Left><Right><Backspace>5<Enter>");
    assert_eq!(value(&model, 0), Value::Float(2e-5));
}

#[test]
fn digits_start_typing_in_a_draft_and_tab_goes_to_the_next_value() {
    let mut model = opened();
    press(&mut model, "E2e-4<Tab>8<Enter>");
    assert_eq!(value(&model, 0), Value::Float(2e-4));
    assert_eq!(value(&model, 1), Value::Int(8));
}

#[test]
fn a_locked_parameter_is_sent_along_and_cannot_be_nudged() {
    let mut model = opened();
    let effects = press(&mut model, "L");
    let Some(Effect::Explore(request)) = effects.first() else {
        panic!("no new suggestion asked for")
    };
    assert_eq!(request.locks[0], Some(Value::Float(3e-4)));
    press(&mut model, "<Right>");
    assert_eq!(value(&model, 0), Value::Float(3e-4));
    press(&mut model, "L");
    assert_eq!(model.locks[0], None);
}

#[test]
fn a_rejection_asks_for_another_suggestion_and_can_be_taken_back() {
    let mut model = opened();
    let effects = press(&mut model, "X");
    assert!(matches!(effects.first(), Some(Effect::Explore(r)) if r.rejections.len() == 1));
    press(&mut model, "U");
    assert!(model.rejections.is_empty());
}

#[test]
fn esc_steps_out_one_layer_and_never_quits() {
    let mut model = opened();
    press(&mut model, "z?");
    assert!(model.zoomed && model.overlay.is_some());
    press(&mut model, "<Esc>");
    assert!(model.zoomed && model.overlay.is_none());
    press(&mut model, "<Esc>");
    assert!(!model.zoomed);
    assert!(press(&mut model, "<Esc><Esc>").is_empty());
    assert!(matches!(press(&mut model, "q").as_slice(), [Effect::Quit(_)]));
}

#[test]
fn quitting_with_an_edited_draft_asks_first() {
    let mut model = opened();
    press(&mut model, "E2e-4<Enter>");
    assert!(press(&mut model, "q").is_empty());
    assert!(matches!(
        model.overlay,
        Some(Overlay::Confirm(Confirm::QuitWithDraft))
    ));
    assert!(matches!(press(&mut model, "y").as_slice(), [Effect::Quit(_)]));
}

#[test]
fn the_filter_works_while_typing_and_rows_keep_their_selection() {
    let mut model = opened();
    press(&mut model, "3/lr<");
    for c in "5e-4 state=complete".chars() {
        update(
            &mut model,
            Msg::Text(tunescope::session::msg::TextKey::Char(c)),
            1002.0,
        );
    }
    assert!(model.table.rows.iter().all(|r| {
        let t = &model.study.trials[*r];
        t.state == TrialState::Complete && t.param(0).unwrap().as_f64().unwrap() < 5e-4
    }));
    assert!(!model.table.rows.is_empty());
    press(&mut model, "<Enter>j");
    let selected = model.table.selected;
    press(&mut model, "s");
    assert_eq!(model.table.selected, selected);
}

#[test]
fn frozen_panes_stand_still_while_rows_are_read_on() {
    let mut model = opened();
    press(&mut model, "f");
    update(
        &mut model,
        Msg::Study {
            study: study(20),
            source: SourceStatus::default(),
        },
        1003.0,
    );
    assert_eq!(model.study.trials.len(), 12);
    press(&mut model, "f");
    assert_eq!(model.study.trials.len(), 20);
}

#[test]
fn a_new_space_keeps_what_the_person_holds_by_name() {
    let mut model = opened();
    press(&mut model, "E1e-3<Enter>");
    let mut wider = (*study(12)).clone();
    wider.space.params.swap(0, 1);
    update(
        &mut model,
        Msg::Study {
            study: Arc::new(wider),
            source: SourceStatus::default(),
        },
        1003.0,
    );
    assert_eq!(model.draft.as_ref().unwrap().values[1], Value::Float(1e-3));
}

#[test]
fn commands_do_what_keys_do_and_mistakes_stay_on_the_line() {
    let mut model = opened();
    press(&mut model, ":xi 0.1<Enter>");
    assert!((model.acquisition.xi - 0.1).abs() < 1e-12);
    press(&mut model, ":nonsense<Enter>");
    assert!(matches!(
        &model.overlay,
        Some(Overlay::Command { remark: Some(_), .. })
    ));
    press(&mut model, "<Esc>:7<Enter>");
    assert_eq!(model.table.selected, Some(7));
}

#[test]
fn nothing_known_yet_answers_every_key_without_failing() {
    let all: String = ('!'..='~').filter(|c| *c != '<').collect();
    for size in [(1, 1), (80, 24), (240, 80)] {
        let mut model = Model::new(0.0, size);
        press(&mut model, &all);
        press(
            &mut model,
            "<Esc><Esc><Up><Down><Left><Right><Home><End><PageUp><PageDown><Tab><S-Tab>",
        );
    }
}

#[test]
fn the_help_is_narrowed_by_words_and_steps_out_one_layer_at_a_time() {
    let sought = |model: &Model| match &model.overlay {
        Some(Overlay::Help { sought, typing, .. }) => Some((sought.value().to_owned(), *typing)),
        _ => None,
    };
    let mut model = opened();
    press(&mut model, "?/q");
    assert_eq!(
        sought(&model),
        Some(("q".to_owned(), true)),
        "keys are text while it is typed"
    );
    press(&mut model, "<Backspace>lock<Enter>");
    assert_eq!(sought(&model), Some(("lock".to_owned(), false)));
    press(&mut model, "<Esc>");
    assert_eq!(
        sought(&model),
        Some((String::new(), false)),
        "first what is sought is forgotten"
    );
    press(&mut model, "/probe<Esc>");
    assert_eq!(sought(&model), Some((String::new(), false)));
    press(&mut model, "<Esc>");
    assert_eq!(sought(&model), None);
}

#[test]
fn the_cursor_goes_through_the_parameters_as_they_stand_on_the_screen() {
    let mut model = opened();
    let share = |param| Share {
        param,
        total: 0.25,
        first: 0.25,
        spread: None,
    };
    model.importance = Some(Stamped {
        fit: 1,
        data: 1,
        value: Importance {
            shares: [2, 0, 3, 1].map(share).to_vec(),
            trials: 12,
            top_pair: None,
        },
    });
    model.param = 2;
    press(&mut model, "E");
    let mut gone = vec![model.param];
    for key in ["<Down>", "<Down>", "<Down>", "<Down>", "<Up>"] {
        press(&mut model, key);
        gone.push(model.param);
    }
    assert_eq!(gone, [2, 0, 3, 1, 1, 3]);
    // From one field to the next, and round.
    press(&mut model, "<Enter><Tab>");
    assert_eq!(model.param, 1);
    press(&mut model, "<Enter><Tab><Enter><S-Tab>");
    assert_eq!((model.param, model.draft.as_ref().unwrap().cursor), (1, 1));
    press(&mut model, "<Enter><Tab>");
    assert_eq!(model.param, 2);
}
