//! The command line: what it may say, and the commands that need no screen.
//!
//! Standard output carries the answer alone, everything else goes to standard error. This is the only
//! module that prints.

mod accept;
pub mod args;
mod completions;
mod constraints;
mod doctor;
mod engine;
pub mod error;
mod explore;
mod fit;
mod glance;
mod init;
pub mod json;
mod keys;
mod learn;
mod load;
mod out;
mod predict;
mod progress;
mod report;
mod run;
mod status;
mod suggest;
mod tell;
mod text;
mod trials;

pub use error::CliError;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Cli, Command};

/// The whole program: reads the arguments, runs the command, and says what went wrong in one sentence.
#[must_use]
pub fn main() -> ExitCode {
    crate::runtime::panic::install();
    let cli = match Cli::try_parse_from(command_first(std::env::args_os().collect())) {
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

/// Options may stand before the command (`tunescope --seed 1 suggest x`): the command is put first, and
/// has the say on which options it knows.
fn command_first(mut words: Vec<OsString>) -> Vec<OsString> {
    let definition = Cli::command();
    let takes_value = |name: &str| {
        let (long, short) = (name.strip_prefix("--"), name.strip_prefix('-'));
        let is_it = |a: &clap::Arg| match long {
            Some(long) => a.get_long() == Some(long),
            None => short.is_some_and(|s| s.chars().count() == 1 && a.get_short() == s.chars().next()),
        };
        let commands = definition
            .get_subcommands()
            .flat_map(clap::Command::get_arguments);
        definition
            .get_arguments()
            .chain(commands)
            .find(|a| is_it(a))
            .is_some_and(|a| a.get_action().takes_values())
    };
    let mut at = 1;
    while let Some(word) = words.get(at).and_then(|w| w.to_str()) {
        if word == "--" || word == "-" {
            break;
        }
        if !word.starts_with('-') {
            if at > 1 && definition.find_subcommand(word).is_some() {
                let command = words.remove(at);
                words.insert(1, command);
            }
            break;
        }
        at += 1 + usize::from(!word.contains('=') && takes_value(word));
    }
    words
}

fn run(cli: Cli) -> Result<ExitCode, CliError> {
    let done = |()| ExitCode::SUCCESS;
    match cli.command {
        None => explore::explore(&cli.explore),
        Some(Command::Demo(args)) => explore::demo(&args),
        Some(Command::Learn(args)) => learn::run(&args),
        Some(Command::DemoWorker(args)) => {
            crate::runtime::demo::run_worker(&args)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::TrialKeeper(args)) => Ok(ExitCode::from(crate::run::keeper::keep(&args)?)),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Status(args)) => status::run(&args),
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
        Some(Command::Report(args)) => report::run(&args).map(done),
        Some(Command::Init(args)) => init::run(&args).map(done),
    }
}

/// One line on standard error. Standard error may be closed too; there is nobody left to tell then.
fn say(message: &(impl std::fmt::Display + ?Sized)) {
    let _ = writeln!(
        std::io::stderr(),
        "tunescope: {}",
        text::harmless(&crate::study::label::without_code(&message.to_string()))
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_may_stand_before_the_command() {
        let order = |text: &str| {
            let words = command_first(text.split(' ').map(OsString::from).collect());
            let words: Vec<String> = words.into_iter().map(|w| w.into_string().unwrap()).collect();
            words.join(" ")
        };
        for (before, after) in [
            ("t --seed 1 suggest x", "t suggest --seed 1 x"),
            (
                "t --seed=1 --no-priors fit x -n",
                "t fit --seed=1 --no-priors x -n",
            ),
            ("t --metric fit x", "t --metric fit x"),
            ("t x.jsonl suggest", "t x.jsonl suggest"),
            ("t --seed 1 -- suggest", "t --seed 1 -- suggest"),
            ("t suggest x --seed 1", "t suggest x --seed 1"),
            ("t --version", "t --version"),
        ] {
            assert_eq!(order(before), after);
        }
        let cli = Cli::try_parse_from(command_first(
            ["t", "--seed", "1", "suggest", "x"].map(OsString::from).to_vec(),
        ));
        assert!(matches!(cli.unwrap().command, Some(Command::Suggest(_))));
    }
}
