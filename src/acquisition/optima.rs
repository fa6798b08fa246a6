//! Where sample paths have their maxima.

use super::maximize::{Coordinate, Effort, Landscape, Peak, Request, Score, Seen, ascend_from, pool_of};
use super::paths::Paths;

/// The maximum of one sample path.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    pub point: Vec<f64>,
    pub value: f64,
}

/// The space to look in, and where to look first.
pub struct Place<'a> {
    pub coordinates: &'a [Coordinate],
    pub lengthscales: &'a [f64],
    pub snap: &'a dyn Fn(&[f64]) -> Vec<f64>,
    /// Good observations, best first.
    pub around: &'a [Vec<f64>],
    pub seed: u64,
}

/// A pool that all paths share, and few starts a path: it takes `M` of them to make one candidate's value.
const EFFORT: Effort = Effort {
    spread: 512,
    local: 128,
    starts: 3,
    iterations: 20,
    rounds: 3,
};

/// Starts of one path closer than this, in lengthscales, climb the same hill.
const SAME_HILL: f64 = 0.3;

/// One sample path as a landscape.
#[derive(Debug)]
pub struct OnePath<'a> {
    pub paths: &'a Paths,
    pub path: usize,
}

impl Landscape for OnePath<'_> {
    fn scores(&self, points: &[Vec<f64>]) -> Vec<Score> {
        let Some(first) = points.first() else {
            return Vec::new();
        };
        let points = super::ranking::rows(points, first.len());
        self.paths
            .values_of(self.path, &points)
            .into_iter()
            .map(|value| Score {
                value,
                mean: value,
                sd: 0.0,
            })
            .collect()
    }

    fn slopes(&self, points: &[Vec<f64>]) -> Vec<(f64, Vec<f64>)> {
        match points.first() {
            Some(first) => self
                .paths
                .slopes(self.path, &super::ranking::rows(points, first.len())),
            None => Vec::new(),
        }
    }
}

/// The maximum of every path of a set over a space; `None` on cancellation.
#[must_use]
pub fn optima(paths: &Paths, place: &Place<'_>, cancel: &dyn Fn() -> bool) -> Option<Vec<Optimum>> {
    let fixed = vec![None; place.coordinates.len()];
    let seen = Seen::default();
    let first = OnePath { paths, path: 0 };
    let pool = pool_of(&request(&first, place, (&fixed, &seen), cancel));
    let dims = place.coordinates.len();
    let values = paths.values(&super::ranking::rows(&pool, dims));
    let mut found = Vec::with_capacity(paths.count());
    for path in 0..paths.count() {
        if cancel() {
            return None;
        }
        let column: Vec<f64> = values.column(path).iter().copied().collect();
        let landscape = OnePath { paths, path };
        let request = request(&landscape, place, (&fixed, &seen), cancel);
        let starts = starts_of(&request, &pool, &column);
        let best = ascend_from(&request, starts)
            .into_iter()
            .filter(|p| p.score.value.is_finite())
            .max_by(|a, b| a.score.value.total_cmp(&b.score.value))?;
        found.push(Optimum {
            point: best.point,
            value: best.score.value,
        });
    }
    Some(found)
}

fn request<'a>(
    landscape: &'a dyn Landscape,
    place: &Place<'a>,
    nothing: (&'a [Option<f64>], &'a Seen),
    cancel: &'a dyn Fn() -> bool,
) -> Request<'a> {
    Request {
        landscape,
        coordinates: place.coordinates,
        lengthscales: place.lengthscales,
        fixed: nothing.0,
        seen: nothing.1,
        regions: &[],
        around: place.around,
        snap: place.snap,
        seed: place.seed,
        effort: EFFORT,
        cancel,
    }
}

/// The best of the pool on separate hills.
fn starts_of(request: &Request<'_>, pool: &[Vec<f64>], values: &[f64]) -> Vec<Peak> {
    let mut order: Vec<usize> = (0..pool.len()).filter(|&i| values[i].is_finite()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let mut chosen: Vec<usize> = Vec::new();
    for i in order {
        if chosen.len() == request.effort.starts {
            break;
        }
        if chosen
            .iter()
            .all(|&c| request.distance(&pool[c], &pool[i]) > SAME_HILL)
        {
            chosen.push(i);
        }
    }
    chosen
        .into_iter()
        .map(|i| Peak {
            point: pool[i].clone(),
            score: Score {
                value: values[i],
                mean: values[i],
                sd: 0.0,
            },
        })
        .collect()
}
