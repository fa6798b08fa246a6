//! A plausible study of fine-tuning, with hand-made results: what the screen is drawn from in tests.
//!
//! Everything is a closed formula and a small generator with a fixed seed, so that pictures never change
//! by themselves. The predictions are shaped like a posterior (narrow where trials are, wide elsewhere).

use std::sync::Arc;

use statrs::distribution::{Continuous, ContinuousCDF, Normal};
use tunescope::analysis::diagnostics::{LeftOut, OneStep};
use tunescope::analysis::importance::Share;
use tunescope::analysis::slice::{SliceKind, SlicePoint, SliceTrial};
use tunescope::analysis::suggestion::{Pull, Why};
use tunescope::analysis::surface::SurfaceMark;
use tunescope::analysis::{
    History, Importance, Improvement, Layer, Prediction, Readout, Reason, Slice, Suggestion, Surface, Trust,
    Verdict,
};
use tunescope::session::draft::Consequences;
use tunescope::session::model::{FitStatus, SourceState, Stamped};
use tunescope::session::receipt::{Receipt, ReceiptState};
use tunescope::session::{Draft, Model};
use tunescope::study::{
    Configuration, Domain, Encoder, Parameter, Space, Study, Trial, TrialId, TrialState, UnitPoint, Value,
};

/// The time at which pictures are taken.
pub const NOW: f64 = 1_790_000_000.0;
const GRID: usize = 48;

/// A small linear congruential generator: numbers in `[0, 1)`.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

pub fn space() -> Space {
    let float = |low, high, log, step| Domain::Float { low, high, log, step };
    let int = |low, high, log| Domain::Int {
        low,
        high,
        log,
        step: 1,
    };
    let schedulers = ["constant", "linear", "cosine"]
        .into_iter()
        .map(|s| Value::Text(s.into()))
        .collect();
    let params = [
        ("learning_rate", float(1e-5, 1e-2, true, None)),
        ("batch_size", int(4, 64, true)),
        ("warmup_ratio", float(0.0, 0.3, false, None)),
        ("weight_decay", float(1e-6, 1e-1, true, None)),
        ("dropout", float(0.0, 0.5, false, Some(0.05))),
        ("scheduler", Domain::Categorical { choices: schedulers }),
        ("frozen_layers", int(0, 6, false)),
    ]
    .into_iter()
    .enumerate()
    .map(|(i, (name, domain))| Parameter::new(name.into(), i, domain).unwrap())
    .collect();
    Space {
        params,
        inferred: false,
    }
}

/// The validation loss at a point of the unit cube (choices as shares).
fn loss(u: &[f64]) -> f64 {
    let bowl = |x: f64, at: f64, w: f64| w * (x - at) * (x - at);
    let diverges = if u[0] > 0.86 { 6.0 * (u[0] - 0.86) } else { 0.0 };
    0.302
        + bowl(u[0], 0.58 - 0.12 * (u[1] - 0.5), 0.62)
        + bowl(u[1], 0.35, 0.08)
        + bowl(u[2], 0.3, 0.05)
        + bowl(u[3], 0.55, 0.03)
        + bowl(u[4], 0.25, 0.11)
        + bowl(u[5], 0.9, 0.045)
        + bowl(u[6], 0.3, 0.07)
        + 0.012 * (7.0 * u[0] + 3.0 * u[4]).sin()
        + diverges
}

/// Half-way distance in the directions that matter.
fn distance2(a: &[f64], b: &[f64]) -> f64 {
    const SCALE: [f64; 7] = [0.28, 0.6, 0.9, 1.2, 0.55, 0.7, 0.8];
    a.iter()
        .zip(b)
        .zip(SCALE)
        .map(|((x, y), l)| ((x - y) / l).powi(2))
        .sum()
}

struct Truth {
    space: Space,
    encoder: Encoder,
    /// Places of complete trials as shares.
    seen: Vec<Vec<f64>>,
    best: f64,
}

impl Truth {
    fn shares(&self, values: &[Value]) -> Vec<f64> {
        (0..self.space.len())
            .map(|p| {
                let parameter = &self.space.params[p];
                match parameter.choice_index(&values[p]) {
                    Some(k) => (k as f64 + 0.5) / 3.0,
                    None => self.encoder.axis(p).forward(values[p].as_f64().unwrap()),
                }
            })
            .collect()
    }

