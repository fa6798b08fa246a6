//! `tunescope report`: the panes as a file, for those who have no terminal at hand.

mod target;
mod whole;

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::Report;
use super::error::CliError;
use super::{engine, load};
use crate::analysis::{Surrogate, SurrogateError};
use crate::config::FileSettings;
use crate::io::delivery::{Door, follow};
use crate::runtime::worker::still;
use crate::session::model::{SourceState, SourceStatus, ThemeChoice};
use crate::session::receipt::Receipt;
use crate::session::{Model, Msg};
use crate::study::Study;
use crate::ui::export::{self, Format, Ground};
use crate::ui::words;
use target::Target;

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Drawn(Format),
    Json,
}

pub fn run(args: &Report) -> Result<(), CliError> {
    let kind = kind(&args.out)?;
    let target = Target::new(&args.out, &args.source, &args.engine.reading.also)?;
    let file = FileSettings::load(args.engine.config.config.as_deref())?;
    let (width, height) = args.size;
    let mut model = Model::new(now(), (width, height));
    model.settings = engine::model_settings(&args.engine.modelling, &file);
    model.acquisition = engine::acquisition_settings(&args.engine.acquisition, &file);
    let read = load::read_or_start(&args.source, &args.engine.reading)?;
    let study = read.study();
    let kind_name = read.kind().map_or("", |k| k.name);
    let source = SourceStatus {
        kind: read.kind().map_or("", |k| k.title).to_owned(),
        path: crate::study::label::scrub(&load::shown_path(&args.source)),
        state: SourceState::Live,
        changed: read.modified(),
        checked: Some(model.now),
        studies: read.studies().into(),
        chosen: None,
    };
    develop(args, &mut model, &study, source)?;
    let written = match kind {
        Kind::Json => {
            let mut bytes = Vec::new();
            let whole = whole::whole(&model, kind_name, &load::shown_path(&args.source));
            super::json::write(&mut bytes, &whole, false).map_err(|e| target::error(&args.out, e))?;
            bytes
        }
        Kind::Drawn(format) => drawn(args, &model, format).into_bytes(),
    };
    target.write(&written)
}

/// The format that the name ends in; `-` is words on standard output.
fn kind(out: &Path) -> Result<Kind, CliError> {
    let name = out.to_string_lossy();
    if name == "-" {
        return Ok(Kind::Drawn(Format::Text));
    }
    if name.to_lowercase().ends_with(".json") {
        return Ok(Kind::Json);
    }
    Format::of(&name)
        .map(Kind::Drawn)
        .ok_or_else(|| CliError::ReportFormat { path: out.to_owned() })
}

/// Brings the session to where a person would see it, the source read and everything computed.
fn develop(
    args: &Report,
    model: &mut Model,
    study: &Arc<Study>,
    source: SourceStatus,
) -> Result<(), CliError> {
    let mut messages = vec![Msg::Study {
        study: Arc::clone(study),
        source,
    }];
    messages.extend(queue(args, study));
    still::develop(model, messages, model.now);
    if study.space.is_empty() || !study.has_objective() {
        return Ok(());
    }
    let fitted: Result<Surrogate, String> =
        match engine::surrogate(study, &args.engine.modelling, &model.settings) {
            Ok(found) => Ok(found),
            Err(CliError::Surrogate(
                error @ (SurrogateError::NoTrials
                | SurrogateError::NothingShared { .. }
                | SurrogateError::NothingToTune
                | SurrogateError::Fit(_)),
            )) => Err(error.to_string()),
            Err(error) => return Err(error),
        };
    let data = model.data;
    let message = match fitted {
        Ok(found) => Msg::Fitted {
            data,
            surrogate: Arc::new(found),
            refitted: true,
        },
        Err(reason) => {
            super::say(&format!("{reason}; the report is without a model"));
            Msg::FitFailed { data, reason }
        }
    };
    let _progress = super::progress::Progress::start("drawing");
    still::develop(model, [message], model.now);
    Ok(())
}

/// How configurations reach workers, and what was accepted, as it stands; nothing is moved or mended.
fn queue(args: &Report, study: &Study) -> [Msg; 2] {
    if args.source.as_os_str() == "-" {
        let why = "standard input has no queue; give the file itself".to_owned();
        return [Msg::Door(Err(why)), Msg::Receipts(Vec::new())];
    }
    let shown = Some(study.name.raw()).filter(|name| !name.is_empty());
    let mut door = Door::for_source(&args.source, args.engine.reading.study.as_deref().or(shown));
    let mut listed = door.receipts().map(|l| l.receipts).unwrap_or_default();
    follow(&mut listed, study);
    let mut receipts: Vec<Receipt> = listed.iter().map(|r| r.for_session(&study.space, None)).collect();
    receipts.reverse();
    [Msg::Door(Ok(door.words())), Msg::Receipts(receipts)]
}

/// The panes and their words.
fn drawn(args: &Report, model: &Model, format: Format) -> String {
    let ground = match args.theme.as_deref() {
        Some("dark") => Ground::Dark,
        Some("light") => Ground::Light,
        _ => Ground::Both,
    };
    let sheet = |theme| {
        let mut model = model.clone();
        model.appearance.theme = theme;
        export::panes(&model, args.size)
    };
    let sheets = export::Sheets {
        dark: &sheet(ThemeChoice::Dark),
        light: &sheet(ThemeChoice::Light),
        ground,
    };
    let name = model.study.name.shown();
    let title = if name.is_empty() {
        model.source.path.clone()
    } else {
        format!("{name} ({})", model.source.path)
    };
    export::report(&sheets, &title, &words::sections(model), format)
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64())
}
