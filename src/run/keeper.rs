//! The keeper of one attempt: a small process between the loop and the command.
//!
//! It starts the command in a group of its own, keeps its time, and writes down how it ended. Because it
//! outlives the loop, a loop that is killed loses no trial: the next one finds the attempt still running, or
//! its end written down. Output goes into files, so a command never waits for a reader, and never loses one.

use std::fs::File;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use super::RunError;
use super::place::{How, Kept, Over, Place, birth};
use crate::io::delivery::claim::host;
use crate::study::label::scrub;

/// How long a group may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);
/// How often the size of the output is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long the end of a process that was killed is waited for.
const AFTER_KILL: Duration = Duration::from_secs(30);
/// Most of a metric file that is read.
const MAX_METRIC_FILE: u64 = 64 * 1024;
/// Exit status of a keeper that found another on its attempt.
pub const BUSY: u8 = 75;

/// Arguments of `tunescope trial-keeper`.
#[derive(Clone, Debug, clap::Args)]
pub struct KeeperArgs {
    /// The folder of the logs
    #[arg(long)]
    pub logs: PathBuf,
    #[arg(long)]
    pub trial: u64,
    #[arg(long)]
    pub attempt: u32,
    /// Seconds after which the command is stopped
    #[arg(long)]
    pub timeout: Option<f64>,
    /// Bytes of output after which the command is stopped
    #[arg(long)]
    pub log_limit: u64,
    /// A file that the command writes its metric to
    #[arg(long)]
    pub metric_file: Option<PathBuf>,
    /// The command
    #[arg(last = true, required = true)]
    pub command: Vec<String>,
}

enum News {
    Ended(std::io::Result<ExitStatus>),
    Stop,
}

/// Keeps one attempt from its start to its end. Returns the exit status of the keeper.
///
/// # Errors
/// Files that cannot be written. A command that fails is no error here: it is written down.
pub fn keep(args: &KeeperArgs) -> Result<u8, RunError> {
    let place = Place::at(&args.logs);
    let Some(mut record) = place.keep(args.trial, args.attempt)? else {
        return Ok(BUSY);
    };
    // A keeper that comes late finds what the loop decided meanwhile.
    let known = record.known()?;
    if known.over.is_some() || known.kept.is_some() {
        return Ok(0);
    }
    let (sender, news) = mpsc::channel();
    let signals = sender.clone();
    // Before the command is started: a word to stop must not come too early to be heard. The keyboard's
    // signals are the loop's to judge.
    let mut listening = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT])
        .map_err(RunError::io("listen for signals in", &args.logs))?;
    thread::spawn(move || {
        for number in listening.forever() {
            if number == SIGTERM && signals.send(News::Stop).is_err() {
                return;
            }
        }
    });
    let before = args.metric_file.as_deref().map(stamp);
    let clock = Instant::now();
    let over = |end, metric_file| Over {
        end,
        finished: jiff::Timestamp::now().to_string(),
        seconds: (clock.elapsed().as_secs_f64() * 1e3).round() / 1e3,
        metric_file,
    };
    let mut child = match start(args, &place) {
        Ok(child) => child,
        Err(why) => {
            record.add(&over(How::NotStarted(why), None))?;
            return Ok(0);
        }
    };
    let pid = child.id();
    record.add(&Kept {
        host: host(),
        keeper: std::process::id(),
        pid,
        born: birth(pid),
        started: jiff::Timestamp::now().to_string(),
    })?;
    thread::spawn(move || {
        let _ = sender.send(News::Ended(child.wait()));
    });
    let logs = [
        place.log(args.trial, args.attempt),
        place.errors(args.trial, args.attempt),
    ];
    let is_too_long = || {
        let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |m| m.len());
        logs.iter().any(|path| size(path) > args.log_limit)
    };
    let end = wait(&news, pid, args.timeout, clock, &is_too_long);
    let metric_file = args
        .metric_file
        .as_deref()
        .filter(|path| Some(stamp(path)) != before)
        .and_then(head);
    record.add(&over(end, metric_file))?;
    Ok(0)
}

