//! What column and key names mean: the vocabulary of the generic readers, as tables.

use crate::study::{Direction, TrialState};

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
    /// Bookkeeping that is neither parameter nor metric.
    Ignored,
    Other,
}

/// Names of each role, after [`normalized`].
#[rustfmt::skip]
const ROLES: &[(Role, &[&str])] = &[
    (Role::Id(0), &["id"]),
    (Role::Id(1), &["trial_id"]),
    (Role::Id(2), &["trial"]),
    (Role::Id(3), &["number"]),
    (Role::Id(4), &["trial_number", "trial_index", "trial_num"]),
    (Role::Id(5), &["uid", "run_id"]),
    (Role::State, &["state", "status", "trial_status", "trial_state", "st_status"]),
    (Role::Step, &["step", "iteration", "epoch", "training_iteration", "global_step", "_step"]),
    (Role::Value, &["value", "values", "objective_value", "objective_values"]),
    (Role::Intermediate, &[
        "intermediate", "intermediates", "intermediate_values", "history", "learning_curve", "reports",
    ]),
    (Role::Started, &[
        "started", "started_at", "start_time", "start", "datetime_start", "time_start", "time_started",
    ]),
    (Role::Finished, &[
        "finished", "finished_at", "completed_at", "end_time", "ended", "ended_at", "end",
        "datetime_complete", "time_completed", "time_finished", "timestamp",
    ]),
    (Role::Seconds, &[
        "seconds", "duration", "duration_s", "duration_seconds", "elapsed", "elapsed_s", "elapsed_seconds",
        "runtime", "runtime_s", "_runtime", "time_s", "time_seconds", "walltime", "wall_time",
        "train_seconds", "train_time", "training_time", "time_total_s", "st_worker_time",
    ]),
    (Role::QueueId, &["queue_id"]),
    (Role::Error, &["error", "failure_reason", "exception", "traceback", "fail_reason"]),
    (Role::Params, &[
        "params", "param", "config", "configuration", "hyperparameters", "hyperparams", "hparams",
        "parameters",
    ]),
    (Role::Metrics, &["metrics", "metric", "results", "result", "summary", "scores", "losses"]),
    (Role::Run, &["run", "run_name"]),
    (Role::Ignored, &[
        "", "unnamed:_0", "index", "name", "notes", "note", "tags", "user", "created", "created_at",
        "sweep", "group", "job_type", "host", "hostname", "node_ip", "pid", "date", "datetime", "time",
        "user_attrs", "system_attrs", "attrs", "metadata", "meta", "info", "arm_name", "generation_node",
        "generation_method", "from_uid", "seed", "random_seed", "rng_seed", "worker", "worker_id",
        "experiment_id", "experiment_tag", "experiment_name", "study", "study_name", "_timestamp", "logdir",
        "commit", "git_commit", "git_sha", "version", "st_decision", "st_worker_timestamp",
        "st_worker_iter", "st_tuner_time", "checkpoint", "done", "origin", "device", "constraints",
    ]),
];

