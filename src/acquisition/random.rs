//! Small repeatable random numbers (SplitMix64, Steele, Lea & Flood 2014): the same seed gives the same
//! numbers on every machine.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator whose draws are those of the seed, on every machine.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Uniform in `(0, 1)`: never an end.
    #[expect(clippy::cast_precision_loss, reason = "52 bits fit")]
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        super::normal::quantile(self.uniform())
    }

    /// Uniform in `0..count`; 0 where `count` is 0.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the high half of the product is below count"
    )]
    pub fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }
}

/// The finaliser of SplitMix64: a bijection that spreads every bit.
#[must_use]
pub fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_repeat_by_seed_and_fill_their_range() {
        let (mut a, mut b) = (Random::new(7), Random::new(7));
        assert_eq!(a.bits(), b.bits());
        let mut seen = [0_u32; 5];
        for _ in 0..5000 {
            seen[a.below(5)] += 1;
            assert!((0.0..1.0).contains(&b.uniform()));
        }
        assert!(seen.iter().all(|n| (900..1100).contains(n)), "{seen:?}");
        assert_eq!(a.below(0), 0);
    }
}
