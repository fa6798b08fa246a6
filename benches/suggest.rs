//! A row arrives: what the way from the study to the next configuration costs in this process, one core.
//! `cargo bench --bench suggest`.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tunescope::analysis::{AcquisitionSettings, ModelSettings, SuggestRequest, Surrogate};
use tunescope::study::{Domain, Label, Parameter, Study, Trial, TrialId, TrialState, Value};

const DIMS: usize = 6;

/// A smooth valley with noise over six unit parameters; reproducible.
fn study(n: usize) -> Arc<Study> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
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

fn suggest(c: &mut Criterion) {
    let settings = ModelSettings::default();
    let request = SuggestRequest {
        count: 1,
        ..SuggestRequest::default()
    };
    let acquisition = AcquisitionSettings::default();
    let mut group = c.benchmark_group("study");
    group.sample_size(10);
    for n in [100, 1000] {
        let (before, after) = (study(n - 1), study(n));
        let old = Surrogate::fit(&before, &settings, None, &|| false).expect("a fit");
        group.bench_function(BenchmarkId::new("cold fit + suggestion", n), |b| {
            b.iter(|| {
                let fit = Surrogate::fit(black_box(&after), &settings, None, &|| false).expect("a fit");
                fit.suggest(&request, &|| false).expect("a suggestion")
            });
        });
        group.bench_function(BenchmarkId::new("warm refit + suggestion", n), |b| {
            b.iter(|| {
                let fit = Surrogate::fit(black_box(&after), &settings, Some(&old), &|| false).expect("a fit");
                fit.suggest(&request, &|| false).expect("a suggestion")
            });
        });
        group.bench_function(BenchmarkId::new("append a row", n), |b| {
            b.iter(|| old.append(black_box(&after)).expect("an append"));
        });
        let fit = Surrogate::fit(&after, &settings, None, &|| false).expect("a fit");
        let probe = vec![Value::Float(0.5); DIMS];
        group.bench_function(BenchmarkId::new("all slices", n), |b| {
            b.iter(|| fit.slices(black_box(&probe), &acquisition, None, 97, &|| false));
        });
        group.bench_function(BenchmarkId::new("surface 64x48", n), |b| {
            b.iter(|| fit.surface((0, 1), black_box(&probe), &acquisition, None, 64, 48, &|| false));
        });
    }
    group.finish();
}

criterion_group!(benches, suggest);
criterion_main!(benches);
