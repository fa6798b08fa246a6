//! What every pane needs to know of the model, worked out once a frame.

use ratatui::text::Span;

use crate::analysis::{FitSummary, History, Slice};
use crate::language::{Language, tr};
use crate::session::draft::Consequences;
use crate::session::model::{FitStatus, ProbeOrigin, Stamped};
use crate::session::{Model, Pane};
use crate::study::{Counts, Direction, Encoder, Trial, TrialState, Value};
use crate::ui::number::significant;

use super::marks::{self, Drawn};
use super::text;
use super::theme::{Theme, fade_step};
use super::widgets::axis::Scale;
use super::widgets::panel::Title;

/// How objective values are written: with the decimals that are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueFormat {
    decimals: Option<usize>,
}

impl ValueFormat {
    /// From the noise where the model knows it, else from the spread of the values.
    fn of(noise_sd: Option<f64>, range: Option<(f64, f64)>) -> Self {
        let grain = noise_sd
            .filter(|s| s.is_finite() && *s > 0.0)
            .map(|s| s / 10.0)
            .into_iter()
            .chain(
                range
                    .map(|(low, high)| high - low)
                    .filter(|s| s.is_finite() && *s > 0.0)
                    .map(|s| s / 1000.0),
            )
            .fold(f64::INFINITY, f64::min);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be between 0 and 6"
        )]
        let decimals = Some(-grain.log10().floor())
            .filter(|d| grain.is_finite() && (-6.0..=6.0).contains(d))
            .map(|d| d.max(0.0) as usize);
        Self { decimals }
    }

    #[must_use]
    pub fn show(&self, value: f64) -> String {
        match self.decimals {
            Some(d) if value.is_finite() && value.abs() < 1e6 => text::minus(&format!("{value:.d$}")),
            _ => significant(value, 4),
        }
    }
}

/// The model with its theme and what is derived from both.
pub struct Context<'a> {
    pub model: &'a Model,
    pub theme: Theme,
    pub encoder: Encoder,
    pub summary: Option<&'a FitSummary>,
    pub value: ValueFormat,
    pub counts: Counts,
    /// Index of the best trial into `Study::trials`.
    pub best: Option<usize>,
    /// Range of objective values in which decisions are made.
    pub decisive: Option<(f64, f64)>,
}

impl<'a> Context<'a> {
    #[must_use]
    pub fn new(model: &'a Model) -> Self {
        let summary = model.surrogate.as_ref().map(|s| &s.value.summary);
        let best = model
            .history
            .last_improvement
            .and_then(|i| model.history.points.get(i))
            .map(|p| p.trial)
            .filter(|t| *t < model.study.trials.len());
        Self {
            model,
            theme: Theme::new(&model.appearance),
            encoder: Encoder::new(&model.study.space),
            summary,
            value: ValueFormat::of(summary.map(|s| s.noise_sd), model.history.range),
            counts: model.study.counts(),
            best,
            decisive: decisive_range(&model.history, model.study.direction()),
        }
    }

    /// The language of the screen.
    #[must_use]
    pub fn language(&self) -> Language {
        self.model.language()
    }

    /// Whether a trial violates a constraint.
    #[must_use]
    pub fn is_infeasible(&self, trial: &Trial) -> bool {
        self.model.study.is_feasible(trial) == Some(false)
    }

    /// Whether no trial is feasible, so that a feasible one is sought, whatever its value.
    #[must_use]
    pub fn seeks_feasible(&self) -> bool {
        let surrogate = self.model.surrogate.as_ref();
        surrogate.is_some_and(|s| s.value.seeks_feasible())
    }

