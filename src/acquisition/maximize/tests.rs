//! The search on landscapes whose maximum is known.

use super::*;

/// A concave bowl with its top at `top`; categories cost 1 each where they differ.
struct Bowl {
    top: Vec<f64>,
    categories: Vec<bool>,
}

impl Bowl {
    fn value(&self, point: &[f64]) -> f64 {
        let mut value = 0.0;
        for (j, (u, t)) in point.iter().zip(&self.top).enumerate() {
            value -= if self.categories[j] {
                f64::from(u8::from(u != t))
            } else {
                (1.0 + j as f64) * (u - t).powi(2)
            };
        }
        value
    }
}

impl Landscape for Bowl {
    fn scores(&self, points: &[Vec<f64>]) -> Vec<Score> {
        points
            .iter()
            .map(|p| Score {
                value: self.value(p),
                mean: p[0],
                sd: 1.0,
            })
            .collect()
    }

    fn slopes(&self, points: &[Vec<f64>]) -> Vec<(f64, Vec<f64>)> {
        points
            .iter()
            .map(|p| {
                let slope = p
                    .iter()
                    .zip(&self.top)
                    .enumerate()
                    .map(|(j, (u, t))| -2.0 * (1.0 + j as f64) * (u - t));
                (self.value(p), slope.collect())
            })
            .collect()
    }
}

fn levels(count: usize) -> Coordinate {
    Coordinate::Levels((0..count).map(|k| k as f64 / (count - 1) as f64).collect())
}

fn search(
    bowl: &Bowl,
    coordinates: &[Coordinate],
    fixed: &[Option<f64>],
    seen: &Seen,
    regions: &[Region],
) -> Result<Vec<Peak>, MaximizeError> {
    let d = coordinates.len();
    maximize(&Request {
        landscape: bowl,
        coordinates,
        lengthscales: &vec![0.3; d],
        fixed,
        seen,
        regions,
        around: &[],
        snap: &|p| p.iter().zip(coordinates).map(|(u, c)| c.snap(*u)).collect(),
        seed: 5,
        effort: Effort::default(),
        cancel: &|| false,
    })
}

fn mixed() -> (Bowl, Vec<Coordinate>) {
    let bowl = Bowl {
        top: vec![0.317, 0.62, 3.0, 0.501],
        categories: vec![false, false, true, false],
    };
    (
        bowl,
        vec![
            Coordinate::Continuous,
            levels(7),
            Coordinate::Category(5),
            levels(1001),
        ],
    )
}

#[test]
fn a_mixed_maximum_is_found_to_the_grid() {
    let (bowl, coordinates) = mixed();
    let peaks = search(&bowl, &coordinates, &[None; 4], &Seen::default(), &[]).unwrap();
    let best = &peaks[0].point;
    assert!((best[0] - 0.317).abs() < 1e-5, "{best:?}");
    assert_eq!(best[1], 4.0 / 6.0);
    assert_eq!(best[2], 3.0);
    assert_eq!(best[3], 0.501);
}

#[test]
fn locked_coordinates_stay_and_the_rest_is_optimised_around_them() {
    let (bowl, coordinates) = mixed();
    let fixed = [Some(0.9), None, Some(1.0), None];
    let peaks = search(&bowl, &coordinates, &fixed, &Seen::default(), &[]).unwrap();
    for peak in &peaks {
        assert_eq!((peak.point[0], peak.point[2]), (0.9, 1.0));
    }
    assert_eq!(peaks[0].point[3], 0.501);
}

#[test]
fn a_rejected_region_is_left_alone_and_its_rim_is_the_next_best() {
    let (bowl, coordinates) = (
        Bowl {
            top: vec![0.5, 0.5],
            categories: vec![false, false],
        },
        vec![Coordinate::Continuous; 2],
    );
    let region = Region {
        center: vec![0.5, 0.5],
        radius: 0.2,
        weights: vec![1.0, 1.0],
        categories: vec![false, false],
    };
    let regions = [region];
    let peaks = search(&bowl, &coordinates, &[None; 2], &Seen::default(), &regions).unwrap();
    assert!(peaks.iter().all(|p| !regions[0].holds(&p.point)));
    // The best point of the rim costs 0.2² along the gentle axis.
    assert!(peaks[0].score.value > -0.045, "{:?}", peaks[0]);
}

#[test]
fn a_finite_space_gives_each_point_once_and_then_says_that_it_is_exhausted() {
    let coordinates = [levels(4), Coordinate::Category(3)];
    let bowl = Bowl {
        top: vec![1.0, 2.0],
        categories: vec![false, true],
    };
    let mut seen = Seen::default();
    let mut last = f64::INFINITY;
    for _ in 0..12 {
        let peaks = search(&bowl, &coordinates, &[None; 2], &seen, &[]).unwrap();
        assert!(peaks[0].score.value <= last, "not the best that was left");
        last = peaks[0].score.value;
        assert!(seen.allows(&peaks[0].point));
        seen.insert(peaks[0].point.clone());
    }
    let end = search(&bowl, &coordinates, &[None; 2], &seen, &[]);
    assert_eq!(end, Err(MaximizeError::Exhausted));
}

#[test]
fn a_seen_maximum_in_a_corner_is_not_proposed_again() {
    let coordinates = [Coordinate::Continuous, Coordinate::Continuous];
    let bowl = Bowl {
        top: vec![1.4, -0.3],
        categories: vec![false, false],
    };
    let seen = Seen::new([vec![1.0, 0.0]]);
    let peaks = search(&bowl, &coordinates, &[None; 2], &seen, &[]).unwrap();
    assert!(seen.allows(&peaks[0].point));
    assert!(peaks[0].point[0] > 0.9);
}

#[test]
fn the_same_seed_finds_the_same_bits_and_a_cancelled_search_says_so() {
    let (bowl, coordinates) = mixed();
    let find = || search(&bowl, &coordinates, &[None; 4], &Seen::default(), &[]).unwrap();
    assert_eq!(find(), find());
    let cancelled = maximize(&Request {
        landscape: &bowl,
        coordinates: &coordinates,
        lengthscales: &[0.3; 4],
        fixed: &[None; 4],
        seen: &Seen::default(),
        regions: &[],
        around: &[],
        snap: &|p| p.to_vec(),
        seed: 1,
        effort: Effort::default(),
        cancel: &|| true,
    });
    assert_eq!(cancelled, Err(MaximizeError::Cancelled));
}
