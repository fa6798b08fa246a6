//! Why a Gaussian process could not be built or fitted.

/// What went wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    #[error("{what} has {found} entries where {expected} are needed; make the shapes agree")]
    Shape {
        what: &'static str,
        expected: usize,
        found: usize,
    },
    #[error("{what} of row {row} is not a finite number; leave the row out")]
    NotFinite { what: &'static str, row: usize },
    #[error("the hyperparameter {name} is {value}; it must be a finite number above 0")]
    BadHyperparameter { name: String, value: f64 },
    #[error("the kernel names input {input}, but there are only {dims}; name inputs below {dims}")]
    UnknownInput { input: usize, dims: usize },
    #[error("the kernel {kernel} needs numbers, but input {input} is a category; name the numeric inputs")]
    NeedsNumber { kernel: &'static str, input: usize },
    #[error("the kernel warps input {input} inside another warp of it; warp it once")]
    WarpedTwice { input: usize },
    #[error("the kernel has a sum or product without terms; give it at least one")]
    EmptyKernel,
    #[error(
        "the covariance matrix of {rows} rows does not factor, even with jitter {jitter:e}; \
         raise the noise variance or leave out near-identical rows"
    )]
    NotPositiveDefinite { rows: usize, jitter: f64 },
    #[error("the fit needs at least one row; wait for a finished trial")]
    NoData,
    #[error(
        "no start of the fit has a finite objective at n = {rows}; raise the lower bound of the noise variance"
    )]
    NoFiniteStart { rows: usize },
    #[error("the fit was called off")]
    Cancelled,
}
