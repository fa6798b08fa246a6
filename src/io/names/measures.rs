//! Which names are measurements, which of them the objective, and in which direction it improves.

use super::normalized;
use crate::study::Direction;

/// Measures of which less is better, then those of which more is.
#[rustfmt::skip]
const LOSSES: &[&str] = &[
    "loss", "nll", "perplexity", "ppl", "bpc", "bpb", "bpd", "mse", "rmse", "mae", "mape", "smape", "mase", "rmsle",
    "msle", "crps", "wer", "cer", "eer", "error", "err", "regret", "cost", "fid", "lpips", "logloss", "brier", "ece",
    "crossentropy", "xent", "kld", "latency", "objective", "makespan", "energy",
];
#[rustfmt::skip]
const GAINS: &[&str] = &[
    "acc", "accuracy", "f1", "auc", "auroc", "auprc", "roc", "map", "mrr", "ndcg", "bleu", "rouge", "meteor", "chrf",
    "r2", "rew", "reward", "rewards", "return", "returns", "score", "recall", "precision", "iou", "miou", "dice",
    "psnr", "ssim", "elbo", "likelihood", "fitness", "kappa", "mcc", "top1", "top5", "throughput", "target", "em",
    "pass", "ap", "ap50", "map50", "spearman", "pearson", "correlation", "winrate", "success", "elo", "sharpe",
    "profit", "speedup", "gflops", "tflops", "fps", "qps", "iops", "bandwidth", "performance", "silhouette",
];
/// Words that make of such a name a setting (`loss_weight`, `reward_scale`, `score_threshold`).
#[rustfmt::skip]
const SETTINGS: &[&str] = &[
    "weight", "weights", "coef", "coeff", "coefficient", "scale", "alpha", "beta", "gamma", "lambda",
    "factor", "threshold", "type", "fn", "function", "name", "clip", "discount", "ratio", "margin",
    "temperature", "tol", "tolerance", "batch", "size", "split", "fraction", "frac", "every", "interval",
    "steps", "freq", "patience", "reduction", "mode", "bits", "dtype", "n", "num", "max", "min", "decay",
    "schedule", "smoothing", "limit", "warmup",
];
/// Measures too ambiguous to count without a word such as `val` beside them.
#[rustfmt::skip]
const AMBIGUOUS: &[&str] = &["precision", "map", "em", "pass", "ap"];
/// Measures that count alone, or with such a word.
#[rustfmt::skip]
const PLAIN_ALONE: &[&str] = &[
    "return", "target", "cost", "latency", "err", "energy", "performance", "correlation", "bandwidth",
];
#[rustfmt::skip]
const HELD_OUT: &[&str] = &[
    "val", "valid", "validation", "eval", "dev", "holdout", "cv",
];
/// Words that say of which rows or runs something was measured, or how it was summed up.
const SUMMED_UP: &[&str] = &[
    "test", "train", "training", "final", "best", "mean", "avg", "average", "median",
];
/// Units behind a name.
#[rustfmt::skip]
const UNITS: &[&str] = &[
    "ns", "us", "ms", "s", "sec", "secs", "seconds", "min", "h", "pct", "percent", "%", "mb", "gb", "mj", "j", "usd",
];
/// Words of what a run or a model takes, which is the objective where no quality is.
#[rustfmt::skip]
const RESOURCES: &[&str] = &[
    "latency", "energy", "throughput", "gflops", "tflops", "fps", "qps", "iops", "bandwidth", "speedup",
];
/// Words of what is measured beside the quality: how long it took, how far it scatters, where it stands.
const BESIDE: &[&str] = &[
    "std", "sd", "stderr", "sem", "variance", "ci", "rank", "time", "runtime", "second",
];
/// Words that say what took so long.
#[rustfmt::skip]
const TIMED: &[&str] = &[
    "fit", "score", "mean", "std", "total", "elapsed", "wall", "inference", "infer", "predict", "step", "epoch", "train",
    "training", "eval", "val", "test", "cpu", "gpu",
];
/// Whole names of the result where nothing else has the name of a measurement: toy functions and their like.
#[rustfmt::skip]
const RESPONSES: &[&str] = &[
    "y", "z", "f", "fx", "f(x)", "fval", "fun", "func_value", "obj", "obj_value", "objective_function", "response",
    "output", "result", "metric", "outcome", "perf", "quality", "y_obs", "y_value", "measurement",
];
/// Words that turn a measure round.
const NEGATED: &[&str] = &["neg", "negative", "negated", "minus"];

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['_', '/', '.', ':', '@', '(', ')', '+'])
        .filter(|w| !w.is_empty())
}

/// The words of a name, without a unit behind them, and `cross_entropy` as one.
fn measure(name: &str) -> String {
    let name = normalized(name).replace("cross_entropy", "crossentropy");
    match name.rsplit_once('_') {
        Some((before, unit)) if UNITS.contains(&unit) => before.to_owned(),
        _ => name,
    }
}

