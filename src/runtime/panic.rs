//! What a panic does: on the UI thread the terminal is put back before a word is printed; on any other
//! thread the screen stays, and the worker's own `catch_unwind` finds the report here.

use std::cell::RefCell;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::thread::{self, ThreadId};

use super::modes;

static UI_THREAD: OnceLock<ThreadId> = OnceLock::new();

thread_local! {
    static REPORT: RefCell<Option<PanicReport>> = const { RefCell::new(None) };
}

/// Where a worker panicked, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanicReport {
    pub thread: String,
    pub message: String,
    /// `file:line:column` in our own source.
    pub location: String,
}

impl std::fmt::Display for PanicReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.location)
    }
}

/// Names the calling thread as the one that owns the terminal. The first call counts.
pub fn this_is_the_ui_thread() {
    UI_THREAD.get_or_init(|| thread::current().id());
}

/// Installs the hook. While the screen is in our hands, a panic of another thread prints nothing (the text
/// would land in the middle of a frame) and leaves the modes alone.
pub fn install() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !modes::is_active() {
            before(info);
            return;
        }
        if UI_THREAD.get() == Some(&thread::current().id()) {
            modes::restore();
            before(info);
        } else {
            let report = describe(info);
            tracing::error!(
                thread = report.thread,
                location = report.location,
                "{}",
                report.message
            );
            REPORT.with(|slot| *slot.borrow_mut() = Some(report));
        }
    }));
}

/// The report of the panic that the calling thread has just caught, once.
#[must_use]
pub fn take_report() -> Option<PanicReport> {
    REPORT.with(|slot| slot.borrow_mut().take())
}

fn describe(info: &PanicHookInfo<'_>) -> PanicReport {
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    PanicReport {
        thread: thread::current().name().unwrap_or("unnamed").to_owned(),
        message: crate::study::label::scrub(&message),
        location: info.location().map(ToString::to_string).unwrap_or_default(),
    }
}

/// Panics where the environment variable `TUNESCOPE_TEST_PANIC` names this place: the pty tests need a
/// panic that no input can cause. Not in release builds.
pub fn test_point(place: &str) {
    #[cfg(debug_assertions)]
    #[cfg_attr(not(test), expect(clippy::panic, reason = "a panic is what it is asked for"))]
    if std::env::var_os("TUNESCOPE_TEST_PANIC").is_some_and(|wanted| wanted == place) {
        panic!("asked to panic in {place}");
    }
    #[cfg(not(debug_assertions))]
    let _ = place;
}
