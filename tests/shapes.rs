//! Tables and JSON in the shapes that people have: for each a small text, and in one line what is to be read of it.

#[path = "common/reading.rs"]
mod reading;

use std::io::Write as _;

use rstest::rstest;
use serde_json::Value as Json;

use reading::{report_of, try_read};
use tunescope::io::{ReadOptions, Reader, trials_csv, trials_report};
use tunescope::study::label::is_hostile;

/// `kind | metric direction | states | parameters | identity and value of the best`.
fn summary(report: &Json) -> String {
    let text = |json: &Json| json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    let study = &report["study"];
    let states = ["complete", "pruned", "failed", "running", "waiting"];
    let counts: Vec<String> = states
        .iter()
        .filter(|s| report["counts"][s] != 0)
        .map(|s| format!("{} {s}", report["counts"][s]))
        .collect();
    let params = report["space"]["params"].as_array().unwrap().iter();
    let params: Vec<String> = params
        .map(|p| match p["choices"].as_array() {
            Some(choices) => format!("{} of {}", text(&p["name"]), choices.len()),
            None => format!(
                "{}{} {}..{}",
                text(&p["name"]),
                if p["log"] == true { "~" } else { "" },
                p["low"],
                p["high"]
            ),
        })
        .collect();
    let best = match &report["best"] {
        Json::Null => "none".to_owned(),
        best => format!("{} {}", text(&best["id"]), best["value"]),
    };
    format!(
        "{} | {} {} | {} | {} | {best}",
        text(&report["source"]["kind"]),
        text(&study["metric"]),
        text(&study["direction"]).trim_end_matches("imize"),
        counts.join(" "),
        params.join(", ")
    )
}

/// What is read of a file that grows, a few bytes at a time, with a look and a pause after each.
fn grown(bytes: &[u8], piece: usize) -> Json {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("growing.txt");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut reader = Reader::open(&path, ReadOptions::default()).unwrap();
    for piece in bytes.chunks(piece) {
        file.write_all(piece).unwrap();
        reader.poll().unwrap();
        reader.settle();
    }
    trials_report(&reader.study(), reader.kind().unwrap().name, "here")
}

fn read(name: &str, bytes: &[u8]) -> Json {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    report_of(&path, ReadOptions::default())
}

/// What was complained of: `line: message`, the message up to its first sign of punctuation.
fn complaints(report: &Json) -> Vec<String> {
    let warnings = report["warnings"].as_array().unwrap().iter();
    warnings
        .map(|w| format!("{}: {}", w["line"], w["message"].as_str().unwrap()))
        .collect()
}

const CSV: &str = "csv | loss min | 2 complete | lr 0.1..0.2 | 1 0.25";
const JSONL: &str = "jsonl | loss min | 2 complete | lr 0.1..0.2 | 1 0.25";
const DOCUMENT: &str = "json-document | loss min | 2 complete | lr 0.1..0.2 | 1 0.25";

