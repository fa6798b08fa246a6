//! How much each parameter matters.

mod sobol;

pub use sobol::{Indices, sobol_indices};

/// One parameter's share of the variation of the posterior mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Index into `Space::params`.
    pub param: usize,
    /// Total Sobol index of the posterior mean, in `[0, 1]`.
    pub total: f64,
    /// First-order Sobol index.
    pub first: f64,
    /// How sure the total index is: the middle 80 % of its scatter over functions drawn from the posterior, laid around
    /// the index of the mean (a drawn function wiggles in every direction, which lowers all shares alike). `None` where
    /// there are too many trials for it to be in doubt.
    pub spread: Option<(f64, f64)>,
}

/// Importance of all parameters, most important first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Importance {
    pub shares: Vec<Share>,
    /// Number of trials behind it.
    pub trials: usize,
    /// The two parameters whose joint variation is largest (indices into `Space::params`).
    pub top_pair: Option<(usize, usize)>,
}
