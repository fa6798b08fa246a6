//! A one-slot mailbox: posting replaces what waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The slot and the signal that something is in it.
#[derive(Debug)]
pub struct Mailbox<T> {
    slot: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    waiting: Option<T>,
    closed: bool,
}

/// Why a wait ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<T> {
    Work(T),
    /// Nothing came within the time.
    Idle,
    Closed,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self {
            slot: Mutex::new(State {
                waiting: None,
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }
}

impl<T> Mailbox<T> {
    /// Puts work in, joined with what waits by `join(old, new)`.
    pub fn post_with(&self, work: T, join: impl FnOnce(T, T) -> T) {
        let mut state = self.lock();
        state.waiting = Some(match state.waiting.take() {
            Some(old) => join(old, work),
            None => work,
        });
        drop(state);
        self.changed.notify_all();
    }

    /// Puts work in, replacing what waits.
    pub fn post(&self, work: T) {
        self.post_with(work, |_, new| new);
    }

    /// Waits for work, at most for a time.
    pub fn take(&self, at_most: Option<Duration>) -> Taken<T> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return Taken::Closed;
            }
            if let Some(work) = state.waiting.take() {
                return Taken::Work(work);
            }
            state = match at_most {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    let (state, timeout) = self
                        .changed
                        .wait_timeout(state, time)
                        .unwrap_or_else(PoisonError::into_inner);
                    if timeout.timed_out() && state.waiting.is_none() && !state.closed {
                        return Taken::Idle;
                    }
                    state
                }
            };
        }
    }

    /// Looks at what waits without taking it.
    pub fn peek<R>(&self, look: impl FnOnce(Option<&T>) -> R) -> R {
        look(self.lock().waiting.as_ref())
    }

    /// Ends every wait for good.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_wins_and_closing_ends_the_wait() {
        let mailbox = Mailbox::default();
        mailbox.post(1);
        mailbox.post(2);
        assert_eq!(mailbox.take(None), Taken::Work(2));
        assert_eq!(mailbox.take(Some(Duration::from_millis(1))), Taken::Idle);
        mailbox.post_with(3, |old, new| old + new);
        mailbox.post_with(4, |old, new| old + new);
        assert_eq!(mailbox.take(None), Taken::Work(7));
        mailbox.close();
        assert_eq!(mailbox.take(None), Taken::Closed);
    }
}
