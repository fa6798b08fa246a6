//! The panes: their names, numbers, and which stands in the place of which.

/// The panes, in the order of their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pane {
    #[default]
    Slices,
    Surface,
    Trials,
    Suggestion,
    History,
    /// Why EI is what it is at the probe.
    Improvement,
    /// Where the next point lies for each ξ.
    Ladder,
    /// The likelihood over lengthscale and noise.
    Evidence,
    /// Acquisition functions against each other and against chance.
    Race,
    /// The lesson that is played in the lab.
    Lesson,
}

impl Pane {
    pub const ALL: [Self; 10] = [
        Self::Slices,
        Self::Surface,
        Self::Trials,
        Self::Suggestion,
        Self::History,
        Self::Improvement,
        Self::Ladder,
        Self::Evidence,
        Self::Race,
        Self::Lesson,
    ];

    /// Those that a wide screen shows all at once, in reading order.
    pub const OVERVIEW: [Self; 5] = [
        Self::Slices,
        Self::Surface,
        Self::Trials,
        Self::Suggestion,
        Self::History,
    ];

    /// The pane of the overview whose place this one takes once it is asked for; `None` for those of the overview.
    #[must_use]
    pub fn host(self) -> Option<Self> {
        match self {
            Self::Slices | Self::Surface | Self::Trials | Self::Suggestion | Self::History | Self::Lesson => {
                None
            }
            Self::Improvement => Some(Self::Slices),
            Self::Ladder | Self::Race => Some(Self::History),
            Self::Evidence => Some(Self::Surface),
        }
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Slices => "slices",
            Self::Surface => "surface",
            Self::Trials => "trials",
            Self::Suggestion => "suggestion",
            Self::History => "history",
            Self::Improvement => "EI",
            Self::Ladder => "ladder",
            Self::Evidence => "evidence",
            Self::Race => "race",
            Self::Lesson => "lesson",
        }
    }

    /// The digit that focuses it.
    #[must_use]
    pub fn number(self) -> usize {
        match self {
            Self::Slices => 1,
            Self::Surface => 2,
            Self::Trials => 3,
            Self::Suggestion => 4,
            Self::History => 5,
            Self::Improvement => 6,
            Self::Ladder => 7,
            Self::Evidence => 8,
            Self::Race => 9,
            Self::Lesson => 0,
        }
    }
}
