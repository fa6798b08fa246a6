//! The words a lesson may use, and what may stand for each.

use super::Setting;
use crate::acquisition::AcquisitionFunction;
use crate::gp::spec;
use crate::learn::expression::Kind;

/// What can be set, in the front matter and by `@set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Knob {
    /// Name of an acquisition function.
    Acquisition,
    Xi,
    Beta,
    /// A kernel specification as `--kernel` reads it.
    Kernel,
    /// In the unit of the axis from 0 to 1; `fitted` gives it back to the fit.
    Lengthscale,
    /// Standard deviation of the noise that is added to what is evaluated, in the function's units.
    Noise,
    /// `right`, or `wrong`: EI with the sign that is often printed for maximisation.
    Sign,
    /// How many posterior samples are drawn.
    Samples,
    /// Makes everything repeatable.
    Seed,
}

/// What can be shown and hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Panel {
    Truth,
    /// The posterior at the probe as a density, with the part that improves shaded.
    Density,
    /// EI as its two areas.
    Terms,
    Samples,
    /// The likelihood over lengthscale and noise.
    Evidence,
    /// Where the next point lies for each ξ.
    Ladder,
    /// Several acquisition functions side by side.
    Comparison,
    /// Regret of several players.
    Race,
    Surface,
    History,
}

/// Every knob, by name.
pub const KNOBS: [(&str, Knob); 9] = [
    ("acquisition", Knob::Acquisition),
    ("xi", Knob::Xi),
    ("beta", Knob::Beta),
    ("kernel", Knob::Kernel),
    ("lengthscale", Knob::Lengthscale),
    ("noise", Knob::Noise),
    ("sign", Knob::Sign),
    ("samples", Knob::Samples),
    ("seed", Knob::Seed),
];

/// Every panel, by name.
pub const PANELS: [(&str, Panel); 10] = [
    ("truth", Panel::Truth),
    ("density", Panel::Density),
    ("terms", Panel::Terms),
    ("samples", Panel::Samples),
    ("evidence", Panel::Evidence),
    ("ladder", Panel::Ladder),
    ("comparison", Panel::Comparison),
    ("race", Panel::Race),
    ("surface", Panel::Surface),
    ("history", Panel::History),
];

/// What a check can ask about, with its meaning. Values are in the function's units and, for EI and its terms, in
/// those of the model, exactly as they stand on the screen.
pub const QUANTITIES: [(&str, &str); 39] = [
    ("points", "evaluated points"),
    ("added", "points that the learner added in this step"),
    ("removed", "points that the learner took away in this step"),
    ("steps", "steps of the optimiser in this step"),
    ("x1", "the probe's first parameter"),
    ("x2", "the probe's second parameter"),
    ("mean", "posterior mean at the probe"),
    (
        "mean_lost",
        "how much worse that is than the best mean of the slice through the probe",
    ),
    ("sd", "posterior standard deviation at the probe"),
    (
        "widest",
        "the largest standard deviation on the slice through the probe",
    ),
    ("prior_sd", "standard deviation where nothing is known"),
    (
        "z",
        "improvement of the mean over the incumbent, in standard deviations",
    ),
    ("ei", "expected improvement at the probe"),
    ("exploitation", "its first term"),
    ("exploration", "its second term"),
    ("pi", "probability of improvement at the probe"),
    ("ucb", "upper confidence bound at the probe"),
    ("next1", "the next point's first parameter"),
    ("next2", "the next point's second parameter"),
    (
        "gap",
        "largest distance of probe and next point on an axis from 0 to 1",
    ),
    ("nearest", "the same between probe and nearest evaluated point"),
    ("here", "evaluations exactly at the probe"),
    ("jumps", "how often the next point jumped in this step"),
    ("best", "best value so far"),
    ("regret", "how far it is from the optimum"),
    ("evidence", "log marginal likelihood of the model as it is set"),
    (
        "evidence_lost",
        "how much less that is than at the fitted hyperparameters",
    ),
    (
        "lengthscale",
        "lengthscale of the first parameter on an axis from 0 to 1",
    ),
    (
        "noise",
        "standard deviation of the noise that the model believes in",
    ),
    ("nu", "smoothness of the kernel; infinite for the RBF kernel"),
    ("xi", "as set"),
    ("beta", "as set"),
    ("samples", "posterior samples drawn"),
    ("trial", "the trial at which a recorded study is looked at"),
    ("score", "points in the guessing game"),
    ("kernel", "a text: the kernel's name"),
    ("acquisition", "a text: the acquisition function's name"),
    ("sign", "a text: right or wrong"),
    ("truth", "whether the true function is shown"),
];