    /// The mark of a trial on a chart of the model, by its weight in `[0, 1]`.
    #[must_use]
    pub fn trial_glyph(&self, trial: usize, weight: f64) -> &'static str {
        match self.model.study.trials.get(trial) {
            Some(t) if self.is_infeasible(t) => "⊗",
            _ => ["·", "·", "•", "●"][fade_step(weight)],
        }
    }

    /// The best value so far.
    #[must_use]
    pub fn best_value(&self) -> Option<f64> {
        self.best
            .and_then(|t| self.model.study.trials.get(t))
            .and_then(|t| t.objective())
    }

    /// The name of a trial as it may be shown.
    #[must_use]
    pub fn trial_name(&self, trial: usize) -> String {
        self.model.study.trials.get(trial).map_or_else(
            || "?".to_owned(),
            |t| match t.id.to_string() {
                id if id == "imagined" => tr!(self, "imagined").to_owned(),
                id => id,
            },
        )
    }

    #[must_use]
    pub fn metric(&self) -> &str {
        let name = self.model.study.metric.shown();
        if name.is_empty() { "value" } else { name }
    }

    #[must_use]
    pub fn param_name(&self, param: usize) -> &str {
        self.model
            .study
            .space
            .params
            .get(param)
            .map_or("?", |p| p.name.shown())
    }

    /// What all slices pass through, in words.
    #[must_use]
    pub fn probe_words(&self) -> String {
        if self.model.draft.is_some() {
            return tr!(self, "your draft").to_owned();
        }
        match self.model.probe.origin {
            ProbeOrigin::Suggestion => tr!(self, "the suggestion").to_owned(),
            ProbeOrigin::Best => tr!(self, "the best").to_owned(),
            ProbeOrigin::Centre => tr!(self, "the centre").to_owned(),
            ProbeOrigin::Trial(t) => tr!(self, "trial {t}", t = self.trial_name(t)),
            ProbeOrigin::Moved => tr!(self, "your probe").to_owned(),
        }
    }

    /// What the configuration in hand would give.
    #[must_use]
    pub fn consequences(&self) -> Option<&'a Consequences> {
        match &self.model.draft {
            Some(draft) => draft.consequences.as_ref(),
            None => self.model.probe.consequences.as_ref(),
        }
    }

    /// Share of a parameter's axis at a value, as slices place it.
    #[must_use]
    pub fn position(&self, param: usize, value: &Value) -> Option<f64> {
        let j = self.encoder.coordinate_of(param)?;
        let axis = self.encoder.axis(j);
        let p = self.model.study.space.params.get(param)?;
        if let Some(count) = axis.count().filter(|_| axis.is_category()) {
            #[expect(clippy::cast_precision_loss, reason = "few choices")]
            return p
                .choice_index(value)
                .map(|k| (k as f64 + 0.5) / count.max(1) as f64);
        }
        Some(axis.forward(value.as_f64()?)).filter(|u| u.is_finite())
    }

    /// A value of a parameter, rounded for reading: it is shown, never written back.
    #[must_use]
    pub fn show(value: &Value) -> String {
        match value {
            Value::Float(x) => significant(*x, 4),
            other => other.to_string(),
        }
    }

    /// The same in three digits, where there is little room.
    #[must_use]
    pub fn show_short(value: &Value) -> String {
        match value {
            Value::Float(x) => significant(*x, 3),
            other => other.to_string(),
        }
    }

    /// A pane's title with its number, focus and the remark on its age.
    #[must_use]
    pub fn title<T>(&self, pane: Pane, detail: Vec<Span<'a>>, result: Option<&Stamped<T>>) -> Title<'a> {
        Title {
            number: Some(pane.number()),
            name: self.language().word(pane.title()),
            detail,
            remark: self.age(result),
            focused: self.model.focus == pane,
            ..Title::default()
        }
    }

    /// Says in a title what stands behind what is drawn beside complete trials.
    pub fn mark(&self, title: &mut Title<'a>, drawn: Drawn) {
        let words = marks::words(self.model, drawn);
        if words.is_empty() {
            return;
        }
        let with_age = |words: String| {
            let mut spans = vec![Span::styled(words, self.theme.text())];
            if !title.remark.is_empty() {
                spans.push(Span::styled(", ", self.theme.dim()));
                spans.extend(title.remark.iter().cloned());
            }
            spans
        };
        let (remark, brief) = (with_age(words), with_age(marks::brief_words(self.model, drawn)));
        (title.remark, title.brief) = (remark, brief);
    }

    /// "stale" in words where a result is older than the data.
    fn age<T>(&self, result: Option<&Stamped<T>>) -> Vec<Span<'a>> {
        let is_stale = result.is_some_and(|r| self.model.is_stale(r));
        let text = match (&self.model.fit, is_stale) {
            _ if self.model.frozen => tr!(self, "frozen"),
            (FitStatus::Failed(_), true) => tr!(self, "stale, the last fit failed"),
            (FitStatus::Fitting { .. }, true) => tr!(self, "stale, refitting…"),
            (_, true) => tr!(self, "stale"),
            (_, false) => return Vec::new(),
        };
        vec![Span::styled(text, self.theme.accent())]
    }

    /// An axis of objective values over `range`. Towards better values it grows for predictions that lie
    /// beyond it, in steps, so that a moving probe does not make it tremble; what is worse leaves the plot,
    /// unless it is the configuration in hand.
    #[must_use]
    pub fn value_scale(
        &self,
        range: Option<(f64, f64)>,
        predicted: impl Iterator<Item = f64>,
        in_hand: impl Iterator<Item = f64>,
    ) -> Scale {
        let Some((low, high)) = range else {
            return Scale::new(0.0, 1.0, false);
        };
        let base = Scale::new(low, high, self.model.history.log);
        let (mut below, mut above) = (0.06, 0.06);
        let (most_below, most_above) = match self.model.study.direction() {
            Direction::Minimize => (0.6, 0.0),
            Direction::Maximize => (0.0, 0.6),
        };
        let mut grow = |v: f64, most_below: f64, most_above: f64| {
            let p = base.position(v);
            while p < -below && below < most_below {
                below += 0.12;
            }
            while p > 1.0 + above && above < most_above {
                above += 0.12;
            }
        };
        for v in predicted.filter(|v| v.is_finite()) {
            grow(v, most_below, most_above);
        }
        // The configuration in hand is always in sight, however bad it is.
        for v in in_hand.filter(|v| v.is_finite()) {
            grow(v, 4.0, 4.0);
        }
        if base.log {
            let ratio = base.high / base.low;
            return Scale::new(base.low * ratio.powf(-below), base.high * ratio.powf(above), true);
        }
        let span = base.high - base.low;
        Scale::new(base.low - below * span, base.high + above * span, false)
    }
}

