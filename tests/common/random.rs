//! Models that nobody would make on purpose: any number of parameters, NaN and infinite numbers, hostile
//! names, results that do not belong to the study.

use std::sync::Arc;

use tunescope::analysis::diagnostics::{Edge, LeftOut};
use tunescope::analysis::slice::{SliceKind, SlicePoint, SliceTrial};
use tunescope::analysis::suggestion::Why;
use tunescope::analysis::surface::SurfaceMark;
use tunescope::analysis::{
    History, Improvement, Prediction, Readout, Reason, Slice, Suggestion, Surface, Trust, Verdict,
};
use tunescope::session::draft::{Consequences, Field};
use tunescope::session::model::{Notice, SourceState, Stamped};
use tunescope::session::{Draft, Model};
use tunescope::study::{
    Diagnostic, Direction, Domain, Parameter, Study, Trial, TrialId, TrialState, UnitPoint, Value,
};

use super::fixture::Dice;

const NAMES: [&str; 8] = [
    "lr",
    "学習率",
    "a\u{1b}[2Jb",
    "x\u{202e}y",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "",
    "👩‍👩‍👧 family",
    "a very long name of a parameter that somebody thought would be a good idea to write out in full",
];

struct Maker {
    dice: Dice,
}

impl Maker {
    fn below(&mut self, n: usize) -> usize {
        ((self.dice.roll() * n as f64) as usize).min(n.saturating_sub(1))
    }

