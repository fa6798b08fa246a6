//! The worker of the demo: what it takes first, what it writes, and how it ends.

use super::*;

struct Desk {
    _dir: TempDir,
    results: PathBuf,
    queue: PathBuf,
}

fn desk() -> Desk {
    let dir = TempDir::new().unwrap();
    let files = prepare(dir.path(), Start::default()).unwrap();
    Desk {
        results: files.results,
        queue: files.queue,
        _dir: dir,
    }
}

impl Desk {
    fn worker(&self, is_stopped: impl Fn() -> bool + 'static) -> Worker {
        Worker::new(&self.results, 11, SMALL, Box::new(is_stopped)).unwrap()
    }

    fn run(&self, trials: u64, suggest: &mut Suggest<'_>) {
        self.worker(|| false)
            .run(trials, Duration::ZERO, suggest)
            .unwrap();
    }

    fn accept(&self, name: &str, entry: &Json) {
        fs::write(self.queue.join("pending").join(name), entry.to_string()).unwrap();
    }

    fn folder(&self, name: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.queue.join(name))
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The last line of each trial, by id.
    fn trials(&self) -> Vec<Json> {
        let mut trials: Vec<Json> = Vec::new();
        for line in lines(&self.results) {
            let id = usize::try_from(line["id"].as_u64().unwrap()).unwrap();
            trials.resize(trials.len().max(id + 1), Json::Null);
            trials[id] = line;
        }
        trials
    }
}

fn params(index: u64) -> Map<String, Json> {
    objective::draw(99, index).unwrap()
}

/// A suggestion that must not be asked for.
fn nobody(_: &Path) -> Option<Map<String, Json>> {
    panic!("the worker asked for a suggestion while the queue held one");
}

#[test]
fn the_worker_takes_the_queue_first_in_order_and_moves_it_to_done() {
    let desk = desk();
    desk.accept("20261123T2.json", &json!({"id": "q2", "params": params(2)}));
    desk.accept("20261123T1.json", &json!({"id": "q1", "params": params(1)}));
    desk.accept(".20261123T0.json.tmp", &json!("half a file"));
    desk.run(2, &mut nobody);
    desk.run(1, &mut |_| Some(params(3)));
    let trials = desk.trials();
    let ran: Vec<_> = trials.iter().map(|t| (&t["queue_id"], &t["params"])).collect();
    let (p1, p2, p3) = (json!(params(1)), json!(params(2)), json!(params(3)));
    assert_eq!(
        ran,
        [(&json!("q1"), &p1), (&json!("q2"), &p2), (&Json::Null, &p3)]
    );
    assert_eq!(desk.folder("done"), ["20261123T1.json", "20261123T2.json"]);
    assert!(desk.folder("claimed").is_empty());
    assert_eq!(desk.folder("pending"), [".20261123T0.json.tmp"]);
}

