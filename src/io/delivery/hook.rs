//! `--on-accept 'CMD'`: a command for each accepted configuration, without a shell in between.
//!
//! The words are split as a shell would (quotes, escapes) but nothing is expanded and nothing is run by a
//! shell. The configuration is JSON on the command's standard input and `TUNESCOPE_PARAM_<NAME>` in its
//! environment. The command runs beside the program: nothing here waits on the caller's thread, and every
//! child is reaped by the thread that started it.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use crate::study::Value;
use crate::study::label::{scrub, without_code};

use super::{Decision, DeliveryError, random_bytes};

mod wishes;

pub use wishes::{Recovered, Wishes};

/// A line of output longer than this is cut.
const MAX_LINE: usize = 4096;

/// Why a command line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HookError {
    #[error("the quotes in {command} do not close; close them, or escape a literal quote")]
    OpenQuote { command: String },
    #[error("the command is empty; name a program")]
    Empty,
}

/// A command that is started for each accepted configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    words: Vec<String>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookOutcome {
    pub succeeded: bool,
    /// `exit status 0`, `killed by signal 9`, or why it could not be started.
    pub status: String,
    /// First line that is not blank of its standard error, or else of its standard output; scrubbed.
    pub message: Option<String>,
}

impl HookOutcome {
    /// One line for the receipt.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.message {
            Some(message) => format!("{}: {message}", self.status),
            None => self.status.clone(),
        }
    }
}

/// A command under way. Dropping it does not stop the command: a job that is being submitted goes on.
#[derive(Debug)]
pub struct RunningHook {
    outcome: Receiver<HookOutcome>,
}

impl RunningHook {
    /// The outcome, once, when the command has ended. Never waits.
    #[must_use]
    pub fn poll(&self) -> Option<HookOutcome> {
        self.outcome.try_recv().ok()
    }

    /// Waits for the outcome, for the headless commands. `None` when the time is over first.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> Option<HookOutcome> {
        self.outcome.recv_timeout(at_most).ok()
    }
}

impl Hook {
    /// Splits a command line into words as a POSIX shell would, without expansions.
    ///
    /// # Errors
    /// A quote that does not close, or nothing at all.
    pub fn parse(command: &str) -> Result<Self, HookError> {
        let words = shlex::split(command).ok_or_else(|| HookError::OpenQuote {
            command: scrub(command),
        })?;
        if words.first().is_none_or(String::is_empty) {
            return Err(HookError::Empty);
        }
        Ok(Self { words })
    }

    /// The command as it will be started, for the confirm line.
    #[must_use]
    pub fn describe(&self) -> String {
        scrub(&self.words.join(" "))
    }

    /// Starts the command and returns at once. A command that cannot be started is an outcome, not an
    /// error: the configuration has been delivered all the same.
    ///
    /// # Errors
    /// A parameter that JSON cannot hold.
    pub fn start(&self, decision: &Decision) -> Result<RunningHook, DeliveryError> {
        let mut input = decision.to_json()?.to_string().into_bytes();
        input.push(b'\n');
        let command = self.command(decision);
        let (sender, outcome) = mpsc::channel();
        let (begun, is_begun) = mpsc::channel();
        thread::spawn(move || {
            let _ = sender.send(run(command, &input, begun));
        });
        // Starting a process takes a moment, and never waits on it. From here on it runs, whatever becomes of us.
        let _ = is_begun.recv();
        Ok(RunningHook { outcome })
    }

    fn command(&self, decision: &Decision) -> Command {
        let (program, arguments) = match self.words.split_first() {
            Some((program, arguments)) => (program.as_str(), arguments),
            None => ("", [].as_slice()),
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("TUNESCOPE_ID", &decision.id)
            // Its own group: what the keyboard sends to the screen's group does not reach it.
            .process_group(0);
        for (name, value) in &decision.params {
            command.env(variable(name.raw()), plain(value));
        }
        command
    }
}

/// Starts a command, says so by letting go of `begun`, and waits for its end.
fn run(mut command: Command, input: &[u8], begun: Sender<()>) -> HookOutcome {
    let spawned = Files::with(input).and_then(|files| {
        command
            .stdin(files.input)
            .stdout(files.words.try_clone()?)
            .stderr(files.errors.try_clone()?);
        Ok((command.spawn()?, files.words, files.errors))
    });
    drop(begun);
    let (mut child, words, errors) = match spawned {
        Ok(spawned) => spawned,
        Err(e) => {
            return HookOutcome {
                succeeded: false,
                status: format!("could not be started: {}", scrub(&without_code(&e.to_string()))),
                message: None,
            };
        }
    };
    let status = child.wait();
    let message = first_line(&errors).or_else(|| first_line(&words));
    match status {
        Ok(status) => HookOutcome {
            succeeded: status.success(),
            status: status_words(status),
            message,
        },
        Err(e) => HookOutcome {
            succeeded: false,
            status: format!("was lost: {}", scrub(&e.to_string())),
            message,
        },
    }
}

/// What a command reads and writes: files without a name, no pipes. A pipe breaks with the program at its other end;
/// so a command goes on as if nothing were, and has its configuration whole, when this program is killed.
struct Files {
    input: File,
    words: File,
    errors: File,
}

impl Files {
    fn with(input: &[u8]) -> std::io::Result<Self> {
        let mut files = Self {
            input: nameless()?,
            words: nameless()?,
            errors: nameless()?,
        };
        files.input.write_all(input)?;
        files.input.seek(SeekFrom::Start(0))?;
        Ok(files)
    }
}

/// A new file that only those see who hold it open.
fn nameless() -> std::io::Result<File> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let random: String = random_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let path = std::env::temp_dir().join(format!(".tunescope-{}-{count}-{random}", std::process::id()));
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// The first line that is not blank.
fn first_line(file: &File) -> Option<String> {
    let mut from = 0;
    let mut line = vec![0; MAX_LINE];
    loop {
        let read = file.read_at(&mut line, from).ok().filter(|n| *n > 0)?;
        let part = line.get(..read)?;
        let end = part.iter().position(|b| *b == b'\n');
        let text = scrub(String::from_utf8_lossy(part.get(..end.unwrap_or(read))?).trim());
        if !text.is_empty() {
            return Some(text);
        }
        from += end.map_or(read, |end| end + 1) as u64;
    }
}

fn status_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

/// The environment variable of a parameter: `learning.rate` → `TUNESCOPE_PARAM_LEARNING_RATE`. Of two names that become the same, the later counts;
/// the JSON on standard input has both.
#[must_use]
pub fn variable(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
            _ => '_',
        })
        .collect();
    format!("TUNESCOPE_PARAM_{name}")
}

/// A text as it is, without the bytes that no environment can hold; everything else as JSON spells it.
fn plain(value: &Value) -> String {
    match value.to_json() {
        Json::String(text) => text.replace('\0', ""),
        other => other.to_string(),
    }
}
