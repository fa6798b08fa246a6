//! `tunescope report` through the real binary: every format, from every state of a study, and what it never touches.

#[path = "common/program.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use program::{json, tunescope};
use serde_json::Value as Json;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn report(source: &Path, out: &Path, more: &[&str]) -> Output {
    let mut command = tunescope(&["report"]);
    command.arg(source).arg("--out").arg(out).args(more);
    command.output().unwrap()
}

/// Writes a report and reads it back.
fn written(source: &Path, name: &str, more: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join(name);
    let output = report(source, &out, more);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(output.stdout.is_empty());
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing but the report is left");
    fs::read_to_string(&out).unwrap()
}

fn answer(command: &str, source: &Path) -> Json {
    json(tunescope(&[command, "--format", "json"]).arg(source))
}

#[test]
fn the_json_report_holds_what_trials_fit_and_suggest_answer_and_the_arrays_of_the_panes() {
    let source = data("results_nested.jsonl");
    let whole: Json = serde_json::from_str(&written(&source, "r.json", &[])).unwrap();
    assert_eq!(whole["read"], answer("trials", &source));
    let mut fit = answer("fit", &source);
    fit.as_object_mut().unwrap().remove("seconds");
    assert_eq!(whole["fit"], fit);
    let suggested = answer("suggest", &source);
    for (name, value) in suggested[0].as_object().unwrap() {
        assert_eq!(&whole["suggestions"][0][name], value, "{name}");
    }
    assert_eq!(
        whole["probe"], suggested[0]["params"],
        "panes pass through the suggestion"
    );
    let params = whole["read"]["space"]["params"].as_array().unwrap().len();
    let slices = whole["slices"].as_array().unwrap();
    assert_eq!(slices.len(), params);
    for slice in slices {
        let points = slice["points"].as_array().unwrap();
        assert!(points.iter().all(|p| p["low95"].as_f64() <= p["mean"].as_f64()));
    }
    let surface = &whole["surface"];
    let (rows, columns) = (
        surface["y"]["values"].as_array().unwrap().len(),
        surface["x"]["values"].as_array().unwrap().len(),
    );
    assert_eq!(surface["mean"].as_array().unwrap().len(), rows);
    assert!(
        surface["mean"]
            .as_array()
            .unwrap()
            .iter()
            .all(|r| r.as_array().unwrap().len() == columns)
    );
    assert_eq!(whole["history"]["points"].as_array().unwrap().len(), 32);
    assert!(whole["trust"]["verdict"].is_string() && whole["no_model"].is_null());
}

#[test]
fn a_report_is_the_same_twice_and_the_seed_is_its_only_chance() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("results.jsonl");
    fs::copy(data("results_nested.jsonl"), &source).unwrap();
    // Ages are in it, in steps that two reports a moment apart should not fall between.
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(36 * 3600);
    fs::File::options()
        .append(true)
        .open(&source)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    let svg = written(&source, "r.svg", &["--seed", "3"]);
    assert_eq!(svg, written(&source, "r.svg", &["--seed", "3"]));
}

#[test]
fn the_page_needs_nothing_but_itself_and_says_in_words_what_it_draws() {
    let source = data("optuna_journal.log");
    let page = written(&source, "r.html", &[]);
    for outside in [
        "<script", "<link", "<img", "url(", "@import", "http://", "https://",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    for needed in [
        "<html lang=\"en\">",
        "<title>",
        "role=\"img\" aria-label=",
        "<th scope=\"col\"",
        "<th scope=\"row\"",
        "<caption>",
        "prefers-color-scheme:dark",
        "name=\"viewport\"",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
    let suggested = answer("suggest", &source);
    for name in suggested[0]["params"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("<th scope=\"row\">{name}</th>")), "{name}");
    }
    for section in [
        "run",
        "suggestion",
        "slices",
        "surface",
        "model",
        "history",
        "trials",
    ] {
        assert_eq!(page.matches(&format!("id=\"{section}\"")).count(), 1, "{section}");
        assert!(page.contains(&format!("href=\"#{section}\"")), "{section}");
    }
    balanced(&page);
    let dark = written(&source, "r.html", &["--theme", "dark"]);
    assert!(!dark.contains("prefers-color-scheme"));
}

