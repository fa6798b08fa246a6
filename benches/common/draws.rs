//! Numbers that look drawn, the same at every run.

/// Uniform on `[0, 1)`: xorshift with 53 bits of each state.
pub fn uniform(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}
