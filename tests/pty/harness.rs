//! The real binary in a pseudo-terminal, with an emulator on the other side.
//!
//! Nothing sleeps for luck: everything waits for what it expects, until a deadline.

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal};

/// Longest wait for anything; a loaded machine may need more (`TUNESCOPE_PTY_SECONDS`).
pub fn deadline() -> Duration {
    let seconds = std::env::var("TUNESCOPE_PTY_SECONDS").ok();
    Duration::from_secs(seconds.and_then(|s| s.parse().ok()).unwrap_or(20))
}

/// A folder with a study in it, and an empty home.
pub struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        let sandbox = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::create_dir(sandbox.path().join("home")).unwrap();
        sandbox
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn append(&self, name: &str, text: &str) {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(self.path().join(name))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// Writes beside the file and renames over it, as editors and careful writers do.
    pub fn replace(&self, name: &str, text: &str) {
        let beside = self.write(&format!(".{name}.new"), text);
        std::fs::rename(beside, self.path().join(name)).unwrap();
    }
}

/// How to start.
pub struct Start<'a> {
    pub args: &'a [&'a str],
    pub env: &'a [(&'a str, &'a str)],
    /// Columns and rows.
    pub size: (u16, u16),
    /// Started by an interactive shell with job control instead of directly.
    pub in_shell: bool,
}

impl Default for Start<'_> {
    fn default() -> Self {
        Self {
            args: &[],
            env: &[],
            size: (120, 36),
            in_shell: false,
        }
    }
}

struct Seen {
    emulator: vt100::Parser,
    raw: Vec<u8>,
    over: bool,
    /// The reader is to let go of the terminal.
    closing: bool,
}

type Shared = Arc<(Mutex<Seen>, Condvar)>;

/// A running program.
pub struct Session {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    seen: Shared,
    reader: Option<std::thread::JoinHandle<()>>,
    /// The line settings before the program touched them.
    pub settings_before: String,
}

fn size((columns, rows): (u16, u16)) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

