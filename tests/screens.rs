//! What the screen looks like, and that it can be drawn whatever comes.
//!
//! Snapshots hold the symbols and, below them, a grid of letters, one a style, with a legend: colours and
//! reverse video are part of the picture.

#[path = "common/fixture.rs"]
#[allow(dead_code, reason = "the gallery uses the rest")]
mod fixture;
#[path = "common/random.rs"]
mod random;

use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use tunescope::analysis::Layer;
use tunescope::analysis::prospects::{Prospect, Prospects};
use tunescope::analysis::stopping::Gain;
use tunescope::runtime::backend::ScreenBackend;
use tunescope::session::explained::HistoryLayer;
use tunescope::session::model::{ColorLevel, Confirm, RunStatus, SortKey, ThemeChoice};
use tunescope::session::msg::Pointer;
use tunescope::session::seen::Digest;
use tunescope::session::{HitMap, Model, Msg, Overlay, Pane, Target, update};
use tunescope::study::label::is_hostile;
use tunescope::ui::{Hint, view};

/// A little more than a frame takes in which nearly all of slices and surface changes.
const MOST_BYTES: usize = 6_000;

fn hints() -> Vec<Hint> {
    [
        ("A", "accept"),
        ("E", "edit"),
        ("X", "reject"),
        ("?", "help"),
        ("q", "quit"),
    ]
    .map(|(k, l)| Hint::new(k, l))
    .to_vec()
}

fn draw(model: &Model, width: u16, height: u16) -> (Buffer, HitMap) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut hits = HitMap::default();
    terminal
        .draw(|frame| hits = view(model, &hints(), frame))
        .unwrap();
    (terminal.backend().buffer().clone(), hits)
}

fn symbols(buf: &Buffer) -> Vec<String> {
    (0..buf.area.height)
        .map(|y| {
            let row: String = (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect();
            row.trim_end().to_owned()
        })
        .collect()
}

fn color(c: Color) -> String {
    match c {
        Color::Reset => "-".to_owned(),
        Color::Rgb(r, g, b) => format!("{r:02x}{g:02x}{b:02x}"),
        Color::Indexed(i) => format!("i{i}"),
        other => format!("{other:?}"),
    }
}

/// Symbols, then one letter a style in the order of appearance, then what the letters mean.
fn picture(buf: &Buffer) -> String {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!$%&*+=?@";
    let mut out = symbols(buf).join("\n");
    out.push_str("\n--- styles\n");
    let mut styles: Vec<(Color, Color, Modifier)> = Vec::new();
    for y in 0..buf.area.height {
        let mut row = String::new();
        for x in 0..buf.area.width {
            let cell = &buf[(x, y)];
            let style = (cell.fg, cell.bg, cell.modifier);
            if style == (Color::Reset, Color::Reset, Modifier::empty()) {
                row.push('.');
                continue;
            }
            let i = styles.iter().position(|s| *s == style).unwrap_or_else(|| {
                styles.push(style);
                styles.len() - 1
            });
            row.push(LETTERS.chars().nth(i).unwrap_or('#'));
        }
        out.push_str(row.trim_end_matches('.'));
        out.push('\n');
    }
    for (i, (fg, bg, modifier)) in styles.iter().enumerate() {
        let letter = LETTERS.chars().nth(i).unwrap_or('#');
        let _ = write!(out, "{letter} {} {} ", color(*fg), color(*bg));
        let _ = writeln!(out, "{}", format!("{modifier:?}").trim_start_matches("NONE"));
    }
    out
}

fn snapshot(name: &str, model: &Model, width: u16, height: u16) {
    let (buf, _) = draw(model, width, height);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, picture(&buf));
    });
}

#[test]
fn a_running_study_at_four_sizes() {
    let model = fixture::running();
    for (w, h) in [(80, 24), (120, 36), (160, 48), (200, 60)] {
        snapshot(&format!("running_{w}x{h}"), &model, w, h);
    }
}

#[test]
fn every_colour_depth_is_a_design_of_its_own() {
    let mut model = fixture::running();
    for (name, level) in [
        ("true", ColorLevel::True),
        ("256", ColorLevel::Indexed256),
        ("16", ColorLevel::Sixteen),
        ("none", ColorLevel::None),
    ] {
        model.appearance.color = level;
        model.focus = Pane::Surface;
        snapshot(&format!("surface_{name}_80x24"), &model, 80, 24);
        model.focus = Pane::Improvement;
        snapshot(&format!("improvement_{name}_80x24"), &model, 80, 24);
    }
}

