//! Where a report goes: never over anything but an earlier report.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::out::Out;
use crate::ui::export::MARK;

/// How far into a file its mark is looked for.
const HEAD: u64 = 1024;

/// A file that may be written, or standard output.
#[derive(Debug)]
pub enum Target {
    StandardOutput,
    File(PathBuf),
}

pub fn error(path: &Path, source: io::Error) -> CliError {
    CliError::File {
        path: path.to_owned(),
        action: "written",
        source,
    }
}

impl Target {
    /// Looks at what is there, before any work is done.
    pub fn new(out: &Path, source: &Path, also: &[PathBuf]) -> Result<Self, CliError> {
        if out.as_os_str() == "-" {
            return Ok(Self::StandardOutput);
        }
        let refused = |why: &str| CliError::Report {
            path: out.to_owned(),
            why: why.to_owned(),
        };
        let folder = out.parent().filter(|p| !p.as_os_str().is_empty());
        if folder.is_some_and(|f| !f.is_dir()) {
            return Err(refused("there is no such folder; make it first"));
        }
        let Ok(meta) = fs::metadata(out) else {
            return Ok(Self::File(out.to_owned()));
        };
        if meta.is_dir() {
            return Err(refused("this is a folder; name a file in it"));
        }
        // Through a link to the file itself.
        let real = fs::canonicalize(out).map_err(|e| error(out, e))?;
        let is_source = |s: &Path| fs::canonicalize(s).is_ok_and(|s| s == real);
        if is_source(source) || also.iter().any(|s| is_source(s)) {
            return Err(refused("this is the source itself; give another name"));
        }
        if meta.is_file() && meta.len() > 0 && !is_report(&real).map_err(|e| error(out, e))? {
            return Err(refused(
                "there is a file of that name already, and it is no report; give another name, or move it away",
            ));
        }
        Ok(Self::File(real))
    }

    /// Writes it whole or not at all, where it is a file.
    pub fn write(&self, bytes: &[u8]) -> Result<(), CliError> {
        match self {
            Self::StandardOutput => {
                let mut out = Out::new();
                out.bytes(bytes)?;
                out.finish()
            }
            Self::File(path) => put(path, bytes).map_err(|e| error(path, e)),
        }
    }
}

fn is_report(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(String::from_utf8_lossy(&head).contains(MARK))
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A pipe or a device is no file that could be replaced.
    if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(name);
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        drop(fs::remove_file(&temporary));
    }
    written
}
