//! The arrays that panes draw and scripts read: deterministic, cancellable, free of any screen.
//!
//! There is one way from a study to a posterior, [`surrogate::Surrogate`]; the headless commands and the
//! screen share it. Everything in this module's data types is in the user's units and direction unless
//! a name says `model`.

pub mod comparison;
pub mod curves;
pub mod diagnostics;
pub mod explain;
pub mod history;
pub mod importance;
pub mod improvement;
pub mod knobs;
pub mod ladder;
pub mod likelihood;
pub mod model_file;
pub mod prospects;
pub mod replay;
pub mod samples;
pub mod settings;
pub mod slice;
pub mod stopping;
pub mod suggestion;
pub mod surface;
pub mod surrogate;

pub use comparison::{CompareRequest, Compared, Comparison, NextPoint};
pub use diagnostics::{Trust, Verdict};
pub use history::History;
pub use importance::Importance;
pub use improvement::Improvement;
pub use ladder::{Ladder, LadderRequest};
pub use likelihood::LikelihoodMap;
pub use model_file::{ModelFile, ModelFileError};
pub use prospects::Prospects;
pub use replay::Replay;
pub use samples::Samples;
pub use settings::{AcquisitionFunction, AcquisitionSettings, ModelSettings, Pending};
pub use slice::Slice;
pub use stopping::{Advice, Outlook};
pub use suggestion::{Reason, Suggestion};
pub use surface::{Layer, Surface};
pub use surrogate::{
    ALTERNATIVES, ConstraintPrediction, Evidence, Extrapolation, FitSummary, KernelEvidence, Prediction,
    Readout, SuggestError, SuggestRequest, Surrogate, SurrogateError, compare_kernels, suggest_without_model,
};