impl Context<'_> {
    /// In the lab, along one parameter whose truth is known, the axis of the slice holds everything: what is seen, the
    /// whole bands, and the truth where it is revealed. What a band says far from the points is what is looked at there.
    #[must_use]
    pub fn whole_scale(&self, slice: &Slice) -> Option<Scale> {
        let lab = self.model.lab.as_ref()?;
        let is_plain = self.model.study.space.params.len() == 1 && !self.model.history.log;
        if !is_plain || !lab.bench.has_truth() || self.model.games.now.is_some() {
            return None;
        }
        let seen = self.model.study.trials.iter().filter_map(|t| t.objective());
        let bands = slice.points.iter().flat_map(|p| [p.low95, p.high95]);
        let truth = (slice.points.iter().filter(|_| lab.truth_shown()))
            .filter_map(|p| lab.bench.truth(std::slice::from_ref(&p.value)));
        let (low, high) = (seen.chain(bands).chain(truth).filter(|v| v.is_finite()))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            });
        let air = 0.04 * (high - low);
        (low < high).then(|| Scale::new(low - air, high + air, false))
    }
}

/// From the best to what nine in ten of the complete trials reach, at most four times as far as the median:
/// where decisions are made. Hopeless corners would flatten everything else.
fn decisive_range(history: &History, direction: Direction) -> Option<(f64, f64)> {
    let mut values: Vec<f64> = history
        .points
        .iter()
        .filter(|p| p.state == TrialState::Complete)
        .filter_map(|p| p.value)
        .collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let tenth = last / 10;
    let (best, median) = match direction {
        Direction::Minimize => (*values.first()?, *values.get(last / 2)?),
        Direction::Maximize => (*values.last()?, *values.get(last - last / 2)?),
    };
    let far = best + 4.0 * (median - best);
    Some(match direction {
        Direction::Minimize => (best, values.get(last - tenth)?.min(far)),
        Direction::Maximize => (values.get(tenth)?.max(far), best),
    })
}

/// Glyph of a state; the word stands beside it wherever there is room.
#[must_use]
pub fn state_glyph(state: TrialState) -> &'static str {
    match state {
        TrialState::Waiting => "◌",
        TrialState::Running => "◐",
        TrialState::Complete => "✓",
        TrialState::Pruned => "⊘",
        TrialState::Failed => "✗",
    }
}

/// How long ago, in steps coarse enough that a quiet screen stays quiet.
#[must_use]
pub fn ago(seconds: f64) -> String {
    match seconds {
        s if s.is_nan() => "–".to_owned(),
        s if s < 10.0 => "just now".to_owned(),
        s if s < 60.0 => format!("{:.0} s ago", (s / 10.0).floor() * 10.0),
        s if s < 3600.0 => format!("{:.0} min ago", (s / 60.0).floor()),
        s if s < 86_400.0 => format!("{:.0} h ago", (s / 3600.0).floor()),
        s if s < 86_400.0 * 999.0 => format!("{:.0} d ago", (s / 86_400.0).floor()),
        _ => "long ago".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_get_the_digits_that_are_known() {
        let noise = ValueFormat::of(Some(0.008), None);
        assert_eq!(noise.show(0.312_71), "0.3127");
        let range = ValueFormat::of(None, Some((0.0, 90.0)));
        assert_eq!(range.show(12.3456), "12.35");
        assert_eq!(ValueFormat::of(None, None).show(0.123_456), "0.1235");
        assert_eq!(noise.show(f64::NAN), "nan");
        assert_eq!(range.show(1e20), "1e20");
    }

    #[test]
    fn ages_change_in_coarse_steps() {
        assert_eq!(ago(3.0), "just now");
        assert_eq!(ago(42.0), "40 s ago");
        assert_eq!(ago(3599.0), "59 min ago");
        assert_eq!(ago(-5.0), "just now");
        assert_eq!(ago(f64::INFINITY), "long ago");
    }
}
