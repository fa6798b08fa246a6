//! `--on-accept 'CMD'`: a command for each accepted configuration, without a shell in between.
//!
//! The words are split as a shell would (quotes, escapes) but nothing is expanded and nothing is run by a
//! shell. The configuration is JSON on the command's standard input and `TUNESCOPE_PARAM_<NAME>` in its
//! environment. The command runs beside the program: nothing here waits on the caller's thread, and every
//! child is reaped by the thread that started it.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use crate::study::Value;
use crate::study::label::scrub;

use super::{Decision, DeliveryError};

/// A line of output longer than this is cut; the rest is read and dropped.
const MAX_LINE: u64 = 4096;
/// A grandchild may keep the pipes open after the command is gone; its words are not waited for longer.
const AFTER_EXIT: Duration = Duration::from_millis(500);

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
        thread::spawn(move || {
            let _ = sender.send(run(command, input));
        });
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
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group: what the keyboard sends to the screen's group does not reach it.
            .process_group(0);
        for (name, value) in &decision.params {
            command.env(variable(name.raw()), plain(value));
        }
        command
    }
}

fn run(mut command: Command, input: Vec<u8>) -> HookOutcome {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(e) => {
            return HookOutcome {
                succeeded: false,
                status: format!("could not be started: {}", scrub(&e.to_string())),
                message: None,
            };
        }
    };
    if let Some(mut stdin) = child.stdin.take() {
        // Its own thread: a command that never reads must not keep us from seeing its end. One that ends
        // without reading closes the pipe, which is its right.
        thread::spawn(move || {
            let _ = stdin.write_all(&input);
        });
    }
    let errors = first_line(child.stderr.take());
    let words = first_line(child.stdout.take());
    let status = child.wait();
    let message = errors
        .recv_timeout(AFTER_EXIT)
        .or_else(|_| words.recv_timeout(AFTER_EXIT))
        .ok();
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

/// Reads a stream to its end, so that the command never blocks on a full pipe, and sends its first line
/// that is not blank. The channel closes without a message where there is none.
fn first_line(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stream) = stream {
        thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut line = Vec::new();
            while reader
                .by_ref()
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)
                .is_ok_and(|n| n > 0)
            {
                let text = scrub(String::from_utf8_lossy(&line).trim());
                line.clear();
                if !text.is_empty() {
                    let _ = sender.send(text);
                    break;
                }
            }
            let _ = std::io::copy(&mut reader, &mut std::io::sink());
        });
    }
    receiver
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