    fn number(&mut self) -> f64 {
        match self.below(14) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => 1e308,
            4 => -1e308,
            5 => 5e-324,
            6 => 0.0,
            _ => (self.dice.roll() - 0.3) * 10f64.powf(6.0 * self.dice.roll() - 3.0),
        }
    }

    fn share(&mut self) -> f64 {
        if self.below(12) == 0 {
            self.number()
        } else {
            self.dice.roll()
        }
    }

    fn name(&mut self) -> String {
        let i = self.below(NAMES.len());
        format!("{}{}", NAMES[i], self.below(9))
    }

    fn domain(&mut self) -> Domain {
        match self.below(5) {
            0 => Domain::Float {
                low: 1e-5,
                high: 0.1,
                log: true,
                step: None,
            },
            1 => Domain::Float {
                low: -3.0,
                high: 4e9,
                log: false,
                step: None,
            },
            2 => Domain::Int {
                low: -2,
                high: 900,
                log: false,
                step: 7,
            },
            3 => Domain::Float {
                low: 0.5,
                high: 0.5,
                log: false,
                step: None,
            },
            _ => {
                let n = 1 + self.below(30);
                Domain::Categorical {
                    choices: (0..n)
                        .map(|i| Value::Text(format!("{}{i}", self.name()).as_str().into()))
                        .collect(),
                }
            }
        }
    }

    fn value(&mut self) -> Value {
        match self.below(5) {
            0 => Value::Null,
            1 => Value::Bool(true),
            2 => Value::Int(self.below(99) as i64 - 9),
            3 => Value::Text(self.name().as_str().into()),
            _ => Value::Float(self.number()),
        }
    }

    fn trial(&mut self, i: usize, columns: usize) -> Trial {
        let states = [
            TrialState::Waiting,
            TrialState::Running,
            TrialState::Complete,
            TrialState::Complete,
            TrialState::Pruned,
            TrialState::Failed,
        ];
        let id = if self.below(4) == 0 {
            TrialId::Text(self.name().as_str().into())
        } else {
            TrialId::Number(i as u64)
        };
        Trial {
            state: states[self.below(states.len())],
            params: (0..self.below(columns + 1))
                .map(|_| {
                    if self.below(5) == 0 {
                        None
                    } else {
                        Some(self.value())
                    }
                })
                .collect(),
            values: (0..self.below(3)).map(|_| self.number()).collect(),
            intermediate: (0..self.below(120)).map(|s| (s as u64, self.number())).collect(),
            started: Some(self.number()),
            finished: Some(self.number()),
            seconds: Some(self.number()),
            error: Some(self.name().as_str().into()),
            line: i as u64,
            ..Trial::new(id)
        }
    }

    fn study(&mut self) -> Study {
        let mut study = Study::empty();
        study.name = self.name().as_str().into();
        study.metric = self.name().as_str().into();
        if self.below(2) == 0 {
            study.directions = vec![Direction::Maximize];
        }
        let params = [0, 1, 2, 3, 7, 40][self.below(6)];
        for i in 0..params {
            let name = self.name();
            study.columns.push(name.as_str().into());
            if let Ok(p) = Parameter::new(name.as_str().into(), i, self.domain()) {
                study.space.params.push(p);
            }
        }
        let count = [0, 1, 3, 20, 200, 900][self.below(6)];
        study.trials = (0..count).map(|i| Arc::new(self.trial(i, params))).collect();
        study.budget.trials = Some(self.below(3) as u64);
        study.budget.seconds = Some(self.number());
        study.budget.target = Some(self.number());
        study.diagnostics = (0..self.below(4))
            .map(|i| Diagnostic {
                line: Some(i as u64),
                message: self.name(),
            })
            .collect();
        study
    }

    fn prediction(&mut self) -> Prediction {
        Prediction {
            mean: self.number(),
            sd: self.number(),
            sd_observed: self.number(),
            low68: self.number(),
            high68: self.number(),
            low95: self.number(),
            high95: self.number(),
            model_mean: self.number(),
            model_sd: self.number(),
            model_incumbent: self.number(),
            p_ok: None,
            p_feasible: None,
        }
    }

    fn readout(&mut self) -> Readout {
        Readout {
            ei: self.number(),
            log_ei: self.number(),
            exploitation: self.number(),
            exploration: self.number(),
            pi: self.number(),
            log_pi: self.number(),
            ucb: self.number(),
            mes: Some(self.number()),
            pes: None,
            jes: Some(self.number()),
            thompson: None,
            eips: Some(self.number()),
            chosen: Some(self.number()),
        }
    }

    fn improvement(&mut self) -> Improvement {
        let (scale, offset) = (self.number(), self.number());
        let moments = (self.number(), self.number());
        Improvement::of(moments, self.number(), self.number(), &|t| scale * t + offset)
    }

    fn slice(&mut self, param: usize) -> Slice {
        let kinds = [SliceKind::Curve, SliceKind::Steps, SliceKind::Choices];
        let n = self.below(90);
        Slice {
            param,
            kind: kinds[self.below(3)],
            points: (0..n)
                .map(|k| SlicePoint {
                    position: k as f64 / n as f64,
                    value: self.value(),
                    mean: self.number(),
                    low68: self.number(),
                    high68: self.number(),
                    low95: self.number(),
                    high95: self.number(),
                    acquisition: self.number(),
                    exploitation: self.number(),
                    exploration: self.number(),
                    p_feasible: (self.below(2) == 0).then(|| self.share()),
                })
                .collect(),
            trials: (0..self.below(40))
                .map(|trial| SliceTrial {
                    trial,
                    position: self.share(),
                    value: self.number(),
                    weight: self.share(),
                })
                .collect(),
            best_acquisition: self.below(100),
            incumbent: Some(self.share()),
            suggestion: Some(self.share()),
            probe: self.share(),
        }
    }

    fn surface(&mut self) -> Surface {
        let (columns, rows) = (1 + self.below(40), 1 + self.below(20));
        let whole = self.below(4) != 0;
        let cells = if whole { columns * rows } else { self.below(50) };
        Surface {
            x_param: self.below(42),
            y_param: self.below(42),
            columns,
            rows,
            xs: (0..columns).map(|k| k as f64 / columns as f64).collect(),
            ys: (0..rows).map(|k| k as f64 / rows as f64).collect(),
            layers: std::array::from_fn(|_| (0..cells).map(|_| self.number()).collect()),
            feasible: (0..cells * self.below(2)).map(|_| self.share()).collect(),
            trials: (0..self.below(40))
                .map(|trial| SurfaceMark {
                    trial,
                    x: self.share(),
                    y: self.share(),
                    weight: self.share(),
                })
                .collect(),
            incumbent: Some((self.share(), self.share())),
            suggestion: Some((self.share(), self.share())),
            probe: (self.share(), self.share()),
            coarse: true,
        }
    }
}

