//! `tunescope learn` where no screen is opened: its lists, and what it says when it cannot open one.

use assert_cmd::Command;
use rstest::rstest;
use serde_json::Value;

fn learn(args: &[&str], locale: &str) -> (i32, String, String) {
    let state = tempfile::tempdir().unwrap();
    let output = Command::cargo_bin("tunescope")
        .unwrap()
        .arg("learn")
        .args(args)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("XDG_STATE_HOME", state.path())
        .env("LC_ALL", locale)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn the_list_names_twelve_lessons_and_the_functions() {
    let (code, out, said) = learn(&["--list"], "C");
    assert_eq!((code, said.as_str()), (0, ""));
    assert_eq!(out.lines().take_while(|l| !l.is_empty()).count(), 12, "{out}");
    assert!(out.contains("05-two-terms") && out.contains("Expected improvement and its two terms"));
    assert!(out.contains("branin") && out.contains("2 parameters"), "{out}");
}

#[rstest]
#[case::by_option(&["--list", "--lang", "zh"], "C")]
#[case::by_locale(&["--list"], "zh_CN.UTF-8")]
fn the_list_is_chinese_where_that_is_asked_for(#[case] args: &[&str], #[case] locale: &str) {
    let (code, out, _) = learn(args, locale);
    assert_eq!(code, 0);
    assert!(
        out.contains("01-gaussian-process") && out.contains("高斯过程"),
        "{out}"
    );
}

#[rstest]
#[case::unknown_name(&["forester", "--lang", "zh"], 2, &["forester", "forrester", "没有课程"])]
#[case::bad_formula(&["--formula", "x +", "--lang", "zh"], 2, &["x +", "公式"])]
#[case::by_locale(&["5", "--game"], 2, &["不是课程"])]
fn errors_are_told_in_chinese_where_that_is_the_language(
    #[case] args: &[&str],
    #[case] status: i32,
    #[case] words: &[&str],
) {
    let (code, _, said) = learn(args, "zh_CN.UTF-8");
    assert_eq!(code, status, "{said}");
    for word in words {
        assert!(said.contains(word), "{args:?} said {said:?}, without {word:?}");
    }
}

#[test]
fn a_mistake_in_a_lesson_is_told_in_chinese_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.md");
    std::fs::write(
        &path,
        "+++\ntitle = \"T\"\nfunction = \"forrester\"\nxi = \"a\"\n+++\nHi.\n",
    )
    .unwrap();
    let (code, _, said) = learn(&[path.to_str().unwrap(), "--lang", "zh"], "C");
    assert_eq!(code, 1);
    assert!(
        said.contains("mine.md:4") && said.contains("xi 是一个数，而不是"),
        "{said}"
    );
}

#[test]
fn the_list_as_json_names_the_same() {
    let (code, out, _) = learn(&["--list", "--format", "json"], "C");
    assert_eq!(code, 0);
    let list: Value = serde_json::from_str(&out).unwrap();
    let lessons = list["lessons"].as_array().unwrap();
    assert_eq!(lessons.len(), 12);
    assert_eq!(lessons[0]["name"], "01-gaussian-process");
    assert!(lessons.iter().all(|l| l["done"] == false));
    let functions = list["functions"].as_array().unwrap();
    let branin = functions.iter().find(|f| f["name"] == "branin").unwrap();
    assert_eq!(branin["parameters"], 2);
}

#[rstest]
#[case::unknown_name(&["forester"], 2, &["forester", "did you mean forrester", "--list"])]
#[case::unknown_language(&["1", "--lang", "xx"], 2, &["--lang xx", "zh"])]
#[case::bad_formula(&["--formula", "x +"], 2, &["x +", "sin(3*x)"])]
#[case::bad_bounds(&["--formula", "x", "--low", "2", "--high", "1"], 2, &["--low 2", "--high 1"])]
#[case::missing_lesson(&["/no/such.md"], 1, &["/no/such.md"])]
#[case::game_on_a_lesson(&["5", "--game"], 2, &["--game", "not on a lesson"])]
#[case::truth_as_a_formula(&["--formula", "x < 1"], 2, &["x < 1", "not a number"])]
#[case::no_terminal(&["forrester"], 1, &["terminal", "--list"])]
fn what_cannot_be_opened_is_told_in_one_sentence(
    #[case] args: &[&str],
    #[case] status: i32,
    #[case] words: &[&str],
) {
    let (code, out, said) = learn(args, "C");
    for word in words {
        assert!(said.contains(word), "{args:?} said {said:?}, without {word:?}");
    }
    assert_eq!((code, out.as_str()), (status, ""), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said:?}");
}

#[test]
fn a_broken_lesson_is_told_with_its_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.md");
    let text = "+++\ntitle = \"T\"\nfunction = \"forrester\"\n+++\nHi.\n\n## A\n@do Do.\n@until nope > 1\n";
    std::fs::write(&path, text).unwrap();
    let (code, _, said) = learn(&[path.to_str().unwrap()], "C");
    assert_eq!(code, 1);
    assert!(said.contains("mine.md:9:") && said.contains("nope"), "{said}");
}

#[test]
fn a_study_that_a_lesson_names_and_is_not_there_is_told_on_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.md");
    std::fs::write(&path, "+++\ntitle = \"T\"\nstudy = \"nowhere.jsonl\"\n+++\nHi.\n").unwrap();
    let (code, _, said) = learn(&[path.to_str().unwrap()], "C");
    assert_eq!(code, 1);
    assert!(
        said.contains("mine.md:3:") && said.contains("nowhere.jsonl"),
        "{said}"
    );
}

#[test]
fn the_template_is_printed_as_a_file_that_can_be_played() {
    let (code, out, said) = learn(&["--template"], "C");
    assert_eq!((code, said.as_str()), (0, ""));
    tunescope::learn::lesson::Lesson::parse("template.md", &out).unwrap();
}

#[test]
fn the_lesson_in_the_readme_is_one() {
    let readme = include_str!("../README.md");
    let from = readme.find("+++\ntitle").unwrap();
    let text = readme.get(from..).unwrap().split("```").next().unwrap();
    tunescope::learn::lesson::Lesson::parse("README.md", text).unwrap();
}