#[rstest]
#[case::printed_by_pandas("    lr  loss\n0  0.1  0.50\n1  0.2  0.25\n", CSV)]
#[case::printed_without_an_index("lr loss\n0.1 0.5\n0.2 0.25\n", CSV)]
#[case::printed_with_blanks_in_names(
    "learning rate   val loss\n0.1             0.5\n0.2             0.25\n",
    "csv | val loss min | 2 complete | learning rate 0.1..0.2 | 1 0.25"
)]
#[case::markdown("| lr | loss |\n|---:|:----|\n| 0.1 | 0.5 |\n| 0.2 | 0.25 |\n", CSV)]
#[case::framed(
    "+----+------+\n| lr | loss |\n+====+======+\n| 0.1 | 0.5 |\n| 0.2 | 0.25 |\n+----+------+\n",
    CSV
)]
#[case::numpy("# lr loss\n1.0e-01 5.0e-01\n2.0e-01 2.5e-01\n", CSV)]
#[case::titled(
    "Sweep of May, final\n\nlr,opt,loss\n0.1,a,0.5\n0.2,b,0.25\n",
    "csv | loss min | 2 complete | lr 0.1..0.2, opt of 2 | 1 0.25"
)]
#[case::row_names_without_a_name("lr,loss\n\"1\",0.1,0.5\n\"2\",0.2,0.25\n", CSV)]
#[case::two_lines_of_names(
    "params,params,metrics\nlr,opt,loss\n0.1,a,0.5\n0.2,b,0.25\n",
    "csv | loss min | 2 complete | lr 0.1..0.2, opt of 2 | 1 0.25"
)]
#[case::thousands(
    "steps,loss\n\"10,000\",0.5\n\"1,500,000\",0.25\n",
    "csv | loss min | 2 complete | steps 10000..1500000 | 1 0.25"
)]
#[case::spreads(
    "lr,accuracy\n0.1,54.8 ± 0.5\n0.2,92.5 %\n",
    "csv | accuracy max | 2 complete | lr 0.1..0.2 | 1 92.5"
)]
#[case::nothing_in_many_words(
    "lr,momentum,loss\n0.1,NA,1\n0.2,-,-\n0.3,0.5,N/A\n0.4,0.9,0.5\n",
    "csv | loss min | 2 complete 2 failed | lr 0.1..0.4, momentum 0.5..0.9 | 3 0.5"
)]
#[case::an_error_that_is_measured(
    "lr,error\n0.1,0.5\n0.2,0.25\n",
    "csv | error min | 2 complete | lr 0.1..0.2 | 1 0.25"
)]
#[case::an_error_that_is_told(
    "lr,loss,error\n0.1,0.5,\n0.2,,out of memory\n0.3,0.25,\n",
    "csv | loss min | 2 complete 1 failed | lr 0.1..0.3 | 2 0.25"
)]
#[case::scikit_learn(
    ",mean_fit_time,std_fit_time,mean_score_time,std_score_time,param_C,params,split0_test_score,\
    split1_test_score,mean_test_score,std_test_score,rank_test_score\n\
    0,1.5,0.1,0.1,0.0,0.1,\"{'C': 0.1}\",0.9,0.5,0.7,0.2,2\n1,1.5,0.1,0.1,0.0,0.2,\"{'C': 0.2}\",0.8,0.8,0.8,0.0,1\n",
    "csv | mean_test_score max | 2 complete | C 0.1..0.2 | 1 0.8"
)]
#[case::tensorboard(
    "lr,units,hp/accuracy\n0.1,16,0.5\n0.2,32,0.75\n",
    "csv | accuracy max | 2 complete | lr 0.1..0.2, units 16..32 | 1 0.75"
)]
#[case::a_response_without_a_word(
    "x1,x2,y\n0.1,1,0.5\n0.2,2,0.25\n",
    "csv | y min | 2 complete | x1 0.1..0.2, x2 1..2 | 1 0.25"
)]
#[case::yes_and_no_for_states(
    "lr,loss,failed\n0.1,0.5,false\n0.2,0.1,true\n0.3,0.25,False\n",
    "csv | loss min | 2 complete 1 failed | lr 0.1..0.3 | 2 0.25"
)]
#[case::a_row_a_measurement(
    "trial,lr,step,metric,value\n0,0.1,1,loss,0.9\n0,0.1,1,acc,0.1\n0,0.1,2,loss,0.5\n1,0.2,1,acc,0.2\n\
    1,0.2,1,loss,0.25\n",
    CSV
)]
#[case::quality_before_speed(
    "lr,latency_ms,acc (%)\n0.1,1.5,90\n0.2,1.2,91\n",
    "csv | acc (%) max | 2 complete | lr 0.1..0.2 | 1 91.0"
)]
#[case::counted_from_one("lr,iteration,loss\n0.1,1,0.5\n0.2,2,0.25\n", CSV)]
#[case::a_row_an_epoch_without_a_name("lr,epoch,loss\n0.1,1,0.9\n0.1,2,0.5\n0.2,1,0.8\n0.2,2,0.25\n", CSV)]
fn tables_are_read_as_people_keep_them(#[case] text: &str, #[case] expected: &str) {
    let report = read("table.txt", text.as_bytes());
    assert_eq!(summary(&report), expected, "{:?}", complaints(&report));
    for piece in [1, 7] {
        let live = grown(text.as_bytes(), piece);
        assert_eq!(live["trials"], report["trials"], "{piece} bytes at a time");
        assert_eq!(complaints(&live), complaints(&report));
    }
}