/// A model from a seed; the same seed gives the same model.
pub fn model(seed: u64) -> Model {
    let mut m = Maker { dice: Dice(seed | 1) };
    let study = m.study();
    let mut model = Model::new(1e9, (80, 24));
    let (params, trials) = (study.space.len(), study.trials.len());
    model.history = History::of(&study);
    model.table.rows = (0..trials).collect();
    model.table.column_offset = m.below(5);
    model.table.search = m.name();
    model.study = Arc::new(study);
    model.data = m.below(3) as u64;
    model.param = m.below(45);
    model.slice_offset = m.below(45);
    model.source.path = format!("/tmp/{}", m.name());
    model.source.state = match m.below(3) {
        0 => SourceState::Failed(m.name()),
        1 => SourceState::Reading { done: 5, total: 0 },
        _ => SourceState::Live,
    };
    model.source.changed = Some(m.number());
    model.door = Err(m.name());
    if m.below(3) == 0 {
        model.notice = Some(Notice {
            text: m.name(),
            is_error: true,
            since: 0.0,
        });
    }
    let stamp = |fit| (fit, fit);
    let (fit, data) = stamp(1);
    let configuration: Vec<Value> = (0..params).map(|_| m.value()).collect();
    model.probe.configuration = configuration.clone();
    if m.below(4) != 0 {
        model.slices = Some(Stamped {
            fit,
            data,
            value: (0..params).map(|p| m.slice(p)).collect(),
        });
        model.surface = Some(Stamped {
            fit,
            data,
            value: m.surface(),
        });
        let suggestion = Suggestion {
            configuration: configuration.clone(),
            point: UnitPoint(Vec::new()),
            reason: Reason::Acquisition,
            prediction: Some(m.prediction()),
            readout: Some(m.readout()),
            why: Why {
                costliest: Some((m.below(50), m.number())),
                runner_up: Some((configuration.clone(), m.number())),
                nearest: Some((m.below(2000), m.number())),
                constraints: Vec::new(),
                ..Why::default()
            },
        };
        model.suggestions = Some(Stamped {
            fit,
            data,
            value: vec![suggestion],
        });
        let left_out = (0..trials.min(9))
            .map(|trial| LeftOut {
                trial,
                observed: m.number(),
                predicted: m.number(),
                z: m.number(),
            })
            .collect();
        let ends = m.below(4);
        let trust = Trust {
            verdict: Verdict::Weak,
            reason: m.name(),
            q2: m.number(),
            coverage68: m.number(),
            coverage95: m.number(),
            log_predictive: m.number(),
            one_step: None,
            left_out,
            lints: vec![m.name()],
            edges: (0..params)
                .map(|param| Edge {
                    param,
                    upper: m.below(2) == 0,
                    low: m.number(),
                    high: m.number(),
                })
                .take(ends)
                .collect(),
        };
        model.trust = Some(Stamped {
            fit,
            data,
            value: trust,
        });
    }
    if m.below(2) == 0 && params > 0 {
        let mut draft = Draft::new(configuration, m.below(params));
        draft.values = (0..params).map(|_| m.value()).collect();
        draft.consequences = Some(Consequences {
            prediction: m.prediction(),
            readout: m.readout(),
            improvement: m.improvement(),
            share_of_best: Some(m.number()),
            nearest: Some((m.below(9), m.number())),
            constraints: Vec::new(),
        });
        if m.below(2) == 0 {
            draft.field = Some(Field {
                input: tui_input::Input::from(m.name()),
                remark: Some(m.name()),
                is_error: true,
                fresh: false,
                before: Value::Null,
            });
        }
        model.draft = Some(draft);
    }
    model
}
