//! What a person feels: the real binary in a pseudo-terminal of 120x36, timed from outside.
//!
//! `cargo bench --bench screen` prints one line a figure; `benches/README.md` keeps what was measured.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const COLUMNS: u16 = 120;
const ROWS: u16 = 36;
/// Longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    let folder = std::env::temp_dir().join(format!("tunescope-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder");
    first_frames(&folder);
    appended_rows(&folder, 1000, 40);
    keys_while_fitting(&folder, 2000, 60);
    quiet(&folder);
    large(&folder, 100_000);
    let _ = fs::remove_dir_all(&folder);
}

fn first_frames(folder: &Path) {
    let empty = folder.join("empty.jsonl");
    fs::write(&empty, "").expect("a file");
    let mut times = Vec::new();
    for _ in 0..10 {
        let started = Instant::now();
        let mut program = Program::start(&empty);
        program.until(|s| s.contains("quit"));
        times.push(ms(started));
    }
    report("first frame, empty file", &mut times);
    let journal = folder.join("big.log");
    fs::write(&journal, optuna_journal(10_000)).expect("a journal");
    let (mut first, mut read) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let started = Instant::now();
        let mut program = Program::start(&journal);
        program.until(|s| s.contains("quit"));
        first.push(ms(started));
        program.until(|s| s.contains("10000") || s.contains("10 000") || s.contains("10,000"));
        read.push(ms(started));
    }
    report("first frame, journal of 10,000 trials", &mut first);
    report("its trials on screen", &mut read);
}

fn appended_rows(folder: &Path, n: usize, times_over: usize) {
    let path = folder.join("append.jsonl");
    fs::write(&path, rows(0, n)).expect("a results file");
    let mut program = Program::start(&path);
    program.until(|s| s.contains(&format!("{n} complete")) && s.contains("fitted to"));
    program.settle(Duration::from_secs(3));
    let mut file = OpenOptions::new()
        .append(true)
        .open(&path)
        .expect("the results file");
    let (mut seen, mut fresh) = (Vec::new(), Vec::new());
    for i in 0..times_over {
        let line = rows(n + i, 1);
        let wanted = format!("{} complete", n + i + 1);
        let started = Instant::now();
        file.write_all(line.as_bytes()).expect("append");
        program.until(|s| s.contains(&wanted));
        seen.push(ms(started));
        // The new posterior: the slices stand on the newest data.
        program.until(|s| s.contains(&wanted) && slices_are_fresh(s));
        fresh.push(ms(started));
        program.settle(Duration::from_millis(1500));
    }
    report(&format!("line appended → counted on screen, n = {n}"), &mut seen);
    report(
        &format!("line appended → slices of the new posterior, n = {n}"),
        &mut fresh,
    );
    println!(
        "{:<52} {:>8.1} MiB",
        format!("resident memory, n = {n}"),
        program.resident()
    );
}

/// Whether the title of the slices, which shares its line with another pane's, has no mark of being stale.
fn slices_are_fresh(screen: &str) -> bool {
    screen.lines().find(|l| l.contains("1 slices")).is_some_and(|l| {
        !l.chars()
            .take(usize::from(COLUMNS) / 2)
            .collect::<String>()
            .contains("stale")
    })
}

fn keys_while_fitting(folder: &Path, n: usize, presses: usize) {
    let path = folder.join("fit.jsonl");
    fs::write(&path, rows(0, n)).expect("a results file");
    let mut program = Program::start(&path);
    program.until(|s| s.contains(&format!("{n} complete")) && s.contains("fitted to"));
    program.settle(Duration::from_secs(3));
    let mut times = Vec::new();
    for i in 0..presses {
        if i % 10 == 0 {
            program.press("K");
            std::thread::sleep(Duration::from_millis(50));
            program.drain();
        }
        let started = Instant::now();
        program.press(if i % 2 == 0 { "\x1b[B" } else { "\x1b[A" });
        program.next_bytes();
        times.push(ms(started));
        std::thread::sleep(Duration::from_millis(60));
        program.drain();
    }
    report(
        &format!("key → first byte of its frame, while a fit of n = {n} runs"),
        &mut times,
    );
}

