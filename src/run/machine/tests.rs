//! The rules of the loop as lists of events.

use serde_json::json;

use super::*;

fn params(x: i64) -> Params {
    json!({ "x": x }).as_object().cloned().unwrap()
}

fn rules() -> Rules {
    Rules {
        jobs: 1,
        budget: Budget {
            trials: Some(3),
            ..Budget::default()
        },
        direction: Direction::Minimize,
        retries: 0,
        failures: 0,
    }
}

/// A world that answers: a queue, a model that counts, trials that end when told.
struct World {
    machine: Loop,
    now: f64,
    queue: VecDeque<Accepted>,
    next: i64,
    left: i64,
    /// Whether the model answers by itself.
    is_quick: bool,
    id: u64,
    begun: Vec<(u64, Params, Option<String>)>,
    log: Vec<Effect>,
}

impl World {
    fn new(rules: Rules, past: Past) -> Self {
        let mut world = Self {
            machine: Loop::new(rules, past, 0.0),
            now: 0.0,
            queue: VecDeque::new(),
            next: 100,
            left: i64::MAX,
            is_quick: true,
            id: 10,
            begun: Vec::new(),
            log: Vec::new(),
        };
        world.send(Event::Go);
        world
    }

    fn send(&mut self, event: Event) {
        for effect in self.machine.step(event, self.now) {
            self.log.push(effect.clone());
            match effect {
                Effect::Claim => {
                    let found = self.queue.pop_front();
                    self.send(Event::Claimed(found));
                }
                Effect::Suggest if self.is_quick => self.suggest(),
                Effect::Begin { params, queue_id } => {
                    self.id += 1;
                    self.begun.push((self.id, params, queue_id));
                    self.send(Event::Begun(self.id));
                }
                _ => {}
            }
        }
    }

    fn suggest(&mut self) {
        self.next += 1;
        self.left -= 1;
        let found = (self.left >= 0).then(|| params(self.next));
        self.send(Event::Suggested(found));
    }

    fn end(&mut self, trial: u64, verdict: Verdict) {
        self.send(Event::Ended { trial, verdict });
    }

    fn accept(&mut self, id: &str) {
        self.queue.push_back(Accepted {
            id: id.to_owned(),
            params: params(0),
        });
    }

    fn finished(&self) -> Option<&End> {
        self.log.iter().find_map(|e| match e {
            Effect::Finish(end) => Some(end),
            _ => None,
        })
    }

    fn concluded(&self) -> Vec<(u64, &Outcome)> {
        self.log
            .iter()
            .filter_map(|e| match e {
                Effect::Conclude { trial, outcome } => Some((*trial, outcome)),
                _ => None,
            })
            .collect()
    }
}

fn failed() -> Verdict {
    Verdict::Failed("exit status 3".to_owned())
}

#[test]
fn it_runs_as_many_trials_as_the_budget_says_and_no_more() {
    let mut world = World::new(Rules { jobs: 2, ..rules() }, Past::default());
    assert_eq!(world.begun.len(), 2, "two at a time");
    world.end(11, Verdict::Value(1.0));
    assert_eq!(world.begun.len(), 3);
    world.end(12, Verdict::Value(f64::NAN));
    assert_eq!(world.begun.len(), 3);
    assert_eq!(world.finished(), None);
    world.end(13, Verdict::Value(2.0));
    assert_eq!(world.finished(), Some(&End::Trials(3)));
    assert_eq!(world.machine.standing().best, Some(1.0));
    let outcomes = world.concluded();
    assert!(matches!(outcomes[1], (12, Outcome::Failed(why)) if why.contains("NaN")));
}

#[test]
fn what_was_done_before_counts() {
    let past = Past {
        finished: 2,
        ..Past::default()
    };
    let mut world = World::new(rules(), past);
    world.end(11, Verdict::Value(1.0));
    assert_eq!((world.begun.len(), world.finished()), (1, Some(&End::Trials(3))));
    let past = Past {
        finished: 3,
        ..Past::default()
    };
    let world = World::new(rules(), past);
    assert_eq!((world.begun.len(), world.finished()), (0, Some(&End::Trials(3))));
}

