//! The command line: every command and option, in words that `--help`, the manual page and the shell
//! completions share.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

mod groups;
pub mod learn;
pub mod run;

pub use groups::*;

const SOURCES: &str = "\
SOURCE is a results file (JSONL, CSV or TSV, an Optuna journal, an Ax or another JSON document) or a folder (Ray \
Tune, MLflow, W&B, SMAC, Syne Tune, DeepCAVE); `-` is standard input. Its kind is recognised by content.";

const DOCTOR: &str = "\
Looks for bad lines and records run together, locks left behind, running trials without a sign of life, values that are \
not finite, repeated configurations, parameters that the data cannot identify, and Ray's storage lagging behind.

Exit status: 0 there is nothing to mend, 1 there is (or the source cannot be read), 2 the call is off.";

const REPORT: &str = "\
The end of the name says what is written: .html is a page that needs nothing but itself, with the picture and all of it in \
words and tables; .svg is the picture; .txt is words first, then the picture; .json is everything that is drawn, for \
programs. The source is only read. A report of before is replaced, any other file stays what it is.";

const AFTER: &str = "\
Without a command, the explorer opens on SOURCE and follows it as it grows. A file that is named like a \
command is written ./NAME.

Exit status: 0 done, 1 the work could not be done, 2 the call is off.";

/// Watch a hyperparameter search, see its Gaussian process, decide what runs next.
#[derive(Debug, Parser)]
#[command(
    name = "tunescope",
    version,
    about,
    after_help = AFTER,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(flatten)]
    pub explore: Explore,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The explorer on a real objective that is built in: fine-tuning a tiny language model
    Demo(Demo),
    /// The lab: learn the exploration/exploitation trade-off on lessons, known functions or your own study
    Learn(Box<learn::Learn>),
    /// Print what was read: the study, its space, counts, the best trial, all trials, warnings
    #[command(after_help = SOURCES)]
    Trials(Trials),
    /// Fit the Gaussian process and describe it
    #[command(after_help = SOURCES)]
    Fit(Fit),
    /// Print the posterior and every acquisition function at given configurations
    #[command(after_help = SOURCES)]
    Predict(Predict),
    /// Propose the next configuration, or several
    #[command(after_help = SOURCES)]
    Suggest(Suggest),
    /// Put a configuration into the queue that workers take from
    #[command(after_help = SOURCES)]
    Accept(Accept),
    /// Record a finished trial by hand
    #[command(after_help = SOURCES)]
    Tell(Tell),
    /// Write the panes to a file: a page, a picture, words, or JSON
    #[command(after_help = REPORT)]
    Report(Report),
    /// The whole loop: suggest, run CMD, record, until the budget ends
    #[command(after_help = run::RUN)]
    Run(run::Run),
    /// How a study is doing, in a line or as JSON; its exit status can say "done"
    #[command(after_help = run::STATUS)]
    Status(run::Status),
    /// Write the space of a source as space.toml, to be edited and given to --space
    #[command(after_help = SOURCES)]
    Init(Init),
    /// Say what is wrong with a source, and how to mend it
    #[command(after_help = DOCTOR)]
    Doctor(Doctor),
    /// List every key of the explorer
    Keys(Keys),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page (roff): tunescope man | man -l -
    Man,
    /// The worker of the demo; started by `tunescope demo`
    #[command(hide = true)]
    DemoWorker(crate::demo::worker::WorkerArgs),
    /// The keeper of one attempt of one trial; started by `tunescope run`
    #[command(hide = true)]
    TrialKeeper(crate::run::keeper::KeeperArgs),
}

/// `tunescope [SOURCE]`.
#[derive(Debug, Args)]
pub struct Explore {
    /// The results file or folder to watch (Optuna, Ray Tune, MLflow, W&B, SMAC, JSONL, CSV, …); - is standard input
    pub source: Option<PathBuf>,
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    pub modelling: Modelling,
    #[command(flatten)]
    pub acquisition: Acquisition,
    #[command(flatten)]
    pub delivery: Delivery,
    #[command(flatten)]
    pub screen: Screen,
    #[command(flatten)]
    pub config: Config,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// The seed of the run; the same seed gives the same trials
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Number of new trials after which the run is over [default: 48]
    #[arg(long, value_name = "N")]
    pub trials: Option<u64>,
    /// Start with this many recorded trials, so that there is something to see at once [default: 12]
    #[arg(long, value_name = "N")]
    pub from: Option<usize>,
    /// The folder for the results; an earlier demo in it goes on [default: a new temporary folder]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Least seconds a trial takes (0: as fast as it can) [default: 2]
    #[arg(long, value_name = "SECONDS", value_parser = not_negative)]
    pub pace: Option<f64>,
    #[command(flatten)]
    pub acquisition: Acquisition,
    #[command(flatten)]
    pub screen: Screen,
    #[command(flatten)]
    pub config: Config,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TrialsFormat {
    #[default]
    Text,
    Json,
    Csv,
    Jsonl,
}

#[derive(Debug, Args)]
pub struct Trials {
    /// The results file
    pub source: PathBuf,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: TrialsFormat,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
pub struct Fit {
    /// The results file
    pub source: PathBuf,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    pub modelling: Modelling,
    #[command(flatten)]
    pub config: Config,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("where").required(true).args(["at", "points"]))]
pub struct Predict {
    /// The results file
    pub source: PathBuf,
    /// A configuration as JSON, e.g. '{"lr": 3e-4, "scheduler": "cosine"}'
    #[arg(long, value_name = "JSON")]
    pub at: Vec<String>,
    /// A file with one configuration a line; - is standard input
    #[arg(long, value_name = "FILE")]
    pub points: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub engine: Engine,
}

#[derive(Debug, Args)]
pub struct Suggest {
    /// The results file
    pub source: PathBuf,
    /// How many configurations, each chosen as if those before it were running
    #[arg(short = 'n', long = "count", value_name = "K", default_value = "1",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub count: u32,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: SuggestFormat,
    #[command(flatten)]
    pub engine: Engine,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["configuration", "suggested"]))]