fn start(args: &KeeperArgs, place: &Place) -> Result<std::process::Child, String> {
    let (program, arguments) = args.command.split_first().ok_or("there is no command")?;
    let open = |path: &Path| File::create(path).map_err(|e| format!("cannot write {}: {e}", path.display()));
    let input = place.input(args.trial, args.attempt);
    let input = File::open(&input).map_or_else(|_| Stdio::null(), Stdio::from);
    Command::new(program)
        .args(arguments)
        .stdin(input)
        .stdout(open(&place.log(args.trial, args.attempt))?)
        .stderr(open(&place.errors(args.trial, args.attempt))?)
        .process_group(0)
        .spawn()
        .map_err(|e| format!("{} cannot be started ({e})", scrub(program)))
}

/// Waits for the end, the time, a word to stop, or more output than is allowed: a loop that was killed limits nothing,
/// and an endless writer fills a disk in a minute.
fn wait(
    news: &Receiver<News>,
    pid: u32,
    timeout: Option<f64>,
    clock: Instant,
    is_too_long: &dyn Fn() -> bool,
) -> How {
    let deadline = timeout
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .and_then(|t| clock.checked_add(t));
    let why = loop {
        let left = deadline.map_or(LOOK, |at| at.saturating_duration_since(Instant::now()));
        match news.recv_timeout(left.min(LOOK)) {
            Ok(News::Ended(status)) => return how(status),
            Ok(News::Stop) => break How::Stopped,
            Err(RecvTimeoutError::Disconnected) => return How::Lost,
            Err(RecvTimeoutError::Timeout) if deadline.is_some_and(|at| Instant::now() >= at) => {
                break How::TimedOut;
            }
            Err(RecvTimeoutError::Timeout) if is_too_long() => break How::Stopped,
            Err(RecvTimeoutError::Timeout) => {}
        }
    };
    end_group(pid, || match news.recv_timeout(Duration::from_millis(20)) {
        Ok(News::Ended(_)) | Err(RecvTimeoutError::Disconnected) => true,
        Ok(News::Stop) | Err(RecvTimeoutError::Timeout) => false,
    });
    why
}

fn how(status: std::io::Result<ExitStatus>) -> How {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => How::Exited(code),
            (None, Some(signal)) => How::Signalled(signal),
            (None, None) => How::Lost,
        },
        Err(_) => How::Lost,
    }
}

/// Asks a group to end, and ends it where it does not. `is_over` waits a moment for its first process.
fn end_group(pid: u32, mut is_over: impl FnMut() -> bool) {
    let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return;
    };
    let _ = kill_process_group(group, Signal::TERM);
    let asked = Instant::now();
    let mut first_is_over = false;
    while asked.elapsed() < GRACE {
        first_is_over = first_is_over || is_over();
        // The first process is reaped by now; the group is empty when nobody is left to be asked.
        if first_is_over {
            if test_kill_process_group(group).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
    let _ = kill_process_group(group, Signal::KILL);
    let killed = Instant::now();
    while !first_is_over && killed.elapsed() < AFTER_KILL {
        first_is_over = is_over();
    }
}

/// Ends what is left of an attempt whose keeper is gone: only where the process that began it is surely the
/// one that was written down.
pub(super) fn end_orphans(kept: &Kept) {
    let is_same = kept.host == host() && kept.born.is_some() && birth(kept.pid) == kept.born;
    if is_same {
        let pid = kept.pid;
        end_group(pid, || {
            thread::sleep(Duration::from_millis(10));
            birth(pid) != kept.born
        });
    }
}

/// What changes when a file is written.
fn stamp(path: &Path) -> Option<(SystemTime, u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len(), meta.ino()))
}

fn head(path: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let meta = std::fs::metadata(path).ok()?;
    if !meta.is_file() {
        return None;
    }
    File::open(path)
        .and_then(|f| f.take(MAX_METRIC_FILE).read_to_end(&mut bytes))
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