#[test]
fn an_accepted_configuration_goes_first_even_when_the_model_was_asked_before() {
    let mut world = World::new(rules(), Past::default());
    world.accept("a");
    world.end(11, Verdict::Value(1.0));
    assert_eq!(world.begun[1].2.as_deref(), Some("a"));
    world.is_quick = false;
    world.end(12, Verdict::Value(1.0));
    assert_eq!(world.log.last(), Some(&Effect::Suggest));
    world.accept("b");
    world.suggest();
    assert_eq!(
        world.begun[2].2.as_deref(),
        Some("b"),
        "it came while the model thought"
    );
}

#[test]
fn trials_that_were_left_keep_their_place_and_are_run_once_more() {
    let tries = Tries {
        attempt: 2,
        failed: 1,
    };
    let past = Past {
        finished: 1,
        waiting: vec![(4, tries)],
        running: vec![(
            5,
            Tries {
                attempt: 1,
                failed: 0,
            },
        )],
        ..Past::default()
    };
    let mut world = World::new(Rules { jobs: 4, ..rules() }, past);
    world.accept("late");
    let again = Effect::Again {
        trial: 4,
        tries: Tries {
            attempt: 3,
            failed: 1,
        },
    };
    assert!(world.log.contains(&again));
    assert!(
        world.begun.is_empty(),
        "1 over, 1 running, 1 waiting: no room for a new one"
    );
    world.end(5, Verdict::Value(1.0));
    world.end(4, Verdict::Value(1.0));
    assert_eq!(world.finished(), Some(&End::Trials(3)));
}

#[test]
fn a_failed_command_is_tried_again_as_often_as_told() {
    let mut world = World::new(
        Rules {
            retries: 2,
            ..rules()
        },
        Past::default(),
    );
    for attempt in 2..=3 {
        world.end(11, failed());
        let tries = Tries {
            attempt,
            failed: attempt - 1,
        };
        assert_eq!(world.log.last(), Some(&Effect::Again { trial: 11, tries }));
    }
    world.end(11, failed());
    assert!(matches!(world.concluded()[..], [(11, Outcome::Failed(_))]));
    assert_eq!(world.begun.len(), 2, "the loop goes on with another");
    world.end(12, Verdict::Unfit("no x".to_owned()));
    assert_eq!(
        world.concluded().len(),
        2,
        "what cannot be run is not tried again"
    );
}

#[test]
fn failures_in_a_row_end_the_loop_and_a_success_between_them_does_not() {
    let rules = Rules {
        failures: 2,
        budget: Budget::default(),
        ..rules()
    };
    let mut world = World::new(rules, Past::default());
    world.end(11, failed());
    world.end(12, Verdict::Value(1.0));
    world.end(13, failed());
    assert_eq!(world.finished(), None);
    world.end(14, failed());
    assert_eq!(
        world.finished(),
        Some(&End::Failures(2, "exit status 3".to_owned()))
    );
}

#[test]
fn the_target_ends_it_in_either_direction_and_running_trials_are_finished() {
    for (direction, value) in [(Direction::Minimize, 0.2), (Direction::Maximize, 0.9)] {
        let budget = Budget {
            target: Some(0.5),
            ..Budget::default()
        };
        let rules = Rules {
            jobs: 2,
            direction,
            budget,
            ..rules()
        };
        let mut world = World::new(rules, Past::default());
        world.end(11, Verdict::Value(value));
        assert_eq!((world.begun.len(), world.finished()), (2, None));
        world.end(12, Verdict::Value(0.5));
        assert_eq!(world.finished(), Some(&End::Target(value)));
    }
}

#[test]
fn time_counts_while_something_runs() {
    let rules = Rules {
        budget: Budget {
            seconds: Some(100.0),
            ..Budget::default()
        },
        ..rules()
    };
    let past = Past {
        busy: 60.0,
        ..Past::default()
    };
    let mut world = World::new(rules, past);
    world.now = 39.0;
    world.end(11, Verdict::Value(1.0));
    assert_eq!(world.begun.len(), 2);
    world.now = 41.0;
    world.send(Event::Tick);
    assert_eq!(world.finished(), None, "what runs is finished");
    world.now = 50.0;
    world.end(12, Verdict::Value(1.0));
    assert_eq!(world.finished(), Some(&End::Time(100.0)));
    assert!((world.machine.busy(60.0) - 110.0).abs() < 1e-9);
}

