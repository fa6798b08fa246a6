//! What the panes that explain the model show, and what they were last asked of.

use std::sync::Arc;

use crate::analysis::likelihood::MapOf;
use crate::analysis::samples::SampleCut;
use crate::analysis::{Ladder, LadderRequest, LikelihoodMap, ModelSettings, Prospects, Samples};
use crate::study::{Configuration, Study};

use super::model::Stamped;

/// The EI picture, the ladder of ξ and the likelihood map.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Whether the EI picture shows the density at the probe, and the terms below the slice.
    pub density: bool,
    pub terms: bool,
    /// How many posterior samples are drawn into slices; 0: none.
    pub samples: usize,
    pub history: HistoryLayer,
    pub prospects: Prospecting,
    pub sampled: Option<Stamped<Samples>>,
    /// Functions drawn from the prior, while there is nothing to believe but that.
    pub prior: Option<PriorDraws>,
    pub ladder: Option<Stamped<Ladder>>,
    pub likelihood: Option<Stamped<LikelihoodMap>>,
    pub asked: Asked,
}

/// What history is a history of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HistoryLayer {
    #[default]
    Values,
    /// What a further trial was expected to gain.
    Prospects,
    /// How far the best is from the optimum, where the truth is shown.
    Regret,
}

/// What further trials were expected to gain, and what that is of.
#[derive(Clone, Debug, Default)]
pub struct Prospecting {
    /// Counts orders; answers to an older one are late.
    pub round: u64,
    /// What was asked for last; `None`: nothing that still counts.
    pub of: Option<(Arc<Study>, ModelSettings)>,
    pub is_running: bool,
    /// Whether all that was asked for is there.
    pub is_whole: bool,
    pub found: Arc<Prospects>,
}

/// Functions drawn from the prior along every parameter, in standard deviations of it.
#[derive(Clone, Debug)]
pub struct PriorDraws {
    pub kernel: String,
    /// On an axis from 0 to 1.
    pub lengthscale: f64,
    pub count: usize,
    pub seed: u64,
    pub cuts: Vec<SampleCut>,
}

/// Of what each was last asked for: nothing is asked for twice.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub samples: Option<(u64, Configuration, usize)>,
    pub ladder: Option<(u64, LadderRequest)>,
    pub likelihood: Option<(u64, usize)>,
    /// What the map that is shown or under way depends on.
    pub map: Option<MapOf>,
}

impl Default for Explained {
    fn default() -> Self {
        Self {
            density: true,
            terms: true,
            samples: 0,
            history: HistoryLayer::Values,
            prospects: Prospecting::default(),
            sampled: None,
            prior: None,
            ladder: None,
            likelihood: None,
            asked: Asked::default(),
        }
    }
}

impl Explained {
    /// Drops what was computed; what a person chose stays.
    pub fn forget(&mut self) {
        self.sampled = None;
        self.ladder = None;
        self.likelihood = None;
        self.prospects.of = None;
        self.prospects.found = Arc::default();
        self.asked = Asked::default();
    }
}
