//! Standard input and named pipes: a thread reads what comes, the reader takes what has come.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Most bytes that are taken of a pipe: beyond, it is no table of results.
const MAX_TOTAL: u64 = 512 << 20;
/// Longest line of one; a little more than the reader's own limit, so that it sees the line as too long.
const MAX_LINE: u64 = 65 << 20;

/// What is called when something has come.
type Wake = Box<dyn Fn() + Send>;

/// The reading end of a pipe.
#[derive(Default)]
pub struct Pipe {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    taken: u64,
    is_over: bool,
    /// Whether reading was given up at a limit.
    is_cut: bool,
    wake: Option<Wake>,
}

impl Pipe {
    /// Starts to read standard input.
    #[must_use]
    pub fn standard_input() -> Arc<Self> {
        Self::start(|| Ok(io::stdin()))
    }

    /// Starts to read a named pipe. Opening one waits for its writer: the thread does that, too.
    #[must_use]
    pub fn open(path: &Path) -> Arc<Self> {
        let path = path.to_owned();
        Self::start(move || File::open(path))
    }

    fn start<R: Read>(open: impl FnOnce() -> io::Result<R> + Send + 'static) -> Arc<Self> {
        let pipe = Arc::new(Self::default());
        let theirs = Arc::clone(&pipe);
        let thread = std::thread::Builder::new().name("pipe".to_owned());
        let started = thread.spawn(move || {
            let Ok(mut from) = open() else {
                theirs.came(&[], true);
                return;
            };
            let mut chunk = vec![0; 64 * 1024];
            let (mut total, mut line) = (0u64, 0u64);
            loop {
                match from.read(&mut chunk) {
                    Ok(0) => break,
                    Ok(n) => {
                        let new = chunk.get(..n).unwrap_or_default();
                        total += n as u64;
                        line = match new.iter().rposition(|b| *b == b'\n') {
                            Some(at) => (n - at) as u64,
                            None => line + n as u64,
                        };
                        theirs.came(new, false);
                        if total > MAX_TOTAL || line > MAX_LINE {
                            theirs.lock().is_cut = true;
                            break;
                        }
                    }
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            theirs.came(&[], true);
        });
        if started.is_err() {
            pipe.came(&[], true);
        }
        pipe
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn came(&self, bytes: &[u8], is_over: bool) {
        let mut state = self.lock();
        state.bytes.extend_from_slice(bytes);
        state.is_over |= is_over;
        if let Some(wake) = &state.wake {
            wake();
        }
        self.changed.notify_all();
    }

    /// Calls `wake` from now on whenever something has come, and at the end; from the reading thread.
    pub fn on_change(&self, wake: impl Fn() + Send + 'static) {
        let mut state = self.lock();
        if !state.bytes.is_empty() || state.is_over {
            wake();
        }
        state.wake = Some(Box::new(wake));
    }

    /// Calls nothing any more.
    pub fn forget(&self) {
        self.lock().wake = None;
    }

    /// Whether the writer has closed it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.lock().is_over
    }

    /// Whether reading was given up because it was too much.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.lock().is_cut
    }

    /// Bytes taken so far.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.lock().taken
    }

    /// Moves what has come into `out` (replacing what is in it) and returns how much that is.
    pub fn take(&self, out: &mut Vec<u8>) -> usize {
        let mut state = self.lock();
        out.clear();
        std::mem::swap(out, &mut state.bytes);
        state.taken += out.len() as u64;
        out.len()
    }

    /// Waits until the writer closes it.
    pub fn wait_for_end(&self) {
        let mut state = self.lock();
        while !state.is_over {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