#[rstest]
#[case::comments_and_commas(
    "// mine\n{\"lr\": 0.1, \"loss\": 0.5,}, // first\n/* x */ {\"lr\": 0.2, \"loss\": 0.25},\n",
    JSONL
)]
#[case::printed_by_python(
    "{'lr': 0.1, 'loss': 0.5, 'x': None}\n{'lr': 0.2, 'loss': 0.25, 'x': None}\n",
    JSONL
)]
#[case::numbers_in_quotes(
    "{\"lr\": \"0.1\", \"loss\": \"0.5\"}\n{\"lr\": \"0.2\", \"loss\": \"0.25\"}\n\
    {\"lr\": \"0.3\", \"loss\": \"1\"}\n{\"lr\": \"0.4\", \"loss\": \"1\"}\n{\"lr\": \"0.5\", \"loss\": \"1\"}\n",
    "jsonl | loss min | 5 complete | lr 0.1..0.5 | 1 0.25"
)]
#[case::humps(
    "{\"trialJobId\": \"a\", \"parameter\": {\"lr\": 0.1}, \"valAcc\": 0.5, \"startTime\": 1700000000000}\n\
    {\"trialJobId\": \"b\", \"parameter\": {\"lr\": 0.2}, \"valAcc\": 0.75, \"startTime\": 1700000000001}\n",
    "jsonl | valAcc max | 2 complete | lr 0.1..0.2 | b 0.75"
)]
#[case::arguments(
    "{\"args\": {\"lr\": 0.1, \"seed\": 1}, \"test\": {\"acc\": 0.5}}\n\
    {\"args\": {\"lr\": 0.2, \"seed\": 2}, \"test\": {\"acc\": 0.75}}\n",
    "jsonl | test.acc max | 2 complete | lr 0.1..0.2 | 1 0.75"
)]
#[case::rewards(
    "{\"gamma\": 0.9, \"ep_rew_mean\": 10}\n{\"gamma\": 0.99, \"ep_rew_mean\": 20}\n",
    "jsonl | ep_rew_mean max | 2 complete | gamma 0.9..0.99 | 1 20.0"
)]
#[case::losses_turned_round(
    "{\"lr\": 0.1, \"neg_mean_squared_error\": -0.5}\n{\"lr\": 0.2, \"neg_mean_squared_error\": -0.25}\n",
    "jsonl | neg_mean_squared_error max | 2 complete | lr 0.1..0.2 | 1 -0.25"
)]
#[case::words_for_states(
    "{\"id\": 1, \"params\": {\"lr\": 0.1}, \"loss\": 0.5, \"status\": \"STATUS_OK\"}\n\
    {\"id\": 2, \"params\": {\"lr\": 0.2}, \"loss\": 0.1, \"status\": \"STATUS_FAIL\"}\n\
    {\"id\": 3, \"params\": {\"lr\": 0.3}, \"status\": \"InProgress\"}\n",
    "jsonl | loss min | 1 complete 1 failed 1 running | lr 0.1..0.3 | 1 0.5"
)]
#[case::a_row_a_step_of_workers_side_by_side(
    "{\"lr\": 0.1, \"step\": 1, \"loss\": 0.9}\n{\"lr\": 0.2, \"step\": 1, \"loss\": 0.8}\n\
    {\"lr\": 0.1, \"step\": 2, \"loss\": 0.5}\n{\"lr\": 0.2, \"step\": 2, \"loss\": 0.25}\n",
    JSONL
)]
#[case::columns("{\"lr\": [0.1, 0.2], \"loss\": [0.5, 0.25]}", DOCUMENT)]
#[case::columns_of_pandas("{\"lr\":{\"0\":0.1,\"1\":0.2},\"loss\":{\"0\":0.5,\"1\":0.25}}", DOCUMENT)]
#[case::columns_with_objects_of_pandas(
    "{\"mean_fit_time\":{\"0\":1,\"1\":2},\"params\":{\"0\":{\"lr\":0.1},\"1\":{\"lr\":0.2}},\"loss\":{\"0\":0.5,\"1\":0.25}}",
    DOCUMENT
)]
#[case::split_by_pandas(
    "{\"columns\":[\"lr\",\"loss\"],\"index\":[0,1],\"data\":[[0.1,0.5],[0.2,0.25]]}",
    DOCUMENT
)]
#[case::columns_over_lines(
    "{\n  \"lr\": [\n    0.1,\n    0.2\n  ],\n  \"loss\": [\n    0.5,\n    0.25\n  ]\n}\n",
    DOCUMENT
)]
#[case::trials_by_name(
    "{\"a\": {\"config\": {\"lr\": 0.1}, \"loss\": 0.5}, \"b\": {\"config\": {\"lr\": 0.2}, \"loss\": 0.25}}",
    "json-document | loss min | 2 complete | lr 0.1..0.2 | b 0.25"
)]
#[case::a_document_that_says_its_direction(
    "{\"direction\": \"maximize\", \"trials\": [{\"params\": {\"lr\": 0.1}, \"value\": 0.5},\
    {\"params\": {\"lr\": 0.2}, \"value\": 0.75}]}",
    "json-document | value max | 2 complete | lr 0.1..0.2 | 1 0.75"
)]
#[case::hyperopt(
    "[{\"state\": 2, \"tid\": 0, \"result\": {\"loss\": 0.5, \"status\": \"ok\"}, \"misc\": {\"vals\": {\"lr\": [0.1]}}},\
    {\"state\": 2, \"tid\": 1, \"result\": {\"loss\": 0.25, \"status\": \"ok\"}, \"misc\": {\"vals\": {\"lr\": [0.2]}}},\
    {\"state\": 3, \"tid\": 2, \"result\": {\"status\": \"fail\"}, \"misc\": {\"vals\": {\"lr\": [0.3]}}}]",
    "json-document | loss min | 2 complete 1 failed | lr 0.1..0.3 | 1 0.25"
)]
#[case::saved_by_bayes_opt(
    "{\n \"pbounds\": {\n  \"x\": [0.0, 3.0]},\n \"keys\": [\"x\"],\n \"params\": [[1.0], [2.0]],\n \"target\": [-0.5, -0.25]\n}\n",
    "json-document | target max | 2 complete | x 0.0..3.0 | 1 -0.25"
)]
fn json_is_read_as_people_keep_it(#[case] text: &str, #[case] expected: &str) {
    let report = read("results.json", text.as_bytes());
    assert_eq!(summary(&report), expected, "{:?}", complaints(&report));
    assert_eq!(complaints(&report), Vec::<String>::new());
}

