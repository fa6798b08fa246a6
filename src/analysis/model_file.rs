//! The MODEL JSON that `fit` writes and `--model` reads.
//!
//! Inputs are named as in the space and encoded as [`crate::study::encoding`] says. Outputs are `g = s·y` (`s = −1` where
//! the study is minimised), transformed, so that larger is better throughout:
//!
//! - `mean`, `sd` and `lambda` of `output` are those of `g`, not of `y` (of a minimised loss around 0.3 the `mean` is around
//!   −0.3); with `half_rank` and `half_rank_log`, transforms of this program beside the usual three, `mean` and `sd` are
//!   those of the warped `g`;
//! - the prior mean, the kernel variances and the noise variance are in the units of the transformed `g`.
//!
//! Checked by `tests/engine.rs` and `tests/models.rs`.
//!
//! Beside the kernels of the usual files (`constant`, `rbf`, `matern`, `hamming`, `sum`, `product`) there are
//! `{"rational_quadratic": {"alpha", "lengthscales"}}`, `{"periodic": {"lengthscales", "periods"}}`,
//! `{"linear": {"variances", "center"}}`, `{"categorical": {"lengthscales"}}` and
//! `{"warp": {"a", "b", "kernel"}}`; their formulas stand at [`crate::gp::Kernel`]. A list of one number stands for the
//! same number for each input.

mod bind;
mod parse;
mod write;

pub(super) use bind::{bind, describe};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::gp::Kernel;

/// A model as it is written down: hyperparameters with the names of the inputs, nothing of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Json", into = "Json")]
pub struct ModelFile {
    pub inputs: Vec<InputSpec>,
    pub output: OutputSpec,
    /// Prior mean, in transformed output units.
    pub mean: f64,
    pub kernel: KernelSpec,
    pub noise_variance: f64,
    /// Which trials without a final value count beside the complete ones; `None` (and where the file does not say): none.
    pub learned: Option<Learned>,
    /// How many standard deviations the best of noisy trials is doubted by (`ModelSettings::doubt`); 0 where the file does
    /// not say.
    pub doubt: f64,
}

/// Which trials without a final value a model was fitted with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// Pruned and running ones, by what they have reported.
    pub pruned: bool,
    /// Failed ones, in `P(ok)`.
    pub failures: bool,
}

/// One input of the model: a parameter of the space, and how it becomes a coordinate.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSpec {
    pub name: String,
    pub encoding: Encoding,
}

/// How a parameter becomes a coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Unit,
    UnitLog,
    Category,
}

impl Encoding {
    const ALL: [Self; 3] = [Self::Unit, Self::UnitLog, Self::Category];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::UnitLog => "unit_log",
            Self::Category => "category",
        }
    }
}

/// What happens to `g = s·y` before the model sees it. Where `mean` and `sd` are left out of a file they
/// are computed from the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputSpec {
    pub transform: TransformName,
    pub mean: Option<f64>,
    pub sd: Option<f64>,
    pub lambda: Option<f64>,
    /// Of `half_rank`: the least spread of the worse half, in units of `g`; above the noise.
    pub spread: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransformName {
    Identity,
    Standardize,
    YeoJohnson,
    /// Half-rank warp of the worse half, standardised; recomputed from the data that the model meets.
    HalfRank,
    /// Half-rank warp of the worse half, log warp, standardised; the warp itself is recomputed from the
    /// data that the model meets.
    HalfRankLog,
}

impl TransformName {
    pub const ALL: [Self; 5] = [
        Self::Identity,
        Self::Standardize,
        Self::YeoJohnson,
        Self::HalfRank,
        Self::HalfRankLog,
    ];

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Standardize => "standardize",
            Self::YeoJohnson => "yeo_johnson",
            Self::HalfRank => "half_rank",
            Self::HalfRankLog => "half_rank_log",
        }
    }
}

/// A kernel over inputs that are called as parameters are.
pub type KernelSpec = Kernel<String>;

/// A MODEL that cannot be read or does not suit the study.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFileError {
    #[error("the model is not JSON: {reason}")]
    NotJson { reason: String },
    #[error("the model should be an object, not {found}")]
    NotAnObject { found: String },
    #[error("the model's field {field} names {name} a second time; name it once")]
    Twice { field: String, name: String },
    #[error("the model has no field {field}; add it")]
    Missing { field: String },
    #[error("the model's field {field} should be {expected}, not {found}")]
    Wrong {
        field: String,
        expected: &'static str,
        found: String,
    },
    #[error("the model has an unknown field {field}; known here are {known}")]
    UnknownField { field: String, known: String },
    #[error("the model's field {field} names {name}, which is not one of its inputs: {known}")]
    UnknownInput {
        field: String,
        name: String,
        known: String,
    },
    #[error(
        "the model's field {field} has {found} entries for {inputs} inputs; give one an input, or one for all"
    )]
    Lengthscales {
        field: String,
        found: usize,
        inputs: usize,
    },
    #[error("the model's input {name} is not a parameter of the space, which has {known}")]
    NotAParameter { name: String, known: String },
    #[error("parameter {name} of the space is not among the model's inputs; add it to `inputs`")]
    NotAnInput { name: String },
    #[error("the model encodes {name} as {encoding}, which does not suit the parameter: {reason}")]
    Unsuitable {
        name: String,
        encoding: &'static str,
        reason: &'static str,
    },
}

impl ModelFile {
    /// Reads MODEL JSON.
    ///
    /// # Errors
    /// Names the field that is missing, wrong or unknown.
    pub fn from_json_text(text: &str) -> Result<Self, ModelFileError> {
        let json: Json = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            ModelFileError::NotJson {
                reason: error.to_string(),
            }
        })?;
        Self::try_from(json)
    }
}

impl TryFrom<Json> for ModelFile {
    type Error = ModelFileError;

    fn try_from(json: Json) -> Result<Self, ModelFileError> {
        // `fit` wraps the model in its own answer; both may be given back.
        match json.get("model") {
            Some(inner) if json.get("kernel").is_none() => parse::model(inner),
            _ => parse::model(&json),
        }
    }
}

impl From<ModelFile> for Json {
    fn from(model: ModelFile) -> Self {
        write::model(&model)
    }
}
