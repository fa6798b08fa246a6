//! Arguments of `tunescope learn`.

use std::path::PathBuf;

use super::{Acquisition, Config, Format, Screen};

/// Arguments of `learn`.
#[derive(Clone, Debug, clap::Args)]
pub struct Learn {
    /// A lesson (its number or name, or a Markdown file), a known function, or a results file; nothing: a menu
    #[arg(value_name = "LESSON | FUNCTION | FILE")]
    pub what: Option<PathBuf>,
    /// Language of the lessons: en or zh [default: by the locale]
    #[arg(long, value_name = "LANG")]
    pub lang: Option<String>,
    /// Explore a formula in x, such as 'sin(3*x) + 0.5*x'
    #[arg(long, value_name = "EXPRESSION", conflicts_with_all = ["what", "prior"])]
    pub formula: Option<String>,
    /// Lower end of the formula's axis
    #[arg(long, value_name = "X", default_value_t = 0.0, allow_negative_numbers = true)]
    pub low: f64,
    /// Upper end of the formula's axis
    #[arg(long, value_name = "X", default_value_t = 1.0, allow_negative_numbers = true)]
    pub high: f64,
    /// Explore a function drawn from a Gaussian process with this kernel
    #[arg(long, value_name = "KERNEL", conflicts_with = "what")]
    pub prior: Option<String>,
    /// Lengthscale of that kernel, on an axis from 0 to 1
    #[arg(long, value_name = "L", default_value_t = 0.2)]
    pub lengthscale: f64,
    /// Standard deviation of the noise that is added to each evaluation
    #[arg(long, value_name = "SD", value_parser = super::not_negative)]
    pub noise: Option<f64>,
    /// Makes draws and noise repeatable: a room with one seed sees the same
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Play the guessing game on it: place the next point and draw the band you expect before the reveal
    #[arg(long)]
    pub game: bool,
    /// Print the lessons and functions that there are
    #[arg(long)]
    pub list: bool,
    /// Print a lesson that explains itself, to write your own from: tunescope learn --template > mine.md
    #[arg(long)]
    pub template: bool,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub acquisition: Acquisition,
    #[command(flatten)]
    pub screen: Screen,
    #[command(flatten)]
    pub config: Config,
}
