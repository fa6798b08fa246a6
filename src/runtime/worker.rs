//! Work in the background: latest wins, cancellable, never two of a kind.
//!
//! Two threads. *Fitting* optimises hyperparameters. *Exploring* does what must be quick: it appends new rows
//! with the present hyperparameters, then draws slices, finds the suggestion, and fills surfaces. A panic in
//! either is caught and told; the thread lives on.

pub mod compare;
pub mod explore;
pub mod fit;
pub mod long;
pub mod mailbox;
pub mod single;
pub mod still;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs one piece of work; a panic becomes its report in words.
fn guarded<T>(place: &str, work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(|| {
        super::panic::test_point(place);
        work()
    }))
    .map_err(|_| match super::panic::take_report() {
        Some(report) => format!("an error in tunescope itself: {report}; please report it"),
        None => "an error in tunescope itself; please report it".to_owned(),
    })
}
