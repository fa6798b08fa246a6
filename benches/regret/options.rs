//! What to run.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use tunescope::analysis::AcquisitionFunction;
use tunescope::analysis::settings::Hyperparameters;

use super::play::How;

/// The functions of the table: first those that settings were tried on, then those that were held back.
pub const TUNED: [&str; 5] = ["branin", "hartmann6", "ackley5", "rosenbrock4", "lmft"];
pub const HELD_BACK: [&str; 11] = [
    "camel6",
    "hartmann3",
    "levy4",
    "levy10",
    "branin8",
    "rastrigin3",
    "styblinski4",
    "goldstein_price",
    "michalewicz5",
    "mlp",
    "svm",
];

pub struct Options {
    pub functions: Vec<String>,
    pub seeds: RangeInclusive<u64>,
    /// Without noise, with it, or both.
    pub noise: Vec<bool>,
    /// What the rows are filed under.
    pub label: String,
    pub dir: PathBuf,
    pub evaluations: usize,
    /// The engine's own first points instead of the shared ones.
    pub own_design: bool,
    /// Whether earlier rows of these functions are thrown away.
    pub fresh: bool,
    pub table_only: bool,
    pub how: How,
}

impl Options {
    pub fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches");
        let mut this = Self {
            functions: TUNED.iter().chain(&HELD_BACK).map(|&s| s.to_owned()).collect(),
            seeds: 0..=19,
            noise: vec![false, true],
            label: "tunescope".to_owned(),
            dir: here.join("results").join("regret"),
            evaluations: 50,
            own_design: false,
            fresh: false,
            table_only: false,
            how: How::default(),
        };
        let mut arguments = arguments;
        while let Some(word) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--functions" => this.functions = value()?.split(',').map(str::to_owned).collect(),
                "--seeds" => this.seeds = range(&value()?)?,
                "--noise" => this.noise = vec![true],
                "--quiet" => this.noise = vec![false],
                "--label" => this.label = value()?,
                "--dir" => this.dir = value()?.into(),
                "--evaluations" => this.evaluations = number(&value()?)?,
                "--xi" => this.how.acquisition.xi = number(&value()?)?,
                "--beta" => this.how.acquisition.beta = number(&value()?)?,
                "--doubt" => this.how.doubt = Some(number(&value()?)?),
                "--acquisition" => {
                    let name = value()?;
                    this.how.acquisition.function = AcquisitionFunction::from_name(&name)
                        .ok_or_else(|| format!("there is no acquisition function {name}"))?;
                }
                "--hyperparameters" => {
                    let name = value()?;
                    this.how.hyperparameters = Hyperparameters::from_name(&name)
                        .ok_or_else(|| format!("hyperparameters are map or average, not {name}"))?;
                }
                "--own-design" => this.own_design = true,
                "--fresh" => this.fresh = true,
                "--table" => this.table_only = true,
                // What cargo adds.
                "--bench" => {}
                _ => return Err(format!("what is {word}?")),
            }
        }
        Ok(this)
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

fn range(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Ok(number(first)?..=number(last)?)
}