    fn values(&self, shares: &[f64]) -> Configuration {
        let mut point = shares.to_vec();
        point[5] = (shares[5] * 3.0 - 0.5).round();
        self.encoder.decode(&point)
    }

    fn sd(&self, u: &[f64]) -> f64 {
        let near = self
            .seen
            .iter()
            .map(|s| distance2(s, u))
            .fold(f64::INFINITY, f64::min);
        0.004 + 0.034 * (1.0 - (-0.35 * near).exp()).sqrt()
    }

    fn predict(&self, u: &[f64]) -> (Prediction, Readout) {
        let (mean, sd) = (loss(u), self.sd(u));
        let at = |z: f64| mean + z * sd;
        // One unit of the model is a standard deviation of the values, larger is better.
        let unit = 0.09;
        let (model_mean, model_sd) = ((0.4 - mean) / unit, sd / unit);
        let model_incumbent = (0.4 - self.best) / unit;
        let z = (model_mean - model_incumbent) / model_sd;
        let normal = Normal::standard();
        let exploitation = (model_mean - model_incumbent) * normal.cdf(z);
        let exploration = model_sd * normal.pdf(z);
        let ei = (exploitation + exploration).max(1e-300);
        let prediction = Prediction {
            mean,
            sd,
            sd_observed: (sd * sd + 0.004f64.powi(2)).sqrt(),
            low68: at(-1.0),
            high68: at(1.0),
            low95: at(-1.96),
            high95: at(1.96),
            model_mean,
            model_sd,
            model_incumbent,
            p_ok: None,
            p_feasible: None,
        };
        let readout = Readout {
            ei,
            log_ei: ei.ln(),
            exploitation,
            exploration,
            pi: normal.cdf(z),
            log_pi: normal.cdf(z).max(1e-300).ln(),
            ucb: model_mean + 1.8 * model_sd,
            chosen: Some(ei.ln()),
            ..Readout::default()
        };
        (prediction, readout)
    }
}

impl Truth {
    fn improvement(&self, at: &Prediction) -> Improvement {
        Improvement::of((at.model_mean, at.model_sd), at.model_incumbent, 0.0, &|t| {
            0.4 - 0.09 * t
        })
    }
}

fn trials(truth: &Truth, count: usize) -> Vec<Arc<Trial>> {
    let mut dice = Dice(7);
    let mut trials = Vec::new();
    for i in 0..count {
        // Wide at first, then closer and closer to the bottom, as a tuner would.
        let spread = if i < 12 {
            1.0
        } else {
            1.0 - 0.55 * i as f64 / count as f64
        };
        let home = [0.55, 0.35, 0.3, 0.55, 0.25, 0.8, 0.3];
        let shares: Vec<f64> = home
            .iter()
            .map(|h| (h + spread * (dice.roll() - 0.5) * 1.5).clamp(0.0, 1.0))
            .collect();
        let values = truth.values(&shares);
        let u = truth.shares(&values);
        let noise = 0.004 * (dice.roll() + dice.roll() + dice.roll() - 1.5);
        let value = loss(&u) + noise;
        let state = match i {
            _ if value > 0.9 => TrialState::Failed,
            _ if i >= 12 && value > 0.42 => TrialState::Pruned,
            _ if i + 2 >= count => TrialState::Running,
            _ => TrialState::Complete,
        };
        let started = NOW - 11_000.0 + 230.0 * i as f64;
        let seconds = 140.0 + 160.0 * dice.roll();
        let steps = if state == TrialState::Complete { 12 } else { 5 };
        trials.push(Arc::new(Trial {
            state,
            params: values.into_iter().map(Some).collect(),
            values: match state {
                TrialState::Complete => vec![value],
                _ => Vec::new(),
            },
            intermediate: (0..steps)
                .map(|s| (s * 50, value + 0.5 * (-0.45 * s as f64).exp()))
                .collect(),
            started: Some(started),
            finished: state.is_finished().then_some(started + seconds),
            seconds: state.is_finished().then_some(seconds),
            error: (state == TrialState::Failed).then(|| "loss is NaN at step 250".into()),
            queue_id: (i == 27 || i == 33).then(|| format!("q{i}").as_str().into()),
            line: i as u64 + 1,
            ..Trial::new(TrialId::Number(i as u64))
        }));
    }
    trials
}

/// A study with `count` trials that nothing has been computed from yet.
pub fn fresh(count: usize) -> Model {
    build(count).0
}