/// Lower case, with blanks and hyphens as underscores.
#[must_use]
pub fn normalized(name: &str) -> String {
    name.trim()
        .chars()
        .map(|c| match c {
            ' ' | '-' => '_',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

/// The role of a top-level key or column name.
#[must_use]
pub fn role(name: &str) -> Role {
    let name = normalized(name);
    ROLES
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()))
        .map_or(Role::Other, |(role, _)| *role)
}

/// Prefixes with which exporters mark parameters.
#[rustfmt::skip]
const PARAM_PREFIXES: &[&str] = &[
    "params_", "params.", "params/", "param_", "param.", "param/", "param ", "config_", "config.",
    "config/", "hyperparameters.", "hyperparameters/", "hparams.", "hparams/", "hp.", "hp/",
];
#[rustfmt::skip]
const METRIC_PREFIXES: &[&str] = &[
    "metrics.", "metrics/", "metrics_", "summary.", "summary/", "metric.",
];
#[rustfmt::skip]
const IGNORED_PREFIXES: &[&str] = &[
    "user_attrs_", "system_attrs_", "user_attr", "userattribute ", "system_attr", "user_attrs.",
    "system_attrs.", "tags.", "tags/", "tag.", "git.", "constraints_",
];

/// What a flat column name says by its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefixed<'a> {
    Param(&'a str),
    Metric(&'a str),
    /// One of several objectives: its number or name.
    Objective(&'a str),
    Ignored,
    None,
}

/// Splits off a known prefix.
#[must_use]
pub fn prefixed(name: &str) -> Prefixed<'_> {
    let after = |prefixes: &[&str]| {
        prefixes.iter().find_map(|p| {
            let head = name.get(..p.len())?;
            let rest = name.get(p.len()..)?;
            (head.eq_ignore_ascii_case(p) && !rest.is_empty()).then_some(rest)
        })
    };
    if let Some(rest) = after(&["values_", "values."]) {
        return Prefixed::Objective(rest);
    }
    if after(IGNORED_PREFIXES).is_some() {
        return Prefixed::Ignored;
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
    Some(match word {
        "complete" | "completed" | "finished" | "done" | "success" | "succeeded" | "successful"
        | "terminated" | "ok" | "passed" => TrialState::Complete,
        "pruned" | "early_stopped" | "earlystopped" | "stopped" | "stopping" | "abandoned" | "stale" => {
            TrialState::Pruned
        }
        "fail" | "failed" | "failure" | "error" | "errored" | "crashed" | "crash" | "killed" | "timeout"
        | "timed_out" | "memoryout" | "oom" | "out_of_memory" | "diverged" | "nan" | "canceled"
        | "cancelled" | "aborted" | "preempted" | "infeasible" | "dead" | "user_canceled"
        | "sys_canceled" => TrialState::Failed,
        "running" | "in_progress" | "inprogress" | "started" | "active" | "dispatched" => TrialState::Running,
        "waiting" | "pending" | "queued" | "enqueued" | "scheduled" | "candidate" | "staged"
        | "suspended" | "paused" | "requested" | "proposed" | "created" => TrialState::Waiting,
        _ => return None,
    })
}

/// Measures of which less is better, then those of which more is.
#[rustfmt::skip]
const LOSSES: &[&str] = &[
    "loss", "nll", "perplexity", "ppl", "bpc", "bpb", "mse", "rmse", "mae", "mape", "rmsle", "wer", "cer",
    "error", "err", "regret", "cost", "fid", "logloss", "brier", "crossentropy", "xent", "latency",
    "objective",
];
#[rustfmt::skip]
const GAINS: &[&str] = &[
    "acc", "accuracy", "f1", "auc", "auroc", "auprc", "roc", "map", "mrr", "ndcg", "bleu", "rouge", "r2",
    "reward", "return", "returns", "score", "recall", "precision", "iou", "miou", "dice", "psnr", "ssim",
    "elbo", "likelihood", "fitness", "kappa", "mcc", "top1", "top5", "throughput", "target", "em", "pass",
];
/// Words that make of such a name a setting (`loss_weight`, `reward_scale`, `score_threshold`).
#[rustfmt::skip]
const SETTINGS: &[&str] = &[
    "weight", "weights", "coef", "coeff", "coefficient", "scale", "alpha", "beta", "gamma", "lambda",
    "factor", "threshold", "type", "fn", "function", "name", "clip", "discount", "ratio", "margin",
    "temperature", "tol", "tolerance", "batch", "size", "split", "fraction", "frac", "every", "interval",
    "steps", "freq", "patience", "reduction", "mode", "bits", "dtype", "n", "num", "max", "min", "decay",
    "schedule", "smoothing",
];
/// Measures too ambiguous to count without a word such as `val` beside them.
#[rustfmt::skip]
const AMBIGUOUS: &[&str] = &["precision", "map", "em", "pass"];
/// Measures that count alone, or with such a word.
const PLAIN_ALONE: &[&str] = &["return", "target", "cost", "latency", "err"];
#[rustfmt::skip]
const HELD_OUT: &[&str] = &[
    "val", "valid", "validation", "eval", "dev", "holdout", "cv",
];

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['_', '/', '.', ':', '@', '(', ')', '+'])
        .filter(|w| !w.is_empty())
}

/// Whether a numeric column of this name is a measurement rather than a parameter.
#[must_use]
pub fn is_metric(name: &str) -> bool {
    let name = normalized(name);
    let any = |list: &[&str]| words(&name).any(|w| list.contains(&w));
    if any(SETTINGS) {
        return false;
    }
    let is_held_out = any(HELD_OUT) || any(&["test", "train", "training", "final", "best", "mean"]);
    let is_single = words(&name).count() == 1;
    words(&name).any(|w| {
        (LOSSES.contains(&w) || GAINS.contains(&w))
            && (is_held_out || !AMBIGUOUS.contains(&w) && (is_single || !PLAIN_ALONE.contains(&w)))
    }) || (any(HELD_OUT) && words(&name).count() > 1)
        || ["objective", "fitness"].contains(&name.as_str())
}

/// Order in which measurements are preferred as the objective: held-out before test before unspecified
/// before training, and losses before gains.
#[must_use]
pub fn metric_rank(name: &str) -> u32 {
    let name = normalized(name);
    let any = |list: &[&str]| words(&name).any(|w| list.contains(&w));
    let split = if name == "objective" || any(HELD_OUT) {
        0
    } else if any(&["test"]) {
        1
    } else if any(&["train", "training"]) {
        3
    } else {
        2
    };
    let kind = if any(LOSSES) {
        0
    } else if any(GAINS) {
        1
    } else {
        2
    };
    split * 4 + kind
}

/// The direction in which a measure of this name improves; smaller where the name does not say.
#[must_use]
pub fn direction(metric: &str) -> Direction {
    let name = normalized(metric);
    let any = |list: &[&str]| words(&name).any(|w| list.contains(&w));
    if any(LOSSES) || any(&["neg", "negative"]) || !any(GAINS) {
        Direction::Minimize
    } else {
        Direction::Maximize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_told_from_measurements() {
        for name in [
            "val_loss",
            "loss",
            "Eval/Accuracy",
            "test_f1",
            "train_loss",
            "score",
            "objective",
            "val_x",
        ] {
            assert!(is_metric(name), "{name}");
        }
        for name in [
            "loss_weight",
            "reward_scale",
            "precision",
            "lr",
            "val_batch_size",
            "dropout",
            "score_threshold",
            "eval_every",
            "weight_decay",
            "optimizer",
            "beta1",
        ] {
            assert!(!is_metric(name), "{name}");
        }
    }

    #[test]
    fn a_held_out_loss_is_the_objective_before_anything_else() {
        let mut names = ["train_loss", "val_acc", "loss", "test_loss", "val_loss"];
        names.sort_by_key(|n| metric_rank(n));
        assert_eq!(names[0], "val_loss");
        assert_eq!(names[4], "train_loss");
    }

    #[test]
    fn directions_follow_the_name() {
        for name in ["val_acc", "f1", "eval/reward", "BLEU score"] {
            assert_eq!(direction(name), Direction::Maximize, "{name}");
        }
        for name in ["val_loss", "value", "neg_log_likelihood", "error_rate", "cost"] {
            assert_eq!(direction(name), Direction::Minimize, "{name}");
        }
    }

    #[test]
    fn words_of_every_tuner_are_states() {
        assert_eq!(state("TrialState.COMPLETE"), Some(TrialState::Complete));
        assert_eq!(state("FAIL"), Some(TrialState::Failed));
        assert_eq!(state("crashed"), Some(TrialState::Failed));
        assert_eq!(state("In Progress"), Some(TrialState::Running));
        assert_eq!(state("EARLY_STOPPED"), Some(TrialState::Pruned));
        assert_eq!(state("purple"), None);
    }

    #[test]
    fn prefixes_of_exporters_are_split_off() {
        assert_eq!(prefixed("params_lr"), Prefixed::Param("lr"));
        assert_eq!(prefixed("Param lr"), Prefixed::Param("lr"));
        assert_eq!(prefixed("config/model/lr"), Prefixed::Param("model/lr"));
        assert_eq!(prefixed("values_0"), Prefixed::Objective("0"));
        assert_eq!(prefixed("user_attrs_seed"), Prefixed::Ignored);
        assert_eq!(prefixed("learning_rate"), Prefixed::None);
    }
}
