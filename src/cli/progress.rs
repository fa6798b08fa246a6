//! A word on standard error while something takes its time.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Nothing is said of what is quicker than this.
const QUIET: Duration = Duration::from_secs(1);
const REFRESH: Duration = Duration::from_millis(250);

/// Says what is going on, once it has taken a second, until dropped; only where standard error is a
/// terminal. What was said is wiped at the end.
pub struct Progress {
    shared: Option<Arc<Shared>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    what: String,
    /// Thousandths done, and 1001 where unknown.
    done: AtomicU64,
    over: Mutex<bool>,
    changed: Condvar,
}

impl Progress {
    pub fn start(what: impl Into<String>) -> Self {
        if !io::stderr().is_terminal() {
            return Self {
                shared: None,
                thread: None,
            };
        }
        let shared = Arc::new(Shared {
            what: super::text::harmless(&what.into()),
            done: AtomicU64::new(1001),
            over: Mutex::new(false),
            changed: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("progress".into())
            .spawn(move || theirs.tell());
        Self {
            shared: Some(shared),
            thread: thread.ok(),
        }
    }

    /// So much of so much is done.
    pub fn at(&self, done: u64, total: u64) {
        if let Some(shared) = &self.shared
            && total > 0
        {
            let share = u128::from(done) * 1000 / u128::from(total);
            shared
                .done
                .store(u64::try_from(share).unwrap_or(1000).min(1000), Ordering::Relaxed);
        }
    }
}

impl Shared {
    fn tell(&self) {
        let started = Instant::now();
        let mut said = false;
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        while !*over {
            let pause = if said { REFRESH } else { QUIET };
            let (guard, timeout) = self
                .changed
                .wait_timeout(over, pause)
                .unwrap_or_else(PoisonError::into_inner);
            over = guard;
            if *over || !timeout.timed_out() {
                continue;
            }
            let done = self.done.load(Ordering::Relaxed);
            let how_far = if done > 1000 {
                format!("{} s", started.elapsed().as_secs())
            } else {
                format!("{} %", done / 10)
            };
            let _ = write!(io::stderr(), "\r\x1b[K{}: {how_far}", self.what);
            said = true;
        }
        if said {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            *shared.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
            shared.changed.notify_all();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