#[test]
fn a_trial_is_written_as_running_then_as_complete_with_its_curve() {
    let desk = desk();
    desk.run(1, &mut |_| None);
    let lines = lines(&desk.results);
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!(first["state"], "running");
    assert_eq!(last["state"], "complete");
    assert_eq!(first["params"], last["params"]);
    assert_eq!(last["intermediate"].as_object().unwrap().len(), SMALL.reports);
    assert_eq!(last["intermediate"][SMALL.characters.to_string()], last["value"]);
    for key in ["started", "finished"] {
        last[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }
    assert!(last["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn two_runs_with_one_seed_give_the_same_trials() {
    let results = || {
        let desk = desk();
        desk.run(3, &mut |_| None);
        desk.trials()
            .iter()
            .map(|t| (t["params"].clone(), t["value"].clone(), t["intermediate"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(results(), results());
}

#[test]
fn a_configuration_that_cannot_be_run_becomes_a_failed_trial_that_says_why() {
    let desk = desk();
    let mut wrong = params(0);
    wrong.insert("dropout".to_owned(), json!(7));
    desk.accept("1.json", &json!({"id": "high", "params": wrong}));
    fs::write(desk.queue.join("pending/2.json"), "not json").unwrap();
    desk.run(2, &mut nobody);
    for (trial, word) in desk.trials().iter().zip(["dropout", "learning_rate"]) {
        assert_eq!(trial["state"], "failed");
        assert_eq!(trial["value"], Json::Null);
        assert!(trial["error"].as_str().unwrap().contains(word), "{trial}");
    }
    assert_eq!(desk.folder("done"), ["1.json", "2.json"]);
}

#[test]
fn a_stop_in_the_middle_gives_the_configuration_back_and_the_next_run_takes_it_up() {
    let desk = desk();
    desk.accept("1.json", &json!({"id": "q1", "params": params(1)}));
    // Asked once before the trial and once a step: stops at the fourth step.
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let mut worker = desk.worker(move || count.fetch_add(1, Ordering::Relaxed) > 4);
    worker.run(5, Duration::ZERO, &mut |_| None).unwrap();
    assert_eq!(desk.trials().len(), 1);
    assert_eq!(desk.trials()[0]["state"], "waiting");
    assert_eq!(desk.folder("pending"), ["1.json"]);
    assert!(desk.folder("claimed").is_empty());

    desk.run(1, &mut nobody);
    assert_eq!(desk.trials().len(), 1);
    assert_eq!(desk.trials()[0]["state"], "complete");
    assert_eq!(desk.trials()[0]["params"], json!(params(1)));
    assert_eq!(desk.folder("done"), ["1.json"]);
}

#[test]
fn what_a_killed_worker_left_behind_is_run_again() {
    // A process that has ended, and whose id is not yet in use again.
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let dead = format!("{}.{}", tunescope::io::delivery::claim::host(), child.id());
    child.wait().unwrap();
    let desk = desk();
    let row = json!({"id": 0, "state": "running", "params": params(4), "worker": dead});
    fs::write(&desk.results, format!("{row}\n")).unwrap();
    let entry = json!({"id": "q9", "params": params(9)}).to_string();
    fs::write(desk.queue.join(format!("claimed/9.json.{dead}")), entry).unwrap();
    desk.run(2, &mut nobody);
    let trials = desk.trials();
    assert_eq!(trials.len(), 2);
    assert_eq!(
        (&trials[0]["state"], &trials[0]["params"]),
        (&json!("complete"), &json!(params(4)))
    );
    assert_eq!(trials[1]["queue_id"], "q9");
    assert_eq!(desk.folder("done"), ["9.json"]);
}

#[test]
fn a_line_that_someone_left_unfinished_does_not_spoil_the_next() {
    let desk = desk();
    fs::write(
        &desk.results,
        "{\"id\": 6, \"state\": \"complete\", \"value\": 1.0}\n{\"id\": 7, \"par",
    )
    .unwrap();
    desk.run(1, &mut |_| None);
    let text = fs::read_to_string(&desk.results).unwrap();
    let rows: Vec<_> = text.lines().map(serde_json::from_str::<Json>).collect();
    assert_eq!(rows.iter().filter(|r| r.is_err()).count(), 1);
    assert_eq!(rows.last().unwrap().as_ref().unwrap()["state"], "complete");
    assert_eq!(rows.last().unwrap().as_ref().unwrap()["id"], 7);
}

#[test]
fn two_workers_on_one_file_share_no_id_and_no_entry() {
    let desk = desk();
    for i in 0..4 {
        desk.accept(
            &format!("{i}.json"),
            &json!({"id": format!("q{i}"), "params": params(i)}),
        );
    }
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| desk.run(3, &mut |_| None));
        }
    });
    let trials = desk.trials();
    assert_eq!(trials.len(), 6);
    let mut ids: Vec<_> = trials.iter().filter_map(|t| t["queue_id"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["q0", "q1", "q2", "q3"]);
    assert!(
        trials
            .iter()
            .all(|t| t["state"] == "complete" || t["state"] == "failed")
    );
    assert_eq!(desk.folder("done").len(), 4);
}

#[test]
fn durations_are_read_with_and_without_units() {
    assert_eq!(parse_duration("2s").unwrap(), Duration::from_secs(2));
    assert_eq!(parse_duration("500ms").unwrap(), Duration::from_millis(500));
    assert_eq!(parse_duration("1.5").unwrap(), Duration::from_millis(1500));
    for wrong in ["", "s", "-1s", "nan", "2h", "1e40"] {
        assert!(parse_duration(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_arguments_of_the_worker_are_read_as_the_demo_passes_them() {
    let words = [
        "results.jsonl",
        "--seed",
        "4",
        "--trials",
        "9",
        "--pace",
        "2s",
        "--parent",
        "77",
    ];
    let args = tunescope::demo::worker::parse(&words.map(str::to_owned)).unwrap();
    assert_eq!((args.seed, args.trials, args.parent), (4, Some(9), Some(77)));
    assert_eq!(
        (args.results, args.pace),
        (PathBuf::from("results.jsonl"), Duration::from_secs(2))
    );
    assert!(tunescope::demo::worker::parse(&["--pace".to_owned(), "soon".to_owned()]).is_err());
}

// The worker as a process.

/// Not a test of its own: what the next test starts as a child.
#[test]
#[ignore = "started by a_signal_ends_the_worker_between_whole_lines"]
fn worker_process() {
    let args = std::env::var("DEMO_WORKER_ARGS").unwrap();
    let args: Vec<String> = args.split('\n').map(str::to_owned).collect();
    let args = tunescope::demo::worker::parse(&args).unwrap();
    tunescope::demo::worker::run(&args, &mut |_| None).unwrap();
}

/// The worker with these arguments behind the results file, in a process of its own.
fn start(desk: &Desk, arguments: &[&str]) -> std::process::Child {
    let own = std::process::id().to_string();
    let mut args = vec![desk.results.to_str().unwrap(), "--parent", &own];
    args.extend(arguments);
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker::worker_process", "--ignored"])
        .env("DEMO_WORKER_ARGS", args.join("\n"))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_for(what: &str, child: &mut std::process::Child, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(300);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        assert!(child.try_wait().unwrap().is_none(), "the worker ended by itself");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn end(child: &mut std::process::Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_signal_ends_the_worker_between_whole_lines() {
    let desk = desk();
    let mut child = start(&desk, &[]);
    wait_for("a trial to begin", &mut child, || {
        fs::metadata(&desk.results).unwrap().len() > 0
    });
    end(&mut child);
    for trial in desk.trials() {
        assert!(trial["state"] != "running", "{trial}");
    }
}

#[test]
fn what_is_accepted_after_the_last_suggestion_is_still_run() {
    let desk = desk();
    let mut child = start(&desk, &["--trials", "1"]);
    let complete = || desk.trials().iter().filter(|t| t["state"] == "complete").count();
    wait_for("the one trial", &mut child, || complete() == 1);
    desk.accept("20261123T9.json", &json!({"id": "late", "params": params(3)}));
    wait_for("the accepted one", &mut child, || complete() == 2);
    end(&mut child);
    let trials = desk.trials();
    assert_eq!(trials.len(), 2, "and nothing else");
    assert!(trials[1]["queue_id"].is_string());
}

#[test]
fn a_worker_whose_parent_is_gone_begins_nothing() {
    let desk = desk();
    let args = [desk.results.to_str().unwrap(), "--parent", "2147483646"].map(str::to_owned);
    let args = tunescope::demo::worker::parse(&args).unwrap();
    tunescope::demo::worker::run(&args, &mut nobody).unwrap();
    assert!(desk.trials().is_empty());
}
