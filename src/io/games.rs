//! Played games: `$XDG_STATE_HOME/tunescope/games/<time>.json`, one a game.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// How often a name that is taken is changed.
const MOST_NAMES: u32 = 1000;

/// Writes a game beside those before it; none of them is written over.
///
/// # Errors
/// The folder cannot be made or the file not be written.
pub fn save(folder: &Path, when: f64, game: &serde_json::Value) -> io::Result<PathBuf> {
    let folder = folder.join("games");
    fs::create_dir_all(&folder)?;
    let mut text = serde_json::to_string_pretty(game)?;
    text.push('\n');
    for k in 0..MOST_NAMES {
        let name = match k {
            0 => format!("{when:.0}.json"),
            k => format!("{when:.0}-{k}.json"),
        };
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn games_of_one_second_lie_beside_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let game = serde_json::json!({"score": {"you": 61.5}});
        let first = save(dir.path(), 12.3, &game).unwrap();
        let second = save(dir.path(), 12.3, &game).unwrap();
        assert_ne!(first, second);
        let read: serde_json::Value = serde_json::from_str(&fs::read_to_string(second).unwrap()).unwrap();
        assert_eq!(read, game);
    }
}
