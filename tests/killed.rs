//! Accepting with real processes that are killed at any moment: nothing is lost, nothing is done twice.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tunescope::io::delivery::{Decision, DeliveryError, Origin, QueueFolder, random_bytes};
use tunescope::study::{Label, Value};

/// How long anything here may take; a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let rows = "{\"id\": 0, \"params\": {\"lr\": 0.1}, \"value\": 1.0}\n{\"id\": 1, \"params\": {\"lr\": 0.5}, \"value\": 2.0}\n";
        fs::write(dir.path().join("results.jsonl"), rows).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn queue(&self) -> QueueFolder {
        QueueFolder::beside(&self.path("results.jsonl"))
    }

    /// `tunescope accept` with a command, in a folder of its own for what it keeps.
    fn accept(&self, hook: &str, lr: f64) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tunescope"));
        command
            .current_dir(self.dir.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"))
            .args(["accept", "results.jsonl", "--config"])
            .arg(json!({ "lr": lr }).to_string())
            .args(["--format", "json", "--on-accept", hook])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn wishes(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("state/tunescope/commands"))
            .into_iter()
            .flatten();
        entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn ids(queue: &QueueFolder) -> BTreeSet<String> {
    let listing = queue.list();
    assert_eq!(listing.diagnostics, []);
    listing.receipts.into_iter().map(|r| r.decision.id).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_command_of_an_accepted_configuration_outlives_a_kill_with_all_that_it_was_told() {
    let place = Place::new();
    let hook = place.path("hook.sh");
    // What it says has nowhere to go once the other is killed; that must not be its end.
    let script = "touch began\nuntil [ -e go ]; do sleep 0.02; done\necho a; echo b >&2\ncat > in\necho c\nmv in over\n";
    fs::write(&hook, script).unwrap();
    let mut child = place.accept("sh hook.sh", 0.25).spawn().unwrap();
    wait_for("the command to begin", || {
        place.path("began").exists() && place.wishes().is_empty()
    });
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(place.path("go"), "").unwrap();
    wait_for("the command to end", || place.path("over").exists());
    let told: Json = serde_json::from_str(&fs::read_to_string(place.path("over")).unwrap()).unwrap();
    assert_eq!(told["params"], json!({"lr": 0.25}));
    let delivered = ids(&place.queue());
    assert_eq!(
        delivered,
        BTreeSet::from([told["id"].as_str().unwrap().to_owned()])
    );
}

#[test]
fn killed_at_any_moment_no_command_is_lost_without_a_word_and_none_is_started_twice() {
    let place = Place::new();
    let hook = "sh -c 'echo $TUNESCOPE_ID >> ran'";
    let mut words = String::new();
    // How long a whole call takes here, so that the kills are spread over it.
    let begin = Instant::now();
    words += &said(&place.accept(hook, 0.2).output().unwrap());
    let whole = begin.elapsed();
    for k in 0..40_u32 {
        let mut child = place.accept(hook, 0.3).spawn().unwrap();
        let until = Instant::now() + whole * k / 36;
        while Instant::now() < until && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = child.kill();
        words += &said(&child.wait_with_output().unwrap());
    }
    let last = place.accept(hook, 0.4).output().unwrap();
    assert!(last.status.success(), "{}", said(&last));
    words += &said(&last);
    let delivered = ids(&place.queue());
    let unsure = words.matches("killed while it started").count();
    // What was started in the last moment may still be about to write.
    wait_for("the commands", || {
        place.lines("ran").iter().collect::<HashSet<_>>().len() + unsure >= delivered.len()
    });
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for id in place.lines("ran") {
        *counts.entry(id).or_default() += 1;
    }
    assert!(counts.values().all(|n| *n == 1), "started twice: {counts:?}");
    assert!(
        counts.keys().all(|id| delivered.contains(id)),
        "started without having been delivered"
    );
    let left = place.wishes();
    assert!(left.iter().all(|name| name.starts_with('.')), "{left:?}");
}

#[test]
fn what_a_killed_program_did_not_start_is_started_once_and_what_nobody_knows_is_said() {
    let place = Place::new();
    let hook = "sh -c 'echo $TUNESCOPE_ID >> ran'";
    let answer = place.accept("true", 0.2).output().unwrap();
    let decision: Json = serde_json::from_slice(&answer.stdout).unwrap();
    let source = place.path("results.jsonl").canonicalize().unwrap();
    let folder = place.path("state/tunescope/commands");
    let wish = |name: &str, source: &Path, decision: &Json| {
        let text = json!({"source": source, "command": ["sh", "-c", "echo $TUNESCOPE_ID >> ran"], "decision": decision});
        fs::write(folder.join(name), text.to_string()).unwrap();
    };
    let with_id = |id: &str| {
        let mut other = decision.clone();
        other["id"] = json!(id);
        other
    };
    let id = decision["id"].as_str().unwrap();
    wish("a.wish", &source, &decision);
    wish("b.starting", &source, &with_id("0192f0c1a2b3c4d5e6f7a8b9"));
    // Never delivered, and of another source.
    wish("c.wish", &source, &with_id("0192f0c1a2b3c4d5e6f7a8c0"));
    wish("d.wish", Path::new("/elsewhere/results.jsonl"), &decision);
    // One whose owner is alive.
    wish("e.wish", &source, &decision);
    let alive = fs::File::open(folder.join("e.wish")).unwrap();
    alive.lock().unwrap();
    fs::write(folder.join("f.wish"), "not a wish").unwrap();
    let output = place.accept(hook, 0.4).output().unwrap();
    let words = said(&output);
    assert!(output.status.success(), "{words}");
    assert_eq!(words.matches("it is started now").count(), 1, "{words}");
    assert_eq!(words.matches("killed while it started").count(), 1, "{words}");
    wait_for("both commands", || place.lines("ran").len() == 2);
    assert!(place.lines("ran").contains(&id.to_owned()));
    let left: BTreeSet<String> = place.wishes().into_iter().collect();
    let expected = ["d.wish", "e.wish", "f.wish"].map(str::to_owned);
    assert_eq!(left, BTreeSet::from(expected));
    // And not again.
    let output = place.accept("true", 0.6).output().unwrap();
    assert!(!said(&output).contains("killed"), "{}", said(&output));
}

/// The part of this test binary that runs as a process of its own, when asked by the test below.
#[test]
fn role() {
    let Ok(root) = std::env::var("TUNESCOPE_TEST_QUEUE") else {
        return;
    };
    let queue = QueueFolder::at(Path::new(&root));
    let mut out = std::io::stdout();
    let mut tell = |word: &str, id: &str| {
        writeln!(out, "\n{word} {id}").unwrap();
        out.flush().unwrap();
    };
    for i in 0.. {
        if Path::new(&root).with_extension("stop").exists() {
            return;
        }
        let params = vec![(Label::new("lr"), Value::Float(f64::from(i)))];
        let decision = Decision::new(Timestamp::now(), random_bytes(), params, Origin::Manual);
        let receipt = queue.deliver(&decision).unwrap();
        tell("delivered", &decision.id);
        if i % 2 == 0 {
            match queue.withdraw(&receipt) {
                Ok(_) => tell("withdrawn", &decision.id),
                Err(DeliveryError::WorkerWasFaster { .. }) => {}
                Err(e) => panic!("{e}"),
            }
        }
    }
}

/// Starts [`role`] as a process; what it says is collected by a thread.
fn writer(root: &Path) -> (Child, std::thread::JoinHandle<Vec<(String, String)>>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["role", "--exact", "--nocapture", "--test-threads=1"])
        .env("TUNESCOPE_TEST_QUEUE", root)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let heard = std::thread::spawn(move || {
        let lines = out.lines().map_while(Result::ok);
        lines
            .filter_map(|line| {
                let (word, id) = line.split_once(' ')?;
                ["delivered", "withdrawn"]
                    .contains(&word)
                    .then(|| (word.to_owned(), id.to_owned()))
            })
            .collect()
    });
    (child, heard)
}

#[test]
fn two_writers_that_are_killed_and_two_workers_never_lose_or_double_a_configuration() {
    let place = Place::new();
    let root = place.path("results.queue");
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/clients/claim.sh");
    let script = format!(
        "while :; do last=no; [ -e over ] && last=yes; \
         if found=$(sh {0} results.queue); then file=${{found%%\n*}}; echo \"${{file##*/}}\" >> ran.$1; sh {0} --done \"$file\"; \
         elif [ $last = yes ]; then exit 0; fi; done",
        client.display()
    );
    let workers: Vec<Child> = ["1", "2"]
        .map(|mark| {
            Command::new("sh")
                .current_dir(place.dir.path())
                .args(["-c", &script, "sh", mark])
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        })
        .into();
    let mut heard = Vec::new();
    // Each pair of writers is killed once it has delivered some more.
    for round in 0..4_usize {
        let pair = [writer(&root), writer(&root)];
        wait_for("deliveries", || {
            place.lines("ran.1").len() + place.lines("ran.2").len() >= 6 * (round + 1)
        });
        for (mut child, said) in pair {
            child.kill().unwrap();
            child.wait().unwrap();
            heard.extend(said.join().unwrap());
        }
    }
    fs::write(place.path("over"), "").unwrap();
    for mut worker in workers {
        assert!(worker.wait().unwrap().success());
    }
    let of = |wanted: &str| -> BTreeSet<String> {
        let these = heard.iter().filter(|(word, _)| word == wanted);
        these.map(|(_, id)| id.clone()).collect()
    };
    let names = |station: &str| -> Vec<String> {
        let entries = fs::read_dir(root.join(station)).unwrap();
        let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|n| !n.starts_with('.')).collect()
    };
    let id_of = |name: &String| {
        name.split_once('_')
            .unwrap()
            .1
            .split('.')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!((names("pending"), names("claimed")), (vec![], vec![]));
    let ran: Vec<String> = [place.lines("ran.1"), place.lines("ran.2")]
        .concat()
        .iter()
        .map(id_of)
        .collect();
    let done: BTreeSet<String> = names("done").iter().map(id_of).collect();
    let withdrawn: BTreeSet<String> = names("withdrawn").iter().map(id_of).collect();
    assert_eq!(ran.len(), done.len(), "something was run twice");
    assert_eq!(ran.iter().cloned().collect::<BTreeSet<_>>(), done);
    assert!(done.is_disjoint(&withdrawn), "something was run and withdrawn");
    let all: BTreeSet<String> = done.union(&withdrawn).cloned().collect();
    assert!(
        of("delivered").is_subset(&all),
        "a delivered configuration is lost"
    );
    assert!(
        of("withdrawn").is_subset(&withdrawn),
        "a withdrawn configuration was run"
    );
    // What a killed writer wrote without having said so is whole all the same.
    assert_eq!(ids(&QueueFolder::at(&root)), all);
}
