//! The keeper of one attempt: a small process between the loop and the command.
//!
//! It starts the command in a group of its own, keeps its time, and writes down how it ended. Because it
//! outlives the loop, a loop that is killed loses no trial: the next one finds the attempt still running, or
//! its end written down. Output goes into files, so a command never waits for a reader, and never loses one.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group, test_kill_process_group,
    wait as wait_for_any,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use super::RunError;
use super::place::{How, Kept, Over, Place, birth, parent};
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
    Ended(How),
    /// No process of the command is left.
    Empty,
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
    adopt();
    let pid = match start(args, &place) {
        Ok(child) => child.id(),
        Err(why) => {
            record.add(&over(How::NotStarted(why), None))?;
            return Ok(0);
        }
    };
    record.add(&Kept {
        host: host(),
        keeper: std::process::id(),
        pid,
        born: birth(pid),
        started: jiff::Timestamp::now().to_string(),
    })?;
    thread::spawn(move || reap(pid, &sender));
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
        .map_err(|e| not_started(program, &e))
}

/// Why a program cannot be started, and what to do.
fn not_started(program: &str, error: &std::io::Error) -> String {
    let name = scrub(program);
    let path = Path::new(program);
    let why = match error.kind() {
        ErrorKind::NotFound if program.contains('/') && path.exists() => {
            "the interpreter in its first line (#!) is not there".to_owned()
        }
        ErrorKind::NotFound if program.contains('/') => "there is no such file".to_owned(),
        ErrorKind::NotFound if program.contains(char::is_whitespace) => {
            "there is no program of this name; give the words of the command apart, without quotes around all of them"
                .to_owned()
        }
        ErrorKind::NotFound if path.is_file() => {
            format!("there is no program of this name; for the file in this folder write ./{name}")
        }
        ErrorKind::NotFound => "there is no program of this name in PATH".to_owned(),
        ErrorKind::PermissionDenied if path.is_dir() => "it is a folder".to_owned(),
        ErrorKind::PermissionDenied => {
            "it may not be executed; run chmod +x on it, or give it to its interpreter (python FILE)".to_owned()
        }
        _ if error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error()) => {
            "it is no program; give it to its interpreter (python FILE)".to_owned()
        }
        _ => error.to_string(),
    };
    format!("the command {name} cannot be started: {why}")
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
            Ok(News::Ended(how)) => return how,
            Ok(News::Stop) => break How::Stopped,
            Ok(News::Empty) | Err(RecvTimeoutError::Disconnected) => return How::Lost,
            Err(RecvTimeoutError::Timeout) if deadline.is_some_and(|at| Instant::now() >= at) => {
                break How::TimedOut;
            }
            Err(RecvTimeoutError::Timeout) if is_too_long() => break How::Stopped,
            Err(RecvTimeoutError::Timeout) => {}
        }
    };
    end_all(pid, news);
    why
}

/// Takes in the processes that the command leaves without a parent: one that begins a session of its own is no longer
/// in its group, and would outlive the trial with the memory of a graphics card in its hands.
fn adopt() {
    // Where the system cannot, the group is all that is ended.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Waits for every process of the command, and tells of the first and of the last.
fn reap(pid: u32, tell: &Sender<News>) {
    loop {
        let news = match wait_for_any(WaitOptions::empty()) {
            Ok(Some((ended, status))) if u32::try_from(ended.as_raw_nonzero().get()) == Ok(pid) => {
                News::Ended(how(status))
            }
            Ok(_) | Err(Errno::INTR) => continue,
            Err(_) => News::Empty,
        };
        let is_last = matches!(news, News::Empty);
        if tell.send(news).is_err() || is_last {
            return;
        }
    }
}

fn how(status: WaitStatus) -> How {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => How::Exited(code),
        (None, Some(signal)) => How::Signalled(signal),
        (None, None) => How::Lost,
    }
}

/// Asks all processes of the command to end, in its group and out of it, and ends those that do not.
fn end_all(pid: u32, news: &Receiver<News>) {
    let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return;
    };
    let mut is_reaped = false;
    let mut is_over = || {
        match news.recv_timeout(Duration::from_millis(20)) {
            Ok(News::Empty) | Err(RecvTimeoutError::Disconnected) => is_reaped = true,
            Ok(News::Ended(_) | News::Stop) | Err(RecvTimeoutError::Timeout) => {}
        }
        is_reaped && test_kill_process_group(group).is_err()
    };
    let all = |signal| {
        let _ = kill_process_group(group, signal);
        for other in descendants() {
            let _ = kill_process(other, signal);
        }
    };
    all(Signal::TERM);
    let asked = Instant::now();
    while asked.elapsed() < GRACE {
        if is_over() {
            return;
        }
    }
    let killed = Instant::now();
    while killed.elapsed() < AFTER_KILL {
        // Again and again: what is being killed may still begin others.
        all(Signal::KILL);
        if is_over() {
            return;
        }
    }
}

/// Processes that descend from this one, where the system tells (proc(5)); those in the group of the command among them.
fn descendants() -> Vec<Pid> {
    let parents: Vec<(u32, u32)> = std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
            Some((pid, parent(pid)?))
        })
        .collect();
    let mut found = vec![std::process::id()];
    let mut at = 0;
    while let Some(&one) = found.get(at) {
        at += 1;
        let children = parents.iter().filter(|(_, parent)| *parent == one);
        found.extend(children.map(|(pid, _)| *pid));
    }
    let others = found.iter().skip(1);
    others
        .filter_map(|pid| Pid::from_raw(i32::try_from(*pid).ok()?))
        .collect()
}

/// The same for the group of a keeper that is gone. `is_over` waits a moment for its first process.
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