/// Bytes of a text in UTF-16.
fn utf16(text: &str, unit: fn(u16) -> [u8; 2], mark: &str) -> Vec<u8> {
    format!("{mark}{text}").encode_utf16().flat_map(unit).collect()
}

#[test]
fn a_text_in_any_encoding_is_the_same_study() {
    let table = "lr,opt,loss\n0.1,école,0.5\n0.2,sgd,0.25\n";
    let rows =
        "{\"lr\": 0.1, \"opt\": \"école\", \"loss\": 0.5}\n{\"lr\": 0.2, \"opt\": \"sgd\", \"loss\": 0.25}\n";
    for (text, kind) in [(table, "csv"), (rows, "jsonl")] {
        let expected = format!("{kind} | loss min | 2 complete | lr 0.1..0.2, opt of 2 | 1 0.25");
        for (bytes, is_odd) in [
            (text.as_bytes().to_vec(), false),
            (utf16(text, u16::to_le_bytes, "\u{feff}"), false),
            (utf16(text, u16::to_be_bytes, "\u{feff}"), false),
            (utf16(text, u16::to_le_bytes, ""), false),
            (utf16(text, u16::to_be_bytes, ""), false),
            (
                text.replace('é', "\u{1}")
                    .bytes()
                    .map(|b| if b == 1 { 0xe9 } else { b })
                    .collect(),
                true,
            ),
        ] {
            let report = read("results", &bytes);
            assert_eq!(summary(&report), expected);
            let first = &report["trials"][0]["params"]["opt"];
            assert_eq!(first, "école");
            assert_eq!(
                complaints(&report).iter().any(|c| c.contains("Windows-1252")),
                is_odd
            );
            assert_eq!(grown(&bytes, 5)["trials"], report["trials"]);
        }
    }
}

