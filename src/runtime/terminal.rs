//! The screen while the explorer runs: entered once, left once, whatever happens in between.
//!
//! Never asks the terminal anything (see [`super::backend`]). [`detect_theme`] is the one query there is; it
//! runs before [`enter`], so that no reply can ever be taken for keys.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ratatui::layout::Size;
use ratatui::{Frame, Terminal};
use rustix::process::{Signal, getpgrp, getppid, getsid, kill_current_process_group};

use super::backend::ScreenBackend;
use super::clipboard::{self, ClipboardError};
use super::modes::{self, Mode, TtyOut};

/// How long [`Guard::suspend`] waits to be continued before it believes that it was never stopped.
const STOP_GRACE: Duration = Duration::from_secs(1);
/// Longest that the background colour is waited for.
const THEME_TIMEOUT: Duration = Duration::from_millis(200);

/// Times that the process was continued; counted by the signal thread.
pub(super) static CONTINUED: AtomicU64 = AtomicU64::new(0);

/// What [`enter`] turns on besides the alternate screen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Report mouse presses. Off unless asked for: it takes text selection away from the person.
    pub mouse: bool,
}

/// The screen in our hands. Dropping it puts everything back.
#[derive(Debug)]
pub struct Guard {
    terminal: Terminal<ScreenBackend<TtyOut>>,
    mouse: bool,
    /// The value of [`CONTINUED`] that the screen was last set up for.
    continued: u64,
}

/// Takes the terminal over. The calling thread becomes the UI thread for [`super::panic`].
///
/// # Errors
/// There is no terminal, or it cannot be written. Nothing is left turned on.
pub fn enter(options: Options) -> io::Result<Guard> {
    super::panic::this_is_the_ui_thread();
    // For whatever else may print with crossterm's colours: `NO_COLOR` is the theme's business (F1).
    crossterm::style::force_color_output(true);
    let terminal = Terminal::new(ScreenBackend::new(TtyOut))?;
    let guard = Guard {
        terminal,
        mouse: options.mouse,
        continued: CONTINUED.load(Ordering::SeqCst),
    };
    guard.turn_on()?;
    Ok(guard)
}

impl Guard {
    /// Draws one frame: one write, or none where nothing changed. Returns the bytes written.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<usize> {
        self.terminal.draw(view)?;
        self.terminal.backend_mut().commit()
    }

    /// Makes the next [`Guard::draw`] say every cell again, without asking the terminal anything (F4).
    ///
    /// # Errors
    /// Never with this backend; the signature is ratatui's.
    pub fn redraw_fully(&mut self) -> io::Result<()> {
        use ratatui::backend::Backend as _;
        let backend = self.terminal.backend_mut();
        backend.forget();
        backend.clear()?;
        // The buffer that the next frame is compared with becomes a blank one.
        self.terminal.swap_buffers();
        Ok(())
    }

    /// The size as of now, in cells.
    ///
    /// # Errors
    /// Never with this backend; the signature is ratatui's.
    pub fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Bytes written by frames so far.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.terminal.backend().bytes_written()
    }

    /// Rings the bell; the screen stays what it is.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn bell(&mut self) -> io::Result<()> {
        self.terminal.backend_mut().write_now(b"\x07")
    }

    /// Turns mouse reports on or off; they stay so across a suspension.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on {
            modes::turn_on(Mode::Mouse)
        } else {
            modes::turn_off(Mode::Mouse)
        }
    }

    /// Sends text to the terminal's clipboard (OSC 52). Whether it arrives is up to the terminal: say
    /// "sent", not "copied".
    ///
    /// # Errors
    /// The text is too long, or the terminal is gone.
    pub fn copy(&mut self, text: &str) -> Result<(), ClipboardError> {
        let bytes = clipboard::sequence(text)?;
        Ok(self.terminal.backend_mut().write_now(&bytes)?)
    }

    /// Gives the terminal back, stops the whole process group, and takes the terminal over again once
    /// continued; the next draw is a full one. `false` where there is no shell that could continue us, in
    /// which case nothing happens: a window that was opened for tunescope alone would freeze.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn suspend(&mut self) -> io::Result<bool> {
        if !has_job_control() {
            return Ok(false);
        }
        let before = CONTINUED.load(Ordering::SeqCst);
        modes::restore();
        // The group, not only us: we may have been started by a script, and the demo has workers.
        kill_current_process_group(Signal::STOP)?;
        // Other threads may run on for a moment after the signal was sent.
        let asked = Instant::now();
        while CONTINUED.load(Ordering::SeqCst) == before && asked.elapsed() < STOP_GRACE {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.resume()?;
        Ok(true)
    }

    /// The process was stopped and continued: turns everything on again. Does nothing where that
    /// continuation has been dealt with, so it may be called on every [`super::signals::Signal::Continued`].
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn resume(&mut self) -> io::Result<()> {
        let now = CONTINUED.load(Ordering::SeqCst);
        if now == self.continued && modes::is_active() {
            return Ok(());
        }
        self.continued = now;
        modes::restore();
        self.turn_on()?;
        self.redraw_fully()
    }

    fn turn_on(&self) -> io::Result<()> {
        let mut wanted = vec![
            Mode::AlternateScreen,
            Mode::BracketedPaste,
            Mode::FocusReports,
            Mode::HiddenCursor,
        ];
        if self.mouse {
            wanted.push(Mode::Mouse);
        }
        modes::enter(&wanted)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        modes::restore();
    }
}

/// Whether somebody could continue us: our process group is not the one of the session's leader, and our
/// parent is in the same session (a shell with job control, or a program that it started).
fn has_job_control() -> bool {
    let Ok(session) = getsid(None) else { return false };
    getpgrp() != session && getppid().is_some_and(|parent| getsid(Some(parent)) == Ok(session))
}

/// What the background of the terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}

/// How long an answer of the terminal is waited for: `TUNESCOPE_ANSWER_MS`, else [`THEME_TIMEOUT`]. Behind a slow line a
/// person may have more patience than we assume.
fn answer_time() -> Duration {
    std::env::var("TUNESCOPE_ANSWER_MS")
        .ok()
        .and_then(|ms| ms.parse().ok())
        .map_or(THEME_TIMEOUT, Duration::from_millis)
}

/// Asks the terminal for its background colour, once, for at most `answer_time`, and only where an answer can
/// be trusted to come in time: not over SSH, not in tmux or screen (the reply would be typed into the
/// program), not where input or output is no terminal. To be called before [`enter`].
#[must_use]
pub fn detect_theme() -> Option<Background> {
    use terminal_colorsaurus::{QueryOptions, background_color};
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    if ["SSH_CONNECTION", "SSH_TTY", "TMUX", "STY"].into_iter().any(set)
        || !rustix::termios::isatty(rustix::stdio::stdin())
        || !rustix::termios::isatty(rustix::stdio::stdout())
    {
        return None;
    }
    let mut options = QueryOptions::default();
    options.timeout = answer_time();
    // One question only: of two, some terminals mix up the order of the answers.
    let background = background_color(options).ok()?;
    Some(if background.perceived_lightness() > 0.5 {
        Background::Light
    } else {
        Background::Dark
    })
}
