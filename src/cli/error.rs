//! Why a command could not be carried out, with the exit status that says so.

use std::io;
use std::path::PathBuf;

use crate::analysis::{ModelFileError, SuggestError, SurrogateError};
use crate::config::ConfigError;
use crate::demo::DemoError;
use crate::io::ReadError;
use crate::io::database::url::shown;
use crate::io::delivery::{DeliveryError, HookError};
use crate::language::Language;
use crate::study::StudyError;

/// What a command ends with where it does not end well. Each message is one sentence: what, where, what to
/// do. It may quote text from outside; whoever prints it scrubs it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// Standard output was closed by its reader: nothing to say.
    #[error("standard output was closed")]
    ClosedPipe,
    #[error("standard output cannot be written: {0}")]
    Stdout(#[source] io::Error),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    #[error(transparent)]
    Repair(#[from] crate::io::doctor::repair::RepairError),
    #[error("--on-accept: {0}")]
    Hook(#[from] HookError),
    #[error("there is no file {name}, and no command of that name; did you mean `tunescope {command}`?")]
    NotACommand { name: String, command: String },
    #[error("{place}: this is not JSON ({source}); give an object such as {{\"lr\": 3e-4}}")]
    Json {
        place: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("{place}: this is not an object; give one such as {{\"lr\": 3e-4}}")]
    NotAnObject { place: String },
    #[error("{place}: {source}")]
    Configuration {
        place: String,
        #[source]
        source: StudyError,
    },
    #[error("{}: cannot be {action} ({source})", shown(path))]
    File {
        path: PathBuf,
        action: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("{}: {why}", shown(path))]
    CannotTell { path: PathBuf, why: String },
    #[error("--out {}: {why}", shown(path))]
    Report { path: PathBuf, why: String },
    #[error(
        "--out {}: the name must end in .html, .svg, .txt or .json to say what to write",
        shown(path)
    )]
    ReportFormat { path: PathBuf },
    #[error(transparent)]
    Surrogate(#[from] SurrogateError),
    #[error("{}: {source}", shown(path))]
    Model {
        path: PathBuf,
        #[source]
        source: ModelFileError,
    },
    #[error(transparent)]
    Suggest(#[from] SuggestError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error(transparent)]
    Learn(#[from] super::learn::LearnError),
    /// Another error, in the language of the lab.
    #[error("{said}")]
    Told { said: String, status: u8 },
    #[error("give the results file to watch, such as `tunescope results.jsonl`; `tunescope demo` needs none")]
    NoSource,
    #[error("the demo needs a terminal, and standard output is none; run it in a terminal window")]
    NoTerminal,
    #[error(
        "the terminal cannot be used ({0}); run tunescope in a terminal window, or use `tunescope suggest`"
    )]
    Terminal(#[source] io::Error),
    #[error(
        "{}: there is one trial, and a range is inferred from two values of a parameter; wait for the second one, \
         or give the ranges with --space",
        shown(path)
    )]
    OneTrial { path: PathBuf },
    #[error(transparent)]
    Run(#[from] crate::run::RunError),
    #[error("{}: {why}", path.display())]
    Loop { path: PathBuf, why: String },
    #[error("there is no next configuration: {0}")]
    NoProposal(String),
    #[error(
        "{}: there is no parameter that could be tuned; name them with --params or --space",
        shown(path)
    )]
    NoSpace { path: PathBuf },
    #[error(
        "{}: the space file has no parameter; give each a table, such as [params.lr] with type, low and high",
        shown(path)
    )]
    EmptySpace { path: PathBuf },
}

impl CliError {
    /// The same in another language, as far as its words are known there.
    #[must_use]
    pub fn told_in(self, language: Language) -> Self {
        let english = self.to_string();
        let said = language.reword(&english);
        if said == english {
            return self;
        }
        Self::Told {
            status: self.status(),
            said: said.into_owned(),
        }
    }

    /// 1: the work could not be done; 2: the call is off; 0 where the reader of a pipe has had enough.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Told { status, .. } => *status,
            Self::Run(
                crate::run::RunError::NoCommand
                | crate::run::RunError::Placeholder { .. }
                | crate::run::RunError::SharedMetricFile { .. },
            ) => 2,
            Self::Surrogate(SurrogateError::Kernel { .. })
            | Self::Model { .. }
            | Self::NoSource
            | Self::Config(_)
            | Self::Hook(_)
            | Self::NotACommand { .. }
            | Self::EmptySpace { .. }
            | Self::ReportFormat { .. }
            | Self::Json { .. }
            | Self::NotAnObject { .. }
            | Self::Configuration { .. }
            | Self::Read(
                ReadError::NoSuchKind { .. } | ReadError::SpaceFile { .. } | ReadError::NoSpaceFile { .. },
            ) => 2,
            Self::Learn(
                super::learn::LearnError::Language { .. }
                | super::learn::LearnError::GameOnLesson
                | super::learn::LearnError::Bounds { .. }
                | super::learn::LearnError::Formula { .. }
                | super::learn::LearnError::Nothing { .. },
            ) => 2,
            Self::Read(_)
            | Self::Learn(_)
            | Self::Surrogate(_)
            | Self::Suggest(_)
            | Self::Demo(_)
            | Self::Run(_)
            | Self::Loop { .. }
            | Self::NoProposal(_)
            | Self::NoTerminal
            | Self::Terminal(_)
            | Self::Delivery(_)
            | Self::Stdout(_)
            | Self::File { .. }
            | Self::CannotTell { .. }
            | Self::Report { .. }
            | Self::Repair(_)
            | Self::OneTrial { .. }
            | Self::NoSpace { .. } => 1,
        }
    }
}

/// An error of standard output: a closed pipe ends quietly.
pub fn stdout_error(error: io::Error) -> CliError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        CliError::ClosedPipe
    } else {
        CliError::Stdout(error)
    }
}
