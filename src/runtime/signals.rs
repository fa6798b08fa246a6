//! Signals, turned into events on a thread of their own.

use std::io;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use super::{modes, terminal};

/// What a signal asks of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// `SIGTSTP` from outside (Ctrl-Z is a key in raw mode): call `Guard::suspend`.
    Suspend,
    /// Somebody stopped and continued us: call `Guard::resume`. Also comes after our own `suspend`,
    /// where it is harmless.
    Continued,
    /// `SIGWINCH`: draw; ratatui finds the new size by itself.
    Resized,
    /// `SIGHUP`, `SIGTERM` or `SIGINT`: leave the loop; the process should end with `128 + number`.
    Terminate { number: i32 },
}

/// Starts the thread. `deliver` says whether to go on. A second terminating signal does not wait for a loop
/// that is stuck: the terminal is put back and the process ends there and then.
///
/// # Errors
/// The handlers cannot be installed.
pub fn spawn(deliver: impl Fn(Signal) -> bool + Send + 'static) -> io::Result<JoinHandle<()>> {
    let mut signals = Signals::new([SIGTSTP, SIGCONT, SIGWINCH, SIGHUP, SIGTERM, SIGINT])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        let mut terminating = false;
        for number in signals.forever() {
            let signal = match number {
                SIGTSTP => Signal::Suspend,
                SIGCONT => {
                    terminal::CONTINUED.fetch_add(1, Ordering::SeqCst);
                    Signal::Continued
                }
                SIGWINCH => Signal::Resized,
                number => {
                    if terminating {
                        modes::restore();
                        std::process::exit(128 + number);
                    }
                    terminating = true;
                    Signal::Terminate { number }
                }
            };
            if !deliver(signal) {
                return;
            }
        }
    })
}
