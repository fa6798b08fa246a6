//! What each action does: one arm each, the work elsewhere.

use crate::analysis::settings::Objective;
use crate::analysis::{AcquisitionFunction, Layer};
use crate::session::action::Action;
use crate::session::command;
use crate::session::effect::{Effect, Parts, RunWord};
use crate::session::model::{
    ColorLevel, Confirm, Model, Overlay, Pane, ProbeOrigin, Quit, SortKey, ThemeChoice,
};
use crate::study::Form;

use super::{
    compare, data, decide, edit, explain, explore, game, keep, kernels, lab, lens, navigate, overlay, race,
    request_fit, say, seen, studies, tune,
};

/// Kernels that one key walks through.
const KERNELS: [Option<&str>; 5] = [
    None,
    Some("matern32"),
    Some("matern12"),
    Some("rbf"),
    Some("matern52+constant"),
];
/// The ladder of ξ, in standardised units.
const XI: [f64; 9] = [0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0];
/// Numbers of starts that one key walks through; after the last, the search chooses for itself.
const STARTS: [usize; 6] = [1, 2, 3, 5, 8, 16];
const BETA: [f64; 9] = [0.0, 0.25, 0.5, 1.0, 1.4, 1.8, 2.5, 4.0, 8.0];

pub fn act(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    match action {
        // A game steps through time by itself, and hides what would give it away.
        Action::Earlier
        | Action::Later
        | Action::Earliest
        | Action::Now
        | Action::AsOf(_)
        | Action::Imagine
        | Action::ImagineValue(_)
        | Action::ProbeSuggestion
        | Action::Compare
        | Action::ProbeCompared
        | Action::ShowModel
            if model.games.now.is_some() && (model.is_blind() || action.steps_in_time()) =>
        {
            game::refuses(model);
        }
        Action::Up | Action::Down | Action::Top | Action::Bottom | Action::PageUp | Action::PageDown => {
            navigate::vertical(model, &action, effects);
        }
        Action::Left => navigate::horizontal(model, -1, false, effects),
        Action::Right => navigate::horizontal(model, 1, false, effects),
        Action::BigLeft => navigate::horizontal(model, -1, true, effects),
        Action::BigRight => navigate::horizontal(model, 1, true, effects),
        Action::NextPane => navigate::cycle_pane(model, 1),
        Action::PreviousPane => navigate::cycle_pane(model, -1),
        Action::Focus(pane) => {
            navigate::focus(model, pane);
            race::begin(model, effects);
        }
        Action::Race => {
            navigate::focus(model, Pane::Race);
            race::start(model, effects);
        }
        Action::StopRace => race::stop(model, effects),
        Action::ToggleZoom => model.zoomed = !model.zoomed,
        Action::Back => overlay::back(model, effects),

        Action::ProbeSuggestion => navigate::probe_suggestion(model, effects),
        Action::ProbeBest => navigate::probe_best(model, effects),
        Action::ProbeCentre => navigate::probe_centre(model, effects),
        Action::ProbeTrial => match model.table.selected {
            Some(trial) => navigate::probe_trial(model, trial, ProbeOrigin::Trial(trial), effects),
            None => say(model, "no trial is selected", true),
        },
        Action::NextParam => {
            navigate::step_param(model, 1);
            compare::ask(model, effects);
        }
        Action::PreviousParam => {
            navigate::step_param(model, -1);
            compare::ask(model, effects);
        }

        Action::Game => game::toggle(model, effects),
        Action::GameEnter => game::enter(model, effects),
        Action::Earlier => lens::step(model, -1, effects),
        Action::Later => lens::step(model, 1, effects),
        Action::Earliest => lens::as_of(model, 1, effects),
        Action::Now if model.lens.is_on() => lens::leave(model, effects),
        Action::Now => say(model, "this is now", false),
        Action::AsOf(count) => lens::as_of(model, count, effects),
        Action::Imagine => lens::ask(model),
        Action::ImagineValue(text) => lens::imagine(model, &text, effects),

        Action::NextAcquisition => set_acquisition(model, next_acquisition(model, 1), effects),
        Action::PreviousAcquisition => set_acquisition(
            model,
            next_acquisition(model, AcquisitionFunction::ALL.len() - 1),
            effects,
        ),
        Action::SetAcquisition(function) => set_acquisition(model, function, effects),
        Action::XiUp => set_xi(model, rung(&XI, model.acquisition.xi, true), effects),
        Action::XiDown => set_xi(model, rung(&XI, model.acquisition.xi, false), effects),
        Action::SetXi(xi) => set_xi(model, xi, effects),
        Action::BetaUp => set_beta(model, rung(&BETA, model.acquisition.beta, true), effects),
        Action::BetaDown => set_beta(model, rung(&BETA, model.acquisition.beta, false), effects),
        Action::SetBeta(beta) => set_beta(model, beta, effects),
        Action::NextKernel => {
            let now = KERNELS
                .iter()
                .position(|k| *k == model.settings.kernel.as_deref());
            let next = KERNELS[now.map_or(0, |i| (i + 1) % KERNELS.len())];
            set_kernel(model, next.map(str::to_owned), effects);
        }
        Action::SetKernel(spec) => set_kernel(model, spec, effects),
        Action::ToggleWarp => {
            model.settings.output_warp = !model.settings.output_warp;
            tune::let_go(model);
            model.by_hand.output_warp = Some(model.settings.output_warp);
            let word = if model.settings.output_warp { "on" } else { "off" };
            refit(model, format!("warp of bad outputs {word}"), effects);
        }
        Action::ToggleObjective => {
            let (objective, word) = match model.settings.objective {
                Objective::MarginalLikelihood => (Objective::LeaveOneOut, "leave-one-out"),
                Objective::LeaveOneOut => (Objective::MarginalLikelihood, "marginal likelihood"),
            };
            model.settings.objective = objective;
            tune::let_go(model);
            model.by_hand.leave_one_out = Some(objective == Objective::LeaveOneOut);
            refit(model, format!("hyperparameters by {word}"), effects);
        }
        Action::Refit => {
            tune::let_go(model);
            refit(model, "fitting again".to_owned(), effects);
        }

        Action::NextStarts => next_starts(model, effects),
        Action::SetStarts(starts) => set_starts(model, starts, effects),
        Action::NextHistory => explain::next_history(model),
        Action::ToggleSamples => explain::toggle_samples(model),
        Action::MoreSamples => explain::step_samples(model, true),
        Action::FewerSamples => explain::step_samples(model, false),
        Action::SetSamples(count) => explain::set_samples(model, count),
        Action::NextOptimum => explain::next_optimum(model, effects),

        Action::NextLayer => step_layer(model, 1),
        Action::PreviousLayer => step_layer(model, Layer::ALL.len() - 1),
        Action::SetLayer(layer) => {
            model.layer = layer;
            navigate::focus(model, Pane::Surface);
        }
        Action::NextPair => navigate::next_pair(model, effects),
        Action::SetPair(x, y) => navigate::set_pair(model, x, y, effects),
        Action::SwapAxes => {
            if let Some((x, y)) = model.surface_pair() {
                navigate::set_pair(model, y, x, effects);
            }
        }

        Action::SortNext => navigate::sort_next(model),
        Action::SortReverse => {
            model.table.descending = !model.table.descending;
            navigate::rebuild_rows(model);
        }
        Action::SortBy(name) => sort_by(model, &name),
        Action::OpenFilter => overlay::open_filter(model),
        Action::SetFilter(text) => overlay::set_filter(model, &text),
        Action::ToggleColumn(name) => toggle_column(model, &name),
        Action::ShowAllColumns => model.table.hidden.clear(),
        Action::FindNext => navigate::find(model, 1, effects),
        Action::FindPrevious => navigate::find(model, -1, effects),
        Action::GotoTrial(id) => navigate::goto_trial(model, &id, effects),
        Action::ToggleFollow => {
            model.table.follow = !model.table.follow;
            let word = if model.table.follow {
                "follows the newest trial"
            } else {
                "stays"
            };
            say(model, format!("the table {word}"), false);
        }
        Action::ShowTrial => match model.table.selected {
            Some(trial) => model.overlay = Some(Overlay::Trial { trial, scroll: 0 }),
            None => say(model, "no trial is selected", true),
        },

        Action::Edit => edit::begin(model, effects),
        Action::EditField => edit::open_field(model, None, effects),
        Action::NudgeUp => navigate::horizontal(model, 1, false, effects),
        Action::NudgeDown => navigate::horizontal(model, -1, false, effects),
        Action::ToggleLock => edit::toggle_lock(model, effects),
        Action::UnlockAll => edit::unlock_all(model, effects),
        Action::SetParam(name, value) => edit::set_param(model, &name, &value, effects),
        Action::DiscardDraft => edit::discard(model, effects),
        Action::ResetParam => edit::reset_param(model, effects),
        Action::Accept => decide::accept(model),
        Action::Reject => decide::reject(model, effects),
        Action::UndoReject => decide::undo_reject(model, effects),
        Action::ShowRejections => model.overlay = Some(Overlay::Rejections { cursor: 0 }),
        Action::Withdraw => decide::withdraw(model),
        Action::Forget => keep::ask_to_forget(model),
        Action::ConfirmYes => decide::confirm(model, effects),
        Action::ConfirmNo => {
            let was_leaving = matches!(
                model.overlay.take(),
                Some(Overlay::Confirm(Confirm::QuitRun | Confirm::QuitWithDraft))
            );
            if !was_leaving {
                say(model, "nothing was written", false);
            }
        }
        Action::RunFinish => decide::leave_run(model, RunWord::Finish, effects),
        Action::RunLeave => decide::leave_run(model, RunWord::Leave, effects),

        Action::Help => model.overlay = Some(Overlay::help()),
        Action::FindKey => overlay::seek(model),
        Action::ShowDiagnostics => model.overlay = Some(Overlay::Diagnostics { scroll: 0 }),
        Action::ShowModel => model.overlay = Some(Overlay::Model { scroll: 0 }),
        Action::ShowKernels => kernels::show(model, effects),
        Action::KernelPlus => kernels::join(model, false, effects),
        Action::KernelTimes => kernels::join(model, true, effects),
        Action::KernelBack => kernels::take_back(model, effects),
        Action::KernelEdit => kernels::edit(model),
        Action::Compare => compare::show(model, effects),
        Action::ProbeCompared => compare::probe_next(model, effects),
        Action::ShowKnobs => tune::show(model),
        Action::ResetKnob => tune::reset_one(model, effects),
        Action::ResetKnobs => tune::reset_all(model, effects),
        Action::Write(path) => effects.push(Effect::Write { path }),
        Action::LabAdd
        | Action::LabRemove
        | Action::LabStep(_)
        | Action::LabUndo
        | Action::LabReset
        | Action::LabReveal
        | Action::SetNoise(_)
        | Action::SetLengthscale(_)
        | Action::SetSign(_)
        | Action::LessonNext
        | Action::LessonBack
        | Action::LessonHint
        | Action::LessonAnswer(_)
        | Action::ShowCourse => lab::act(model, &action, effects),
        Action::ShowStudies => studies::show(model),
        Action::SwitchStudy(name) => studies::switch(model, &name, effects),
        Action::Choose => match model.overlay {
            Some(Overlay::Studies { .. }) => studies::choose(model, effects),
            Some(Overlay::Compare { .. }) => compare::choose(model, effects),
            Some(Overlay::Kernels { .. }) => kernels::choose(model, effects),
            Some(Overlay::Course { .. }) => lab::choose(model, effects),
            _ => {}
        },
        Action::OpenCommand => overlay::open_command(model),
        Action::ToggleFreeze => toggle_freeze(model, effects),
        Action::ToggleBell => {
            model.bell = !model.bell;
            let word = if model.bell {
                "rings at each new best"
            } else {
                "is silent"
            };
            say(model, format!("the bell {word}"), false);
        }
        Action::TellSince => seen::tell_again(model),
        Action::ToggleMouse => {
            model.mouse = !model.mouse;
            effects.push(Effect::SetMouse(model.mouse));
            let word = if model.mouse {
                "on (M gives text selection back)"
            } else {
                "off"
            };
            say(model, format!("mouse {word}"), false);
        }
        Action::NextRamp => model.appearance.ramp += 1,
        Action::ToggleCrosshair => model.appearance.crosshair = !model.appearance.crosshair,
        Action::ToggleContours => model.appearance.contours = !model.appearance.contours,
        Action::ToggleAscii => model.appearance.ascii = !model.appearance.ascii,
        Action::NextTheme => {
            model.appearance.theme = match model.appearance.theme {
                ThemeChoice::Dark => ThemeChoice::Light,
                ThemeChoice::Light => ThemeChoice::Dark,
            };
        }
        Action::SetTheme(theme) => model.appearance.theme = theme,
        Action::SetColor(level) => {
            model.appearance.color = level;
            if level == ColorLevel::None {
                say(
                    model,
                    "no colour: shapes, weight and words carry the meaning",
                    false,
                );
            }
        }
        Action::CopyValue => copy_value(model, effects),
        Action::CopyConfiguration => copy_configuration(model, Form::Json, effects),
        Action::CopyAs(form) => copy_configuration(model, form, effects),
        Action::Redraw => effects.push(Effect::RedrawFully),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Quit => quit(model, Quit::Silent, effects),
        Action::QuitWithSummary => quit(model, Quit::WithSummary, effects),
        Action::Interrupt => interrupt(model, effects),
    }
}

