//! What column and key names mean: the vocabulary of the generic readers, as tables.

use crate::study::TrialState;

mod measures;

pub use measures::{direction, is_metric, is_response, metric_rank, objective};

/// What a name that everybody uses stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Identity of a trial; of several the lowest rank holds.
    Id(u8),
    State,
    /// Names a run: the identity where rows are steps of one, and bookkeeping otherwise.
    Run,
    /// Position within a trial, where a row is a step of one.
    Step,
    /// The same, or the number of the trial itself where rows are no steps.
    Iteration,
    /// The objective, or the list of objectives.
    Value,
    Intermediate,
    Started,
    Finished,
    Seconds,
    QueueId,
    Error,
    /// An object that holds parameters.
    Params,
    /// An object that holds metrics.
    Metrics,
    /// An object of what else was noted of a trial.
    Attributes,
    /// Tells runs of the same parameters apart (a name, a seed); bookkeeping beyond that.
    Label,
    /// Bookkeeping that is neither parameter nor metric.
    Ignored,
    Other,
}

/// What Optuna calls that which its users note of a trial.
pub const USER_ATTRIBUTES: &str = "user_attrs";

/// Names of each role, after [`normalized`].
#[rustfmt::skip]
const ROLES: &[(Role, &[&str])] = &[
    (Role::Id(0), &["id"]),
    (Role::Id(1), &["trial_id"]),
    (Role::Id(2), &["trial"]),
    (Role::Id(3), &["number"]),
    (Role::Id(4), &["trial_number", "trial_index", "trial_num", "trial_no", "tid"]),
    (Role::Id(5), &["uid", "run_id", "uuid", "run_uuid", "trial_job_id", "job_id", "exp_id", "run_number"]),
    (Role::State, &["state", "status", "trial_status", "trial_state", "st_status", "run_status"]),
    (Role::Step, &["step", "epoch", "training_iteration", "global_step", "_step"]),
    (Role::Iteration, &["iteration", "iter", "it"]),
    (Role::Value, &["value", "values", "objective_value", "objective_values"]),
    (Role::Intermediate, &[
        "intermediate", "intermediates", "intermediate_values", "history", "learning_curve", "reports",
    ]),
    (Role::Started, &[
        "started", "started_at", "start_time", "start", "datetime_start", "time_start", "time_started",
        "start_timestamp", "start_date", "begin", "begin_time", "date_started",
    ]),
    (Role::Finished, &[
        "finished", "finished_at", "completed_at", "end_time", "ended", "ended_at", "end",
        "datetime_complete", "time_completed", "time_finished", "timestamp", "finish_time", "stop_time",
        "end_timestamp", "end_date", "completed", "completion_time", "date_finished",
    ]),
    (Role::Seconds, &[
        "seconds", "duration", "duration_s", "duration_seconds", "elapsed", "elapsed_s", "elapsed_seconds",
        "runtime", "runtime_s", "_runtime", "time_s", "time_seconds", "walltime", "wall_time",
        "train_seconds", "train_time", "training_time", "time_total_s", "st_worker_time", "secs", "sec",
        "run_time", "total_time", "time_taken", "time_elapsed", "elapsed_time", "training_seconds",
        "train_runtime", "wall_clock", "wall_clock_time", "eval_time", "mean_fit_time",
    ]),
    (Role::QueueId, &["queue_id"]),
    (Role::Error, &["error", "failure_reason", "exception", "traceback", "fail_reason"]),
    (Role::Params, &[
        "params", "param", "config", "configuration", "hyperparameters", "hyperparams", "hparams",
        "parameters", "parameter", "hyperparameter", "hyper_parameters", "hyper_params", "hyperparam",
        "hparam", "hps", "hp", "cfg", "conf", "configs", "args", "arguments", "settings", "flags", "overrides",
        "trial_params", "sampled_params", "search_params", "suggestion",
    ]),
    (Role::Metrics, &[
        "metrics", "metric", "results", "result", "summary", "scores", "losses", "measurements",
        "evaluation", "eval_results", "final_metrics", "best_metrics", "outputs",
    ]),
    (Role::Attributes, &[USER_ATTRIBUTES, "user_attributes", "attrs", "metadata", "meta", "info"]),
    (Role::Run, &["run", "run_name", "config_id", "configuration_id"]),
    (Role::Label, &[
        "name", "seed", "random_seed", "rng_seed", "session_group_name", "trial_name", "display_name", "job_name",
        "experiment_name", "exp_name",
    ]),
    (Role::Ignored, &[
        "", "unnamed:_0", "index", "#", "no", "no.", "nr", "idx", "row", "sequence", "generation", "n_gen", "notes", "note", "tags", "user", "created", "created_at",
        "sweep", "group", "job_type", "host", "hostname", "node_ip", "pid", "date", "datetime", "time",
        "system_attrs", "arm_name", "generation_node",
        "generation_method", "from_uid", "worker", "worker_id",
        "experiment_id", "experiment_tag", "study", "study_name", "_timestamp", "logdir",
        "description", "comment", "owner", "exp_key",
        "book_time", "refresh_time", "created_date", "updated_at", "last_updated", "run_dir", "output_dir",
        "log_dir", "checkpoint_path", "ckpt_path", "git_hash", "url", "ordinal",
        "source_type", "source_name", "source_version", "artifact_uri", "lifecycle_stage", "user_id",
        "commit", "git_commit", "git_sha", "version", "st_decision", "st_worker_timestamp",
        "st_worker_iter", "st_tuner_time", "checkpoint", "done", "origin", "device", "constraints",
    ]),
];

