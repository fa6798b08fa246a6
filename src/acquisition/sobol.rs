//! Scrambled Sobol points in the open unit cube.
//!
//! Direction numbers of Joe & Kuo 2008 (`new-joe-kuo-6`); random linear matrix scrambling and a digital shift
//! (Matoušek 1998), so that every seed gives another net with the same stratification. Coordinates
//! beyond the table are plain random numbers.

mod directions;

use super::random::{Random, mix};
use directions::JOE_KUO;

const BITS: usize = 32;

/// A scrambled Sobol sequence; the same seed gives the same points.
#[derive(Clone, Debug)]
pub struct Sobol {
    /// Scrambled direction numbers, one array a coordinate of the table.
    directions: Vec<[u32; BITS]>,
    /// The present point, before the shift.
    state: Vec<u32>,
    shift: Vec<u32>,
    index: u32,
    dims: usize,
    beyond: Random,
}

impl Sobol {
    /// Coordinates that the table covers.
    pub const TABLE_DIMS: usize = directions::JOE_KUO.len() + 1;

    /// A sequence in `dims` coordinates, scrambled and shifted by the seed; coordinates beyond the table are random.
    #[must_use]
    pub fn new(dims: usize, seed: u64) -> Self {
        let covered = dims.min(Self::TABLE_DIMS);
        let mut directions = Vec::with_capacity(covered);
        let mut shift = Vec::with_capacity(covered);
        for j in 0..covered {
            let mut random = Random::new(mix(seed ^ mix(j as u64 + 1)));
            directions.push(scrambled(&plain(j), &mut random));
            shift.push(high_bits(&mut random));
        }
        Self {
            state: vec![0; covered],
            directions,
            shift,
            index: 0,
            dims,
            beyond: Random::new(mix(!seed)),
        }
    }

    /// Writes the next point; `point` has as many entries as there are coordinates.
    pub fn next_into(&mut self, point: &mut [f64]) {
        for (j, u) in point.iter_mut().enumerate().take(self.dims) {
            *u = match self.state.get(j) {
                Some(x) => (f64::from(*x ^ self.shift[j]) + 0.5) / 4_294_967_296.0,
                None => self.beyond.uniform(),
            };
        }
        // Gray code order: one direction number a step.
        let bit = (!self.index).trailing_zeros() as usize;
        if bit < BITS {
            for (x, v) in self.state.iter_mut().zip(&self.directions) {
                *x ^= v[bit];
            }
        }
        self.index = self.index.wrapping_add(1);
    }

    /// The next point.
    #[must_use]
    pub fn next_point(&mut self) -> Vec<f64> {
        let mut point = vec![0.0; self.dims];
        self.next_into(&mut point);
        point
    }
}

/// Unscrambled direction numbers of coordinate `j`, the first bit at the top.
fn plain(j: usize) -> [u32; BITS] {
    let mut v = [0_u32; BITS];
    if j == 0 {
        for (k, v) in v.iter_mut().enumerate() {
            *v = 1 << (BITS - 1 - k);
        }
        return v;
    }
    let (inner, initial) = JOE_KUO[j - 1];
    let degree = initial.len();
    for k in 0..BITS {
        v[k] = if k < degree {
            initial[k] << (BITS - 1 - k)
        } else {
            let mut x = v[k - degree] ^ (v[k - degree] >> degree);
            for i in 1..degree {
                if (inner >> (degree - 1 - i)) & 1 == 1 {
                    x ^= v[k - i];
                }
            }
            x
        };
    }
    v
}

/// Multiplies by a random lower triangular bit matrix with ones on its diagonal.
fn scrambled(v: &[u32; BITS], random: &mut Random) -> [u32; BITS] {
    // Row b holds the bits above and at b that decide output bit b (bit 0 at the top).
    let rows: Vec<u32> = (0..BITS)
        .map(|b| {
            let diagonal = 1_u32 << (BITS - 1 - b);
            let above = if b == 0 { 0 } else { u32::MAX << (BITS - b) };
            diagonal | (high_bits(random) & above)
        })
        .collect();
    v.map(|x| {
        rows.iter().enumerate().fold(0, |out, (b, row)| {
            out | (((x & row).count_ones() & 1) << (BITS - 1 - b))
        })
    })
}

fn high_bits(random: &mut Random) -> u32 {
    (random.bits() >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_power_of_two_prefix_stratifies_each_coordinate() {
        let mut sobol = Sobol::new(Sobol::TABLE_DIMS, 11);
        let points: Vec<_> = (0..256).map(|_| sobol.next_point()).collect();
        for j in 0..Sobol::TABLE_DIMS {
            let mut cells = [false; 256];
            for p in &points {
                assert!(p[j] > 0.0 && p[j] < 1.0);
                cells[(p[j] * 256.0) as usize] = true;
            }
            assert!(cells.iter().all(|c| *c), "coordinate {j}");
        }
    }

    #[test]
    fn the_first_two_coordinates_form_a_net_of_quality_zero() {
        let mut sobol = Sobol::new(2, 3);
        let points: Vec<_> = (0..64).map(|_| sobol.next_point()).collect();
        for k in 0..=6_u32 {
            let (a, b) = (1_usize << k, 1_usize << (6 - k));
            let mut cells = vec![0; 64];
            for p in &points {
                cells[(p[0] * a as f64) as usize * b + (p[1] * b as f64) as usize] += 1;
            }
            assert!(cells.iter().all(|c| *c == 1), "{a} by {b}");
        }
    }

    #[test]
    fn the_plain_sequence_is_the_published_one() {
        // Coordinates 1 to 4 of points 1 to 5 as the generator of Joe & Kuo prints them.
        let table = [
            [0.5, 0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25, 0.25],
            [0.25, 0.75, 0.75, 0.75],
            [0.375, 0.375, 0.625, 0.875],
            [0.875, 0.875, 0.125, 0.375],
        ];
        let mut state = [0_u32; 4];
        for (i, row) in table.iter().enumerate() {
            let bit = (!(i as u32)).trailing_zeros() as usize;
            for j in 0..4 {
                state[j] ^= plain(j)[bit];
                assert_eq!(
                    f64::from(state[j]) / 4_294_967_296.0,
                    row[j],
                    "point {i} coordinate {j}"
                );
            }
        }
    }

    #[test]
    fn other_seeds_give_other_points_and_high_dimensions_work() {
        let mut a = Sobol::new(300, 1);
        let mut b = Sobol::new(300, 2);
        let p = a.next_point();
        assert_ne!(p, b.next_point());
        assert_eq!(p, Sobol::new(300, 1).next_point());
        assert!(p.iter().all(|u| (0.0..1.0).contains(u)));
    }
}
