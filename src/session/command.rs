//! The `:` command line: one table of names, arguments and meanings.

mod table;

pub use table::COMMANDS;

use crate::study::Study;

use super::action::Action;
use super::filter::column;

/// One command.
pub struct Command {
    pub name: &'static str,
    /// What follows it, as help shows it; empty: nothing.
    pub argument: &'static str,
    pub help: &'static str,
    parse: fn(&str, &Study) -> Result<Action, String>,
    /// What its argument may be, for completion.
    values: fn(&Study) -> Vec<String>,
}

/// Index into `Space::params` of a name or an unambiguous part of one.
///
/// # Errors
/// A sentence that lists the candidates.
pub fn param(name: &str, study: &Study) -> Result<usize, String> {
    let c = column(name.trim(), study)?;
    study
        .space
        .params
        .iter()
        .position(|p| p.column == c)
        .ok_or_else(|| format!("{name} is not a parameter of the space"))
}

/// Parses a command line; a unique beginning of a name is enough, and `:123` goes to a trial.
///
/// # Errors
/// A sentence: unknown or ambiguous name, or what is wrong with the argument.
pub fn parse(text: &str, study: &Study) -> Result<Action, String> {
    let text = text.trim();
    let (name, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_digit()) {
        return Ok(Action::GotoTrial(name.to_owned()));
    }
    if name == "q" {
        return Ok(Action::Quit);
    }
    let found: Vec<&Command> = match COMMANDS.iter().find(|c| c.name == name) {
        Some(exact) => vec![exact],
        None => COMMANDS.iter().filter(|c| c.name.starts_with(name)).collect(),
    };
    match found.as_slice() {
        [one] => (one.parse)(argument, study),
        [] => Err(format!("there is no command {name}; `:help` lists them")),
        several => {
            let names: Vec<&str> = several.iter().map(|c| c.name).collect();
            Err(format!("{name} could be {}", names.join(", ")))
        }
    }
}

/// The command that a line is about: its first word, or the only one that begins so.
#[must_use]
pub fn meant(text: &str) -> Option<&'static Command> {
    let name = text.split_whitespace().next()?;
    let mut beginning = COMMANDS.iter().filter(|c| c.name.starts_with(name));
    let exact = COMMANDS.iter().find(|c| c.name == name);
    exact.or_else(|| beginning.next().filter(|_| beginning.next().is_none()))
}

/// Whole command lines that begin like `text`.
#[must_use]
pub fn completions(text: &str, study: &Study) -> Vec<String> {
    match text.rsplit_once(' ') {
        None => COMMANDS
            .iter()
            .filter(|c| c.name.starts_with(text))
            .map(|c| c.name.to_owned())
            .collect(),
        Some((head, last)) => {
            let name = head.split(' ').next().unwrap_or(head);
            let Some(command) = COMMANDS.iter().find(|c| c.name == name) else {
                return Vec::new();
            };
            (command.values)(study)
                .into_iter()
                .filter(|v| v.starts_with(last))
                .map(|v| format!("{head} {v}"))
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::AcquisitionFunction;

    #[test]
    fn a_unique_beginning_is_enough_and_numbers_go_to_trials() {
        let study = Study::empty();
        assert_eq!(
            parse("acq ucb", &study),
            Ok(Action::SetAcquisition(AcquisitionFunction::Ucb))
        );
        assert_eq!(parse("42", &study), Ok(Action::GotoTrial("42".to_owned())));
        assert!(parse("wa", &study).unwrap_err().contains("warp, warnings"));
        assert!(parse("xi -1", &study).unwrap_err().contains("at least 0"));
        assert!(parse("nope", &study).is_err());
    }

    #[test]
    fn a_line_is_about_one_command_or_about_none_yet() {
        assert_eq!(meant("acq ei").map(|c| c.name), Some("acquisition"));
        // Exact, though another begins alike.
        assert_eq!(meant("set lr").map(|c| c.name), Some("set"));
        assert!(meant("s").is_none() && meant("").is_none());
    }

    #[test]
    fn names_and_arguments_complete() {
        let study = Study::empty();
        assert_eq!(completions("acq", &study), ["acquisition"]);
        assert_eq!(
            completions("acquisition p", &study),
            ["acquisition pi", "acquisition pes"]
        );
        assert_eq!(completions("acquisition th", &study), ["acquisition thompson"]);
    }
}