#[test]
fn a_packed_text_is_read_and_other_archives_are_named() {
    let text = "lr,loss\n0.1,0.5\n0.2,0.25\n";
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    bytes.extend(miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6));
    bytes.extend([0; 8]);
    let report = read("results.csv.gz", &bytes);
    assert_eq!(summary(&report), CSV);
    assert_eq!(grown(&bytes, 3)["trials"], report["trials"]);
    let folder = tempfile::tempdir().unwrap();
    for (bytes, way) in [
        (&b"PK\x03\x04\x14\0\0\0"[..], "unzip"),
        (b"\xfd7zXZ\0\0\x04", "xz -dk"),
    ] {
        let path = folder.path().join("results");
        std::fs::write(&path, bytes).unwrap();
        let error = try_read(&path, ReadOptions::default()).err().unwrap();
        assert!(error.contains(way), "{error}");
    }
}

#[test]
fn what_is_left_out_is_said_with_its_line() {
    let report = read(
        "table.csv",
        b"Sweep 7\n\nlr,loss\n0.1,0.5\n0.2\n0.3,diverged\n0.4,0.25\n",
    );
    assert_eq!(
        complaints(&report),
        [
            "1: the line stands above the names of the columns; it was skipped.",
            "5: the row has 1 cells where the header has 2; it was skipped.",
            "6: loss: diverged is no number, as the rest of the column is; the trial counts as failed.",
        ]
    );
}

#[test]
fn seconds_are_in_the_unit_of_their_name() {
    let seconds = |text: &str| read("t.csv", text.as_bytes())["trials"][0]["seconds"].clone();
    assert_eq!(seconds("lr,duration_ms,loss\n0.1,1500,0.5\n"), 1.5);
    assert_eq!(seconds("lr,Runtime (min),loss\n0.1,2,0.5\n"), 120.0);
    assert_eq!(seconds("lr,Train time [s],loss\n0.1,2.5,0.5\n"), 2.5);
    assert_eq!(seconds("lr,duration,loss\n0.1,0:02:00,0.5\n"), 120.0);
}

#[test]
fn curves_are_of_trials_and_a_counter_is_none() {
    let curve = |text: &str| read("t.csv", text.as_bytes())["trials"][0]["intermediate"].to_string();
    assert_eq!(
        curve("lr,epoch,loss\n0.1,1,0.9\n0.1,2,0.5\n0.2,1,0.8\n"),
        r#"{"1":0.9,"2":0.5}"#
    );
    assert_eq!(curve("lr,iteration,loss\n0.1,1,0.9\n0.2,2,0.8\n"), "{}");
    assert_eq!(curve("lr,epoch,loss\n0.1,10,0.9\n0.2,10,0.8\n"), "{}");
    assert_eq!(
        curve("trial,lr,iteration,loss\n0,0.1,1,0.9\n0,0.1,2,0.8\n"),
        r#"{"1":0.9,"2":0.8}"#
    );
}

#[test]
fn studies_that_improve_in_opposite_directions_are_not_one() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let a = write("a.csv", "lr,loss,acc\n0.1,0.5,0.6\n0.2,0.25,0.7\n");
    let b = write("b.csv", "lr,acc\n0.1,0.5\n0.2,0.75\n");
    let both = |metric: Option<&str>| ReadOptions {
        also: vec![b.clone()],
        metric: metric.map(str::to_owned),
        ..ReadOptions::default()
    };
    let error = try_read(&a, both(None)).err().unwrap();
    assert_eq!(
        error,
        "a and b are no one study: loss is to be minimized in one and acc maximized in the other; --metric NAME, with \
         --direction, chooses what they share"
    );
    let shared = report_of(&a, both(Some("acc")));
    assert_eq!(shared["best"]["id"], "b/1");
    assert_eq!(shared["study"]["direction"], "maximize");
}

#[test]
fn a_table_of_trials_has_nothing_that_a_terminal_must_not_see() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    let rows = "{\"params\": {\"o\": \"a\\u001b[31m\\u202e\", \"k\\u009b\": 1}, \"value\": 1}\n";
    std::fs::write(&path, rows).unwrap();
    let reader = try_read(&path, ReadOptions::default()).unwrap();
    let table = trials_csv(&reader.study()).unwrap();
    assert!(table.contains("a\u{fffd}[31m\u{fffd}"), "{table}");
    assert!(!table.chars().any(|c| c != '\n' && is_hostile(c)), "{table:?}");
}
