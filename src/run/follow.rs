//! Following one attempt: what its command says as it says it, and how it ends.
//!
//! One thread an attempt. It never waits on the command: the output is a file, and the end is either that
//! of our own child (the keeper) or the end of the lock that the keeper of an earlier loop holds.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::machine::Verdict;
use super::output::{Observed, Scanner, metric_of, says_pruned};
use super::place::{How, Known, Over, Place};
use super::{RunError, keeper};
use crate::io::delivery::claim::host;
use crate::study::label::scrub;
use crate::study::number::duration;

/// Bytes that are read at a time.
const CHUNK: usize = 256 * 1024;
/// How long a keeper may take to write its record; starting a process can be slow on a busy machine.
const STARTING: Duration = Duration::from_secs(20);

/// What is followed.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub place: Place,
    pub trial: u64,
    pub attempt: u32,
    pub metric: String,
    /// Measurements that are constrained: told as the metric is, beside it.
    pub constrained: Vec<String>,
    /// The metric is in a file, not in the output.
    pub has_metric_file: bool,
    /// Most bytes of output.
    pub log_limit: u64,
    /// Seconds that the command may take, for the message.
    pub timeout: Option<f64>,
}

/// What a follower tells.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    Observed {
        trial: u64,
        values: Vec<Observed>,
    },
    Ended {
        trial: u64,
        verdict: Verdict,
        /// What was told of the measurements that are constrained.
        measured: Vec<(String, f64)>,
        seconds: Option<f64>,
        finished: Option<String>,
    },
}

/// A word to a follower.
#[derive(Clone, Debug, Default)]
pub struct Rein(Arc<AtomicU8>);

const GO: u8 = 0;
const HALT: u8 = 1;
const LEAVE: u8 = 2;

