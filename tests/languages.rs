//! Every text that is drawn in the language of the lab has its words in every table, with the same values in it; no entry
//! is left over, and the terms keep their columns.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tunescope::analysis::{AcquisitionFunction, Layer, Outlook, Verdict};
use tunescope::keymap::{SECTIONS, bindings};
use tunescope::language::Language;
use tunescope::learn::function::Function;
use tunescope::learn::race::Runner;
use tunescope::session::Pane;
use tunescope::session::lens::Guess;
use tunescope::study::TrialState;

/// Names and symbols that are the same everywhere.
const SAME: &[&str] = &[
    "Forrester",
    "Branin",
    "Goldstein-Price",
    "Hartmann 3",
    "Hartmann 6",
    "EI",
    "UCB",
    "MES",
    "PES",
    "JES",
    "Thompson",
    "log EI",
    "σ",
    "zoom",
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The literal that a text begins with, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start().strip_prefix('"')?;
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Some((out, &text[i + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                '\n' => {
                    // The line goes on at the next character that is no blank.
                    let rest = chars.as_str().trim_start();
                    let skipped = chars.as_str().len() - rest.len();
                    chars.by_ref().take(skipped).for_each(drop);
                }
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
    None
}

/// The texts of every `tr!(…, "…")`, with the file of each.
fn drawn() -> BTreeMap<String, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut found = BTreeMap::new();
    for path in files
        .into_iter()
        .filter(|p| !p.starts_with(root.join("language")) && *p != root.join("language.rs"))
    {
        let text = fs::read_to_string(&path).unwrap();
        // Not of `include_str!(…)`.
        let calls =
            (text.match_indices("tr!(")).filter(|(at, _)| !text[..*at].ends_with(char::is_alphanumeric));
        for (at, _) in calls {
            let Some((_, after)) = text[at..].split_once(',') else {
                continue;
            };
            let key = literal(after)
                .unwrap_or_else(|| panic!("{}: {after:.60}", path.display()))
                .0;
            found.insert(key, path.clone());
        }
    }
    assert!(found.len() > 300, "only {} texts were found", found.len());
    found
}

/// Texts that reach the screen by way of a function of the code below.
fn named() -> BTreeSet<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    let mut put = |words: &str| {
        all.insert(words.to_owned());
    };
    Pane::ALL.iter().for_each(|p| put(p.title()));
    SECTIONS.iter().for_each(|s| put(s.title));
    bindings().for_each(|b| put(b.label));
    AcquisitionFunction::ALL.iter().for_each(|f| {
        put(f.title());
        put(f.explanation());
    });
    // Families of any dimension are named as in the literature.
    (Function::names().iter().filter_map(|name| Function::named(name)))
        .filter(|f| !f.title.contains(" dimensions"))
        .for_each(|f| put(&f.title));
    Layer::ALL.iter().for_each(|l| put(l.title()));
    Runner::ALL.iter().for_each(|r| put(r.title()));
    put(Runner::You.title());
    for state in [
        TrialState::Waiting,
        TrialState::Running,
        TrialState::Complete,
        TrialState::Pruned,
        TrialState::Failed,
    ] {
        put(state.word());
    }
    for verdict in [
        Verdict::Good,
        Verdict::Weak,
        Verdict::Misleading,
        Verdict::TooFew,
        Verdict::Flat,
    ] {
        put(verdict.word());
    }
    for outlook in [
        Outlook::TooFew,
        Outlook::NoneFeasible,
        Outlook::GoOn,
        Outlook::Repeat,
        Outlook::Stop,
    ] {
        put(outlook.word());
    }
    for guess in [Guess::Good, Guess::AsPredicted, Guess::Bad, Guess::Stated] {
        put(guess.words());
    }
    all
}

/// Names in braces, sorted.
fn values(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = text
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}').map(|(name, _)| name))
        .collect();
    names.sort_unstable();
    names
}

fn translated() -> impl Iterator<Item = Language> {
    Language::ALL.into_iter().filter(|l| *l != Language::English)
}

fn entries(language: Language) -> Vec<(&'static str, &'static str)> {
    language
        .table()
        .iter()
        .flat_map(|part| part.iter().copied())
        .collect()
}