/// Ends at once; where a loop runs, the first time only asks, as Ctrl-C does without a screen.
fn interrupt(model: &mut Model, effects: &mut Vec<Effect>) {
    let is_asked = matches!(model.overlay, Some(Overlay::Confirm(Confirm::QuitRun)));
    if is_asked {
        decide::leave_run(model, RunWord::Stop, effects);
    } else if has_loop(model) {
        model.overlay = Some(Overlay::Confirm(Confirm::QuitRun));
    } else {
        effects.push(Effect::Quit(Quit::Silent));
    }
}

fn has_loop(model: &Model) -> bool {
    model.run.as_ref().is_some_and(|run| run.is_active)
}

fn quit(model: &mut Model, how: Quit, effects: &mut Vec<Effect>) {
    // What is left behind, and summed up, is the study itself.
    model.games.now = None;
    lens::leave(model, &mut Vec::new());
    let edited = model.draft.as_ref().is_some_and(|d| d.edits() > 0);
    if has_loop(model) {
        model.overlay = Some(Overlay::Confirm(Confirm::QuitRun));
    } else if edited && !model.keeping.is_safe {
        model.overlay = Some(Overlay::Confirm(Confirm::QuitWithDraft));
    } else {
        effects.push(Effect::Quit(how));
    }
}

