//! Every number of the pictures that explain the model is the engine's own.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tunescope::analysis::ladder::Way;
use tunescope::analysis::likelihood::Place;
use tunescope::analysis::{
    AcquisitionFunction, AcquisitionSettings, LadderRequest, ModelSettings, SuggestRequest, Surrogate, knobs,
};
use tunescope::keymap::{Key, lookup};
use tunescope::runtime::worker::compare;
use tunescope::session::effect::Effect;
use tunescope::session::model::{Pane, SourceStatus};
use tunescope::session::{Model, Msg, Stamped, update};
use tunescope::study::{Direction, Domain, Label, Parameter, Study, Trial, TrialId, TrialState, Value};
use tunescope::ui::number::{fixed, percent, significant};
use tunescope::ui::view;

fn forrester(x: f64) -> f64 {
    (6.0 * x - 2.0).powi(2) * (12.0 * x - 4.0).sin()
}

fn study(rows: &[(Vec<f64>, f64)], direction: Direction) -> Arc<Study> {
    let d = rows[0].0.len();
    let mut study = Study::empty();
    study.metric = "loss".into();
    study.directions = vec![direction];
    study.columns = (0..d).map(|j| Label::new(&format!("x{}", j + 1))).collect();
    study.space.params = (0..d)
        .map(|j| {
            let domain = Domain::Float {
                low: 0.0,
                high: 1.0,
                log: false,
                step: None,
            };
            Parameter::new(study.columns[j].clone(), j, domain).unwrap()
        })
        .collect();
    study.trials = (rows.iter().enumerate())
        .map(|(i, (x, y))| {
            Arc::new(Trial {
                state: TrialState::Complete,
                params: x.iter().map(|v| Some(Value::Float(*v))).collect(),
                values: vec![*y],
                ..Trial::new(TrialId::Number(i as u64))
            })
        })
        .collect();
    Arc::new(study)
}

fn one_dimension(direction: Direction) -> Arc<Study> {
    let sign = if direction == Direction::Minimize {
        1.0
    } else {
        -1.0
    };
    let rows: Vec<(Vec<f64>, f64)> = [0.0, 0.35, 0.5, 0.72, 0.83]
        .into_iter()
        .map(|x| (vec![x], sign * forrester(x)))
        .collect();
    study(&rows, direction)
}

fn two_dimensions() -> Arc<Study> {
    let rows: Vec<(Vec<f64>, f64)> = (0..14)
        .map(|i| {
            let (a, b): (f64, f64) = (f64::from(i) * 0.618 % 1.0, f64::from(i) * 0.414 % 1.0);
            (vec![a, b], (7.0 * a).sin() + (b - 0.3).powi(2) * 3.0)
        })
        .collect();
    study(&rows, Direction::Minimize)
}

fn fitted(study: &Arc<Study>) -> Surrogate {
    Surrogate::fit(study, &ModelSettings::default(), None, &|| false).unwrap()
}

