//! `:write FILE`: the panes as a file.

use std::io::Write as _;
use std::path::PathBuf;

use crate::session::Model;
use crate::session::model::ThemeChoice;
use crate::study::label::scrub;
use crate::ui::export::{self, Format, Sheets};

/// Writes the panes of a model; says what was written. A file that is there already stays what it is.
///
/// # Errors
/// Why it was not written, in a sentence.
pub fn write(path: &str, model: &Model) -> Result<String, String> {
    let shown = scrub(path);
    let format = Format::of(path)
        .ok_or_else(|| format!("{shown}: the name must end in .txt, .svg or .html to say what to write"))?;
    let target = expanded(path);
    let (width, height) = model.size;
    let picture = crate::ui::picture(model, width, height);
    let sheets = Sheets::one(&picture, model.appearance.theme == ThemeChoice::Light);
    let content = export::write(&sheets, format);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&target)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => format!("{shown} is there already; give another name"),
            _ => format!("{shown}: cannot be written: {error}"),
        })?;
    let written = file.write_all(content.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        drop(std::fs::remove_file(&target));
        format!("{shown}: cannot be written: {error}")
    })?;
    Ok(format!("written: {shown} ({width}x{height})"))
}

/// A path with the home folder that `~/` stands for.
fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_never_written_over_and_an_unknown_ending_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("screen.txt");
        let name = path.to_str().unwrap();
        let model = Model::new(0.0, (80, 24));
        assert!(write(name, &model).unwrap().contains("80x24"));
        assert!(std::fs::read_to_string(&path).unwrap().contains("no trial yet"));
        assert!(write(name, &model).unwrap_err().contains("there already"));
        assert!(write("x.png", &model).unwrap_err().contains(".svg"));
    }
}
