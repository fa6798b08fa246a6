//! A row arrives: what the way from the study to the next configuration costs in this process, one core.
//! `cargo bench --bench suggest` prints the table of `benches/README.md`; `-- --criterion` criterion's statistics.

#[path = "common/draws.rs"]
mod draws;
#[path = "common/timing.rs"]
mod timing;

use std::hint::black_box;
use std::sync::Arc;

use tunescope::analysis::{AcquisitionSettings, ModelSettings, SuggestRequest, Surrogate};
use tunescope::study::{Domain, Label, Parameter, Study, Trial, TrialId, TrialState, Value};

const DIMS: usize = 6;

/// A smooth valley with noise over six unit parameters; reproducible.
fn study(n: usize) -> Arc<Study> {
    let mut uniform = draws::uniform(0x2545_f491_4f6c_dd1d);
    let mut study = Study::empty();
    study.columns = (0..DIMS).map(|j| Label::new(&format!("x{j}"))).collect();
    let domain = Domain::Float {
        low: 0.0,
        high: 1.0,
        log: false,
        step: None,
    };
    study.space.params = (0..DIMS)
        .filter_map(|j| Parameter::new(study.columns[j].clone(), j, domain.clone()).ok())
        .collect();
    for i in 0..n {
        let x: Vec<f64> = (0..DIMS).map(|_| uniform()).collect();
        let valley: f64 = x
            .iter()
            .enumerate()
            .map(|(j, u)| (u - 0.1 - 0.1 * j as f64).powi(2))
            .sum();
        study.trials.push(Arc::new(Trial {
            state: TrialState::Complete,
            params: x.into_iter().map(|u| Some(Value::Float(u))).collect(),
            values: vec![valley + 0.3 * (7.0 * valley).sin() + 0.02 * uniform()],
            ..Trial::new(TrialId::Number(i as u64))
        }));
    }
    Arc::new(study)
}

/// What is timed at one number of trials.
fn work(n: usize) -> Vec<timing::Work> {
    let settings = ModelSettings::default();
    let acquisition = AcquisitionSettings::default();
    let (before, after) = (study(n - 1), study(n));
    let old = Surrogate::fit(&before, &settings, None, &|| false).expect("a fit");
    let now = Surrogate::fit(&after, &settings, None, &|| false).expect("a fit");
    let next = move |study: &Arc<Study>, old: Option<&Surrogate>| {
        let fit = Surrogate::fit(black_box(study), &ModelSettings::default(), old, &|| false).expect("a fit");
        let request = SuggestRequest {
            count: 1,
            ..SuggestRequest::default()
        };
        black_box(fit.suggest(&request, &|| false).expect("a suggestion"));
    };
    let probe = vec![Value::Float(0.5); DIMS];
    let (cold, warm, grown) = (Arc::clone(&after), Arc::clone(&after), after);
    let (earlier, sliced, place) = (old.clone(), now.clone(), probe.clone());
    vec![
        ("cold fit and suggestion", Box::new(move || next(&cold, None))),
        (
            "warm refit and suggestion",
            Box::new(move || next(&warm, Some(&old))),
        ),
        (
            "append a row",
            Box::new(move || {
                black_box(earlier.append(black_box(&grown)).expect("an append"));
            }),
        ),
        (
            "all slices",
            Box::new(move || {
                black_box(sliced.slices(black_box(&place), &acquisition, None, 97, &|| false));
            }),
        ),
        (
            "surface of 64x48",
            Box::new(move || {
                black_box(now.surface((0, 1), black_box(&probe), &acquisition, None, 64, 48, &|| false));
            }),
        ),
    ]
}

const SIZES: [usize; 2] = [100, 1000];

fn main() {
    timing::run("study", &SIZES, work);
}
