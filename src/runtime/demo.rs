//! `tunescope demo`: the explorer on the built-in objective, with a real worker beside it.
//!
//! The worker is a child process (`tunescope demo-worker`): killing it, or the explorer, loses nothing that
//! was written. It takes accepted configurations first, the model's own suggestion next, and what was rejected or locked
//! holds for that.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::analysis::{AcquisitionSettings, ModelSettings};
use crate::demo::worker::{self, WorkerArgs};
use crate::demo::{DemoError, DemoFiles, Start, prepare};
use crate::io::source::ReadOptions;
use crate::run::propose::{self, Engine};

/// How long the worker may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a demo is started with.
#[derive(Clone, Debug, Default)]
pub struct DemoSettings {
    pub seed: u64,
    /// New trials; the worker stops after them.
    pub trials: Option<u64>,
    /// Recorded trials to begin with.
    pub from: usize,
    /// Least seconds from the start of one trial to the next.
    pub pace: f64,
    /// Where the files go; a new folder among the temporary files without it.
    pub dir: Option<PathBuf>,
}

/// The files of a demo and the worker on them. Dropping it ends the worker.
#[derive(Debug)]
pub struct Demo {
    pub files: DemoFiles,
    worker: Child,
}

impl Demo {
    /// Lays out the files and starts the worker.
    ///
    /// # Errors
    /// Files that cannot be written, a process that cannot be started.
    pub fn start(settings: &DemoSettings) -> Result<Self, DemoError> {
        let dir = settings.dir.clone().unwrap_or_else(fresh_dir);
        let files = prepare(
            &dir,
            Start {
                from: settings.from,
                trials: settings.trials,
            },
        )?;
        let program = std::env::current_exe().map_err(DemoError::io("find", &dir))?;
        let mut command = Command::new(program);
        command.arg("demo-worker").arg(&files.results);
        command.args(["--seed", &settings.seed.to_string()]);
        command.args(["--pace", &format!("{}s", settings.pace)]);
        command.args(["--parent", &std::process::id().to_string()]);
        if let Some(trials) = settings.trials {
            command.args(["--trials", &trials.to_string()]);
        }
        // The screen is ours alone: what the worker has to say goes into a file beside the results.
        let log = std::fs::File::create(files.dir.join("worker.log"))
            .map_err(DemoError::io("create", &files.dir.join("worker.log")))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let worker = command
            .spawn()
            .map_err(DemoError::io("start a worker for", &files.results))?;
        Ok(Self { files, worker })
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.worker);
        // A worker that has ended already cannot be asked; that is as good.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if !matches!(self.worker.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.worker.kill();
        let _ = self.worker.wait();
    }
}

fn fresh_dir() -> PathBuf {
    let stamp = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
    std::env::temp_dir().join(format!("tunescope-demo-{stamp}-{}", std::process::id()))
}

/// The worker process: runs trials, asking the engine for each that nobody has queued.
///
/// # Errors
/// As [`worker::run`].
pub fn run_worker(args: &WorkerArgs) -> Result<(), DemoError> {
    let mut engine = Engine::new(propose::Settings {
        read: options(&args.results),
        model: ModelSettings {
            seed: args.seed,
            ..ModelSettings::default()
        },
        acquisition: AcquisitionSettings::default(),
    });
    // Without a model the worker draws by itself.
    worker::run(args, &mut |results| engine.propose(results).ok()?.params)
}

/// How the demo's own source is read: with the space beside it.
#[must_use]
pub fn options(results: &Path) -> ReadOptions {
    let space = results.with_file_name("space.toml");
    ReadOptions {
        space: crate::io::space_file::SpaceFile::read(&space).ok(),
        ..ReadOptions::default()
    }
}
