//! What was turned on in the terminal, so that exactly that is turned off: once, in reverse order, on
//! every path.
//!
//! The record is global because the three parties that may have to put things back (the guard's drop, the
//! panic hook and the signal thread) cannot share a reference. Whoever comes first takes it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, PoisonError};

use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

static ACTIVE: Mutex<Option<Modes>> = Mutex::new(None);

/// One thing that can be turned on. `Raw` is the kernel's line discipline, the rest are escape sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    AlternateScreen,
    BracketedPaste,
    FocusReports,
    HiddenCursor,
    /// Presses and drags, not every movement (1003), which would flood a slow line.
    Mouse,
}

impl Mode {
    fn on(self) -> &'static [u8] {
        match self {
            Self::AlternateScreen => b"\x1b[?1049h",
            Self::BracketedPaste => b"\x1b[?2004h",
            Self::FocusReports => b"\x1b[?1004h",
            Self::HiddenCursor => b"\x1b[?25l",
            Self::Mouse => b"\x1b[?1002h\x1b[?1006h",
        }
    }

    fn off(self) -> &'static [u8] {
        match self {
            Self::AlternateScreen => b"\x1b[?1049l",
            Self::BracketedPaste => b"\x1b[?2004l",
            Self::FocusReports => b"\x1b[?1004l",
            Self::HiddenCursor => b"\x1b[?25h",
            Self::Mouse => b"\x1b[?1006l\x1b[?1002l",
        }
    }
}

/// The terminal as an unbuffered output: one call, one `write`. Standard output's own buffer would cut a
/// frame at its line ends, and its lock could be held by the thread that has just panicked.
#[derive(Clone, Copy, Debug, Default)]
pub struct TtyOut;

impl Write for TtyOut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, poll};
        let out = rustix::stdio::stdout();
        match rustix::io::write(out, bytes) {
            // Another program may have left the terminal non-blocking.
            Err(rustix::io::Errno::AGAIN) => {
                poll(&mut [PollFd::new(&out, PollFlags::OUT)], None)?;
                Err(io::ErrorKind::Interrupted.into())
            }
            other => Ok(other?),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal's input: standard input where that is a terminal, else the controlling terminal (the
/// study may come on a pipe).
#[derive(Debug)]
pub enum TtyIn {
    Stdin,
    Device(File),
}

impl TtyIn {
    /// # Errors
    /// There is no terminal to read keys from.
    pub fn open() -> io::Result<Self> {
        if isatty(rustix::stdio::stdin()) {
            return Ok(Self::Stdin);
        }
        OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .map(Self::Device)
    }
}

impl AsFd for TtyIn {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Stdin => rustix::stdio::stdin(),
            Self::Device(file) => file.as_fd(),
        }
    }
}

/// The kernel's settings before ours, and the modes that are on, in the order they were turned on.
#[derive(Debug)]
struct Modes {
    tty: TtyIn,
    cooked: Termios,
    on: Vec<Mode>,
}

/// Turns raw input and `modes` on and remembers them.
///
/// # Errors
/// There is no terminal, or it cannot be written; what was turned on by then is turned off again.
pub fn enter(modes: &[Mode]) -> io::Result<()> {
    let tty = TtyIn::open()?;
    let cooked = tcgetattr(&tty)?;
    let mut raw = cooked.clone();
    raw.make_raw();
    tcsetattr(&tty, OptionalActions::Now, &raw)?;
    *lock() = Some(Modes {
        tty,
        cooked,
        on: Vec::new(),
    });
    for mode in modes {
        if let Err(error) = turn_on(*mode) {
            restore();
            return Err(error);
        }
    }
    Ok(())
}

/// Turns one more mode on. Nothing happens where it is on already, or where nothing was entered.
///
/// # Errors
/// The terminal cannot be written.
pub fn turn_on(mode: Mode) -> io::Result<()> {
    if let Some(active) = lock().as_mut()
        && !active.on.contains(&mode)
    {
        // Recorded first: half a sequence that was written must be undone too.
        active.on.push(mode);
        TtyOut.write_all(mode.on())?;
    }
    Ok(())
}

/// Turns one mode off, out of order.
///
/// # Errors
/// The terminal cannot be written.
pub fn turn_off(mode: Mode) -> io::Result<()> {
    if let Some(active) = lock().as_mut()
        && let Some(i) = active.on.iter().position(|m| *m == mode)
    {
        active.on.remove(i);
        TtyOut.write_all(mode.off())?;
    }
    Ok(())
}

/// Puts everything back. The second call, and a call without [`enter`], do nothing. Errors are of no
/// use here: the terminal may be gone.
pub fn restore() {
    let Some(active) = lock().take() else { return };
    let mut bytes = Vec::with_capacity(64);
    for mode in active.on.iter().rev() {
        bytes.extend_from_slice(mode.off());
    }
    let _ = TtyOut.write_all(&bytes);
    // After what was written has left, so that nothing of ours is shown in the shell's mode.
    let _ = tcsetattr(&active.tty, OptionalActions::Drain, &active.cooked);
}

/// Whether something is turned on now.
#[must_use]
pub fn is_active() -> bool {
    lock().is_some()
}

fn lock() -> std::sync::MutexGuard<'static, Option<Modes>> {
    ACTIVE.lock().unwrap_or_else(PoisonError::into_inner)
}