fn build(count: usize) -> (Model, Truth) {
    let space = space();
    let mut truth = Truth {
        encoder: Encoder::new(&space),
        space: space.clone(),
        seen: Vec::new(),
        best: 0.31,
    };
    let mut study = Study::empty();
    study.name = "lora-r8 on grammar B".into();
    study.metric = "val_loss".into();
    study.columns = space.params.iter().map(|p| p.name.clone()).collect();
    study.space = space;
    study.trials = trials(&truth, count);
    study.budget.trials = Some(80);
    let mut model = Model::new(NOW, (120, 36));
    model.history = History::of(&study);
    for t in study.trials.iter().filter(|t| t.objective().is_some()) {
        let configuration = study.space.configuration_of(t).unwrap();
        truth.seen.push(truth.shares(&configuration));
        truth.best = truth.best.min(t.objective().unwrap());
    }
    model.data = 1;
    model.table.rows = (0..study.trials.len()).rev().collect();
    model.table.selected = model.table.rows.first().copied();
    model.locks = vec![None; study.space.len()];
    model.study = Arc::new(study);
    model.source.kind = "JSONL".to_owned();
    model.source.path = "runs/lora-r8.jsonl".to_owned();
    model.source.state = SourceState::Live;
    model.source.changed = Some(NOW - 24.0);
    model.source.checked = Some(NOW - 1.0);
    model.door = Ok("the queue folder runs/lora-r8.queue".to_owned());
    (model, truth)
}

/// A run in its middle: everything computed, a queue with a past.
pub fn running() -> Model {
    let (mut model, truth) = build(47);
    model.fit = FitStatus::Current;
    model.fit_id = 3;
    let suggested = truth.values(&[0.615, 0.33, 0.28, 0.6, 0.3, 0.9, 0.35]);
    compute(&mut model, &truth, suggested.clone(), suggested);
    model.receipts = receipts(&model);
    model
}

/// The same, probed at another place.
pub fn moved() -> Model {
    let (mut model, truth) = build(47);
    let suggested = truth.values(&[0.615, 0.33, 0.28, 0.6, 0.3, 0.9, 0.35]);
    let probe = truth.values(&[0.3, 0.7, 0.6, 0.2, 0.8, 0.5, 0.8]);
    compute(&mut model, &truth, suggested, probe);
    model.fit = FitStatus::Fitting { since: NOW - 1.0 };
    model.data = 2;
    model.probe.origin = tunescope::session::model::ProbeOrigin::Moved;
    model
}

/// The same with a draft of which two values were changed.
pub fn editing() -> Model {
    let (mut model, truth) = build(47);
    model.fit = FitStatus::Current;
    let base = truth.values(&[0.615, 0.33, 0.28, 0.6, 0.3, 0.9, 0.35]);
    let mut draft = Draft::new(base.clone(), 0);
    draft.values = truth.values(&[0.72, 0.33, 0.28, 0.6, 0.5, 0.9, 0.35]);
    compute(&mut model, &truth, base, draft.values.clone());
    draft.consequences = model.probe.consequences.clone();
    draft.outdated = true;
    model.locks[1] = Some(draft.values[1].clone());
    model.draft = Some(draft);
    model.focus = tunescope::session::Pane::Suggestion;
    model.receipts = receipts(&model);
    model
}

fn stamped<T>(value: T) -> Option<Stamped<T>> {
    Some(Stamped {
        fit: 3,
        data: 1,
        value,
    })
}

