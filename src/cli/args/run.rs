//! Arguments of `tunescope run` and `tunescope status`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Acquisition, Config, DirectionName, Engine, Format, Modelling, Screen};
use crate::io::time::parse_duration;
use crate::study::Budget;

pub const RUN: &str = "\
CMD is started without a shell. It finds the parameters as {name} in its arguments, as \
TUNESCOPE_PARAM_<NAME> in its environment, and as JSON on its standard input; {id} is the number of the \
trial, {attempt} that of the attempt, {{name}} is {name} as it stands. A parameter that takes no part in a \
configuration leaves out `--name={name}`, and `--name {name}` with its option.

CMD tells its metric as the last line of JSON on standard output that has it, as METRIC=VALUE or METRIC: VALUE \
(in a dictionary as Python prints it, too), or in a file (--metric-file); lines that have a step beside it \
(step=3 METRIC=0.5) are its learning curve. Another exit status than 0, no metric, or one that is no finite \
number is a failed trial.

A measurement with a constraint ([constraints] of the space file: peak_gb = \"<= 24\") is told in the same ways, and \
recorded beside the metric.

CMD may end a trial early, as its values on the way are poor: it prints {\"pruned\": true} (or pruned=true) and \
exits with 0. The trial is recorded as pruned, with its learning curve, from which the model learns; it counts \
in the budget, and is never the best.

Trials are recorded in --out, their output in the folder beside it (results.logs/7.log, 7.err). Accepted \
configurations (results.queue) go first; what was rejected or locked in the explorer holds for the loop, too. A \
loop that ends, even by kill -9, is taken up again by the same command: trials that still run are followed to \
their end, none is lost or run twice. One loop at a time works on a file.

At the budget what runs is finished. Ctrl-C: what runs is finished; twice: it is stopped, and run again by the \
next loop. SIGTERM stops; SIGHUP leaves what runs to go on alone.

Exit status: 0 the budget is reached, 1 the work could not be done (failures in a row, no trial with a value, a \
command that cannot be started), 2 the call is off, 3 stopped or left before the budget from the screen, 128+N \
by signal N.";

pub const STATUS: &str = "\
Exit status: 0 done, 1 the work could not be done, 2 the call is off. With --exit-code: 0 the study is done \
(its budget is reached, or its loop says so), 3 trials are running, 4 neither: nothing runs, and it is not \
done.";

/// `tunescope run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The search space (space.toml; `tunescope init` writes one)
    #[arg(long, value_name = "FILE")]
    pub space: PathBuf,
    /// When to stop, at the first that is reached: trials=60,time=8h,target=0.35 [default: as the space file says]
    #[arg(long, value_name = "LIMITS", value_parser = budget)]
    pub budget: Option<Budget>,
    /// Trials at the same time
    #[arg(short = 'j', long, value_name = "K", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub jobs: u32,
    /// The results file; one that is there is gone on with
    #[arg(short = 'o', long, value_name = "FILE", default_value = "results.jsonl")]
    pub out: PathBuf,
    /// The objective that CMD tells [default: metric of the space file]
    #[arg(long, value_name = "NAME")]
    pub metric: Option<String>,
    /// Whether small or large values are good [default: direction of the space file]
    #[arg(long, value_name = "DIRECTION")]
    pub direction: Option<DirectionName>,
    /// A file that CMD writes its metric to; may hold {id} and parameters
    #[arg(long, value_name = "NAME")]
    pub metric_file: Option<String>,
    /// How often a trial whose command failed is tried again
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub retries: u32,
    /// Failed trials in a row that end the loop; 0: never
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub max_failures: u32,
    /// Time an attempt may take (30m, 8h): all its processes get SIGTERM, then SIGKILL
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub timeout: Option<f64>,
    /// What is done with trials of a killed loop that did not end by themselves
    #[arg(long, value_name = "WHAT", default_value = "rerun")]
    pub interrupted: LostName,
    /// Most output of an attempt in megabytes; more is a failure
    #[arg(long, value_name = "MB", default_value_t = 256)]
    pub log_limit: u64,
    /// Print the first command, start nothing, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// One line a trial, on a terminal too
    #[arg(long)]
    pub plain: bool,
    /// How the lines are written, where there is no screen
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub modelling: Modelling,
    #[command(flatten)]
    pub acquisition: Acquisition,
    #[command(flatten)]
    pub screen: Screen,
    #[command(flatten)]
    pub config: Config,
    /// The command of a trial, after --
    #[arg(last = true, value_name = "CMD", required = true)]
    pub command: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LostName {
    #[default]
    Rerun,
    Fail,
}

/// `tunescope status`.
#[derive(Debug, Args)]
pub struct Status {
    /// The results file
    pub source: PathBuf,
    /// One line, for a status bar
    #[arg(long, conflicts_with = "format")]
    pub line: bool,
    /// Most cells of the line
    #[arg(long, value_name = "CELLS", default_value = "80", value_parser = clap::value_parser!(u16).range(10..=1000))]
    pub width: u16,
    /// Colour the line, in the words of: ansi, tmux
    #[arg(long, value_name = "HOW", requires = "line")]
    pub colors: Option<Colors>,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Say in the exit status whether the study is done
    #[arg(long)]
    pub exit_code: bool,
    /// Leave out what needs a fit: the verdict and the suggestion
    #[arg(long)]
    pub no_model: bool,
    /// What counts as done: trials=60,time=8h,target=0.35 [default: as the space file or the loop says]
    #[arg(long, value_name = "LIMITS", value_parser = budget)]
    pub budget: Option<Budget>,
    #[command(flatten)]
    pub engine: Engine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colors {
    Ansi,
    Tmux,
}

/// `trials=60,time=8h,target=0.35`.
fn budget(text: &str) -> Result<Budget, String> {
    let mut budget = Budget::default();
    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| format!("{part}: write NAME=LIMIT, with trials, time or target"))?;
        let (name, value) = (name.trim(), value.trim());
        match name {
            "trials" => match value.parse() {
                Ok(n) => budget.trials = Some(n),
                Err(_) => return Err(format!("trials={value}: give a whole number, such as trials=60")),
            },
            "time" => budget.seconds = Some(seconds(value).map_err(|why| format!("time={value}: {why}"))?),
            "target" => match value.parse::<f64>() {
                Ok(x) if x.is_finite() => budget.target = Some(x),
                _ => return Err(format!("target={value}: give a number in units of the metric")),
            },
            _ => return Err(format!("{name}: a budget has trials, time and target")),
        }
    }
    if budget == Budget::default() {
        return Err("give at least one of trials=N, time=8h, target=X".to_owned());
    }
    Ok(budget)
}

fn seconds(text: &str) -> Result<f64, String> {
    parse_duration(text)
        .filter(|s| *s > 0.0)
        .ok_or_else(|| "give a time such as 90s, 30m, 8h or 1h30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_has_three_limits_and_says_what_is_wrong_with_another() {
        let all = budget("trials=60, time=8h,target=-0.35").unwrap();
        assert_eq!(
            (all.trials, all.seconds, all.target),
            (Some(60), Some(28_800.0), Some(-0.35))
        );
        for (text, word) in [
            ("", "at least one"),
            ("trials", "NAME=LIMIT"),
            ("trials=6.5", "whole number"),
            ("time=soon", "8h"),
            ("time=0", "8h"),
            ("target=nan", "units of the metric"),
            ("money=3", "trials, time and target"),
        ] {
            let error = budget(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