/// Every element that is opened is closed, in order.
fn balanced(markup: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in markup.split('<').skip(1).map(|t| t.split('>').next().unwrap()) {
        let name = tag
            .split([' ', '\n', '/'])
            .find(|n| !n.is_empty())
            .unwrap_or_default();
        if tag.starts_with('!') || tag.ends_with('/') || ["meta", "br"].contains(&name) {
            continue;
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn the_picture_is_well_formed_and_holds_its_words() {
    let svg = written(&data("results_nested.jsonl"), "r.svg", &["--theme", "light"]);
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(svg.contains("<title id=\"title\">") && svg.contains("<desc id=\"words\">"));
    balanced(&svg);
}

#[test]
fn the_text_report_has_the_words_first_and_every_pane_at_every_size() {
    let source = data("results_nested.jsonl");
    for size in ["160x48", "80x24", "60x16"] {
        let text = written(&source, "r.txt", &["--size", size]);
        let (words, drawn) = text.split_once("the panes\n").unwrap();
        assert!(words.contains("the suggestion\n--------------"), "{words}");
        for pane in ["slices", "surface", "trials", "suggestion", "history"] {
            assert!(drawn.contains(pane), "{pane} at {size}");
        }
        let widest = drawn.lines().map(|l| l.chars().count()).max().unwrap();
        assert!(widest <= size.split('x').next().unwrap().parse().unwrap());
    }
    let output = report(&source, Path::new("-"), &[]);
    assert!(output.status.success() && output.stderr.is_empty());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("the suggestion")
    );
}

#[test]
fn studies_with_little_in_them_have_a_report_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let space = dir.path().join("space.toml");
    fs::write(
        &space,
        "[study]\nmetric = \"loss\"\n[params.x]\ntype = \"float\"\nlow = 0\nhigh = 1\n",
    )
    .unwrap();
    let rows = [
        "",
        "{\"id\":0,\"state\":\"running\",\"params\":{\"x\":0.5}}\n",
        "{\"id\":0,\"params\":{\"x\":0.5},\"value\":1}\n",
        "{\"id\":0,\"params\":{\"x\":0.5},\"value\":1}\n{\"id\":1,\"params\":{\"x\":0.7},\"value\":null}\nbroken\n",
    ];
    for rows in rows {
        let source = dir.path().join("results.jsonl");
        fs::write(&source, rows).unwrap();
        for name in ["r.html", "r.svg", "r.txt", "r.json"] {
            let text = written(&source, name, &["--space", space.to_str().unwrap()]);
            assert!(text.contains("tunescope report"), "{name}");
        }
        assert_eq!(
            fs::read_to_string(&source).unwrap(),
            rows,
            "the source is only read"
        );
    }
}

#[test]
fn names_from_outside_cannot_act_in_a_report() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("results.jsonl");
    let rows: String = (0..6)
        .map(|i| {
            format!(
                "{{\"id\":\"<b>&\\u001b[31m{i}\",\"params\":{{\"x<script>\":0.{i},\"\\u202ey\\\"\":{i}}},\"value\":{i}}}\n"
            )
        })
        .collect();
    fs::write(&source, rows).unwrap();
    for name in ["r.html", "r.svg", "r.txt", "r.json"] {
        let text = written(&source, name, &[]);
        assert!(
            !text
                .chars()
                .any(|c| c == '\u{1b}' || c == '\u{202e}' || c == '\u{7f}'),
            "{name}"
        );
        if name.ends_with("html") || name.ends_with("svg") {
            assert!(!text.contains("<script") && !text.contains("<b>"), "{name}");
            balanced(&text);
        }
    }
}

#[test]
fn only_an_earlier_report_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("results.jsonl");
    fs::copy(data("results_nested.jsonl"), &source).unwrap();
    let refuse = |out: &Path, word: &str, status: i32| {
        let before = fs::read(out).ok();
        let output = report(&source, out, &[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(
            said.contains(word) && said.trim_end().lines().count() == 1,
            "{said}"
        );
        assert_eq!(fs::read(out).ok(), before);
    };
    let notes = dir.path().join("notes.txt");
    fs::write(&notes, "mine").unwrap();
    refuse(&notes, "no report", 1);
    refuse(&dir.path().join("r.png"), ".html, .svg, .txt or .json", 2);
    refuse(&dir.path().join("nowhere/r.svg"), "no such folder", 1);
    let link = dir.path().join("link.json");
    std::os::unix::fs::symlink(&source, &link).unwrap();
    refuse(&link, "the source itself", 1);
    for name in ["r.html", "r.svg", "r.txt", "r.json"] {
        let out = dir.path().join(name);
        for _ in 0..2 {
            assert!(
                report(&source, &out, &["--size", "80x24"]).status.success(),
                "{name}"
            );
        }
    }
}

#[test]
fn a_call_that_is_off_is_told_before_any_work() {
    let source = data("results_nested.jsonl");
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("r.svg");
    for more in [
        &["--size", "59x20"][..],
        &["--size", "big"],
        &["--kernel", "matern(9"],
        &["--theme", "pink"],
    ] {
        let output = report(&source, &out, more);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(!out.exists());
    }
}

#[test]
fn while_every_trial_is_infeasible_nothing_is_told_of_an_improvement() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("rows.jsonl");
    let rows = (0..10).map(|i| {
        let (x, y) = (f64::from(i) / 10.0, (0.3 + 0.618 * f64::from(i)).fract());
        let row = serde_json::json!({
            "id": i, "params": {"x": x, "y": y}, "value": (x - 0.4).powi(2) + y, "peak_gb": 30.0 - 4.0 * y,
        });
        format!("{row}\n")
    });
    fs::write(&source, rows.collect::<String>()).unwrap();
    let constraint = ["--constraint", "peak_gb<=24"];
    let text = written(&source, "r.txt", &constraint);
    for words in [
        "10 of the complete trials are infeasible",
        "No trial is feasible yet",
        "P(feasible) is largest",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    let said = |command: &str| {
        let mut program = tunescope(&[command]);
        let output = program.arg(&source).args(constraint).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let (status, next) = (said("status"), said("suggest"));
    assert!(status.contains("no feasible result yet"), "{status}");
    for text in [&text, &status, &next] {
        for words in [
            "xpected improvement",
            "chance of an improvement",
            "EI is",
            "stopping costs",
        ] {
            assert!(!text.contains(words), "{words}:\n{text}");
        }
    }
}
