//! Groups of options that several commands have: how a source is read, how its model is built, what ranks
//! candidates, how decisions are delivered, how the screen looks.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::analysis::settings::{Hyperparameters, TransformName};
use crate::analysis::{AcquisitionFunction, Pending};
use crate::runtime::color::ColorChoice;
use crate::study::{Constraint, Direction};

/// How a source is read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Reading")]
pub struct Reading {
    /// Further sources of the same space: all are read as one study
    #[arg(value_name = "SOURCE", help_heading = None)]
    pub also: Vec<PathBuf>,
    /// The kind of the source, where its content leaves a doubt
    #[arg(long, value_name = "KIND")]
    pub from: Option<String>,
    /// Which study, where a source holds several
    #[arg(long, value_name = "NAME")]
    pub study: Option<String>,
    /// A further study of the source, read as one with the first
    #[arg(long, value_name = "NAME", requires = "study")]
    pub also_study: Vec<String>,
    /// Learn a constant for each source or study, and take it from its values
    #[arg(long)]
    pub offset_per_study: bool,
    /// A space.toml with the search space (see `tunescope init`)
    #[arg(long, value_name = "FILE")]
    pub space: Option<PathBuf>,
    /// The objective, where a source holds several metrics
    #[arg(long, value_name = "NAME")]
    pub metric: Option<String>,
    /// Whether small or large values are good
    #[arg(long, value_name = "DIRECTION")]
    pub direction: Option<DirectionName>,
    /// A constraint that results must satisfy, such as 'peak_gb<=24' or 'accuracy>=0.9'; repeat it for several
    #[arg(long, value_name = "CONSTRAINT", value_parser = Constraint::parse)]
    pub constraint: Vec<Constraint>,
    /// The parameters to model, separated by commas (the rest is left alone)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub params: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DirectionName {
    Minimize,
    Maximize,
}

impl From<DirectionName> for Direction {
    fn from(name: DirectionName) -> Self {
        match name {
            DirectionName::Minimize => Self::Minimize,
            DirectionName::Maximize => Self::Maximize,
        }
    }
}

/// How the surrogate is built.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Model")]
pub struct Modelling {
    // Not a doc comment: rustdoc would take the brackets for links.
    #[arg(
        long,
        value_name = "SPEC",
        help = "The kernel: matern12 to matern72, matern(nu=…), rbf, rq, periodic, linear, hamming, categorical, \
                mixed, constant and warp(…), with + * and parentheses; NAME[param,…] looks at some parameters alone, \
                NAME(setting=…) holds a setting, matern(nu=?) looks for the order [default: matern52]"
    )]
    pub kernel: Option<String>,
    /// Do not warp the worse half of the outputs before standardising
    #[arg(long)]
    pub no_output_warp: bool,
    /// How outputs are transformed before the model sees them [default: half_rank from 8 trials on, standardize
    /// before]
    #[arg(long, value_name = "NAME", value_parser = transform_name(), conflicts_with = "no_output_warp")]
    pub transform: Option<TransformName>,
    /// Warp numbers before the kernel compares them: a scale for each that need be neither linear nor logarithmic
    #[arg(long)]
    pub input_warp: bool,
    /// The standard deviation of the noise, in the units of the objective; 0 says that there is none
    /// [default: estimated]
    #[arg(long, value_name = "SD", value_parser = not_negative)]
    pub noise: Option<f64>,
    /// The most likely hyperparameters, or an average over draws of them while there are few trials [default: map]
    #[arg(long, value_name = "HOW", value_parser = hyperparameters_name())]
    pub hyperparameters: Option<Hyperparameters>,
    /// Fit the hyperparameters to the objective alone: no priors, wide bounds
    #[arg(long)]
    pub no_priors: bool,
    /// With noise, and 25 trials, EI is over the largest mean of a trial and C standard deviations of it [default: 1]
    #[arg(long, value_name = "C", value_parser = not_negative)]
    pub doubt: Option<f64>,
    /// Whether failed trials teach where not to look: P(ok) weighs the acquisition function [default: model]
    #[arg(long, value_name = "HOW")]
    pub failures: Option<Use>,
    /// Whether pruned and running trials teach by what they have reported [default: model]
    #[arg(long, value_name = "HOW")]
    pub pruned: Option<Use>,
    /// What the hyperparameters are fitted to
    #[arg(long, value_name = "OBJECTIVE")]
    pub objective: Option<ObjectiveName>,
    /// A model JSON (as `fit` writes it): used as it is, nothing is fitted
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "kernel", "no_output_warp", "transform", "input_warp", "noise", "doubt", "hyperparameters", "no_priors",
    ])]
    pub model: Option<PathBuf>,
    /// The seed of everything random; the same seed gives the same answer
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// What becomes of trials that have no final value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Use {
    Model,
    Ignore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ObjectiveName {
    MarginalLikelihood,
    Loo,
}