#[test]
fn an_interrupt_finishes_what_runs_and_a_second_one_stops_it() {
    let mut world = World::new(Rules { jobs: 2, ..rules() }, Past::default());
    world.send(Event::Interrupt);
    world.end(11, Verdict::Value(1.0));
    assert_eq!((world.begun.len(), world.finished()), (2, None));
    world.send(Event::Interrupt);
    assert_eq!(world.log.last(), Some(&Effect::Halt { trial: 12 }));
    world.send(Event::Interrupt);
    assert_eq!(
        world.log.last(),
        Some(&Effect::Halt { trial: 12 }),
        "once is enough"
    );
    world.end(12, Verdict::Stopped);
    assert!(matches!(world.concluded()[1], (12, Outcome::Waiting(_))));
    assert_eq!(world.finished(), Some(&End::Interrupted { waiting: 1 }));
}

#[test]
fn an_interrupt_while_the_model_thinks_ends_at_once_and_its_answer_is_dropped() {
    let mut world = World::new(rules(), Past::default());
    world.is_quick = false;
    world.end(11, Verdict::Value(1.0));
    world.send(Event::Interrupt);
    assert_eq!(world.finished(), Some(&End::Interrupted { waiting: 0 }));
    let before = world.log.len();
    world.suggest();
    assert_eq!(world.log.len(), before);
}

#[test]
fn leaving_leaves_what_runs() {
    let mut world = World::new(Rules { jobs: 2, ..rules() }, Past::default());
    world.send(Event::Leave);
    assert_eq!(world.finished(), Some(&End::Left { running: 2 }));
    assert!(world.concluded().is_empty());
}

#[test]
fn a_space_without_another_configuration_ends_it() {
    let rules = Rules {
        jobs: 2,
        budget: Budget::default(),
        ..rules()
    };
    let mut world = World::new(rules, Past::default());
    world.left = 0;
    world.end(11, Verdict::Value(1.0));
    assert_eq!(world.finished(), None);
    world.end(12, Verdict::Value(1.0));
    assert_eq!(world.finished(), Some(&End::Exhausted));
}

#[test]
fn a_command_that_cannot_be_started_ends_it_and_its_trial_waits() {
    let mut world = World::new(
        Rules {
            retries: 5,
            ..rules()
        },
        Past::default(),
    );
    world.end(11, Verdict::NotStarted("no such file".to_owned()));
    assert!(matches!(world.concluded()[..], [(11, Outcome::Waiting(_))]));
    assert_eq!(
        world.finished(),
        Some(&End::NotStarted("no such file".to_owned()))
    );
}

#[test]
fn what_breaks_lets_running_trials_end() {
    let mut world = World::new(Rules { jobs: 2, ..rules() }, Past::default());
    world.send(Event::Broken("disk full".to_owned()));
    world.end(11, Verdict::Value(1.0));
    assert_eq!(world.finished(), None);
    world.end(12, Verdict::Value(1.0));
    assert_eq!(world.finished(), Some(&End::Broken("disk full".to_owned())));
}

#[test]
fn a_pruned_trial_is_over_ends_a_row_of_failures_and_is_never_the_best() {
    let rules = Rules {
        failures: 2,
        ..rules()
    };
    let mut world = World::new(rules, Past::default());
    for verdict in [
        Verdict::Failed("x".to_owned()),
        Verdict::Pruned,
        Verdict::Failed("x".to_owned()),
    ] {
        let trial = world.begun.last().unwrap().0;
        world.send(Event::Ended { trial, verdict });
    }
    let standing = world.machine.standing();
    assert_eq!((standing.finished, standing.best), (3, None));
    let ends: Vec<&Effect> = world
        .log
        .iter()
        .filter(|e| matches!(e, Effect::Finish(_)))
        .collect();
    assert_eq!(ends, [&Effect::Finish(End::Trials(3))]);
}
