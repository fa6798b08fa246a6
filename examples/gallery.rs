//! Draws the screen from a made-up study, to look at themes and sizes without a run.
//!
//! `cargo run --example gallery -- [SCENE] [--light] [--color true|256|16|none] [--ascii] [--focus N] [--zoom]
//! [--layer N] [--ramp N]`; any key ends it, `1` to `5` change the focus, `z` zooms.

#[path = "../tests/common/fixture.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod fixture;

use crossterm::event::{Event, KeyCode, read};
use tunescope::analysis::Layer;
use tunescope::session::model::{ColorLevel, ThemeChoice};
use tunescope::session::{Model, Overlay, Pane};
use tunescope::ui::{Hint, view};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut model = scene(arguments.first().map_or("running", String::as_str));
    let value = |name: &str| {
        arguments
            .iter()
            .position(|a| a == name)
            .and_then(|i| arguments.get(i + 1))
            .map(String::as_str)
    };
    let has = |name: &str| arguments.iter().any(|a| a == name);
    model.appearance.color = match value("--color") {
        Some("256") => ColorLevel::Indexed256,
        Some("16") => ColorLevel::Sixteen,
        Some("none") => ColorLevel::None,
        _ => ColorLevel::True,
    };
    if has("--light") {
        model.appearance.theme = ThemeChoice::Light;
    }
    model.appearance.ascii = has("--ascii");
    model.zoomed = has("--zoom");
    let number = |name: &str| value(name).and_then(|v| v.parse::<usize>().ok());
    if let Some(pane) = number("--focus").and_then(|n| Pane::ALL.get(n - 1)) {
        model.focus = *pane;
    }
    if let Some(layer) = number("--layer").and_then(|n| Layer::ALL.get(n)) {
        model.layer = *layer;
    }
    model.appearance.ramp = number("--ramp").unwrap_or(0);
    overlay(&mut model, value("--over").unwrap_or(""));
    show(&mut model)
}

fn scene(name: &str) -> Model {
    match name {
        "moved" => fixture::moved(),
        "editing" => fixture::editing(),
        "hostile" => fixture::hostile(),
        "empty" => Model::new(fixture::NOW, (120, 36)),
        "one" => fixture::fresh(3),
        "few" => fixture::fresh(8),
        _ => fixture::running(),
    }
}

fn overlay(model: &mut Model, name: &str) {
    model.overlay = match name {
        "help" => Some(Overlay::help()),
        "trial" => Some(Overlay::Trial { trial: 31, scroll: 0 }),
        "model" => Some(Overlay::Model { scroll: 0 }),
        "diagnostics" => Some(Overlay::Diagnostics { scroll: 0 }),
        "rejections" => Some(Overlay::Rejections { cursor: 0 }),
        "command" => Some(Overlay::Command {
            input: tui_input::Input::from("set "),
            completions: [
                "acquisition",
                "beta",
                "color",
                "filter",
                "kernel",
                "layer",
                "theme",
                "xi",
            ]
            .map(str::to_owned)
            .to_vec(),
            remark: None,
        }),
        "filter" => Some(Overlay::Filter {
            input: tui_input::Input::from("learning_rate<1e-3 state=compl"),
            remark: Some("no such state".to_owned()),
        }),
        "confirm" => Some(Overlay::Confirm(tunescope::session::model::Confirm::Accept {
            configuration: model.probe.configuration.clone(),
            text: serde_json::Value::Object(
                model
                    .study
                    .space
                    .configuration_to_json(&model.probe.configuration),
            )
            .to_string(),
            place: "queue/q48.json (a worker takes it from there)".to_owned(),
        })),
        _ => None,
    };
}

fn show(model: &mut Model) -> std::io::Result<()> {
    let hints = [
        ("A", "accept"),
        ("E", "edit"),
        ("X", "reject"),
        ("←→", "move the probe"),
        ("n", "suggestion"),
        ("b", "best"),
        ("tab", "next pane"),
        ("z", "zoom"),
        ("l", "layer"),
        (":", "command"),
        ("?", "help"),
        ("q", "quit"),
    ]
    .map(|(k, l)| Hint::new(k, l));
    crossterm::style::force_color_output(true);
    let mut terminal = ratatui::init();
    loop {
        terminal.draw(|frame| {
            view(model, &hints, frame);
        })?;
        if let Event::Key(key) = read()? {
            match key.code {
                KeyCode::Char(c @ '1'..='5') => {
                    model.focus = Pane::ALL[c as usize - '1' as usize];
                }
                KeyCode::Char('z') => model.zoomed = !model.zoomed,
                _ => break,
            }
        }
    }
    ratatui::restore();
    Ok(())
}
