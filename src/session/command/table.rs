//! The table of commands: names, arguments, meanings, and how an argument is read.

use super::{Command, param};
use crate::analysis::samples::MOST as MOST_SAMPLES;
use crate::analysis::{AcquisitionFunction, Layer};
use crate::session::action::Action;
use crate::session::filter::column;
use crate::session::model::{ColorLevel, Pane, ThemeChoice};
use crate::study::{Form, Study};

fn none(_: &Study) -> Vec<String> {
    Vec::new()
}

fn params(study: &Study) -> Vec<String> {
    study
        .space
        .params
        .iter()
        .map(|p| p.name.shown().to_owned())
        .collect()
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|w| (*w).to_owned()).collect()
}

fn number(text: &str, what: &str) -> Result<f64, String> {
    text.trim()
        .parse::<f64>()
        .ok()
        .filter(|x| x.is_finite() && *x >= 0.0)
        .ok_or_else(|| format!("{what} takes a number of at least 0, not {text:?}"))
}

macro_rules! simple {
    ($action:expr) => {
        |_, _| Ok($action)
    };
}

/// Every command, in the order of help.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "acquisition",
        argument: "logei | ei | pi | ucb | mes | pes | jes | thompson | eips",
        help: "choose the acquisition function",
        parse: |a, _| {
            AcquisitionFunction::from_name(a.trim())
                .map(Action::SetAcquisition)
                .ok_or_else(|| {
                    let names = AcquisitionFunction::ALL.map(AcquisitionFunction::name);
                    format!(
                        "{a:?} is not an acquisition function; there are {}",
                        names.join(", ")
                    )
                })
        },
        values: |_| {
            AcquisitionFunction::ALL
                .iter()
                .map(|f| f.name().to_owned())
                .collect()
        },
    },
    Command {
        name: "xi",
        argument: "NUMBER",
        help: "exploration margin of EI and PI, in standardised units",
        parse: |a, _| number(a, "xi").map(Action::SetXi),
        values: none,
    },
    Command {
        name: "beta",
        argument: "NUMBER",
        help: "weight of σ in UCB",
        parse: |a, _| number(a, "beta").map(Action::SetBeta),
        values: none,
    },
    Command {
        name: "samples",
        argument: "NUMBER",
        help: "posterior samples on the slices, each with the place of its best value; 0: none",
        parse: |a, _| {
            let count = a.trim().parse::<usize>().ok().filter(|n| *n <= MOST_SAMPLES);
            count
                .map(Action::SetSamples)
                .ok_or_else(|| format!("samples takes a whole number from 0 to {MOST_SAMPLES}, not {a:?}"))
        },
        values: none,
    },
    Command {
        name: "starts",
        argument: "NUMBER | all",
        help: "scattered places that the search for the next point climbs from; all: the best of a large pool",
        parse: |a, _| match a.trim() {
            "all" => Ok(Action::SetStarts(None)),
            text => match text.parse::<usize>() {
                Ok(n) if (1..=256).contains(&n) => Ok(Action::SetStarts(Some(n))),
                _ => Err(format!(
                    "starts takes a whole number from 1 to 256 or `all`, not {a:?}"
                )),
            },
        },
        values: |_| words(&["all"]),
    },
    Command {
        name: "lengthscale",
        argument: "NUMBER | fitted",
        help: "sets every lengthscale, on an axis from 0 to 1, or gives them back to the fit",
        parse: |a, _| match a.trim() {
            "fitted" => Ok(Action::SetLengthscale(None)),
            text => match number(text, "lengthscale") {
                Ok(x) if x > 0.0 => Ok(Action::SetLengthscale(Some(x))),
                _ => Err(format!(
                    "lengthscale takes a number above 0 or `fitted`, not {a:?}"
                )),
            },
        },
        values: |_| words(&["fitted"]),
    },
    Command {
        name: "noise",
        argument: "NUMBER",
        help: "in the lab: standard deviation of the noise that is added to each evaluation",
        parse: |a, _| number(a, "noise").map(Action::SetNoise),
        values: none,
    },
    Command {
        name: "sign",
        argument: "right | wrong",
        help: "in the lab: EI as it is, or with the sign that is often misprinted",
        parse: |a, _| match a.trim() {
            "right" => Ok(Action::SetSign(true)),
            "wrong" => Ok(Action::SetSign(false)),
            _ => Err(format!("sign is right or wrong, not {a:?}")),
        },
        values: |_| words(&["right", "wrong"]),
    },
    Command {
        name: "step",
        argument: "NUMBER",
        help: "in the lab: lets the optimiser take so many steps",
        parse: |a, _| match a.trim().parse::<u32>() {
            Ok(n @ 1..=1000) => Ok(Action::LabStep(n)),
            _ => Err(format!("step takes a whole number from 1 to 1000, not {a:?}")),
        },
        values: none,
    },
    Command {
        name: "kernel",
        argument: "SPEC | default",
        help: "kernel, such as matern52, rbf, matern32+constant, rbf[lr]*matern52",
        parse: |a, _| match a.trim() {
            "" => Err("kernel takes a kernel, such as matern52 or rbf; `default` goes back".to_owned()),
            "default" => Ok(Action::SetKernel(None)),
            spec => Ok(Action::SetKernel(Some(spec.to_owned()))),
        },
        values: |_| words(&["default", "matern52", "matern32", "matern12", "rbf"]),
    },
    Command {
        name: "warp",
        argument: "",
        help: "switch the warp of bad outputs on or off",
        parse: simple!(Action::ToggleWarp),
        values: none,
    },
    Command {
        name: "objective",
        argument: "",
        help: "fit by marginal likelihood or by leave-one-out",
        parse: simple!(Action::ToggleObjective),
        values: none,
    },
    Command {
        name: "layer",
        argument: "mean | sd | acquisition | exploitation | exploration | improve",
        help: "what the surface shows",
        parse: |a, _| match a.trim() {
            "mean" => Ok(Action::SetLayer(Layer::Mean)),
            "sd" | "σ" => Ok(Action::SetLayer(Layer::Sd)),
            "acquisition" => Ok(Action::SetLayer(Layer::Acquisition)),
            "exploitation" => Ok(Action::SetLayer(Layer::Exploitation)),
            "exploration" => Ok(Action::SetLayer(Layer::Exploration)),
            "improve" => Ok(Action::SetLayer(Layer::ProbabilityOfImprovement)),
            other => Err(format!("{other:?} is not a layer; see `:help`")),
        },
        values: |_| {
            words(&[
                "mean",
                "sd",
                "acquisition",
                "exploitation",
                "exploration",
                "improve",
            ])
        },
    },
    Command {
        name: "pair",
        argument: "X Y",
        help: "parameters of the surface",
        parse: |a, study| {
            let names: Vec<&str> = a.split([' ', ',']).filter(|s| !s.is_empty()).collect();
            match names.as_slice() {
                [x, y] => {
                    let (x, y) = (param(x, study)?, param(y, study)?);
                    if x == y {
                        return Err("pair takes two different parameters".to_owned());
                    }
                    Ok(Action::SetPair(x, y))
                }
                _ => Err("pair takes two parameters, such as `pair lr dropout`".to_owned()),
            }
        },
        values: params,
    },
    Command {
        name: "set",
        argument: "PARAM VALUE",
        help: "edit one value of the draft",
        parse: |a, study| match a.trim().split_once([' ', '=']) {
            Some((name, value)) => {
                param(name, study)?;
                Ok(Action::SetParam(name.trim().to_owned(), value.trim().to_owned()))
            }
            None => Err("set takes a parameter and a value, such as `set lr 3e-4`".to_owned()),
        },
        values: params,
    },
    Command {
        name: "filter",
        argument: "EXPRESSION",
        help: "rows of the trial table, such as `lr<1e-3 state=complete`",
        parse: |a, _| Ok(Action::SetFilter(a.trim().to_owned())),
        values: none,
    },
    Command {
        name: "sort",
        argument: "order | state | value | seconds | PARAM",
        help: "sort the trial table",
        parse: |a, _| Ok(Action::SortBy(a.trim().to_owned())),
        values: |study| {
            let mut v = words(&["order", "state", "value", "seconds"]);
            v.extend(params(study));
            v
        },
    },
    Command {
        name: "columns",
        argument: "PARAM | all",
        help: "hide or show a column of the trial table",
        parse: |a, study| match a.trim() {
            "" | "all" => Ok(Action::ShowAllColumns),
            name => column(name, study).map(|_| Action::ToggleColumn(name.to_owned())),
        },
        values: params,
    },
    Command {
        name: "trial",
        argument: "ID",
        help: "go to a trial",
        parse: |a, _| Ok(Action::GotoTrial(a.trim().to_owned())),
        values: none,
    },
    Command {
        name: "past",
        argument: "N | first | now",
        help: "the study when N trials had ended: model, surface and suggestion as they were",
        parse: |a, _| match a.trim() {
            "" | "now" => Ok(Action::Now),
            "first" => Ok(Action::Earliest),
            n => n
                .parse()
                .map(Action::AsOf)
                .map_err(|_| format!("past takes a number of trials, `first` or `now`, not {n:?}")),
        },
        values: |_| words(&["first", "now"]),
    },
    Command {
        name: "imagine",
        argument: "NUMBER | good | predicted | bad",
        help: "what if the suggestion gave this? Esc forgets it",
        parse: |a, _| match a.trim() {
            "" => Ok(Action::Imagine),
            text => Ok(Action::ImagineValue(text.to_owned())),
        },
        values: |_| words(&["good", "predicted", "bad"]),
    },
    Command {
        name: "race",
        argument: "",
        help: "acquisition functions, chance and the trials as they were run against each other",
        parse: simple!(Action::Race),
        values: none,
    },
    Command {
        name: "game",
        argument: "",
        help: "the guessing game: place the next point before the model shows its own",
        parse: simple!(Action::Game),
        values: none,
    },
    Command {
        name: "copy",
        argument: "json | yaml | args | optuna | python",
        help: "copy the configuration in hand, in a notation",
        parse: |a, _| match a.trim() {
            "" => Ok(Action::CopyConfiguration),
            name => Form::from_name(name).map(Action::CopyAs).ok_or_else(|| {
                format!("{name:?} is no notation; there are json, yaml, args, optuna, python")
            }),
        },
        values: |_| Form::ALL.iter().map(|f| f.name().to_owned()).collect(),
    },
    Command {
        name: "accept",
        argument: "",
        help: "put the configuration in hand into the queue",
        parse: simple!(Action::Accept),
        values: none,
    },
    Command {
        name: "reject",
        argument: "",
        help: "keep suggestions away from this configuration",
        parse: simple!(Action::Reject),
        values: none,
    },
    Command {
        name: "rejections",
        argument: "",
        help: "list rejected regions",
        parse: simple!(Action::ShowRejections),
        values: none,
    },
    Command {
        name: "withdraw",
        argument: "",
        help: "take back the newest queued configuration",
        parse: simple!(Action::Withdraw),
        values: none,
    },
    Command {
        name: "discard",
        argument: "",
        help: "throw the draft away",
        parse: simple!(Action::DiscardDraft),
        values: none,
    },
    Command {
        name: "unlock",
        argument: "",
        help: "unlock all parameters",
        parse: simple!(Action::UnlockAll),
        values: none,
    },
    Command {
        name: "model",
        argument: "",
        help: "the fitted model: lengthscales, noise, likelihood, trust",
        parse: simple!(Action::ShowModel),
        values: none,
    },
    Command {
        name: "warnings",
        argument: "",
        help: "bad rows of the source and what looks odd",
        parse: simple!(Action::ShowDiagnostics),
        values: none,
    },
    Command {
        name: "evidence",
        argument: "",
        help: "the kernel editor: which kernel the data prefer",
        parse: simple!(Action::ShowKernels),
        values: none,
    },
    Command {
        name: "compare",
        argument: "",
        help: "acquisition functions side by side: curves and next points",
        parse: simple!(Action::Compare),
        values: none,
    },
    Command {
        name: "hyperparameters",
        argument: "",
        help: "set hyperparameters by hand and see what it costs",
        parse: simple!(Action::ShowKnobs),
        values: none,
    },
    Command {
        name: "study",
        argument: "NAME",
        help: "another study of the source; without a name, the list of them",
        parse: |a, _| match a.trim() {
            "" => Ok(Action::ShowStudies),
            name => Ok(Action::SwitchStudy(name.to_owned())),
        },
        values: none,
    },
    Command {
        name: "write",
        argument: "FILE.{txt,svg,html}",
        help: "write the panes as they are to a file",
        parse: |a, _| match a.trim() {
            "" => Err("write takes a file, such as `write study.svg` (or .txt, .html)".to_owned()),
            path => Ok(Action::Write(path.to_owned())),
        },
        values: none,
    },
    Command {
        name: "forget",
        argument: "",
        help: "drop rejections, locks, the draft and what was set by hand",
        parse: simple!(Action::Forget),
        values: none,
    },
    Command {
        name: "pane",
        argument: "slices | surface | trials | suggestion | history | EI | ladder | evidence | race",
        help: "go to a pane",
        parse: |a, _| {
            Pane::ALL
                .into_iter()
                .find(|p| p.title().eq_ignore_ascii_case(a.trim()))
                .map(Action::Focus)
                .ok_or_else(|| format!("there is no pane {a:?}"))
        },
        values: |_| Pane::ALL.iter().map(|p| p.title().to_owned()).collect(),
    },
    Command {
        name: "theme",
        argument: "dark | light",
        help: "colours for a dark or a light terminal",
        parse: |a, _| match a.trim() {
            "dark" => Ok(Action::SetTheme(ThemeChoice::Dark)),
            "light" => Ok(Action::SetTheme(ThemeChoice::Light)),
            other => Err(format!("{other:?} is not a theme; there are dark and light")),
        },
        values: |_| words(&["dark", "light"]),
    },
    Command {
        name: "color",
        argument: "none | 16 | 256 | true",
        help: "how many colours to use",
        parse: |a, _| match a.trim() {
            "none" => Ok(Action::SetColor(ColorLevel::None)),
            "16" => Ok(Action::SetColor(ColorLevel::Sixteen)),
            "256" => Ok(Action::SetColor(ColorLevel::Indexed256)),
            "true" => Ok(Action::SetColor(ColorLevel::True)),
            other => Err(format!(
                "{other:?} is not a colour level; there are none, 16, 256 and true"
            )),
        },
        values: |_| words(&["none", "16", "256", "true"]),
    },
    Command {
        name: "ascii",
        argument: "",
        help: "plain characters instead of Braille and blocks",
        parse: simple!(Action::ToggleAscii),
        values: none,
    },
    Command {
        name: "mouse",
        argument: "",
        help: "switch the mouse on or off",
        parse: simple!(Action::ToggleMouse),
        values: none,
    },
    Command {
        name: "bell",
        argument: "",
        help: "ring at each new best, or do not",
        parse: simple!(Action::ToggleBell),
        values: none,
    },
    Command {
        name: "since",
        argument: "",
        help: "what is new since you last looked",
        parse: simple!(Action::TellSince),
        values: none,
    },
    Command {
        name: "freeze",
        argument: "",
        help: "hold the panes still, or let them follow",
        parse: simple!(Action::ToggleFreeze),
        values: none,
    },
    Command {
        name: "refit",
        argument: "",
        help: "fit the hyperparameters again",
        parse: simple!(Action::Refit),
        values: none,
    },
    Command {
        name: "help",
        argument: "",
        help: "all keys and commands",
        parse: simple!(Action::Help),
        values: none,
    },
    Command {
        name: "quit",
        argument: "",
        help: "end",
        parse: simple!(Action::Quit),
        values: none,
    },
];
