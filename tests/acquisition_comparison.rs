//! Acquisition functions side by side.

#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use studies::{branin, complete, cube, floats};
use tunescope::analysis::{
    AcquisitionFunction, AcquisitionSettings, CompareRequest, ModelSettings, SuggestRequest, Surrogate,
};
use tunescope::study::Direction;

fn never() -> bool {
    false
}

fn surrogate() -> Surrogate {
    let mut study = cube(2, Direction::Minimize);
    for i in 0..20 {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        complete(&mut study, &floats(&u), branin(&u));
    }
    Surrogate::fit(&Arc::new(study), &ModelSettings::default(), None, &never).unwrap()
}

fn request() -> CompareRequest {
    CompareRequest {
        param: 1,
        probe: floats(&[0.3, 0.6]),
        points: 33,
        functions: AcquisitionFunction::ALL.to_vec(),
        suggest: SuggestRequest {
            seed: 4,
            ..SuggestRequest::default()
        },
    }
}

#[test]
fn every_function_has_its_curve_and_the_point_that_it_would_suggest_alone() {
    let surrogate = surrogate();
    let mut told = 0;
    let found = surrogate
        .compare_acquisitions(&request(), &mut |_| told += 1, &never)
        .unwrap();
    assert_eq!(told, 1 + found.rows.len());
    assert_eq!(found.rows.len(), AcquisitionFunction::ALL.len());
    for row in &found.rows {
        assert_eq!(row.curve.len(), found.positions.len());
        assert_eq!(row.curve[row.best], 1.0, "{:?}", row.function);
        assert!(row.curve.iter().all(|v| (0.0..=1.0).contains(v)));
        let alone = SuggestRequest {
            count: 1,
            acquisition: AcquisitionSettings {
                function: row.function,
                ..AcquisitionSettings::default()
            },
            ..request().suggest
        };
        let alone = surrogate.suggest(&alone, &never).unwrap().remove(0);
        let next = row.next.as_ref().unwrap();
        assert_eq!(next.configuration, alone.configuration, "{:?}", row.function);
        assert_eq!(next.mean, alone.prediction.unwrap().mean);
        assert_eq!(next.position, alone.point.0[1]);
        assert!(next.value.is_finite());
    }
    // EI and its logarithm ask the same question.
    assert_eq!(found.rows[0].curve, found.rows[1].curve);
}

#[test]
fn a_cancelled_comparison_is_none_and_so_is_one_along_nothing() {
    let surrogate = surrogate();
    assert!(
        surrogate
            .compare_acquisitions(&request(), &mut |_| {}, &|| true)
            .is_none()
    );
    let beyond = CompareRequest {
        param: 7,
        ..request()
    };
    assert!(
        surrogate
            .compare_acquisitions(&beyond, &mut |_| {}, &never)
            .is_none()
    );
}