pub struct Accept {
    /// The results file
    pub source: PathBuf,
    /// The configuration as JSON, e.g. '{"lr": 3e-4, "scheduler": "cosine"}'
    #[arg(long = "config", value_name = "JSON", id = "configuration")]
    pub configuration: Option<String>,
    /// The configuration that `suggest` would propose
    #[arg(long)]
    pub suggested: bool,
    /// A remark that travels with the configuration
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    #[command(flatten)]
    pub delivery: Delivery,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    pub modelling: Modelling,
    #[command(flatten)]
    pub acquisition: Acquisition,
}

#[derive(Debug, Args)]
pub struct Tell {
    /// The results file
    pub source: PathBuf,
    /// The configuration as JSON, e.g. '{"lr": 3e-4, "scheduler": "cosine"}'
    #[arg(long = "config", value_name = "JSON")]
    pub configuration: String,
    /// The objective value; nan or inf records a failed trial. Once for each objective, in their order
    #[arg(long, value_name = "V", required = true, allow_negative_numbers = true, value_parser = number)]
    pub value: Vec<f64>,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
pub struct Report {
    /// The results file
    pub source: PathBuf,
    /// The file to write, its name ending in .html, .svg, .txt or .json; - writes words to standard output
    #[arg(short = 'o', long, value_name = "FILE")]
    pub out: PathBuf,
    /// The size of the picture in cells; from 140x40 on all panes fit side by side
    #[arg(long, value_name = "COLSxROWS", default_value = "160x48", value_parser = size)]
    pub size: (u16, u16),
    /// What the picture lies on [default: auto: whichever its reader prefers]
    #[arg(long, value_name = "NAME", value_parser = crate::config::file::THEMES)]
    pub theme: Option<String>,
    #[command(flatten)]
    pub engine: Engine,
}

#[derive(Debug, Args)]
pub struct Init {
    /// The results file
    pub source: PathBuf,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
pub struct Doctor {
    /// The results file or folder
    pub source: PathBuf,
    /// Write a mended copy to this file, which must not exist; the source is only read
    #[arg(long, value_name = "OUT")]
    pub repair: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
pub struct Keys {
    #[command(flatten)]
    pub output: Output,
}

/// `160x48`, from the smallest screen that shows a chart to what still is a screen.
fn size(text: &str) -> Result<(u16, u16), String> {
    let (columns, rows) = text.split_once(['x', 'X', '×']).unwrap_or((text, ""));
    match (columns.trim().parse(), rows.trim().parse()) {
        (Ok(w @ 60..=500), Ok(h @ 16..=300)) => Ok((w, h)),
        _ => Err("give columns and rows between 60x16 and 500x300, such as 160x48".to_owned()),
    }
}

/// NaN and infinity, too: they record a failed trial.
fn number(text: &str) -> Result<f64, String> {
    text.trim()
        .parse()
        .map_err(|_| "give a number, with a point and no unit; nan records a failed trial".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_lone_path_is_explored_and_a_command_is_a_command() {
        let cli = Cli::try_parse_from(["tunescope", "results.jsonl", "--xi", "0.01"]).unwrap();
        assert_eq!(cli.explore.source, Some("results.jsonl".into()));
        assert_eq!(cli.explore.acquisition.xi, Some(0.01));
        let cli =
            Cli::try_parse_from(["tunescope", "suggest", "r.jsonl", "-n", "3", "--params", "a,b"]).unwrap();
        let Some(Command::Suggest(suggest)) = cli.command else {
            panic!("{:?}", cli.command)
        };
        assert_eq!(
            (suggest.count, suggest.engine.reading.params),
            (3, vec!["a".into(), "b".into()])
        );
        assert!(Cli::try_parse_from(["tunescope", "predict", "r.jsonl"]).is_err());
        assert!(Cli::try_parse_from(["tunescope", "suggest", "r.jsonl", "--beta", "-1"]).is_err());
        assert!(Cli::try_parse_from(["tunescope", "suggest", "r.jsonl", "--xi", "-0.1"]).is_ok());
        let tell = Cli::try_parse_from(["tunescope", "tell", "r", "--config", "{}", "--value", "-0.5"]);
        assert!(tell.is_ok());
    }
}
