//! The command line: what it may say, and the commands that need no screen.
//!
//! Standard output carries the answer alone, everything else goes to standard error. This is the only
//! module that prints.

mod accept;
pub mod args;
mod completions;
mod doctor;
mod engine;
pub mod error;
mod explore;
mod fit;
mod init;
pub mod json;
mod keys;
mod load;
mod out;
mod predict;
mod progress;
mod report;
mod suggest;
mod tell;
mod text;
mod trials;

pub use error::CliError;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};

/// The whole program: reads the arguments, runs the command, and says what went wrong in one sentence.
#[must_use]
pub fn main() -> ExitCode {
    crate::runtime::panic::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are answers (standard output, status 0), the rest is a call that is off.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            if !matches!(error, CliError::ClosedPipe) {
                say(&error);
            }
            ExitCode::from(error.status())
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, CliError> {
    let done = |()| ExitCode::SUCCESS;
    match cli.command {
        None => explore::explore(&cli.explore),
        Some(Command::Demo(args)) => explore::demo(&args),
        Some(Command::DemoWorker(args)) => {
            crate::runtime::demo::run_worker(&args)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Fit(args)) => fit::run(&args).map(done),
        Some(Command::Predict(args)) => predict::run(&args).map(done),
        Some(Command::Suggest(args)) => suggest::run(&args).map(done),
        Some(Command::Accept(args)) => accept::run(&args).map(done),
        Some(Command::Doctor(args)) => doctor::run(&args),
        Some(Command::Keys(keys)) => keys::run(&keys).map(done),
        Some(Command::Completions { shell }) => completions::completions(shell).map(done),
        Some(Command::Man) => completions::man().map(done),
        Some(Command::Trials(args)) => trials::run(&args).map(done),
        Some(Command::Tell(args)) => tell::run(&args).map(done),
        Some(Command::Init(args)) => init::run(&args).map(done),
    }
}

/// One line on standard error. Standard error may be closed too; there is nobody left to tell then.
fn say(message: &impl std::fmt::Display) {
    let _ = writeln!(
        std::io::stderr(),
        "tunescope: {}",
        text::harmless(&message.to_string())
    );
}