fn next_acquisition(model: &Model, by: usize) -> AcquisitionFunction {
    let all = AcquisitionFunction::ALL;
    let now = all
        .iter()
        .position(|f| *f == model.acquisition.function)
        .unwrap_or(0);
    all[(now + by) % all.len()]
}

fn set_acquisition(model: &mut Model, function: AcquisitionFunction, effects: &mut Vec<Effect>) {
    model.acquisition.function = function;
    model.by_hand.acquisition = Some(function.name().to_owned());
    say(
        model,
        format!("acquisition {}: {}", function.name(), function.explanation()),
        false,
    );
    acquisition_changed(model, effects);
}

/// What to add about a knob that the function in use does not have.
fn unused(used: bool, function: AcquisitionFunction) -> String {
    if used {
        String::new()
    } else {
        format!(" ({} does not use it)", function.title())
    }
}

fn set_xi(model: &mut Model, xi: f64, effects: &mut Vec<Effect>) {
    model.acquisition.xi = xi;
    model.by_hand.xi = Some(xi);
    let function = model.acquisition.function;
    let remark = unused(function.uses_xi(), function);
    say(model, format!("ξ = {xi}{remark}"), false);
    acquisition_changed(model, effects);
}

fn set_beta(model: &mut Model, beta: f64, effects: &mut Vec<Effect>) {
    model.acquisition.beta = beta;
    model.by_hand.beta = Some(beta);
    let function = model.acquisition.function;
    let remark = unused(function.uses_beta(), function);
    say(model, format!("β = {beta}{remark}"), false);
    acquisition_changed(model, effects);
}