/// Whether a numeric column of this name is a measurement rather than a parameter.
#[must_use]
pub fn is_metric(name: &str) -> bool {
    let name = measure(name);
    let any = |list: &[&str]| words(&name).any(|w| list.contains(&w));
    if ["objective", "fitness", "hp_metric"].contains(&name.as_str()) {
        return true;
    }
    if any(SETTINGS) {
        return false;
    }
    let is_held_out = any(HELD_OUT) || any(SUMMED_UP);
    let is_single = words(&name).filter(|w| !NEGATED.contains(w)).count() == 1;
    words(&name).any(|w| {
        (LOSSES.contains(&w) || GAINS.contains(&w))
            && (is_held_out || !AMBIGUOUS.contains(&w) && (is_single || !PLAIN_ALONE.contains(&w)))
    }) || (any(HELD_OUT) && words(&name).count() > 1)
        || (any(&["time", "runtime"]) && any(TIMED))
}

/// Whether this is a usual whole name of a result; it counts where nothing has the name of a measurement.
#[must_use]
pub fn is_response(name: &str) -> bool {
    RESPONSES.contains(&normalized(name).as_str())
}

/// The name and the direction of an objective whose column says both: `loss (minimize)`, or as DeepCAVE writes it,
/// `metric:accuracy [0.0; 1.0] (maximize)`, with the bounds of the objective.
#[must_use]
pub fn objective(head: &str) -> Option<(&str, Direction)> {
    let (name, word) = head.trim().strip_suffix(')')?.rsplit_once('(')?;
    let direction = match word.trim().to_ascii_lowercase().as_str() {
        "maximize" | "maximise" | "higher is better" | "↑" => Direction::Maximize,
        "minimize" | "minimise" | "lower is better" | "↓" => Direction::Minimize,
        _ => return None,
    };
    let name = name.trim();
    let name = name
        .strip_suffix(']')
        .and_then(|name| name.rsplit_once('['))
        .map_or(name, |(name, _)| name.trim());
    let name = name.strip_prefix("metric:").unwrap_or(name).trim();
    (!name.is_empty()).then_some((name, direction))
}

/// Order in which measurements are preferred as the objective: held-out before test before unspecified
/// before training, and losses before gains; a mean before one of its folds, and last what is measured beside.
#[must_use]
pub fn metric_rank(name: &str) -> u32 {
    let name = measure(name);
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
    let is_fold = words(&name).any(|w| {
        ["split", "fold"]
            .iter()
            .any(|f| w.strip_prefix(f).is_some_and(|k| k.parse::<u32>().is_ok()))
    });
    let is_resource = any(RESOURCES);
    u32::from(any(BESIDE)) * 64 + u32::from(is_fold) * 32 + u32::from(is_resource) * 16 + split * 4 + kind
}

/// The direction in which a measure of this name improves; smaller where the name does not say. `neg` turns it round:
/// of `neg_mean_squared_error` more is better, of a negative log likelihood less.
#[must_use]
pub fn direction(metric: &str) -> Direction {
    let name = measure(metric);
    let any = |list: &[&str]| words(&name).any(|w| list.contains(&w));
    let is_gain = if any(LOSSES) {
        any(NEGATED)
    } else {
        (any(GAINS) || any(&["quality", "perf"])) && !any(NEGATED)
    };
    if is_gain {
        Direction::Maximize
    } else {
        Direction::Minimize
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
            "ep_rew_mean",
            "latency_ms",
            "valAcc",
            "neg_log_likelihood",
            "mean_fit_time",
            "hp_metric",
            "accuracy (%)",
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
            "warmup_time",
            "time_limit",
            "learning_rate",
        ] {
            assert!(!is_metric(name), "{name}");
        }
    }

    #[test]
    fn a_column_may_say_the_direction_of_its_objective() {
        for (head, name, direction) in [
            ("metric:acc [0.0; 1.0] (maximize)", "acc", Direction::Maximize),
            ("metric:loss [-inf; +inf] (minimize)", "loss", Direction::Minimize),
            ("val acc (higher is better)", "val acc", Direction::Maximize),
            ("loss (↓)", "loss", Direction::Minimize),
        ] {
            assert_eq!(objective(head), Some((name, direction)), "{head}");
        }
        for head in [
            "loss",
            "accuracy (%)",
            "duration [s]",
            "(maximize)",
            "metric:loss [0; 1]",
        ] {
            assert_eq!(objective(head), None, "{head}");
        }
    }

    #[test]
    fn a_held_out_loss_is_the_objective_before_anything_else() {
        let mut names = ["train_loss", "val_acc", "loss", "test_loss", "val_loss"];
        names.sort_by_key(|n| metric_rank(n));
        assert_eq!(names[0], "val_loss");
        assert_eq!(names[4], "train_loss");
        let mut names = [
            "mean_fit_time",
            "split0_test_score",
            "std_test_score",
            "mean_test_score",
            "rank_test_score",
        ];
        names.sort_by_key(|n| metric_rank(n));
        assert_eq!(names[0], "mean_test_score");
    }

    #[test]
    fn directions_follow_the_name() {
        for name in [
            "val_acc",
            "f1",
            "eval/reward",
            "BLEU score",
            "neg_mean_squared_error",
            "neg_log_loss",
        ] {
            assert_eq!(direction(name), Direction::Maximize, "{name}");
        }
        for name in [
            "val_loss",
            "value",
            "neg_log_likelihood",
            "error_rate",
            "cost",
            "negative_reward",
            "top1_err",
        ] {
            assert_eq!(direction(name), Direction::Minimize, "{name}");
        }
    }
}
