//! Two-dimensional surfaces of the posterior through the probe.

mod compute;

/// What a surface shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layer {
    #[default]
    Mean,
    Sd,
    Acquisition,
    Exploitation,
    Exploration,
    ProbabilityOfImprovement,
}

impl Layer {
    pub const ALL: [Self; 6] = [
        Self::Mean,
        Self::Sd,
        Self::Acquisition,
        Self::Exploitation,
        Self::Exploration,
        Self::ProbabilityOfImprovement,
    ];

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Sd => "σ",
            Self::Acquisition => "acquisition",
            Self::Exploitation => "exploitation",
            Self::Exploration => "exploration",
            Self::ProbabilityOfImprovement => "P(improve)",
        }
    }
}

/// A trial, the incumbent or the suggestion on a surface.
#[derive(Clone, Debug, PartialEq)]
pub struct SurfaceMark {
    /// Index into `Study::trials`.
    pub trial: usize,
    pub x: f64,
    pub y: f64,
    /// Kernel correlation with its foot on the surface, in `[0, 1]`.
    pub weight: f64,
}

/// All layers over two parameters, the others at the probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    /// Indices into `Space::params`.
    pub x_param: usize,
    pub y_param: usize,
    pub columns: usize,
    pub rows: usize,
    /// Places of the columns and rows in `[0, 1]`, ascending (cell centres; one a value on grids and choices).
    pub xs: Vec<f64>,
    pub ys: Vec<f64>,
    /// One array a layer in the order of [`Layer::ALL`]; cell `(row, column)` at `row·columns + column`,
    /// row 0 at the smallest `y`. Mean and σ in the user's units, the rest in model units.
    pub layers: [Vec<f64>; 6],
    /// `P(feasible)` of each cell; empty while there are no constraints.
    pub feasible: Vec<f64>,
    pub trials: Vec<SurfaceMark>,
    pub incumbent: Option<(f64, f64)>,
    pub suggestion: Option<(f64, f64)>,
    pub probe: (f64, f64),
    /// Whether a finer one is on its way.
    pub coarse: bool,
}

impl Surface {
    /// One number a cell, row by row from the lowest `y`.
    #[must_use]
    pub fn layer(&self, layer: Layer) -> &[f64] {
        &self.layers[Layer::ALL.iter().position(|l| *l == layer).unwrap_or(0)]
    }
}