/// What was to be gained when so many of 45 trials had ended: falling, and below the noise at last.
fn prospects() -> Prospects {
    let at = (1..45_u32)
        .map(|known| {
            let fall = f64::from(known);
            Prospect {
                known: usize::try_from(known).unwrap(),
                gain: (known > 3).then(|| Gain {
                    expected: 0.09 * (-0.07 * fall).exp() * (1.0 + 0.3 * (2.1 * fall).sin()),
                    noise: 0.008,
                    spread: 0.1,
                    bound: 0.2,
                }),
            }
        })
        .collect();
    Prospects { at, wanted: 44 }
}

#[test]
fn what_was_to_be_gained_is_drawn_beside_the_noise() {
    let mut model = fixture::running();
    model.focus = Pane::History;
    model.explained.history = HistoryLayer::Prospects;
    model.explained.prospects.found = Arc::new(prospects());
    for (w, h) in [(80, 24), (120, 36)] {
        snapshot(&format!("gain_{w}x{h}"), &model, w, h);
    }
    // Nothing is drawn over a word, and each line has its own.
    let (buf, _) = draw(&model, 80, 24);
    let shown = symbols(&buf).join("\n");
    for words in ["╌ noise 0.002 ", "╌ 1 % of the gain so far 0.001 "] {
        assert_eq!(shown.matches(words).count(), 1, "{words}:\n{shown}");
    }
}

#[test]
fn editing_and_light_and_ascii() {
    snapshot("editing_80x24", &fixture::editing(), 80, 24);
    let mut model = fixture::running();
    model.appearance.ascii = true;
    snapshot("ascii_80x24", &model, 80, 24);
    let mut model = fixture::moved();
    model.appearance.theme = ThemeChoice::Light;
    snapshot("moved_light_120x36", &model, 120, 36);
}

#[test]
fn what_lies_over_the_panes() {
    let mut model = fixture::running();
    let place = "the queue folder runs/queue".to_owned();
    let accept = Overlay::Confirm(Confirm::Accept {
        configuration: model.probe.configuration.clone(),
        text: "learning_rate=0.000316 batch_size=16 scheduler=cosine".to_owned(),
        place,
    });
    for (name, overlay) in [
        ("help", Overlay::help()),
        ("diagnostics", Overlay::Diagnostics { scroll: 0 }),
        ("trial", Overlay::Trial { trial: 1, scroll: 0 }),
        ("confirm", accept),
        (
            "command",
            Overlay::Command {
                input: "xi 0.1".into(),
                completions: vec!["xi 0.1".to_owned()],
                remark: None,
            },
        ),
    ] {
        model.overlay = Some(overlay);
        for (w, h) in [(80, 24), (120, 36)] {
            snapshot(&format!("overlay_{name}_{w}x{h}"), &model, w, h);
        }
    }
}

#[test]
fn without_colour_nothing_but_modifiers_is_used() {
    let mut model = fixture::editing();
    model.appearance.color = ColorLevel::None;
    for pane in Pane::ALL {
        model.focus = pane;
        for (w, h) in [(80, 24), (160, 48)] {
            let (buf, _) = draw(&model, w, h);
            for cell in &buf.content {
                assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
            }
        }
    }
}

#[test]
fn no_title_is_cut_in_the_middle_of_a_phrase() {
    for mut model in [fixture::running(), fixture::editing(), fixture::fresh(3)] {
        for pane in Pane::OVERVIEW {
            (model.focus, model.zoomed) = (pane, false);
            for layer in Layer::ALL {
                model.layer = layer;
                let name = format!("{} {}", pane.number(), pane.title());
                // One pane at a time: what stands beside a title may be cut.
                let rows = symbols(&draw(&model, 80, 24).0);
                let titles = rows.iter().filter(|r| r.starts_with(&name));
                for title in titles {
                    // A name may lose its middle; a phrase may not lose its end.
                    let is_cut = ["… ", "…─", "…━"].iter().any(|end| title.contains(end));
                    assert!(!is_cut, "{title}");
                }
            }
        }
    }
}

#[test]
fn what_is_new_since_the_last_look_has_a_row_or_the_footer() {
    let mut model = fixture::running();
    model.look.digest = Some(Digest {
        looked: model.now - 7200.0,
        since: model.now,
        phrases: vec![
            "new best 0.3008 (trial 31, was 0.3117)".to_owned(),
            "12 more trials (1 failed)".to_owned(),
            "suggestion moved: learning_rate 0.001 → 3e-4 and 2 more".to_owned(),
        ],
    });
    snapshot("news_80x24", &model, 80, 24);
    let (buf, _) = draw(&model, 120, 36);
    let row = &symbols(&buf)[2];
    assert!(
        row.starts_with("▸ since you last looked, 2 h ago: new best 0.3008"),
        "{row}"
    );
    assert!(row.ends_with("+1"), "what does not fit is counted: {row}");
}

