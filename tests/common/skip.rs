//! Tests that need a program which not every machine has.

use std::io::Write as _;

/// Says that a test is skipped, and why; where `TUNESCOPE_REQUIRE_PEERS=1` asks for all of them, it fails instead.
pub fn skipped(why: &str) {
    assert_ne!(
        std::env::var("TUNESCOPE_REQUIRE_PEERS").as_deref(),
        Ok("1"),
        "{why}, and TUNESCOPE_REQUIRE_PEERS asks for it"
    );
    // Written past the harness, which keeps what a passing test prints to itself.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