fn compute(model: &mut Model, truth: &Truth, suggested: Configuration, probe: Configuration) {
    let (prediction, readout) = truth.predict(&truth.shares(&suggested));
    let (at_probe, worth) = truth.predict(&truth.shares(&probe));
    model.probe.consequences = Some(Consequences {
        prediction: at_probe,
        readout: worth,
        improvement: truth.improvement(&at_probe),
        share_of_best: Some(worth.ei / readout.ei),
        nearest: Some((31, 0.62)),
        constraints: Vec::new(),
    });
    let mut runner_up = truth.shares(&suggested);
    runner_up[0] -= 0.25;
    runner_up[4] = 0.1;
    model.suggestions = stamped(vec![Suggestion {
        configuration: suggested.clone(),
        point: UnitPoint(truth.shares(&suggested)),
        reason: Reason::Acquisition,
        prediction: Some(prediction),
        readout: Some(readout),
        why: Why {
            pulls: vec![
                Pull {
                    trial: 31,
                    correlation: 0.81,
                    contribution: -0.0124,
                },
                Pull {
                    trial: 28,
                    correlation: 0.64,
                    contribution: -0.0078,
                },
                Pull {
                    trial: 19,
                    correlation: 0.41,
                    contribution: 0.0031,
                },
            ],
            costliest: Some((0, 0.63)),
            runner_up: Some((truth.values(&runner_up), 0.85)),
            nearest: Some((31, 0.42)),
            constraints: Vec::new(),
            climbs: Vec::new(),
        },
    }]);
    model.slices = stamped(
        (0..7)
            .map(|p| slice(model, truth, &suggested, &probe, p))
            .collect(),
    );
    model.surface = stamped(surface(model, truth, &suggested, &probe));
    model.trust = stamped(trust(model));
    let totals = [0.58, 0.07, 0.03, 0.01, 0.16, 0.09, 0.06];
    let mut shares: Vec<Share> = totals
        .iter()
        .enumerate()
        .map(|(param, t)| Share {
            param,
            total: *t,
            first: t * 0.8,
            spread: Some((t * 0.9, (t * 1.15).min(1.0))),
        })
        .collect();
    shares.sort_by(|a, b| b.total.total_cmp(&a.total));
    model.importance = stamped(Importance {
        shares,
        trials: 38,
        top_pair: Some((0, 4)),
    });
    model.stopping = stamped(tunescope::analysis::Advice {
        outlook: tunescope::analysis::Outlook::GoOn,
        sentence: "Worth going on: the best next trial is expected to gain 0.0031 (noise 0.002).".to_owned(),
        gain: Some(tunescope::analysis::stopping::Gain {
            expected: 0.0031,
            noise: 0.002,
            spread: 0.1,
            bound: 0.02,
        }),
    });
    model.probe.configuration = probe;
}

fn slice(model: &Model, truth: &Truth, suggested: &[Value], probe: &[Value], param: usize) -> Slice {
    let (kind, positions): (SliceKind, Vec<f64>) = match param {
        5 => (
            SliceKind::Choices,
            (0..3).map(|k| (k as f64 + 0.5) / 3.0).collect(),
        ),
        4 | 6 => {
            let n = if param == 4 { 11 } else { 7 };
            (
                SliceKind::Steps,
                (0..n).map(|k| (k as f64 + 0.5) / n as f64).collect(),
            )
        }
        _ => (SliceKind::Curve, (0..=96).map(|k| k as f64 / 96.0).collect()),
    };
    let home = truth.shares(probe);
    let points: Vec<SlicePoint> = positions
        .into_iter()
        .map(|position| {
            let mut u = home.clone();
            u[param] = position;
            let (p, r) = truth.predict(&u);
            SlicePoint {
                position,
                value: truth.values(&u)[param].clone(),
                mean: p.mean,
                low68: p.low68,
                high68: p.high68,
                low95: p.low95,
                high95: p.high95,
                acquisition: r.ei,
                exploitation: r.exploitation,
                exploration: r.exploration,
                p_feasible: None,
            }
        })
        .collect();
    let mut trials: Vec<SliceTrial> = model
        .study
        .trials
        .iter()
        .enumerate()
        .filter_map(|(i, t)| {
            let u = truth.shares(&model.study.space.configuration_of(t)?);
            let mut foot = home.clone();
            foot[param] = u[param];
            Some(SliceTrial {
                trial: i,
                position: u[param],
                value: t.objective()?,
                weight: (-0.5 * distance2(&u, &foot)).exp(),
            })
        })
        .collect();
    trials.sort_by(|a, b| a.weight.total_cmp(&b.weight));
    let best_acquisition = (0..points.len())
        .max_by(|a, b| points[*a].acquisition.total_cmp(&points[*b].acquisition))
        .unwrap_or(0);
    let best = &model.study.trials[model.study.best().unwrap()];
    let incumbent = truth.shares(&model.study.space.configuration_of(best).unwrap())[param];
    Slice {
        param,
        kind,
        points,
        trials,
        best_acquisition,
        incumbent: Some(incumbent),
        suggestion: Some(truth.shares(suggested)[param]),
        probe: home[param],
    }
}