#[test]
fn in_ascii_mode_every_cell_is_ascii() {
    for mut model in [fixture::running(), fixture::editing(), fixture::fresh(3)] {
        model.appearance.ascii = true;
        for pane in Pane::ALL {
            model.focus = pane;
            for (w, h) in [(80, 24), (200, 60)] {
                let (buf, _) = draw(&model, w, h);
                for cell in &buf.content {
                    assert!(
                        cell.symbol().is_ascii(),
                        "{:?} in {pane:?} at {w}x{h}",
                        cell.symbol()
                    );
                }
            }
        }
    }
}

#[test]
fn the_four_questions_are_answered_without_a_key() {
    let (buf, _) = draw(&fixture::running(), 120, 36);
    let text = symbols(&buf).join("\n");
    for answer in [
        "live",
        "32 complete",
        "6 failed",
        "best val_loss 0.3013",
        "trials ago",
        "45 of 80",
        "0.293 ± 0.015",
        "P(improve) 71 %",
        "exploitation",
        "exploration",
        "learning_rate 7e-4",
        "model ✓ good",
        "predicts left-out trials well",
    ] {
        assert!(text.contains(answer), "{answer:?} is not on screen:\n{text}");
    }
}

#[test]
fn what_is_older_than_the_data_says_so_and_stays() {
    let (buf, _) = draw(&fixture::moved(), 160, 48);
    let text = symbols(&buf).join("\n");
    assert!(text.contains("stale, refitting…"));
    assert!(text.contains("0.293 ± 0.015"));
}

