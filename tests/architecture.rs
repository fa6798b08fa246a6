//! Dependencies point down only: `study → gp → acquisition → analysis → learn → session → ui`, with `io`, `config`,
//! `runtime`, `run`, `cli` and `demo` at the edge. This test reads the imports, in the order of the layers.

use std::fs;
use std::path::{Path, PathBuf};

/// What each module may name with `crate::`, besides itself. A module that is not here fails the test.
const MAY_USE: &[(&str, &[&str])] = &[
    ("language", &[]),
    ("study", &[]),
    ("gp", &[]),
    ("acquisition", &["gp"]),
    ("analysis", &["study", "gp", "acquisition"]),
    ("learn", &["language", "study", "gp", "acquisition", "analysis"]),
    ("session", &["language", "study", "analysis", "learn"]),
    ("keymap", &["session", "learn"]),
    (
        "ui",
        &["language", "study", "analysis", "learn", "session", "keymap"],
    ),
    ("io", &["study", "learn", "session"]),
    (
        "config",
        &["study", "analysis", "session", "keymap", "ui", "runtime"],
    ),
    ("demo", &["study", "acquisition", "io", "analysis"]),
    ("run", &["study", "analysis", "io"]),
    (
        "runtime",
        &[
            "study", "analysis", "learn", "session", "keymap", "ui", "io", "config", "demo", "run",
        ],
    ),
    (
        "cli",
        &[
            "language", "study", "gp", "analysis", "learn", "session", "keymap", "ui", "io", "config",
            "demo", "run", "runtime",
        ],
    ),
];

/// Words that name the outside world, and where they may not stand.
const PURE: &[&str] = &[
    "study",
    "gp",
    "acquisition",
    "analysis",
    "learn",
    "session",
    "keymap",
    "ui",
];
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::thread",
    "std::net",
    "std::process",
    "SystemTime::now",
    "Instant::now",
    "std::io::stdout",
    "std::io::stderr",
    "std::env",
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

fn module_of(path: &Path, root: &Path) -> String {
    let first = path.strip_prefix(root).unwrap().components().next().unwrap();
    first
        .as_os_str()
        .to_string_lossy()
        .trim_end_matches(".rs")
        .to_owned()
}

/// The text without comments and without the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    text.lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Modules named as `crate::x` or inside `use crate::{x::…, y}`.
fn named(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let word = |s: &str| {
            s.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        };
        if let Some(inside) = rest.strip_prefix('{') {
            let mut depth = 0usize;
            let mut start = 0;
            for (i, c) in inside.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => {
                        found.push(word(inside[start..i].trim()));
                        break;
                    }
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        found.push(word(inside[start..i].trim()));
                        start = i + 1;
                    }
                    _ => {}
                }
            }
        } else {
            found.push(word(rest));
        }
    }
    found.retain(|w| !w.is_empty());
    found
}

fn every_file() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths
        .into_iter()
        .map(|path| {
            (
                module_of(&path, &root),
                path.clone(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .filter(|(module, ..)| module != "lib" && module != "main")
        .collect()
}

#[test]
fn dependencies_point_down_only() {
    let mut wrong = Vec::new();
    let files = every_file();
    assert!(files.len() > 50, "the test must see the sources");
    for (module, path, text) in &files {
        let Some((_, allowed)) = MAY_USE.iter().find(|(m, _)| m == module) else {
            wrong.push(format!(
                "{}: module {module} has no place in the order",
                path.display()
            ));
            continue;
        };
        for used in named(&code(text)) {
            if used != *module && MAY_USE.iter().any(|(m, _)| *m == used) && !allowed.contains(&used.as_str())
            {
                wrong.push(format!("{}: {module} must not use {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_knows_no_clock_thread_file_or_terminal() {
    let mut wrong = Vec::new();
    for (module, path, text) in every_file() {
        if !PURE.contains(&module.as_str()) {
            continue;
        }
        let code = code(&text);
        for word in OUTSIDE {
            if code.contains(word) {
                wrong.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Longest file, with its tests; and who may be longer, with the reason.
const MOST_LINES: usize = 600;
const LONGER: &[(&str, &str)] = &[(
    "tests/common/fixture.rs",
    "one made-up study, which an example takes in by its path",
)];

#[test]
fn every_file_is_a_room_with_one_purpose() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches", "examples"] {
        sources(&top.join(folder), &mut files);
    }
    let mut wrong = Vec::new();
    for path in files {
        let name = path
            .strip_prefix(top)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        if lines > MOST_LINES && !LONGER.iter().any(|(longer, _)| *longer == name) {
            wrong.push(format!(
                "{name}: {lines} lines, {MOST_LINES} at most: split it by purpose"
            ));
        }
        if name.ends_with("/mod.rs") && name.starts_with("src/") {
            wrong.push(format!("{name}: a module is foo.rs and foo/"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_groups_and_paths() {
    let text = "use crate::{study::{A, B}, gp};\nlet x = crate::analysis::f();\n// crate::ui\n";
    assert_eq!(named(&code(text)), ["study", "gp", "analysis"]);
}
