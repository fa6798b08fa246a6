//! What can be wrong with a space or a configuration.

/// A space or a configuration that cannot be used as it stands.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    #[error("parameter {name}: the lower bound {low} is not below the upper bound {high}; give low < high")]
    EmptyRange { name: String, low: f64, high: f64 },
    #[error(
        "parameter {name}: a log scale needs a lower bound above 0, not {low}; raise `low` or drop `log`"
    )]
    LogOfNonPositive { name: String, low: f64 },
    #[error("parameter {name}: the step {step} is not a positive number; give a step above 0")]
    BadStep { name: String, step: f64 },
    #[error(
        "parameter {name}: the step {step:e} is too small for the range; give a larger one, or drop `step`"
    )]
    StepTooSmall { name: String, step: f64 },
    #[error(
        "parameter {name}: the bound {value} is beyond ±2^53, where integers are no longer exact; give a nearer one"
    )]
    TooLarge { name: String, value: i64 },
    #[error("parameter {name}: a step cannot be combined with a log scale; drop one of the two")]
    StepOnLog { name: String },
    #[error("parameter {name}: the bound {value} is not a finite number; give finite bounds")]
    NotFinite { name: String, value: f64 },
    #[error("parameter {name}: there are no choices; give at least one")]
    NoChoices { name: String },
    #[error("parameter {name}: the value is missing; give one")]
    Missing { name: String },
    #[error("parameter {name}: {value} is not one of {choices}")]
    NotAChoice {
        name: String,
        value: String,
        choices: String,
    },
    #[error("parameter {name}: {value} is not a number")]
    NotANumber { name: String, value: String },
    #[error("parameter {name}: {value} is outside {low} … {high}")]
    OutOfRange {
        name: String,
        value: String,
        low: String,
        high: String,
    },
    #[error(
        "parameter {name}: {value} is not on the grid {low} + k·{step}; the nearest are {below} and {above}"
    )]
    OffGrid {
        name: String,
        value: String,
        low: String,
        step: String,
        below: String,
        above: String,
    },
    #[error("there is no parameter {name} in the space; its parameters are {known}")]
    Unknown { name: String, known: String },
}