#[test]
fn small_studies_say_what_they_wait_for() {
    for (count, words) in [(0, "Nothing has been read"), (3, "needs a few finished trials")] {
        let model = if count == 0 {
            Model::new(0.0, (120, 36))
        } else {
            fixture::fresh(count)
        };
        let (buf, _) = draw(&model, 120, 36);
        let text = symbols(&buf).join(" ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(words), "{words:?}: {text}");
    }
    let (buf, _) = draw(&Model::new(0.0, (40, 10)), 40, 10);
    assert!(symbols(&buf).join("").contains("needs 60x16"));
}

#[test]
fn a_confirmation_shows_exactly_what_is_written_and_where() {
    let mut model = fixture::running();
    let text = r#"{"learning_rate":0.000316,"batch_size":16,"scheduler":"cosine"}"#;
    model.overlay = Some(Overlay::Confirm(Confirm::Accept {
        configuration: model.probe.configuration.clone(),
        text: text.to_owned(),
        place: "runs/queue/q48.json".to_owned(),
    }));
    let (buf, _) = draw(&model, 80, 24);
    let screen = symbols(&buf).join("\n");
    assert!(screen.contains(text), "{screen}");
    assert!(screen.contains("to runs/queue/q48.json"));
    assert!(!screen.contains("The loop is over"));

    model.run = Some(RunStatus::default());
    let (buf, _) = draw(&model, 80, 24);
    assert!(symbols(&buf).join("\n").contains("The loop is over: this waits"));
}

#[test]
fn clicks_find_rows_slices_and_the_surface() {
    let (_, hits) = draw(&fixture::running(), 160, 48);
    let has = |f: &dyn Fn(&Target) -> bool| hits.regions.iter().any(|(_, t)| f(t));
    assert!(has(&|t| matches!(t, Target::TrialRow(46))));
    assert!(has(&|t| matches!(t, Target::Slice { param: 0 })));
    assert!(has(&|t| matches!(t, Target::Surface)));
    assert!(has(&|t| matches!(t, Target::ParamRow(6))));
    assert!(has(&|t| matches!(t, Target::ReceiptRow(0))));
    assert_eq!(hits.panes.len(), 5);
    assert!(hits.table_rows > 5 && hits.slice_slots >= 6);
}

#[test]
fn moving_the_table_cursor_changes_few_cells() {
    let mut model = fixture::running();
    model.focus = Pane::Trials;
    let (before, _) = draw(&model, 120, 36);
    model.table.selected = model.table.rows.get(1).copied();
    let (after, _) = draw(&model, 120, 36);
    let changed = before.diff(&after).len();
    // Two rows of a table half as wide as the screen, and the row number in its title.
    assert!(changed <= 150, "{changed} cells changed");
}

/// Slices, surface and readouts of another probe, in true colour: what a key press writes at the worst. Said cell by cell it
/// was twice as much.
#[test]
fn another_probe_is_said_in_few_bytes() {
    let mut terminal = Terminal::new(ScreenBackend::with_size(Vec::new(), 120, 36)).unwrap();
    let mut written = |model: &Model| {
        terminal.draw(|frame| drop(view(model, &hints(), frame))).unwrap();
        terminal.backend_mut().commit().unwrap()
    };
    let (first, second) = (fixture::running(), fixture::moved());
    let whole = written(&first);
    let change = written(&second);
    assert_eq!(written(&second), 0, "nothing has changed");
    assert!(change < MOST_BYTES && whole < 2 * MOST_BYTES, "{whole} {change}");
}

fn overlay(kind: u8, model: &Model) -> Option<Overlay> {
    match kind {
        1 => Some(Overlay::help()),
        2 => Some(Overlay::Diagnostics { scroll: 9 }),
        3 => Some(Overlay::Trial { trial: 1, scroll: 2 }),
        4 => Some(Overlay::Model { scroll: 1 }),
        5 => Some(Overlay::Rejections { cursor: 7 }),
        6 => Some(Overlay::Command {
            input: tui_input::Input::from("set 学習\u{1b}[31m"),
            completions: (0..30).map(|i| format!("completion {i}")).collect(),
            remark: Some("no \u{202e} such".to_owned()),
        }),
        7 => Some(Overlay::Filter {
            input: tui_input::Input::from("x".repeat(400)),
            remark: None,
        }),
        8 => Some(Overlay::Confirm(Confirm::Accept {
            configuration: model.probe.configuration.clone(),
            text: "{\"a\": \"\u{1b}]0;x\u{7}\"}".repeat(40),
            place: "p".repeat(300),
        })),
        9 => Some(Overlay::Confirm(Confirm::Withdraw { receipt: 99 })),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn any_study_at_any_size_is_drawn_without_failing(
        seed in any::<u64>(),
        width in prop_oneof![1u16..=70, 60u16..=300],
        height in prop_oneof![1u16..=30, 16u16..=100],
        pane in 0usize..Pane::ALL.len(),
        layer in 0usize..6,
        color in 0u8..4,
        flags in 0u8..16,
        over in 0u8..12,
    ) {
        let mut model = random::model(seed);
        model.focus = Pane::ALL[pane];
        model.layer = Layer::ALL[layer];
        model.zoomed = flags & 1 != 0;
        model.appearance.ascii = flags & 2 != 0;
        model.frozen = flags & 4 != 0;
        model.appearance.theme = if flags & 8 != 0 { ThemeChoice::Light } else { ThemeChoice::Dark };
        model.appearance.color =
            [ColorLevel::None, ColorLevel::Sixteen, ColorLevel::Indexed256, ColorLevel::True][color as usize];
        model.overlay = overlay(over, &model);
        let (buf, hits) = draw(&model, width, height);
        for cell in &buf.content {
            prop_assert!(!cell.symbol().chars().any(is_hostile), "{:?}", cell.symbol());
        }
        for (area, _) in &hits.regions {
            prop_assert!(area.x + area.width <= width && area.y + area.height <= height, "{area:?}");
        }
    }

    #[test]
    fn the_selected_trial_is_always_in_sight(
        seed in any::<u64>(),
        width in 60u16..=300,
        height in 16u16..=100,
        offset in 0usize..10_000,
        at in any::<prop::sample::Index>(),
    ) {
        let mut model = random::model(seed);
        model.focus = Pane::Trials;
        model.table.offset = offset;
        prop_assume!(!model.table.rows.is_empty());
        let trial = model.table.rows[at.index(model.table.rows.len())];
        model.table.selected = Some(trial);
        let (buf, hits) = draw(&model, width, height);
        let row = hits.regions.iter().find(|(_, t)| *t == Target::TrialRow(trial)).map(|(a, _)| *a);
        prop_assert!(row.is_some(), "trial {trial} is not drawn");
        let row = row.unwrap();
        prop_assert_eq!(buf[(row.x, row.y)].symbol(), "▌");
        let reversed = (row.x..row.x + row.width)
            .any(|x| buf[(x, row.y)].modifier.contains(Modifier::REVERSED));
        prop_assert!(reversed);
    }
}

#[test]
fn a_click_on_a_head_sorts_by_what_stands_below_it() {
    let mut model = fixture::running();
    (model.focus, model.zoomed) = (Pane::Trials, true);
    let (buf, hits) = draw(&model, 120, 36);
    let heads = symbols(&buf);
    let y = heads.iter().position(|row| row.contains("state")).unwrap();
    update(&mut model, Msg::Drawn(hits), 1.0);
    let column = |name: &str| {
        let before = heads[y].split(name).next().unwrap();
        u16::try_from(before.chars().count()).unwrap()
    };
    let param = model
        .study
        .columns
        .iter()
        .position(|c| c.shown() == "learning_rate")
        .unwrap();
    for (name, key) in [
        ("state", SortKey::State),
        ("val_loss", SortKey::Value),
        ("learning_rate", SortKey::Column(param)),
    ] {
        let (x, y) = (column(name), u16::try_from(y).unwrap());
        update(&mut model, Msg::Pointer(Pointer::Press { x, y }), 2.0);
        assert_eq!((model.table.sort, model.table.descending), (key, false), "{name}");
        update(&mut model, Msg::Pointer(Pointer::Press { x, y }), 2.0);
        assert_eq!((model.table.sort, model.table.descending), (key, true), "{name}");
    }
}