fn quiet(folder: &Path) {
    let path = folder.join("quiet.jsonl");
    fs::write(&path, rows(0, 200)).expect("a results file");
    let mut program = Program::start(&path);
    program.until(|s| s.contains("200 complete") && s.contains("fitted to"));
    program.settle(Duration::from_secs(2));
    let mut bytes = Vec::new();
    for key in ["\x1b[C", "\x1b[C", "]", "\t", "\t", "\t", "\x1b[B", "\x1b[B"] {
        program.press(key);
        let n = program.settle(Duration::from_millis(400));
        #[expect(clippy::cast_precision_loss, reason = "a count of bytes")]
        bytes.push(n as f64);
    }
    bytes.sort_by(f64::total_cmp);
    println!(
        "{:<52} {:>8.0} B median, {:.0} B at most",
        "a key press",
        bytes[bytes.len() / 2],
        bytes[bytes.len() - 1]
    );
    program.settle(Duration::from_secs(2));
    let cpu = program.cpu_seconds();
    let written = program.settle_for(Duration::from_secs(10));
    println!(
        "{:<52} {written:>8} B, {:.2} s CPU",
        "10 s in which nothing happens",
        program.cpu_seconds() - cpu
    );
}

fn large(folder: &Path, n: usize) {
    let path = folder.join("large.jsonl");
    fs::write(&path, rows(0, n)).expect("a results file");
    let started = Instant::now();
    let mut program = Program::start(&path);
    program.until(|s| s.contains(&format!("{n} complete")));
    println!(
        "{:<52} {:>8.0} ms",
        format!("{n} JSONL rows on screen"),
        ms(started)
    );
    program.settle(Duration::from_secs(5));
    println!(
        "{:<52} {:>8.1} MiB",
        format!("resident memory, {n} rows"),
        program.resident()
    );
}