/// What kind of answer a name of [`QUANTITIES`] has.
#[must_use]
pub fn kind(i: usize) -> Kind {
    match QUANTITIES.get(i) {
        Some((_, meaning)) if meaning.starts_with("a text") => Kind::Text,
        Some(("truth", _)) => Kind::Truth,
        _ => Kind::Number,
    }
}

/// Most posterior samples.
const MOST_SAMPLES: f64 = crate::analysis::samples::MOST as f64;

/// What is wrong with a setting, in words; `Ok` where a key could have set the same.
pub(super) fn check(knob: Knob, setting: &Setting) -> Result<(), String> {
    let whole = |x: f64| x.fract() == 0.0;
    match (knob, setting) {
        (Knob::Acquisition, Setting::Word(name)) => acquisition(name),
        (Knob::Kernel, Setting::Word(spec)) => kernel(spec),
        (Knob::Sign, Setting::Word(word)) if word != "right" && word != "wrong" => {
            Err(format!("sign is right or wrong, not {word}"))
        }
        (Knob::Lengthscale, Setting::Word(word)) if word != "fitted" => {
            Err(format!("lengthscale is a number above 0 or fitted, not {word}"))
        }
        (Knob::Lengthscale, Setting::Number(x)) if *x <= 0.0 => {
            Err(format!("lengthscale is above 0, not {x}"))
        }
        (Knob::Xi, Setting::Number(x)) if *x < 0.0 => Err(format!("xi is at least 0, not {x}")),
        (Knob::Beta, Setting::Number(x)) if *x < 0.0 => Err(format!("beta is at least 0, not {x}")),
        (Knob::Noise, Setting::Number(x)) if *x < 0.0 => Err(format!("noise is at least 0, not {x}")),
        (Knob::Samples, Setting::Number(x)) if !whole(*x) || !(0.0..=MOST_SAMPLES).contains(x) => Err(
            format!("samples is a whole number from 0 to {MOST_SAMPLES}, not {x}"),
        ),
        (Knob::Seed, Setting::Number(x)) if !whole(*x) || *x < 0.0 => {
            Err(format!("seed is a whole number of at least 0, not {x}"))
        }
        _ => Ok(()),
    }
}

pub(super) fn acquisition(name: &str) -> Result<(), String> {
    if AcquisitionFunction::from_name(name).is_some() {
        return Ok(());
    }
    let known: Vec<&str> = AcquisitionFunction::ALL.iter().map(|f| f.name()).collect();
    Err(format!(
        "there is no acquisition function {name}; they are {}",
        known.join(", ")
    ))
}

/// Where parameters are named the space decides, which is not known here.
pub(super) fn kernel(text: &str) -> Result<(), String> {
    if text.contains('[') {
        return Ok(());
    }
    spec::parse(text, &["x"]).map(|_| ()).map_err(|e| e.to_string())
}

impl Knob {
    /// Whether it is set to a word; the others take numbers, the lengthscale either.
    #[must_use]
    pub const fn takes_words(self) -> bool {
        matches!(
            self,
            Self::Acquisition | Self::Kernel | Self::Sign | Self::Lengthscale
        )
    }

    /// Whether it can be set to a number.
    #[must_use]
    pub const fn takes_numbers(self) -> bool {
        !matches!(self, Self::Acquisition | Self::Kernel | Self::Sign)
    }
}

/// What one of these lists has under a name.
pub(super) fn find<T: Copy>(list: &[(&'static str, T)], name: &str) -> Option<T> {
    list.iter().find(|(known, _)| *known == name).map(|(_, it)| *it)
}

/// The names of one of these lists, for messages.
pub(super) fn names<T>(list: &[(&'static str, T)]) -> String {
    list.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
