//! Where the search starts.

use super::{Coordinate, Peak, Request};
use crate::acquisition::random::{Random, mix};
use crate::acquisition::sobol::Sobol;

/// Finite spaces of up to this many points are enumerated.
pub const ENUMERABLE: u128 = 4096;

/// Points drawn around each good observation are this far away, as a share of the axis.
const SCALES: [f64; 3] = [0.1, 0.02, 0.004];

/// Of a long list of good points only the first are worth looking around. With 8 the whole list may lie on
/// one of several optima: some states of Branin after 50 steps were then missed by more than a nat.
const AROUND: usize = 16;

/// Starts closer than this, in lengthscales, would climb the same hill: at first between the best of
/// the pool, where the hills are narrow, then between the others.
const SAME_START: [f64; 2] = [0.02, 0.1];

/// Every point that the free coordinates span and that may be proposed.
pub fn enumerate(request: &Request<'_>) -> Vec<Vec<f64>> {
    let d = request.coordinates.len();
    let mut points = vec![vec![0.0; d]];
    request.lock(&mut points[0]);
    for j in request.free_discrete() {
        let coordinate = &request.coordinates[j];
        let count = coordinate.count().unwrap_or(1);
        points = points
            .iter()
            .flat_map(|p| {
                (0..count).map(move |k| {
                    let mut point = p.clone();
                    point[j] = coordinate.value(k);
                    point
                })
            })
            .collect();
    }
    // Values that parameters can take, and each once: of a parameter that takes no part all values are one.
    let mut once = std::collections::HashSet::new();
    points
        .into_iter()
        .map(|p| (request.snap)(&p))
        .filter(|p| once.insert(p.iter().map(|u| (u + 0.0).to_bits()).collect::<Vec<u64>>()))
        .filter(|p| request.seen.allows(p) && !request.is_rejected(p))
        .collect()
}

/// Sobol points, points near good ones, and points around rejected regions.
pub fn candidates(request: &Request<'_>) -> Vec<Vec<f64>> {
    let mut random = Random::new(mix(request.seed ^ 0x706f_6f6c));
    let mut points = spread(request, request.effort.spread, request.seed);
    points.extend(local(request, &mut random));
    points.extend(shells(request, &mut random));
    // Earlier optima and good observations themselves are starts too, but observations may not be returned.
    points.extend(request.around.iter().skip(AROUND).map(|p| snapped(request, p)));
    let finite = request.free_continuous().is_empty();
    points.retain(|p| !(request.is_rejected(p) || finite && request.seen.holds(p)));
    points
}

fn snapped(request: &Request<'_>, point: &[f64]) -> Vec<f64> {
    let mut out: Vec<f64> = request
        .coordinates
        .iter()
        .zip(point)
        .map(|(c, u)| c.snap(*u))
        .collect();
    request.lock(&mut out);
    out
}

/// Scrambled Sobol points, every value of a grid or category equally often.
pub fn spread(request: &Request<'_>, count: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut sobol = Sobol::new(request.coordinates.len(), seed);
    (0..count)
        .map(|_| {
            let mut point = sobol.next_point();
            for (u, c) in point.iter_mut().zip(request.coordinates) {
                *u = c.at(*u);
            }
            request.lock(&mut point);
            point
        })
        .collect()
}

/// Random points, for when the others are all forbidden.
pub fn random(request: &Request<'_>, count: usize) -> Vec<Vec<f64>> {
    spread(request, count, mix(request.seed ^ 0x7261_6e64))
        .into_iter()
        .map(|p| (request.snap)(&p))
        .collect()
}

fn local(request: &Request<'_>, random: &mut Random) -> Vec<Vec<f64>> {
    let centers = &request.around[..request.around.len().min(AROUND)];
    if centers.is_empty() {
        return Vec::new();
    }
    let discrete = request.free_discrete();
    let continuous = request.free_continuous();
    (0..request.effort.local)
        .map(|i| {
            let mut point = snapped(request, &centers[i % centers.len()]);
            let scale = SCALES[random.below(SCALES.len())];
            for &j in &continuous {
                point[j] = (point[j] + scale * random.normal()).clamp(0.0, 1.0);
            }
            if let Some(&j) = discrete.get(random.below(discrete.len())) {
                step(&request.coordinates[j], &mut point[j], random);
            }
            point
        })
        .collect()
}

/// One level up or down, or another choice.
fn step(coordinate: &Coordinate, u: &mut f64, random: &mut Random) {
    let Some(count) = coordinate.count() else {
        return;
    };
    let k = coordinate.nearest(*u);
    let next = match coordinate {
        Coordinate::Category(_) => random.below(count),
        Coordinate::Levels(_) if random.below(2) == 0 => k.saturating_sub(1),
        Coordinate::Levels(_) | Coordinate::Continuous => k + 1,
    };
    *u = coordinate.value(next);
}

/// Points just outside of each rejected region: its forbidden maximum often continues there.
fn shells(request: &Request<'_>, random: &mut Random) -> Vec<Vec<f64>> {
    let continuous = request.free_continuous();
    let mut points = Vec::new();
    for region in request.regions {
        for _ in 0..64 {
            let direction: Vec<f64> = continuous.iter().map(|_| random.normal()).collect();
            let norm = direction
                .iter()
                .zip(&continuous)
                .map(|(v, &j)| (v * region.weights.get(j).copied().unwrap_or(1.0)).powi(2))
                .sum::<f64>()
                .sqrt();
            let mut point = snapped(request, &region.center);
            let reach = 1.01 * region.radius / norm.max(1e-12);
            for (v, &j) in direction.iter().zip(&continuous) {
                point[j] = (point[j] + reach * v).clamp(0.0, 1.0);
            }
            points.push(point);
        }
    }
    points
}

/// The starts: the best of the pool that are not the same hill, with places reserved for the largest mean
/// and the largest deviation.
pub fn starts(request: &Request<'_>, pool: &[Peak]) -> Vec<Peak> {
    let mut order: Vec<usize> = (0..pool.len())
        .filter(|&i| !pool[i].score.value.is_nan())
        .collect();
    order.sort_by(|&a, &b| pool[b].score.value.total_cmp(&pool[a].score.value));
    let largest =
        |key: fn(&Peak) -> f64| (0..pool.len()).max_by(|&a, &b| key(&pool[a]).total_cmp(&key(&pool[b])));
    let mut chosen: Vec<usize> = Vec::new();
    chosen.extend(order.first());
    for extra in [largest(|p| p.score.mean), largest(|p| p.score.sd)]
        .into_iter()
        .flatten()
    {
        if !chosen.contains(&extra) {
            chosen.push(extra);
        }
    }
    let total = request.effort.starts;
    for (limit, gap) in [(total / 2, SAME_START[0]), (total, SAME_START[1]), (total, -1.0)] {
        for &i in &order {
            if chosen.len() >= limit {
                break;
            }
            let separate = |&c: &usize| request.distance(&pool[c].point, &pool[i].point) > gap;
            if !chosen.contains(&i) && chosen.iter().all(separate) {
                chosen.push(i);
            }
        }
    }
    chosen.into_iter().map(|i| pool[i].clone()).collect()
}