fn surface(model: &Model, truth: &Truth, suggested: &[Value], probe: &[Value]) -> Surface {
    let home = truth.shares(probe);
    let xs: Vec<f64> = (0..GRID).map(|k| (k as f64 + 0.5) / GRID as f64).collect();
    let ys: Vec<f64> = (0..11).map(|k| (k as f64 + 0.5) / 11.0).collect();
    let mut layers: [Vec<f64>; 6] = Default::default();
    for y in &ys {
        for x in &xs {
            let mut u = home.clone();
            (u[0], u[4]) = (*x, *y);
            let (p, r) = truth.predict(&u);
            for (layer, v) in Layer::ALL
                .iter()
                .zip([p.mean, p.sd, r.ei, r.exploitation, r.exploration, r.pi])
            {
                let i = Layer::ALL.iter().position(|l| l == layer).unwrap();
                layers[i].push(v);
            }
        }
    }
    let place = |values: &[Value]| {
        let u = truth.shares(values);
        (u[0], u[4])
    };
    let trials = model
        .study
        .trials
        .iter()
        .enumerate()
        .filter(|(_, t)| t.objective().is_some())
        .map(|(i, t)| {
            let u = truth.shares(&model.study.space.configuration_of(t).unwrap());
            let mut foot = home.clone();
            (foot[0], foot[4]) = (u[0], u[4]);
            SurfaceMark {
                trial: i,
                x: u[0],
                y: u[4],
                weight: (-0.5 * distance2(&u, &foot)).exp(),
            }
        })
        .collect();
    let best = &model.study.trials[model.study.best().unwrap()];
    Surface {
        x_param: 0,
        y_param: 4,
        columns: xs.len(),
        rows: ys.len(),
        xs,
        ys,
        layers,
        feasible: Vec::new(),
        trials,
        incumbent: Some(place(&model.study.space.configuration_of(best).unwrap())),
        suggestion: Some(place(suggested)),
        probe: place(probe),
        coarse: false,
    }
}

fn trust(model: &Model) -> Trust {
    let mut dice = Dice(99);
    let left_out: Vec<LeftOut> = model
        .study
        .trials
        .iter()
        .enumerate()
        .filter_map(|(i, t)| {
            let observed = t.objective()?;
            let z = 2.2 * (dice.roll() + dice.roll() + dice.roll() - 1.5);
            Some(LeftOut {
                trial: i,
                observed,
                predicted: observed + 0.008 * z,
                z,
            })
        })
        .collect();
    Trust {
        verdict: Verdict::Good,
        reason: format!("predicts left-out trials well (Q² 0.87, n = {})", left_out.len()),
        q2: 0.87,
        coverage68: 0.71,
        coverage95: 0.95,
        log_predictive: 1.42,
        one_step: Some(OneStep {
            count: 12,
            z_rms: 1.12,
            coverage95: 0.92,
        }),
        left_out,
        lints: vec!["The best trial lies at an edge of dropout: consider widening its range.".to_owned()],
        edges: Vec::new(),
    }
}

fn receipts(model: &Model) -> Vec<Receipt> {
    let configuration = model.probe.configuration.clone();
    let receipt = |id: &str, age: f64, state: ReceiptState| Receipt {
        id: id.to_owned(),
        configuration: configuration.clone(),
        created: NOW - age,
        edited: Vec::new(),
        predicted: Some((0.3065, 0.0061)),
        state,
        place: "queue/q48.json".to_owned(),
        hook: None,
    };
    let mut edited = receipt(
        "q45",
        700.0,
        ReceiptState::Running {
            trial: TrialId::Number(45),
        },
    );
    edited.edited = vec!["learning_rate".to_owned()];
    vec![
        receipt("q48", 40.0, ReceiptState::Queued),
        receipt(
            "q47",
            200.0,
            ReceiptState::Claimed {
                by: "node-3 (4711)".to_owned(),
            },
        ),
        edited,
        receipt(
            "q33",
            3_400.0,
            ReceiptState::Finished {
                trial: TrialId::Number(33),
                value: 0.3121,
            },
        ),
    ]
}

/// Names and texts as nobody should write them.
pub fn hostile() -> Model {
    let mut model = running();
    let mut study = (*model.study).clone();
    study.name = "\u{1b}]0;owned\u{7}学習\u{202e}率 e\u{301}\u{301}\u{301}".into();
    study.metric = "損失\t\u{9b}31m".into();
    for (i, p) in study.space.params.iter_mut().enumerate() {
        p.name = format!("パラメータ{i}\u{1b}[31m\u{200b}_very_long_name_{i}")
            .as_str()
            .into();
        study.columns[i] = p.name.clone();
    }
    model.study = Arc::new(study);
    model.source.path = "/tmp/\u{1b}[2J\u{202e}x.jsonl".to_owned();
    model
}