fn next_starts(model: &mut Model, effects: &mut Vec<Effect>) {
    let next = match model.acquisition.starts {
        None => STARTS.first().copied(),
        Some(now) => STARTS.into_iter().find(|s| *s > now),
    };
    set_starts(model, next, effects);
}

/// So many starts of the search, or as many as it takes by itself.
fn set_starts(model: &mut Model, starts: Option<usize>, effects: &mut Vec<Effect>) {
    model.acquisition.starts = starts;
    let words = match starts {
        None => "the search starts from the best of a large pool again".to_owned(),
        Some(1) => "the search climbs from 1 scattered place alone: it may miss the highest hill".to_owned(),
        Some(n) => format!("the search climbs from {n} scattered places alone: it may miss the highest hill"),
    };
    say(model, words, false);
    acquisition_changed(model, effects);
}

fn acquisition_changed(model: &mut Model, effects: &mut Vec<Effect>) {
    let configuration = model.in_hand().to_vec();
    let found = super::consequences(model, &configuration);
    match &mut model.draft {
        Some(draft) => draft.consequences = found,
        None => model.probe.consequences = found,
    }
    explore(model, Parts::ACQUIRED, effects);
}

/// The next rung of a ladder above or below a value that may lie between rungs.
fn rung(ladder: &[f64], now: f64, up: bool) -> f64 {
    let next = if up {
        ladder.iter().find(|r| **r > now + 1e-12)
    } else {
        ladder.iter().rev().find(|r| **r < now - 1e-12)
    };
    next.copied().unwrap_or(now)
}