impl Session {
    pub fn start(sandbox: &Sandbox, start: &Start<'_>) -> Self {
        let pair = native_pty_system().openpty(size(start.size)).unwrap();
        let binary = env!("CARGO_BIN_EXE_tunescope");
        let mut command = if start.in_shell {
            let mut shell = CommandBuilder::new("bash");
            shell.args(["--norc", "--noprofile", "-i"]);
            shell
        } else {
            let mut direct = CommandBuilder::new(binary);
            direct.args(start.args);
            direct
        };
        command.env_clear();
        command.env("PATH", std::env::var("PATH").unwrap_or_default());
        command.env("HOME", sandbox.path().join("home"));
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("PS1", "prompt> ");
        for (name, value) in start.env {
            command.env(name, value);
        }
        command.cwd(sandbox.path());
        let settings_before = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let seen: Shared = Arc::new((
            Mutex::new(Seen {
                emulator: vt100::Parser::new(
                    NonZero::new(start.size.1).unwrap(),
                    NonZero::new(start.size.0).unwrap(),
                    0,
                ),
                raw: Vec::new(),
                over: false,
                closing: false,
            }),
            Condvar::new(),
        ));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let theirs = Arc::clone(&seen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 1 << 16];
            loop {
                let n = reader.read(&mut bytes).unwrap_or(0);
                let mut seen = theirs.0.lock().unwrap();
                seen.over = n == 0;
                seen.raw.extend_from_slice(&bytes[..n]);
                seen.emulator.process(&bytes[..n]);
                theirs.1.notify_all();
                if n == 0 || seen.closing {
                    return;
                }
            }
        });
        let mut session = Self {
            child,
            writer: Some(pair.master.take_writer().unwrap()),
            master: Some(pair.master),
            seen,
            reader: Some(reader),
            settings_before,
        };
        if start.in_shell {
            session.wait_for("prompt> ");
            let line: Vec<String> = std::iter::once(binary)
                .chain(start.args.iter().copied())
                .map(|word| format!("'{word}'"))
                .collect();
            session.send(&format!("{}\r", line.join(" ")));
        }
        session
    }

    /// Types.
    pub fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().expect("the terminal is still there");
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Waits until the screen is as wanted, and returns what `wanted` made of it.
    #[track_caller]
    pub fn wait_until<T>(&self, what: &str, mut wanted: impl FnMut(&vt100::Screen) -> Option<T>) -> T {
        let until = Instant::now() + deadline();
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            if let Some(found) = wanted(seen.emulator.screen()) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited in vain for {what}; the screen is\n{}\n{}",
                seen.emulator.screen().contents(),
                if seen.over { "(the program has ended)" } else { "" }
            );
            seen = self
                .seen
                .1
                .wait_timeout(seen, left.min(Duration::from_millis(200)))
                .unwrap()
                .0;
        }
    }

    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?}"), |screen| {
            screen.contents().contains(text).then_some(())
        });
    }

    /// Waits until the program has written these bytes.
    #[track_caller]
    pub fn wait_raw(&self, wanted: &[u8]) {
        let until = Instant::now() + deadline();
        let mut seen = self.seen.0.lock().unwrap();
        while !contains(&seen.raw, wanted) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited in vain for {}", wanted.escape_ascii());
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until nothing has been written for as long as `quiet`, and returns all bytes so far.
    #[track_caller]
    pub fn wait_quiet(&self, quiet: Duration) -> usize {
        let until = Instant::now() + deadline();
        let mut before = (Instant::now(), self.byte_count());
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let now = self.byte_count();
            if now != before.1 {
                before = (Instant::now(), now);
            } else if before.0.elapsed() >= quiet {
                return now;
            }
            assert!(
                Instant::now() < until,
                "the screen never came to rest:\n{}",
                self.contents()
            );
        }
    }

    pub fn contents(&self) -> String {
        self.seen.0.lock().unwrap().emulator.screen().contents()
    }

    pub fn screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.seen.0.lock().unwrap().emulator.screen())
    }

    pub fn byte_count(&self) -> usize {
        self.seen.0.lock().unwrap().raw.len()
    }

    /// Everything that the program wrote, from byte `from` on.
    pub fn raw_from(&self, from: usize) -> Vec<u8> {
        self.seen.0.lock().unwrap().raw[from..].to_vec()
    }

    pub fn raw(&self) -> Vec<u8> {
        self.raw_from(0)
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        let master = self.master.as_ref().expect("the terminal is still there");
        // The emulator first: what is drawn for the new size must not meet the old one.
        self.seen
            .0
            .lock()
            .unwrap()
            .emulator
            .screen_mut()
            .set_size(NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap());
        master.resize(size((columns, rows))).unwrap();
    }

    pub fn pid(&self) -> Pid {
        let id = self.child.process_id().unwrap();
        Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// The line settings of the terminal, as the kernel has them.
    pub fn line_settings(&self) -> String {
        let master = self.master.as_ref().expect("the terminal is still there");
        format!("{:?}", master.get_termios())
    }

    /// Takes the terminal away, as a dropped connection does. The program must be one that draws when the
    /// size changes: the reading thread lets go of the terminal at the next output.
    pub fn hang_up(&mut self) {
        self.seen.0.lock().unwrap().closing = true;
        let reader = self.reader.take().expect("hung up once");
        let until = Instant::now() + deadline();
        let mut columns = 100;
        while !reader.is_finished() {
            assert!(
                Instant::now() < until,
                "the program draws nothing when the size changes"
            );
            columns ^= 1;
            self.resize(columns, 30);
            std::thread::sleep(Duration::from_millis(50));
        }
        reader.join().unwrap();
        self.writer = None;
        self.master = None;
    }

    /// Waits for the end; the exit status.
    #[track_caller]
    pub fn wait_exit(&mut self) -> u32 {
        let until = Instant::now() + deadline();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(
                Instant::now() < until,
                "the program does not end; the screen is\n{}",
                self.contents()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until everything the program wrote has arrived.
    pub fn wait_all_read(&self) {
        let until = Instant::now() + deadline();
        let mut seen = self.seen.0.lock().unwrap();
        while !seen.over && Instant::now() < until {
            seen = self
                .seen
                .1
                .wait_timeout(seen, Duration::from_millis(100))
                .unwrap()
                .0;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether `needle` is somewhere in `bytes`.
pub fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|w| w == needle)
}
