//! Lessons that were played to their end: `$XDG_STATE_HOME/tunescope/lessons.json`, a list of names.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

const NAME: &str = "lessons.json";

/// The names; none where there is no file, or one that is no list.
#[must_use]
pub fn read(folder: &Path) -> Vec<String> {
    fs::read(folder.join(NAME))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

/// Adds a name, by replacing the file at once.
///
/// # Errors
/// The folder cannot be made or the file not be written.
pub fn add(folder: &Path, lesson: &str) -> io::Result<()> {
    let mut done = read(folder);
    if done.iter().any(|name| name == lesson) {
        return Ok(());
    }
    done.push(lesson.to_owned());
    fs::create_dir_all(folder)?;
    let new = folder.join(format!(".{NAME}.{}", std::process::id()));
    let mut file = fs::File::create(&new)?;
    file.write_all(serde_json::to_string(&done)?.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&new, folder.join(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_added_once_and_a_broken_file_is_begun_again() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("tunescope");
        assert!(read(&folder).is_empty());
        for lesson in ["06-xi", "01-gaussian-process", "06-xi"] {
            add(&folder, lesson).unwrap();
        }
        assert_eq!(read(&folder), ["06-xi", "01-gaussian-process"]);
        fs::write(folder.join(NAME), "{not json").unwrap();
        assert!(read(&folder).is_empty());
        add(&folder, "02-kernels").unwrap();
        assert_eq!(read(&folder), ["02-kernels"]);
    }
}