/// What ranks candidates.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Acquisition")]
pub struct Acquisition {
    /// The acquisition function [default: logei]
    #[arg(long, value_name = "NAME", value_parser = acquisition_name())]
    pub acquisition: Option<AcquisitionFunction>,
    /// The exploration margin of EI and PI, in standardised output units; less than 0 asks for less [default: 0]
    #[arg(long, value_name = "X", value_parser = finite, allow_negative_numbers = true)]
    pub xi: Option<f64>,
    /// Weigh expected improvement against the seconds that a trial is expected to take: --acquisition eips
    #[arg(long, conflicts_with = "acquisition")]
    pub cost_aware: bool,
    /// What EI makes of trials under way: believe that each returns its predicted mean, or average over what up to eight of
    /// them may return [default: believe]
    #[arg(long, value_name = "HOW", value_parser = pending_name())]
    pub pending: Option<Pending>,
    /// The weight of the standard deviation in UCB [default: 1.8]
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub beta: Option<f64>,
}

/// How decisions reach workers.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Delivery")]
pub struct Delivery {
    // Not a doc comment: rustdoc would take the angle brackets for HTML.
    #[arg(
        long,
        value_name = "CMD",
        help = "A command to start for each accepted configuration (no shell in between): the configuration is \
                JSON on its standard input and TUNESCOPE_PARAM_<NAME> in its environment"
    )]
    pub on_accept: Option<String>,
}

/// How the screen looks.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Screen")]
pub struct Screen {
    /// How many colours to use [default: auto]
    #[arg(long, value_name = "LEVEL", value_parser = color_name())]
    pub color: Option<ColorChoice>,
    /// The theme [default: auto: dark, or what the terminal says of its background within 200 ms]
    #[arg(long, value_name = "NAME", value_parser = crate::config::file::THEMES)]
    pub theme: Option<String>,
    /// Report mouse presses from the start (the M key switches)
    #[arg(long)]
    pub mouse: bool,
    /// Ring the terminal's bell at each new best (:bell switches)
    #[arg(long)]
    pub bell: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub struct Config {
    /// The settings file [default: $XDG_CONFIG_HOME/tunescope/config.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What every command has that reads a source, fits, and ranks.
#[derive(Clone, Debug, Default, Args)]
pub struct Engine {
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    pub modelling: Modelling,
    #[command(flatten)]
    pub acquisition: Acquisition,
    #[command(flatten)]
    pub config: Config,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

/// How a suggestion is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SuggestFormat {
    /// For people, with the reasons
    #[default]
    Text,
    /// For programs, with the prediction
    Json,
    /// The parameters as YAML
    Yaml,
    /// The parameters as arguments, `--lr=0.0003`, quoted for a shell
    Args,
    /// A line of Python that puts them into an Optuna study
    Optuna,
    /// The parameters as a Python dict
    Python,
}

#[derive(Clone, Debug, Args)]
pub struct Output {
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

fn finite(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        _ => Err("give a number".to_owned()),
    }
}

pub fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() && x >= 0.0 => Ok(x),
        _ => Err("give a number that is not negative".to_owned()),
    }
}

fn acquisition_name() -> impl clap::builder::TypedValueParser<Value = AcquisitionFunction> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(AcquisitionFunction::ALL.map(AcquisitionFunction::name))
        .map(|name| AcquisitionFunction::from_name(&name).unwrap_or_default())
}

fn transform_name() -> impl clap::builder::TypedValueParser<Value = TransformName> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(TransformName::ALL.map(TransformName::name))
        .map(|name| TransformName::from_name(&name).unwrap_or(TransformName::Standardize))
}

fn hyperparameters_name() -> impl clap::builder::TypedValueParser<Value = Hyperparameters> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Hyperparameters::ALL.map(Hyperparameters::name))
        .map(|name| Hyperparameters::from_name(&name).unwrap_or_default())
}

fn pending_name() -> impl clap::builder::TypedValueParser<Value = Pending> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Pending::ALL.map(Pending::name))
        .map(|name| Pending::from_name(&name).unwrap_or_default())
}

fn color_name() -> impl clap::builder::TypedValueParser<Value = ColorChoice> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(ColorChoice::NAMES)
        .map(|name| ColorChoice::from_name(&name).unwrap_or_default())
}
