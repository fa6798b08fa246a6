//! The explorer and the demo: from the arguments to the loop.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;

use clap::CommandFactory as _;

use super::args::{Cli, Demo, Explore, Format, ObjectiveName, Screen};
use super::error::CliError;
use super::out::Out;
use super::{engine, glance, load};
use crate::analysis::ModelFile;
use crate::config::{FileSettings, nearest};
use crate::io::delivery::Hook;
use crate::runtime::color::ColorChoice;
use crate::runtime::demo::{self, DemoSettings};
use crate::runtime::run::{self, Ended, Settings};
use crate::runtime::terminal;
use crate::session::kept::ByHand;
use crate::session::model::{Appearance, ThemeChoice};

/// A demo without options: enough recorded trials for the panes to have something to show, new ones slow
/// enough to be followed, and an end.
const FROM: usize = 12;
const TRIALS: u64 = 48;
const PACE: f64 = 2.0;

pub fn explore(args: &Explore) -> Result<ExitCode, CliError> {
    let file = FileSettings::load(args.config.config.as_deref())?;
    let Some(source) = &args.source else {
        return Err(CliError::NoSource);
    };
    not_a_mistyped_command(source)?;
    let on_accept = args.delivery.on_accept.as_deref().or(file.on_accept.as_deref());
    let on_accept = on_accept
        .filter(|command| !command.trim().is_empty())
        .map(Hook::parse)
        .transpose()?;
    let mut model = engine::model_settings(&args.modelling, &file);
    let acquisition = engine::acquisition_settings(&args.acquisition, &file);
    if !std::io::stdout().is_terminal() {
        glance::print(source, args, &model, acquisition)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(path) = &args.modelling.model {
        model.given = Some(std::sync::Arc::new(engine::model_file(path)?.1));
    }
    let stated = stated(args, model.given.as_deref());
    finish(run::run(Settings {
        source: source.clone(),
        read: load::options(&args.reading)?,
        model,
        acquisition,
        appearance: appearance(&args.screen, &file),
        mouse: args.screen.mouse || file.mouse.unwrap_or(false),
        bell: args.screen.bell || file.bell.unwrap_or(false),
        on_accept,
        title: None,
        stated,
        run: None,
        ..Settings::default()
    }))
}

pub fn demo(args: &Demo) -> Result<ExitCode, CliError> {
    let file = FileSettings::load(args.config.config.as_deref())?;
    if !std::io::stdout().is_terminal() {
        return Err(CliError::NoTerminal);
    }
    let seed = args.seed.or(file.seed).unwrap_or(0);
    let started = demo::Demo::start(&DemoSettings {
        seed,
        trials: Some(args.trials.unwrap_or(TRIALS)),
        from: args.from.unwrap_or(FROM),
        pace: args.pace.unwrap_or(PACE),
        dir: args.dir.clone(),
    })?;
    let results = started.files.results.clone();
    let reading = super::args::Reading {
        space: Some(started.files.space.clone()),
        ..super::args::Reading::default()
    };
    let mut model = engine::model_settings(&super::args::Modelling::default(), &file);
    model.seed = seed;
    let ended = run::run(Settings {
        source: results.clone(),
        read: load::options(&reading)?,
        model,
        acquisition: engine::acquisition_settings(&args.acquisition, &file),
        appearance: appearance(&args.screen, &file),
        mouse: args.screen.mouse || file.mouse.unwrap_or(false),
        bell: args.screen.bell || file.bell.unwrap_or(false),
        on_accept: None,
        stated: ByHand::default(),
        title: Some("demo: fine-tuning a tiny language model".to_owned()),
        run: None,
        ..Settings::default()
    });
    drop(started);
    let code = finish(ended)?;
    super::say(&format!(
        "the demo's results stay in {}; go on with: tunescope demo --dir {}",
        results.display(),
        results.parent().unwrap_or(Path::new(".")).display()
    ));
    Ok(code)
}

/// What the command line says of model and acquisition function; the settings file is not so particular.
fn stated(args: &Explore, given: Option<&ModelFile>) -> ByHand {
    let (acquisition, modelling) = (&args.acquisition, &args.modelling);
    ByHand {
        acquisition: acquisition.acquisition.map(|_| String::new()),
        xi: acquisition.xi,
        beta: acquisition.beta,
        kernel: modelling.kernel.clone(),
        leave_one_out: modelling.objective.map(|o| o == ObjectiveName::Loo),
        output_warp: modelling.no_output_warp.then_some(false),
        model: given.cloned(),
    }
}

/// The loop with the explorer on it: the same explorer, and a question when it is left.
pub fn run_loop(
    args: &super::args::run::Run,
    file: &FileSettings,
    settings: &crate::run::Settings,
) -> Result<ExitCode, CliError> {
    let (statuses, status) = mpsc::channel();
    let beside = super::run::Beside::start(settings, super::run::status_teller(settings, statuses))?;
    let control = beside.control.clone();
    let ended = run::run(Settings {
        source: settings.results.clone(),
        read: settings.propose.read.clone(),
        model: settings.propose.model.clone(),
        acquisition: settings.propose.acquisition,
        appearance: appearance(&args.screen, file),
        mouse: args.screen.mouse || file.mouse.unwrap_or(false),
        bell: args.screen.bell || file.bell.unwrap_or(false),
        on_accept: None,
        stated: ByHand::default(),
        title: None,
        run: Some(run::RunLink {
            status,
            say: Box::new(move |word| {
                let _ = control.say(super::run::word(word));
            }),
        }),
        ..Settings::default()
    });
    // A screen that is gone by a signal, or by an error, decides nothing: what runs is finished, or left.
    let signal = match &ended {
        Ok(ended) => ended.signal.unwrap_or(0),
        Err(_) => signal_hook::consts::SIGHUP,
    };
    let end = beside.join(signal)?;
    finish(ended)?;
    super::run::conclude(&end, signal, settings, Format::Text)
}

pub fn finish(ended: std::io::Result<Ended>) -> Result<ExitCode, CliError> {
    let ended = ended.map_err(CliError::Terminal)?;
    if let Some(summary) = ended.summary {
        let mut out = Out::new();
        for line in summary.lines() {
            out.line(super::text::harmless(line))?;
        }
        out.finish()?;
    }
    Ok(match ended.signal {
        Some(number) => ExitCode::from(u8::try_from(128 + number).unwrap_or(1)),
        None => ExitCode::SUCCESS,
    })
}

pub fn appearance(args: &Screen, file: &FileSettings) -> Appearance {
    let choice: ColorChoice = args.color.or(file.color).unwrap_or_default();
    let theme = args.theme.as_deref().or(file.theme).unwrap_or("auto");
    Appearance {
        color: choice.resolve(|name| std::env::var_os(name)),
        theme: match theme {
            "light" => ThemeChoice::Light,
            "dark" => ThemeChoice::Dark,
            _ => run::theme_for(terminal::detect_theme()),
        },
        ..Appearance::default()
    }
}

/// `tunescope sugest x` reads as a source that does not exist; say so.
fn not_a_mistyped_command(source: &Path) -> Result<(), CliError> {
    let Some(name) = source.to_str().filter(|n| !n.contains(['/', '.'])) else {
        return Ok(());
    };
    if name == "-" || source.exists() {
        return Ok(());
    }
    let command = Cli::command();
    let names: Vec<&str> = command
        .get_subcommands()
        .filter(|c| !c.is_hide_set())
        .map(clap::Command::get_name)
        .collect();
    match nearest(name, names) {
        Some(command) => Err(CliError::NotACommand {
            name: PathBuf::from(name).display().to_string(),
            command: command.to_owned(),
        }),
        None => Ok(()),
    }
}