/// Lower case, with blanks, hyphens and the humps of `camelCase` as underscores, and without a unit in brackets
/// (`Train time [s]`).
#[must_use]
pub fn normalized(name: &str) -> String {
    let name = without_unit(name.trim());
    let mut out = String::with_capacity(name.len() + 4);
    // Two small letters before a hump, or it is none (`mAP`, `pH`).
    let mut small = 0;
    for c in name.chars() {
        if c.is_ascii_uppercase() && small > 1 {
            out.push('_');
        }
        small = if c.is_ascii_lowercase() { small + 1 } else { 0 };
        out.push(match c {
            ' ' | '-' => '_',
            c => c.to_ascii_lowercase(),
        });
    }
    out
}

/// A name without the unit that stands in brackets behind it.
fn without_unit(name: &str) -> &str {
    let open = match name.as_bytes().last() {
        Some(b']') => '[',
        Some(b')') => '(',
        _ => return name,
    };
    match name.rsplit_once(open) {
        Some((before, _)) if before.ends_with([' ', '_']) => before.trim_end_matches([' ', '_']),
        _ => name,
    }
}

/// Units of time behind a name of [`Role::Seconds`] (`duration_ms`, `Runtime (min)`), in seconds.
#[rustfmt::skip]
const UNITS: &[(&str, f64)] = &[
    ("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("sec", 1.0), ("secs", 1.0), ("seconds", 1.0),
    ("min", 60.0), ("mins", 60.0), ("minutes", 60.0), ("h", 3600.0), ("hr", 3600.0), ("hrs", 3600.0),
    ("hours", 3600.0),
];

/// Seconds a unit of a column of durations; `None` where the name is none of such a column.
#[must_use]
pub fn seconds_a_unit(name: &str) -> Option<f64> {
    let bare = normalized(name);
    let named = |unit: &str| UNITS.iter().find(|(u, _)| *u == unit).map(|(_, s)| *s);
    if is_of(&bare, Role::Seconds) {
        let unit = name.trim().rsplit_once(['[', '(']);
        return Some(
            unit.and_then(|(_, u)| named(u.trim_end_matches([']', ')'])))
                .unwrap_or(1.0),
        );
    }
    let (before, unit) = bare.rsplit_once('_')?;
    named(unit).filter(|_| is_of(before, Role::Seconds))
}

fn is_of(normalized: &str, wanted: Role) -> bool {
    ROLES
        .iter()
        .any(|(role, names)| *role == wanted && names.contains(&normalized))
}

/// The role of a top-level key or column name.
#[must_use]
pub fn role(name: &str) -> Role {
    let bare = normalized(name);
    let known = ROLES
        .iter()
        .find(|(_, names)| names.contains(&bare.as_str()))
        .map(|(role, _)| *role);
    known
        .or_else(|| seconds_a_unit(name).map(|_| Role::Seconds))
        .unwrap_or(Role::Other)
}

/// What a yes or no under a name says of the state of a trial (`"failed": true`).
#[must_use]
pub fn flag(name: &str, is_so: bool) -> Option<TrialState> {
    match (normalized(name).as_str(), is_so) {
        ("success" | "successful" | "succeeded" | "ok", false)
        | (
            "failed" | "failure" | "fail" | "crashed" | "diverged" | "error" | "errored" | "timed_out"
            | "timeout" | "infeasible" | "oom",
            true,
        ) => Some(TrialState::Failed),
        ("pruned" | "early_stopped" | "stopped_early", true) => Some(TrialState::Pruned),
        _ => None,
    }
}

/// Whether a yes or no of this name is about the state of a trial.
#[must_use]
pub fn is_flag(name: &str) -> bool {
    flag(name, true).is_some() || flag(name, false).is_some()
}

/// Prefixes with which exporters mark parameters.
#[rustfmt::skip]
const PARAM_PREFIXES: &[&str] = &[
    "params_", "params.", "params/", "param_", "param.", "param/", "param ", "config_", "config.",
    "config/", "hyperparameters.", "hyperparameters/", "hyperparameter.", "hyperparameter ", "hparams.",
    "hparams/", "hparam.", "hparam/", "hparam ", "hp.", "hp/", "parameters.", "parameters/", "parameter.",
    "parameter/", "args.", "args/", "cfg.", "cfg/",
];
/// Of these those under which TensorBoard files metrics, too (`hp/accuracy`).
const EITHER: &[&str] = &["hp/", "hparam/", "hparams/"];
#[rustfmt::skip]
const METRIC_PREFIXES: &[&str] = &[
    "metrics.", "metrics/", "metrics_", "summary.", "summary/", "metric.", "metric/", "metric ",
    "results.", "results/", "result.", "result/",
];
/// Prefixes of what users of Optuna note of a trial, as its exports have them.
const ATTRIBUTE_PREFIXES: &[&str] = &[
    "user_attrs_",
    "user_attrs.",
    "user_attr_",
    "user_attr.",
    "userattribute ",
];
#[rustfmt::skip]
const IGNORED_PREFIXES: &[&str] = &[
    "system_attrs_", "system_attr", "system_attrs.", "tags.", "tags/", "tag.", "git.", "constraints_",
];

/// What a flat column name says by its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefixed<'a> {
    Param(&'a str),
    Metric(&'a str),
    /// One of several objectives: its number or name.
    Objective(&'a str),
    /// What a user of Optuna noted, under the name that it had there.
    Attribute(&'a str),
    Ignored,
    None,
}

/// What follows the first of some prefixes that a name has.
fn after<'a>(name: &'a str, prefixes: &[&str]) -> Option<&'a str> {
    prefixes.iter().find_map(|p| {
        let head = name.get(..p.len())?;
        let rest = name.get(p.len()..)?;
        (head.eq_ignore_ascii_case(p) && !rest.is_empty()).then_some(rest)
    })
}

/// The name that a user attribute had in Optuna, of the one that an export of Optuna gives it.
#[must_use]
pub fn without_attribute_prefix(name: &str) -> &str {
    after(name, ATTRIBUTE_PREFIXES).unwrap_or(name)
}

/// Splits off a known prefix; a whole name that everybody uses has none (`config_id`).
#[must_use]
pub fn prefixed(name: &str) -> Prefixed<'_> {
    if role(name) != Role::Other {
        return Prefixed::None;
    }
    let after = |prefixes: &[&str]| after(name, prefixes);
    if let Some(rest) = after(&["values_", "values."]) {
        return Prefixed::Objective(rest);
    }
    if let Some(rest) = after(ATTRIBUTE_PREFIXES) {
        return Prefixed::Attribute(rest);
    }
    if after(IGNORED_PREFIXES).is_some() {
        return Prefixed::Ignored;
    }
    if let Some(rest) = after(EITHER).filter(|rest| is_metric(rest) || rest.starts_with("metric")) {
        return Prefixed::Metric(rest);
    }
    if let Some(rest) = after(PARAM_PREFIXES) {
        return Prefixed::Param(rest);
    }
    after(METRIC_PREFIXES).map_or(Prefixed::None, Prefixed::Metric)
}

/// The state that a word of any tuner means.
#[must_use]
pub fn state(word: &str) -> Option<TrialState> {
    let word = normalized(word);
    let word = word.rsplit('.').next().unwrap_or("");
    let word = ["status_", "state_"]
        .iter()
        .find_map(|p| word.strip_prefix(p))
        .unwrap_or(word);
    Some(match word {
        "complete" | "completed" | "finished" | "done" | "success" | "succeeded" | "successful"
        | "terminated" | "ok" | "passed" | "ended" | "evaluated" | "valid" => TrialState::Complete,
        "pruned" | "early_stopped" | "earlystopped" | "stopped" | "stopping" | "abandoned" | "stale"
        | "stopped_early" | "terminated_early" | "early_terminated" | "halted" | "discarded" => {
            TrialState::Pruned
        }
        "fail" | "failed" | "failure" | "error" | "errored" | "crashed" | "crash" | "killed" | "timeout"
        | "timed_out" | "memoryout" | "oom" | "out_of_memory" | "diverged" | "nan" | "canceled"
        | "cancelled" | "aborted" | "preempted" | "infeasible" | "dead" | "user_canceled"
        | "sys_canceled" | "memory_out" | "interrupted" | "exception" | "rejected" | "invalid" | "lost" => {
            TrialState::Failed
        }
        "running" | "in_progress" | "inprogress" | "started" | "active" | "dispatched" | "training"
        | "evaluating" | "launched" => TrialState::Running,
        "waiting" | "pending" | "queued" | "enqueued" | "scheduled" | "candidate" | "staged"
        | "suspended" | "paused" | "requested" | "proposed" | "created" | "new" | "submitted"
        | "not_started" => TrialState::Waiting,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_tuner_are_states() {
        assert_eq!(state("TrialState.COMPLETE"), Some(TrialState::Complete));
        assert_eq!(state("FAIL"), Some(TrialState::Failed));
        assert_eq!(state("crashed"), Some(TrialState::Failed));
        assert_eq!(state("In Progress"), Some(TrialState::Running));
        assert_eq!(state("EARLY_STOPPED"), Some(TrialState::Pruned));
        assert_eq!(state("InProgress"), Some(TrialState::Running));
        assert_eq!(state("STATUS_FAIL"), Some(TrialState::Failed));
        assert_eq!(state("purple"), None);
        assert_eq!(flag("failed", true), Some(TrialState::Failed));
        assert_eq!(flag("success", true), None);
        assert!(is_flag("Success") && !is_flag("use_bn"));
    }

    #[test]
    fn humps_and_units_are_no_part_of_a_name() {
        assert_eq!(normalized("valLoss"), "val_loss");
        assert_eq!(normalized("mAP"), "map");
        assert_eq!(role("trialJobId"), Role::Id(5));
        assert_eq!(role("endTime"), Role::Finished);
        assert_eq!(role("Train time [s]"), Role::Seconds);
        for (name, seconds) in [("duration", 1.0), ("duration_ms", 1e-3), ("Runtime (min)", 60.0)] {
            assert_eq!(seconds_a_unit(name), Some(seconds), "{name}");
        }
        assert_eq!(seconds_a_unit("batch_ms"), None);
        assert_eq!(seconds_a_unit("params_ms"), None);
    }

    #[test]
    fn prefixes_of_exporters_are_split_off() {
        assert_eq!(prefixed("params_lr"), Prefixed::Param("lr"));
        assert_eq!(prefixed("Param lr"), Prefixed::Param("lr"));
        assert_eq!(prefixed("config/model/lr"), Prefixed::Param("model/lr"));
        assert_eq!(prefixed("hp/lr"), Prefixed::Param("lr"));
        assert_eq!(prefixed("hp/accuracy"), Prefixed::Metric("accuracy"));
        assert_eq!(prefixed("hp/metric_1"), Prefixed::Metric("metric_1"));
        assert_eq!(prefixed("values_0"), Prefixed::Objective("0"));
        assert_eq!(prefixed("user_attrs_seed"), Prefixed::Attribute("seed"));
        assert_eq!(prefixed("UserAttribute gpu mem"), Prefixed::Attribute("gpu mem"));
        assert_eq!(prefixed("system_attrs_grid"), Prefixed::Ignored);
        assert_eq!(prefixed("learning_rate"), Prefixed::None);
        assert_eq!(prefixed("config_id"), Prefixed::None);
        assert_eq!(prefixed("config_idle"), Prefixed::Param("idle"));
    }
}