impl Rein {
    /// The command is to end.
    pub fn halt(&self) {
        // Whoever was told to leave has left.
        let _ = self
            .0
            .compare_exchange(GO, HALT, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The command goes on, and is followed no longer.
    pub fn leave(&self) {
        self.0.store(LEAVE, Ordering::SeqCst);
    }
}

/// Follows an attempt to its end. `child` is its keeper, where it is ours.
///
/// # Errors
/// The thread cannot be started.
pub fn spawn(
    attempt: Attempt,
    child: Option<Child>,
    tell: impl Fn(News) -> bool + Send + 'static,
) -> std::io::Result<Rein> {
    let rein = Rein::default();
    let theirs = rein.clone();
    thread::Builder::new().name("follow".into()).spawn(move || {
        Follower::new(attempt, child, theirs).run(&tell);
    })?;
    Ok(rein)
}

struct Follower {
    attempt: Attempt,
    child: Option<Child>,
    rein: Rein,
    scanner: Scanner,
    /// One a measurement that is constrained.
    constrained: Vec<Scanner>,
    log: Option<File>,
    read: u64,
    since: Instant,
    is_halting: bool,
    is_too_long: bool,
}

impl Follower {
    fn new(attempt: Attempt, child: Option<Child>, rein: Rein) -> Self {
        Self {
            scanner: Scanner::new(&attempt.metric),
            constrained: attempt
                .constrained
                .iter()
                .map(|name| Scanner::new(name))
                .collect(),
            attempt,
            child,
            rein,
            log: None,
            read: 0,
            since: Instant::now(),
            is_halting: false,
            is_too_long: false,
        }
    }

    fn run(mut self, tell: &dyn Fn(News) -> bool) {
        loop {
            // The order matters: what is written before the end is read after the end was seen.
            let is_over = self.is_over();
            if !self.read_output(is_over, tell) {
                return;
            }
            if is_over {
                break;
            }
            match self.rein.0.load(Ordering::SeqCst) {
                LEAVE => return,
                HALT => self.halt(),
                _ => {}
            }
            thread::sleep(self.pause());
        }
        let mut seen = Vec::new();
        self.scanner.finish(&mut |o| seen.push(o));
        self.constrained.iter_mut().for_each(|s| s.finish(&mut |_| {}));
        let trial = self.attempt.trial;
        if !seen.is_empty() && !tell(News::Observed { trial, values: seen }) {
            return;
        }
        let over = self.last_words();
        tell(News::Ended {
            trial,
            verdict: self.verdict(over.as_ref()),
            measured: self.measured(over.as_ref()),
            seconds: over.as_ref().map(|o| o.seconds),
            finished: over.map(|o| o.finished),
        });
    }

    /// Short at first, when the command may be quick.
    fn pause(&self) -> Duration {
        match self.since.elapsed().as_secs() {
            _ if self.is_halting => Duration::from_millis(20),
            0..2 => Duration::from_millis(10),
            2..30 => Duration::from_millis(50),
            _ => Duration::from_millis(200),
        }
    }

    fn is_over(&mut self) -> bool {
        let (trial, attempt) = (self.attempt.trial, self.attempt.attempt);
        if let Some(child) = &mut self.child {
            match child.try_wait() {
                Ok(None) => return false,
                // Another keeper has it, started by a loop that was killed: that one is followed.
                Ok(Some(status)) if status.code() == Some(i32::from(keeper::BUSY)) => self.child = None,
                Ok(Some(_)) | Err(_) => return true,
            }
        }
        !self.attempt.place.is_kept(trial, attempt)
    }

    /// Reads what is new; false where nobody listens any more.
    fn read_output(&mut self, to_the_end: bool, tell: &dyn Fn(News) -> bool) -> bool {
        if self.log.is_none() {
            let path = self.attempt.place.log(self.attempt.trial, self.attempt.attempt);
            self.log = File::open(path).ok();
        }
        let mut buffer = vec![0; CHUNK];
        loop {
            let Some(log) = &mut self.log else { return true };
            // By what is there, not by what was read, and before each piece: a disk fills faster than a reader reads,
            // and such a reader never comes to the end.
            if log.metadata().map_or(0, |m| m.len()) > self.attempt.log_limit {
                self.is_too_long = true;
                self.halt();
                return true;
            }
            // A command may cut its own output; then there is nothing new at this place.
            let read = log
                .seek(SeekFrom::Start(self.read))
                .and_then(|_| log.read(&mut buffer))
                .unwrap_or(0);
            self.read += read as u64;
            let mut seen = Vec::new();
            let new = buffer.get(..read).unwrap_or_default();
            self.scanner.feed(new, &mut |o| seen.push(o));
            self.constrained.iter_mut().for_each(|s| s.feed(new, &mut |_| {}));
            let trial = self.attempt.trial;
            if !seen.is_empty() && !tell(News::Observed { trial, values: seen }) {
                return false;
            }
            if read == 0 || (read < CHUNK && !to_the_end) {
                return true;
            }
        }
    }

    /// Asks the keeper to end the command.
    fn halt(&mut self) {
        if self.is_halting {
            return;
        }
        let pid = match &self.child {
            // Before the keeper listens, a word to stop would only end the keeper.
            Some(child) if self.known().kept.is_some() => i32::try_from(child.id()).ok(),
            Some(_) if self.since.elapsed() < STARTING => return,
            Some(child) => i32::try_from(child.id()).ok(),
            None => self
                .known()
                .kept
                .filter(|kept| kept.host == host())
                .and_then(|kept| i32::try_from(kept.keeper).ok()),
        };
        self.is_halting = true;
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            // One that is gone has written its record.
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    fn known(&self) -> Known {
        self.attempt.place.known(self.attempt.trial, self.attempt.attempt)
    }

    /// The end as it was written down; where the keeper was killed, that is written down here.
    fn last_words(&self) -> Option<Over> {
        let (trial, attempt) = (self.attempt.trial, self.attempt.attempt);
        bury(&self.attempt.place, trial, attempt).ok().flatten()
    }

    /// Whether either output is longer than allowed; its keeper has stopped it then, if nobody else did.
    fn wrote_too_much(&self) -> bool {
        let (place, trial, attempt) = (&self.attempt.place, self.attempt.trial, self.attempt.attempt);
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |m| m.len());
        let logs = [place.log(trial, attempt), place.errors(trial, attempt)];
        logs.iter().any(|path| size(path) > self.attempt.log_limit)
    }

    fn verdict(&self, over: Option<&Over>) -> Verdict {
        if self.is_too_long || self.wrote_too_much() {
            return Verdict::Failed(format!(
                "it wrote more than {} MB of output; see {}",
                self.attempt.log_limit / 1_000_000,
                name(&self.log_path())
            ));
        }
        match over.map(|o| &o.end) {
            Some(How::Exited(0)) => self.metric(over),
            Some(How::Exited(code)) => self.failed(&format!("exit status {code}")),
            Some(How::Signalled(signal)) => self.failed(&format!("killed by signal {signal}")),
            Some(How::TimedOut) => {
                let seconds = self.attempt.timeout.or(over.map(|o| o.seconds));
                Verdict::Failed(format!(
                    "it took longer than {} and was stopped",
                    duration(seconds.unwrap_or(0.0))
                ))
            }
            Some(How::Stopped) => Verdict::Stopped,
            Some(How::NotStarted(why)) => Verdict::NotStarted(scrub(why)),
            Some(How::Lost) | None if self.is_halting => Verdict::Stopped,
            Some(How::Lost) | None => Verdict::Failed("its keeper was killed".to_owned()),
        }
    }

    fn metric(&self, over: Option<&Over>) -> Verdict {
        let metric = scrub(&self.attempt.metric);
        let written = over
            .and_then(|o| o.metric_file.as_deref())
            .filter(|_| self.attempt.has_metric_file);
        if self.scanner.is_pruned() || written.is_some_and(says_pruned) {
            return Verdict::Pruned;
        }
        if self.attempt.has_metric_file {
            let text = written;
            return match text.map(|t| metric_of(t, &self.attempt.metric)) {
                Some(Some(value)) => Verdict::Value(value),
                Some(None) => Verdict::Failed(format!("its metric file has no {metric}")),
                None => Verdict::Failed("it did not write its metric file".to_owned()),
            };
        }
        match self.scanner.metric() {
            Some(value) => Verdict::Value(value),
            None if self.scanner.unread().is_some() => Verdict::Failed(format!(
                "it told `{metric}` as `{}`, which is not one plain number such as 0.5; see {}",
                scrub(self.scanner.unread().unwrap_or_default()),
                name(&self.log_path())
            )),
            None => Verdict::Failed(format!(
                "it told no {metric}: print {metric}=VALUE, or a JSON line that has it; see {}",
                name(&self.log_path())
            )),
        }
    }

    /// The last of each measurement that is constrained, in the metric file where there is one, else in the output.
    fn measured(&self, over: Option<&Over>) -> Vec<(String, f64)> {
        let file = over
            .and_then(|o| o.metric_file.as_deref())
            .filter(|_| self.attempt.has_metric_file);
        let each = self.attempt.constrained.iter().zip(&self.constrained);
        each.filter_map(|(name, scanner)| {
            // A lone number in the file is the metric.
            let written = file.filter(|text| text.trim().parse::<f64>().is_err());
            let value = written
                .and_then(|text| metric_of(text, name))
                .or(scanner.metric())?;
            Some((name.clone(), value))
        })
        .collect()
    }

    fn failed(&self, how: &str) -> Verdict {
        let errors = self
            .attempt
            .place
            .errors(self.attempt.trial, self.attempt.attempt);
        let said = last_line(&errors).unwrap_or_else(|| self.scanner.last_line().to_owned());
        Verdict::Failed(if said.is_empty() {
            how.to_owned()
        } else {
            format!("{how}: {}", scrub(&said))
        })
    }

    fn log_path(&self) -> std::path::PathBuf {
        self.attempt.place.log(self.attempt.trial, self.attempt.attempt)
    }
}

/// The end of an attempt that nobody keeps. Where none was written down, what is left of the command is
/// ended and that is written down: a keeper that comes late will find it. `None`: somebody keeps it.
///
/// # Errors
/// The record cannot be read or written.
pub fn bury(place: &Place, trial: u64, attempt: u32) -> Result<Option<Over>, RunError> {
    let Some(mut record) = place.keep(trial, attempt)? else {
        return Ok(None);
    };
    let known = record.known()?;
    if let Some(over) = known.over {
        return Ok(Some(over));
    }
    if let Some(kept) = &known.kept {
        keeper::end_orphans(kept);
    }
    let over = Over {
        end: How::Lost,
        finished: jiff::Timestamp::now().to_string(),
        seconds: 0.0,
        metric_file: None,
    };
    record.add(&over)?;
    Ok(Some(over))
}

fn name(path: &Path) -> String {
    scrub(&path.display().to_string())
}

/// The last line that says something, of the last few kilobytes of a file.
fn last_line(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(4096))).ok()?;
    let mut bytes = Vec::new();
    file.take(4096).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().rev().map(str::trim).find(|l| !l.is_empty())?;
    Some(line.chars().take(200).collect())
}
