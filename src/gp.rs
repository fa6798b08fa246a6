//! Exact Gaussian process regression on plain matrices.
//!
//! Knows nothing of studies, trials or directions: rows of numbers in, moments out. Larger outputs are
//! neither better nor worse here.
//!
//! | symbol | meaning | shape |
//! |---|---|---|
//! | `x` | inputs; numbers, or indices of categories | n × d |
//! | `y` | outputs, one a row (the mean of repeats) | n |
//! | `c` | how many observations a row stands for | n |
//! | `k` | prior covariance of the latent function | n × n |
//! | `K` | `k + σn² diag(1/c)` | n × n |
//! | `L` | lower Cholesky factor, `K = L Lᵀ` | n × n |
//! | `β` | constant prior mean | 1 |
//! | `α` | `K⁻¹ (y − β)` | n |
//! | `q` | scaled squared distance of two rows | 1 |
//! | `θ` | natural logs of variances, lengthscales and, last, the noise variance | p |

pub mod data;
pub mod ensemble;
pub mod error;
pub mod fit;
pub mod kernel;
pub mod likelihood;
pub mod posterior;
pub mod prior;
pub mod spec;
pub mod transform;

mod lbfgs;
mod linalg;
mod random;

pub use data::{Data, InputKind, Mean, Model};
pub use ensemble::Ensemble;
pub use error::FitError;
pub use fit::{AtBound, Fit, FitOptions, fit, fit_orders, log_evidence, sample, settled};
pub use kernel::{Kernel, Renamed, Role};
pub use likelihood::{Evaluation, Objective, evaluate};
pub use posterior::{LeaveOneOut, LogMarginalLikelihood, Moments, PointGradient, Posterior};
pub use prior::{Bounds, LogNormal, Priors};
pub use transform::{OutputTransform, TransformKind};