fn set_kernel(model: &mut Model, spec: Option<String>, effects: &mut Vec<Effect>) {
    let word = spec.clone().unwrap_or_else(|| "default (matern52)".to_owned());
    model.by_hand.kernel = Some(spec.clone().unwrap_or_else(|| "default".to_owned()));
    model.settings.kernel = spec.map(Into::into);
    tune::let_go(model);
    refit(model, format!("kernel {word}"), effects);
}

fn refit(model: &mut Model, text: String, effects: &mut Vec<Effect>) {
    say(model, text, false);
    if model.study.has_objective() {
        request_fit(model, effects);
    }
}

fn step_layer(model: &mut Model, by: usize) {
    let now = Layer::ALL.iter().position(|l| *l == model.layer).unwrap_or(0);
    model.layer = Layer::ALL[(now + by) % Layer::ALL.len()];
}

fn sort_by(model: &mut Model, name: &str) {
    let key = match name {
        "order" | "" => Ok(SortKey::Order),
        "state" => Ok(SortKey::State),
        "value" => Ok(SortKey::Value),
        "seconds" => Ok(SortKey::Seconds),
        other => match model.study.constraints.iter().position(|c| c.name == *other) {
            Some(at) => Ok(SortKey::Constraint(at)),
            None => crate::session::filter::column(other, &model.study).map(SortKey::Column),
        },
    };
    match key {
        Ok(key) => {
            navigate::sort_by(model, key);
        }
        Err(why) => say(model, why, true),
    }
}

fn toggle_column(model: &mut Model, name: &str) {
    match crate::session::filter::column(name, &model.study) {
        Ok(c) => match model.table.hidden.iter().position(|h| *h == c) {
            Some(i) => {
                model.table.hidden.remove(i);
            }
            None => model.table.hidden.push(c),
        },
        Err(why) => say(model, why, true),
    }
}

fn toggle_freeze(model: &mut Model, effects: &mut Vec<Effect>) {
    model.frozen = !model.frozen;
    if model.frozen {
        say(
            model,
            "frozen: rows are read on, the panes stand still (f goes on)",
            false,
        );
    } else if let Some(study) = model.held.take() {
        data::take(model, study, effects);
    }
}

fn copy_value(model: &mut Model, effects: &mut Vec<Effect>) {
    let i = model.param;
    match (model.study.space.params.get(i), model.in_hand().get(i)) {
        (Some(p), Some(value)) => {
            let text = match value {
                crate::study::Value::Text(label) => label.raw().to_owned(),
                other => other.to_string(),
            };
            effects.push(Effect::Copy {
                text,
                what: p.name.shown().to_owned(),
            });
        }
        _ => say(model, "there is no value to copy yet", true),
    }
}

fn copy_configuration(model: &mut Model, form: Form, effects: &mut Vec<Effect>) {
    if model.in_hand().is_empty() {
        return say(model, "there is no configuration to copy yet", true);
    }
    let values = model.in_hand().to_vec();
    effects.push(Effect::Copy {
        text: form.text(&model.study.space, &values),
        what: format!("configuration as {}", form.title()),
    });
}

/// Runs a command line.
pub fn run_command(model: &mut Model, text: &str, effects: &mut Vec<Effect>) -> Result<(), String> {
    let action = command::parse(text, &model.study)?;
    act(model, action, effects);
    Ok(())
}