fn report(what: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |q: f64| {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index"
        )]
        let i = (q * (times.len() - 1) as f64).round() as usize;
        times[i]
    };
    println!("{what:<52} {:>8.1} ms median, {:.1} ms p95", at(0.5), at(0.95));
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// A reproducible number in `[0, 1)`.
fn unit(i: usize, j: usize) -> f64 {
    let mut x =
        (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (j as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// `n` trials of six parameters from number `from` on.
fn rows(from: usize, n: usize) -> String {
    let mut text = String::new();
    for i in from..from + n {
        let u: Vec<f64> = (0..6).map(|j| unit(i, j)).collect();
        let value =
            (u[0] - 0.3).powi(2) + 0.5 * (u[1] - 0.6).abs() + 0.2 * (6.0 * u[2]).sin() + 0.02 * unit(i, 9);
        let _ = writeln!(
            text,
            "{{\"id\": {i}, \"state\": \"complete\", \"params\": {{\"a\": {}, \"b\": {}, \"c\": {}, \"d\": {}, \"e\": {}, \"f\": {}}}, \"value\": {value}}}",
            u[0], u[1], u[2], u[3], u[4], u[5]
        );
    }
    text
}

/// An Optuna journal in the records that Optuna writes.
fn optuna_journal(trials: usize) -> String {
    let mut text =
        String::from("{\"op_code\":0,\"worker_id\":\"w\",\"study_name\":\"bench\",\"directions\":[1]}\n");
    let distribution = "{\\\"name\\\": \\\"FloatDistribution\\\", \\\"attributes\\\": {\\\"step\\\": null, \\\"low\\\": 0.0, \\\"high\\\": 1.0, \\\"log\\\": false}}";
    for i in 0..trials {
        let _ = writeln!(
            text,
            "{{\"op_code\":4,\"worker_id\":\"w\",\"study_id\":0,\"datetime_start\":\"2026-11-23T17:52:56.142796+00:00\"}}"
        );
        for (j, name) in ["a", "b", "c", "d", "e", "f"].into_iter().enumerate() {
            let _ = writeln!(
                text,
                "{{\"op_code\":5,\"worker_id\":\"w\",\"trial_id\":{i},\"param_name\":\"{name}\",\"param_value_internal\":{},\"distribution\":\"{distribution}\"}}",
                unit(i, j)
            );
        }
        let _ = writeln!(
            text,
            "{{\"op_code\":6,\"worker_id\":\"w\",\"trial_id\":{i},\"state\":1,\"values\":[{}],\"datetime_complete\":\"2026-11-23T17:52:57.142796+00:00\"}}",
            unit(i, 0) + unit(i, 1)
        );
    }
    text
}

struct Program {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    chunks: Receiver<Vec<u8>>,
    screen: vt100::Parser,
}

impl Program {
    fn start(source: &PathBuf) -> Self {
        let size = PtySize {
            rows: ROWS,
            cols: COLUMNS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).expect("a pty");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tunescope"));
        command.arg(source);
        command.args(["--theme", "dark"]);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env_remove("SSH_CONNECTION");
        let child = pty.slave.spawn_command(command).expect("the program");
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().expect("a reader");
        let writer = pty.master.take_writer().expect("a writer");
        let (sender, chunks) = mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(n) = reader.read(&mut bytes) {
                if n == 0 || sender.send(bytes[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let screen = vt100::Parser::new(
            NonZero::new(ROWS).expect("rows"),
            NonZero::new(COLUMNS).expect("columns"),
            0,
        );
        Self {
            child,
            _master: pty.master,
            writer,
            chunks,
            screen,
        }
    }

    fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the pty");
        self.writer.flush().expect("the pty");
    }

    /// Reads until the screen shows what is wanted.
    fn until(&mut self, wanted: impl Fn(&str) -> bool) {
        let started = Instant::now();
        while !wanted(&self.screen.screen().contents()) {
            assert!(
                started.elapsed() < PATIENCE,
                "not within a minute:\n{}",
                self.screen.screen().contents()
            );
            if let Ok(bytes) = self.chunks.recv_timeout(Duration::from_millis(200)) {
                self.screen.process(&bytes);
            }
        }
    }

    fn next_bytes(&mut self) {
        let bytes = self.chunks.recv_timeout(PATIENCE).expect("an answer to the key");
        self.screen.process(&bytes);
    }

    fn drain(&mut self) {
        while let Ok(bytes) = self.chunks.try_recv() {
            self.screen.process(&bytes);
        }
    }

    /// Reads until nothing came for a while; the bytes that did.
    fn settle(&mut self, quiet: Duration) -> usize {
        let mut n = 0;
        while let Ok(bytes) = self.chunks.recv_timeout(quiet) {
            n += bytes.len();
            self.screen.process(&bytes);
        }
        n
    }

    fn settle_for(&mut self, time: Duration) -> usize {
        let (started, mut n) = (Instant::now(), 0);
        while let Some(left) = time.checked_sub(started.elapsed()) {
            if let Ok(bytes) = self.chunks.recv_timeout(left) {
                n += bytes.len();
            }
        }
        n
    }

    fn proc(&self, file: &str) -> String {
        let mut text = String::new();
        let path = format!("/proc/{}/{file}", self.child.process_id().unwrap_or(0));
        let _ = File::open(path).and_then(|mut f| f.read_to_string(&mut text));
        text
    }

    /// MiB; NaN where the system does not tell.
    fn resident(&self) -> f64 {
        let status = self.proc("status");
        let line = status
            .lines()
            .find(|l| l.starts_with("VmRSS:"))
            .unwrap_or_default();
        line.split_whitespace()
            .nth(1)
            .and_then(|k| k.parse::<f64>().ok())
            .unwrap_or(f64::NAN)
            / 1024.0
    }

    fn cpu_seconds(&self) -> f64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = |i: usize| {
            fields
                .get(i)
                .and_then(|t| t.parse::<f64>().ok())
                .unwrap_or(f64::NAN)
        };
        (ticks(11) + ticks(12)) / 100.0
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.writer.write_all(b"\x03");
        let _ = self.writer.flush();
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(5) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