fn with_xi(function: AcquisitionFunction, xi: f64) -> AcquisitionSettings {
    AcquisitionSettings {
        function,
        xi,
        ..AcquisitionSettings::default()
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

#[test]
fn the_taken_apart_improvement_is_the_readout_in_both_directions() {
    for direction in [Direction::Minimize, Direction::Maximize] {
        for study in [one_dimension(direction), two_dimensions()] {
            let surrogate = fitted(&study);
            for (i, xi) in [0.0, 0.1, 1.0].into_iter().enumerate() {
                let acquisition = with_xi(AcquisitionFunction::Ei, xi);
                let probe = vec![Value::Float(0.1 + 0.3 * i as f64); study.space.len()];
                let (prediction, readout) = surrogate.readout(&probe, &acquisition).unwrap();
                let told = surrogate.improvement(&probe, &acquisition).unwrap();
                assert_eq!((told.mean, told.sd), (prediction.model_mean, prediction.model_sd));
                assert_eq!((told.ei, told.probability), (readout.ei, readout.pi));
                assert_eq!(
                    (told.exploitation, told.exploration),
                    (readout.exploitation, readout.exploration)
                );
                assert!(close(told.probability * told.gain, told.ei));
                assert!(close(told.quantile(0.0), prediction.mean));
                assert!(close(
                    told.quantile(1.0).min(told.quantile(-1.0)),
                    prediction.low68
                ));
                assert!(close(told.share_beyond(told.threshold), told.probability));
            }
        }
    }
}

#[test]
fn the_terms_along_a_slice_are_the_readout_of_each_of_its_places() {
    let study = two_dimensions();
    let surrogate = fitted(&study);
    let acquisition = with_xi(AcquisitionFunction::Ei, 0.05);
    let probe = vec![Value::Float(0.4), Value::Float(0.7)];
    let slices = surrogate
        .slices(&probe, &acquisition, None, 33, &|| false)
        .unwrap();
    for slice in &slices {
        for point in &slice.points {
            let mut at = probe.clone();
            at[slice.param] = point.value.clone();
            let (_, readout) = surrogate.readout(&at, &acquisition).unwrap();
            assert!(close(point.exploitation, readout.exploitation));
            assert!(close(point.exploration, readout.exploration));
            assert!(close(point.exploitation + point.exploration, point.acquisition));
        }
    }
}

fn ladder_request(study: &Study, function: AcquisitionFunction, xi: f64) -> LadderRequest {
    LadderRequest {
        param: 0,
        probe: vec![Value::Float(0.5); study.space.len()],
        suggest: SuggestRequest {
            count: 1,
            acquisition: with_xi(function, xi),
            ..SuggestRequest::default()
        },
    }
}

#[test]
fn a_rung_is_the_suggestion_of_its_xi_and_a_jump_parts_two_hills() {
    let study = one_dimension(Direction::Minimize);
    let surrogate = fitted(&study);
    let request = ladder_request(&study, AcquisitionFunction::LogEi, 0.04);
    let mut told = 0;
    let ladder = surrogate.ladder(&request, &mut |_| told += 1, &|| false).unwrap();
    assert!(ladder.is_complete && ladder.way == Way::Search);
    assert_eq!(told, ladder.rungs.len() + 1);
    let suggested = |xi: f64| {
        let asked = SuggestRequest {
            acquisition: with_xi(AcquisitionFunction::LogEi, xi),
            ..request.suggest.clone()
        };
        surrogate.suggest(&asked, &|| false).unwrap().remove(0)
    };
    for rung in &ladder.rungs {
        let suggestion = suggested(rung.xi);
        assert_eq!(rung.configuration, suggestion.configuration);
        let (_, readout) = surrogate
            .readout(&rung.configuration, &with_xi(AcquisitionFunction::LogEi, rung.xi))
            .unwrap();
        assert!(close(rung.ei, readout.ei));
    }
    assert!(ladder.at(0.04).is_some(), "the present ξ has a rung");
    assert!(ladder.rungs.windows(2).all(|w| w[0].xi < w[1].xi));
    let x = |c: &[Value]| c[0].as_f64().unwrap();
    assert!(!ladder.jumps.is_empty(), "{:?}", ladder.rungs);
    for jump in &ladder.jumps {
        let below = x(&suggested(jump.xi * 0.97).configuration);
        let above = x(&suggested(jump.xi * 1.03).configuration);
        assert!((below - above).abs() > 0.08, "{jump:?}: {below} {above}");
        assert!((below - x(&jump.from)).abs() < 0.05 && (above - x(&jump.to)).abs() < 0.05);
    }
}

#[test]
fn while_the_design_suggests_a_ladder_is_of_the_slice() {
    let study = study(
        &[(vec![0.1], 1.0), (vec![0.5], 0.2), (vec![0.9], 0.8)],
        Direction::Minimize,
    );
    let surrogate = fitted(&study);
    let request = ladder_request(&study, AcquisitionFunction::Ucb, 0.0);
    let ladder = surrogate.ladder(&request, &mut |_| (), &|| false).unwrap();
    assert_eq!(
        (ladder.way, ladder.function),
        (Way::Slice, AcquisitionFunction::LogEi)
    );
    let acquisition = with_xi(AcquisitionFunction::Ei, 0.1);
    let best = ladder.at(0.1).unwrap().ei;
    for k in 0..=200 {
        let at = vec![Value::Float(f64::from(k) / 200.0)];
        assert!(surrogate.readout(&at, &acquisition).unwrap().1.ei <= best * (1.0 + 1e-4) + 1e-12);
    }
    assert!(surrogate.ladder(&request, &mut |_| (), &|| true).is_none());
}

#[test]
fn samples_stay_the_same_functions_as_the_probe_moves_and_their_maxima_are_theirs() {
    let study = two_dimensions();
    let surrogate = fitted(&study);
    let cut = |probe: &[f64]| {
        let probe: Vec<Value> = probe.iter().map(|v| Value::Float(*v)).collect();
        surrogate.samples(&probe, 6, 65, &|| false).unwrap()
    };
    // Two cuts that cross: at the crossing they agree.
    let (a, b) = (cut(&[0.25, 0.5]), cut(&[0.25, 0.75]));
    let at = |s: &tunescope::analysis::Samples, param: usize, position: f64, k: usize| {
        let i = s.cuts[param]
            .positions
            .iter()
            .position(|p| (p - position).abs() < 1e-12)
            .unwrap();
        s.cuts[param].curves[k][i]
    };
    for k in 0..6 {
        assert!(close(at(&a, 1, 0.75, k), at(&b, 0, 0.25, k)));
    }
    let optima = surrogate.sample_optima(6, &|| false).unwrap();
    for (k, optimum) in optima.iter().enumerate() {
        let best: Vec<f64> = optimum
            .configuration
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect();
        for cut in [cut(&best), cut(&[0.5, 0.5]), cut(&[0.9, 0.1])] {
            for curve in cut.cuts.iter().map(|c| &c.curves[k]) {
                // Minimised: nothing anywhere is lower, but for a last bit of the climb.
                assert!(curve.iter().all(|v| *v >= optimum.value - 1e-3), "sample {k}");
            }
        }
    }
    // Along the slice of one dimension a sample goes through what is certain.
    let exact = one_dimension(Direction::Minimize);
    let surrogate = fitted(&exact);
    let samples = surrogate
        .samples(&[Value::Float(0.2)], 8, 101, &|| false)
        .unwrap();
    let (position, value) = (0.5, forrester(0.5));
    let i = samples.cuts[0]
        .positions
        .iter()
        .position(|p| (p - position).abs() < 1e-12)
        .unwrap();
    let sd = surrogate.predict(&[Value::Float(0.5)]).unwrap().sd;
    for curve in &samples.cuts[0].curves {
        assert!((curve[i] - value).abs() < 6.0 * sd + 1e-3);
    }
}

#[test]
fn the_map_of_the_likelihood_is_the_fit_s_own_figure_and_its_optima_are_its_tops() {
    let study = two_dimensions();
    let surrogate = fitted(&study);
    let here = surrogate.lengthscale_and_noise(0).unwrap();
    let whole = surrogate.summary.log_marginal_likelihood;
    assert!(close(surrogate.likelihood_at(0, here).unwrap(), whole));
    let map = surrogate.likelihood_map(0, &[], (24, 16), &|| false).unwrap();
    let top = map.optima.first().unwrap();
    assert!(map.values.iter().all(|v| v.is_nan() || *v <= top.value + 1e-9));
    assert!(top.value >= whole - 1e-6, "{} {whole}", top.value);
    assert!(close(surrogate.likelihood_at(0, top.place).unwrap(), top.value));
    // Set by hand to another place, the model says what the map says there.
    let place = Place {
        lengthscale: 0.4,
        noise_sd: 0.3,
    };
    let file = surrogate.model_file();
    let all = knobs::knobs(&file);
    let length = all.iter().find(|k| k.input.as_deref() == Some("x1")).unwrap();
    let file = knobs::turned(&file, length, place.lengthscale).unwrap();
    let file = knobs::turned(&file, all.last().unwrap(), place.noise_sd.powi(2)).unwrap();
    let by_hand = Surrogate::with_model(&study, &ModelSettings::default(), &file).unwrap();
    let said = surrogate.likelihood_at(0, place).unwrap();
    assert!(close(by_hand.summary.log_marginal_likelihood, said));
    assert!(
        surrogate
            .likelihood_of(0)
            .unwrap()
            .is_like(&by_hand.likelihood_of(0).unwrap())
    );
    let (x, y) = map.position(place).unwrap();
    let back = map.place(x, y).unwrap();
    assert!(close(back.lengthscale, place.lengthscale) && close(back.noise_sd, place.noise_sd));
}

#[test]
fn wiggles_in_noise_have_two_stories() {
    let noise: [f64; 8] = [0.11, -0.17, 0.08, 0.19, -0.12, -0.06, 0.15, -0.1];
    let xs: [f64; 8] = [0.03, 0.17, 0.29, 0.42, 0.55, 0.68, 0.81, 0.97];
    let rows: Vec<(Vec<f64>, f64)> = (xs.iter().zip(noise))
        .map(|(x, e)| (vec![*x], 0.6 * (14.0 * x).sin() + 0.3 * x + 2.0 * e))
        .collect();
    let study = study(&rows, Direction::Minimize);
    let surrogate = fitted(&study);
    let map = surrogate.likelihood_map(0, &[], (40, 28), &|| false).unwrap();
    let [a, b] = map.optima.as_slice() else {
        panic!("{:?}", map.optima)
    };
    let (short, long) = if a.place.lengthscale < b.place.lengthscale {
        (a, b)
    } else {
        (b, a)
    };
    assert!(short.place.noise_sd < long.place.noise_sd, "{short:?} {long:?}");
}

/// Does at once what workers would do.
fn settle(model: &mut Model, mut effects: Vec<Effect>) {
    while let Some(effect) = effects.pop() {
        let mut said: Vec<Msg> = Vec::new();
        let sayings = std::cell::RefCell::new(Vec::new());
        let say = |msg: Msg| sayings.borrow_mut().push(msg);
        match effect {
            Effect::Fit(r) => {
                let surrogate =
                    Surrogate::fit(&r.study, &r.settings, r.previous.as_deref(), &|| false).unwrap();
                said.push(Msg::Fitted {
                    data: r.data,
                    surrogate: Arc::new(surrogate),
                    refitted: true,
                });
            }
            Effect::Explore(r) => {
                let Some(surrogate) = &r.surrogate else { continue };
                let stamp = |value| Stamped {
                    fit: r.fit,
                    data: r.data,
                    value,
                };
                if r.parts.suggestion {
                    let asked = SuggestRequest {
                        count: 1,
                        acquisition: r.acquisition,
                        seed: r.seed,
                        ..SuggestRequest::default()
                    };
                    said.push(Msg::Suggested(stamp(
                        surrogate.suggest(&asked, &|| false).unwrap(),
                    )));
                }
                if r.parts.slices {
                    let suggestion = r.suggestion.as_deref();
                    let slices = surrogate
                        .slices(&r.probe, &r.acquisition, suggestion, 97, &|| false)
                        .unwrap();
                    said.push(Msg::Sliced(Stamped {
                        fit: r.fit,
                        data: r.data,
                        value: slices,
                    }));
                }
            }
            Effect::Sample(order) => assert!(compare::samples(&order, &say, &|| false)),
            Effect::Climb(order) => assert!(compare::ladder(&order, &say, &|| false)),
            Effect::Map(order) => assert!(compare::likelihood(&order, &say, &|| false)),
            _ => {}
        }
        said.extend(sayings.into_inner());
        for msg in said {
            effects.extend(update(model, msg, 1.0));
        }
    }
}

fn opened(study: Arc<Study>) -> Model {
    let mut model = Model::new(1.0, (120, 36));
    let source = SourceStatus::default();
    let effects = update(&mut model, Msg::Study { study, source }, 1.0);
    settle(&mut model, effects);
    model
}

fn press(model: &mut Model, keys: &[&str]) {
    for key in keys {
        let msg = lookup(model, Key::parse(key).unwrap().event()).unwrap();
        let effects = update(model, msg, 1.0);
        settle(model, effects);
    }
}

fn screen(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| {
            view(model, &[], frame);
        })
        .unwrap();
    let buf = terminal.backend().buffer();
    (0..height)
        .map(|y| (0..width).map(|x| buf[(x, y)].symbol()).collect::<String>() + "\n")
        .collect()
}

#[test]
fn the_numbers_on_screen_are_the_engine_s_and_move_with_the_probe() {
    for direction in [Direction::Minimize, Direction::Maximize] {
        let mut model = opened(one_dimension(direction));
        press(&mut model, &["6", "z"]);
        for keys in [&["n"][..], &[">", ">"], &["}", "}"], &["b"], &["<Left>"]] {
            press(&mut model, keys);
            let surrogate = model.surrogate.as_ref().unwrap().value.clone();
            let (prediction, readout) = surrogate.readout(model.in_hand(), &model.acquisition).unwrap();
            let z = (prediction.model_mean - prediction.model_incumbent - model.acquisition.xi)
                / prediction.model_sd;
            let slope = if direction == Direction::Minimize {
                -readout.pi
            } else {
                readout.pi
            };
            let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
            for (width, height) in [(80, 24), (120, 36), (160, 48)] {
                let text = screen(&model, width, height);
                for (name, value) in [
                    ("z ", fixed(z, 2)),
                    ("P(improve)", percent(readout.pi)),
                    ("= EI", significant(readout.ei, 3)),
                    (
                        "× mean gain",
                        significant((readout.log_ei - readout.log_pi).exp(), 3),
                    ),
                    ("exploitation ", significant(readout.exploitation, 3)),
                    ("exploration ", significant(readout.exploration, 3)),
                    ("∂EI/∂σ = φ(z) =", fixed(density, 3)),
                    (
                        if direction == Direction::Minimize {
                            "∂EI/∂μ = −Φ(z) ="
                        } else {
                            "∂EI/∂μ = Φ(z) ="
                        },
                        fixed(slope, 3),
                    ),
                ] {
                    let told = text.lines().any(|line| {
                        line.split(name).skip(1).any(|rest| {
                            let rest = rest.trim_start();
                            rest.strip_prefix(&value)
                                .is_some_and(|r| !r.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
                        })
                    });
                    assert!(told, "{name} {value} at {width}x{height} {direction:?}:\n{text}");
                }
            }
        }
    }
}

#[test]
fn the_ladder_and_the_map_say_what_was_computed() {
    let mut model = opened(one_dimension(Direction::Minimize));
    press(&mut model, &["7", "z"]);
    let ladder = model.explained.ladder.clone().unwrap().value;
    let text = screen(&model, 100, 40);
    for rung in &ladder.rungs {
        assert!(text.contains(&significant(rung.ei, 2)), "{}:\n{text}", rung.ei);
    }
    for jump in &ladder.jumps {
        assert!(
            text.contains(&format!("at ξ {}", significant(jump.xi, 3))),
            "{text}"
        );
    }
    let before = model.acquisition.xi;
    press(&mut model, &["<Up>"]);
    assert!(model.acquisition.xi > before);
    press(&mut model, &["8"]);
    assert_eq!(model.focus, Pane::Evidence);
    let map = model.explained.likelihood.clone().unwrap().value;
    let text = screen(&model, 120, 40);
    assert!(
        text.contains(&format!("highest {}", fixed(map.optima[0].value, 2))),
        "{text}"
    );
    // Turned on the map, the hyperparameters are those of the model, and everything follows.
    let at = |model: &Model| {
        model
            .surrogate
            .as_ref()
            .unwrap()
            .value
            .lengthscale_and_noise(0)
            .unwrap()
    };
    let was = at(&model);
    press(&mut model, &["<Right>", "<Up>"]);
    let now = at(&model);
    assert!(
        (now.lengthscale / was.lengthscale - 1.1).abs() < 0.01
            && (now.noise_sd / was.noise_sd - 1.1).abs() < 0.01
    );
    let by_hand = model
        .surrogate
        .as_ref()
        .unwrap()
        .value
        .summary
        .log_marginal_likelihood;
    let said = model.explained.likelihood.as_ref().unwrap().value.clone();
    assert_eq!(said.values, map.values, "the map is of the others alone");
    assert!(screen(&model, 120, 40).contains("in hand"));
    let top = map.optima[0].value;
    assert!(screen(&model, 120, 40).contains(&tunescope::ui::number::signed(by_hand - top, 2)));
    press(&mut model, &["<Backspace>"]);
    assert!(model.settings.given.is_none());
}

#[test]
fn samples_are_asked_for_by_a_key_once_a_place_and_gone_by_the_same() {
    let mut model = opened(one_dimension(Direction::Minimize));
    press(&mut model, &["~"]);
    assert_eq!(model.explained.samples, 8);
    let sampled = model.explained.sampled.clone().unwrap().value;
    assert_eq!(
        (sampled.count, sampled.cuts[0].curves.len(), sampled.optima.len()),
        (8, 8, 8)
    );
    assert!(screen(&model, 200, 60).contains("8 samples"));
    assert!(
        update(&mut model, Msg::Tick, 2.0).is_empty(),
        "nothing is asked for twice"
    );
    press(&mut model, &["+"]);
    assert_eq!(model.explained.sampled.as_ref().unwrap().value.optima.len(), 16);
    press(&mut model, &["~"]);
    assert!(!screen(&model, 200, 60).contains("samples, "));
}

#[test]
fn a_guest_takes_its_host_s_place_and_gives_it_back() {
    let mut model = opened(two_dimensions());
    press(&mut model, &["6"]);
    let text = screen(&model, 160, 48);
    assert!(
        text.contains("6 EI") && !text.contains("1 slices") && text.contains("2 surface"),
        "{text}"
    );
    press(&mut model, &["2"]);
    assert!(
        screen(&model, 160, 48).contains("6 EI"),
        "it stays while another has the focus"
    );
    press(&mut model, &["6", "<Esc>"]);
    assert_eq!(model.focus, Pane::Slices);
    assert!(screen(&model, 160, 48).contains("1 slices"));
    press(&mut model, &["7", "8"]);
    let text = screen(&model, 160, 48);
    assert!(
        text.contains("7 ladder") && text.contains("8 evidence") && text.contains("1 slices"),
        "{text}"
    );
}