#[test]
fn every_text_that_is_drawn_has_its_words_in_every_language() {
    for language in translated() {
        let known: BTreeSet<&str> = entries(language)
            .into_iter()
            .map(|(english, _)| english)
            .collect();
        let missing: Vec<String> = (drawn().into_iter())
            .filter(|(key, _)| !known.contains(key.as_str()))
            .map(|(key, path)| format!("{key:?} of {}", path.display()))
            .chain(
                (named().into_iter())
                    .filter(|key| !known.contains(key.as_str()) && !SAME.contains(&key.as_str()))
                    .map(|key| format!("{key:?}")),
            )
            .collect();
        assert!(missing.is_empty(), "{language:?} lacks:\n{}", missing.join("\n"));
    }
}

#[test]
fn no_entry_is_written_twice_and_each_holds_the_same_values() {
    for language in translated() {
        let mut seen = BTreeSet::new();
        for (english, own) in entries(language) {
            assert!(seen.insert(english), "{english:?} stands twice");
            let (theirs, ours) = (values(english), values(own));
            assert!(
                ours.iter().all(|v| theirs.contains(v)),
                "{own:?} has a value that {english:?} lacks"
            );
            // A second mention of the same thing may be left out.
            let dropped: Vec<_> = theirs.iter().filter(|v| !ours.contains(v)).collect();
            assert!(
                dropped.iter().all(|v| ["again", "end"].contains(v)),
                "{own:?} lacks {dropped:?}"
            );
        }
    }
}

/// What is made below the screen is recognised by its fixed parts: those parts must stand in the sources, so that an entry
/// dies with its sentence.
#[test]
fn every_entry_is_still_said_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let all: String = (files.iter())
        .filter(|p| !p.starts_with(root.join("language")))
        .map(|p| squeezed(&fs::read_to_string(p).unwrap().replace("\\\n", " ")) + "\n")
        .collect();
    let (drawn, named) = (drawn(), named());
    for language in translated() {
        for (english, _) in entries(language) {
            if drawn.contains_key(english) || named.contains(english) {
                continue;
            }
            let parts = english
                .split('{')
                .map(|p| p.split_once('}').map_or(p, |(_, fixed)| fixed));
            for part in parts.map(squeezed).filter(|p| p.len() > 6) {
                let first: String = part.chars().skip(1).collect();
                assert!(
                    all.contains(&part) || all.contains(&first),
                    "nobody says {english:?}: {part:?}"
                );
            }
        }
    }
}

#[test]
fn a_finished_sentence_is_told_in_the_language() {
    let zh = Language::SimplifiedChinese;
    assert_eq!(
        zh.reword("trial 3 is as far back as it goes"),
        "最早只能回到第 3 次试验"
    );
    assert_eq!(
        zh.reword("acquisition ei: how much better than the best so far, on average"),
        "采集函数 ei：平均比至今最优好多少"
    );
    assert_eq!(zh.reword("a sentence nobody knows"), "a sentence nobody knows");
    assert_eq!(Language::English.reword("this is now"), "this is now");
}

/// Sentences of the engine: literals that begin with a capital or a value and end with a full stop.
fn engine_says() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/analysis");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut found = BTreeSet::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let lines: Vec<&str> = code
            .lines()
            .filter(|l| !l.trim_start().starts_with("//"))
            .collect();
        let code = lines.join("\n");
        let mut rest = code.as_str();
        while let Some(at) = rest.find('"') {
            let Some((said, after)) = literal(&rest[at..]) else {
                break;
            };
            rest = after;
            let is_sentence = said.ends_with('.') && said.contains(' ');
            if is_sentence && said.starts_with(|c: char| c.is_uppercase() || c == '{' || c.is_numeric()) {
                found.insert(said);
            }
        }
    }
    found
}

#[test]
fn every_sentence_of_the_verdict_and_of_what_looks_odd_has_its_words() {
    let said = engine_says();
    assert!(said.len() > 15, "{said:#?}");
    for sentence in said {
        // Values as they may be; what is nested is looked at apart.
        let mut filled = String::new();
        let mut rest = sentence.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            filled += before;
            filled += "7";
            rest = after.split_once('}').map_or("", |(_, tail)| tail);
        }
        filled += rest;
        for language in translated() {
            assert_ne!(
                language.reword(&filled),
                filled,
                "{language:?} lacks {sentence:?}"
            );
        }
    }
}
