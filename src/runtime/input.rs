//! Keys, pastes and mouse reports, read on a thread of their own.
//!
//! Not crossterm's reader: at the end of input it spins (a zero-byte read is retried for ever), it blocks in
//! the middle of a sequence that never ends, and it hands a late reply of the terminal to the program as
//! letters. Its event types are used, so that the key table need not know.

pub mod parser;

use std::io;
use std::os::fd::AsFd;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossterm::event::Event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::modes::TtyIn;
use parser::Parser;

/// What comes from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Event(Event),
    /// The terminal is gone (end of input, I/O error or hang-up): leave the loop.
    Closed,
}

/// Starts the thread. `deliver` says whether to go on; the thread ends after [`Input::Closed`].
///
/// # Errors
/// There is no terminal to read from.
pub fn spawn(deliver: impl Fn(Input) -> bool + Send + 'static) -> io::Result<JoinHandle<()>> {
    let tty = TtyIn::open()?;
    thread::Builder::new()
        .name("input".into())
        .spawn(move || read_until_closed(&tty, &deliver))
}

fn read_until_closed(tty: &impl AsFd, deliver: &impl Fn(Input) -> bool) {
    let mut parser = Parser::default();
    let mut bytes = [0_u8; 4096];
    let mut events = Vec::new();
    loop {
        let read = wait(tty, parser.patience()).and_then(|ready| {
            if ready {
                rustix::io::read(tty, &mut bytes).map(Some)
            } else {
                Ok(None)
            }
        });
        match read {
            Ok(None) => parser.time_is_up(&mut events),
            Ok(Some(0)) => break,
            Ok(Some(n)) => parser.feed(&bytes[..n], &mut events),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => break,
        }
        for event in events.drain(..) {
            if !deliver(Input::Event(event)) {
                return;
            }
        }
    }
    deliver(Input::Closed);
}

/// Whether there is something to read before `patience` (for ever, where `None`) is over. A hang-up without
/// data left is an error.
fn wait(tty: &impl AsFd, patience: Option<Duration>) -> Result<bool, Errno> {
    let timeout = patience.map(|d| Timespec {
        tv_sec: i64::try_from(d.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(d.subsec_nanos()),
    });
    let mut fds = [PollFd::new(tty, PollFlags::IN)];
    if poll(&mut fds, timeout.as_ref())? == 0 {
        return Ok(false);
    }
    let seen = fds[0].revents();
    if seen.contains(PollFlags::IN) {
        Ok(true)
    } else if seen.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
        Err(Errno::IO)
    } else {
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_closed_input_is_told_once_and_the_thread_ends() {
        let (reader, writer) = io::pipe().unwrap();
        let (tx, rx) = mpsc::channel();
        let thread = thread::spawn(move || read_until_closed(&reader, &|input| tx.send(input).is_ok()));
        io::Write::write_all(&mut &writer, b"q").unwrap();
        drop(writer);
        thread.join().unwrap();
        let all: Vec<Input> = rx.iter().collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[1], Input::Closed);
    }
}
