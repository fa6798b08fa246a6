//! Encodings and output transforms against references (`data/oracles/transforms.json`).

mod oracles;

use oracles::{close, load, near, number, numbers};
use serde_json::Value;
use tunescope::gp::transform::{
    PowerFamily, box_cox, fit_lambda, inverse_box_cox, inverse_yeo_johnson, power::log_likelihood,
    yeo_johnson,
};
use tunescope::gp::{OutputTransform, TransformKind};
use tunescope::study::encoding::Axis;

fn family(case: &Value) -> PowerFamily {
    if case["transform"] == "boxcox" {
        PowerFamily::BoxCox
    } else {
        PowerFamily::YeoJohnson
    }
}

fn forward(family: PowerFamily, x: f64, lambda: f64) -> f64 {
    match family {
        PowerFamily::BoxCox => box_cox(x, lambda),
        PowerFamily::YeoJohnson => yeo_johnson(x, lambda),
    }
}

fn inverse(family: PowerFamily, y: f64, lambda: f64) -> f64 {
    match family {
        PowerFamily::BoxCox => inverse_box_cox(y, lambda),
        PowerFamily::YeoJohnson => inverse_yeo_johnson(y, lambda),
    }
}

/// Enough for every reference optimum; one lies at λ = 58.
const WIDE: (f64, f64) = (-80.0, 80.0);

#[test]
fn power_transforms_match_their_references_at_given_lambdas() {
    for case in load("transforms")["power"].as_array().unwrap() {
        let (family, x, id) = (family(case), numbers(&case["x"]), case["id"].as_str().unwrap());
        for at in case["at_fixed_lambda"].as_array().unwrap() {
            let lambda = number(&at["lam"]);
            for (x, known) in x.iter().zip(numbers(&at["transformed_first5"])) {
                close(forward(family, *x, lambda), known, 1e-11, id);
            }
            let llf = number(&at["llf"]);
            near(
                log_likelihood(family, &x, lambda),
                llf,
                1e-8 * (1.0 + llf.abs()),
                id,
            );
        }
        for at in case["inverse"].as_array().unwrap() {
            close(
                inverse(family, number(&at["y"]), number(&at["lam"])),
                number(&at["x"]),
                1e-9,
                id,
            );
        }
    }
}

#[test]
fn the_fitted_lambda_reaches_the_reference_likelihood() {
    for case in load("transforms")["power"].as_array().unwrap() {
        let (family, x, id) = (family(case), numbers(&case["x"]), case["id"].as_str().unwrap());
        let best = number(&case["llf_opt"]);
        let lambda = fit_lambda(family, &x, WIDE);
        near(
            log_likelihood(family, &x, lambda),
            best,
            1e-8 * (1.0 + best.abs()),
            id,
        );
        let (known, limited) = (
            number(&case["lambda_opt"]),
            number(&case["lambda_opt_within_pm5"]),
        );
        if (known - limited).abs() < 1e-12 {
            near(lambda, known, 1e-5, id);
            for ((x, t), s) in x
                .iter()
                .zip(numbers(&case["transformed"]))
                .zip(numbers(&case["standardised"]))
            {
                close(forward(family, *x, known), t, 1e-11, id);
                let (mean, sd) = (
                    number(&case["mean_transformed"]),
                    number(&case["sd_transformed_ddof0"]),
                );
                near((forward(family, *x, known) - mean) / sd, s, 1e-9, id);
            }
        }
        near(fit_lambda(family, &x, (-5.0, 5.0)), limited, 1e-5, id);
    }
}

#[test]
fn the_output_transform_is_the_power_transform_standardised() {
    for case in load("transforms")["power"].as_array().unwrap() {
        let x = numbers(&case["x"]);
        let kind = match family(case) {
            PowerFamily::BoxCox => TransformKind::BoxCox,
            PowerFamily::YeoJohnson => TransformKind::YeoJohnson,
        };
        let transform = OutputTransform::fit(kind, &x);
        near(
            transform.lambda().unwrap(),
            number(&case["lambda_opt_within_pm5"]),
            1e-5,
            "lambda",
        );
        for v in x {
            close(transform.inverse(transform.forward(v)), v, 1e-9, "round trip");
        }
    }
}

#[test]
fn yeo_johnson_matches_its_references_on_both_sides_of_zero() {
    for point in load("transforms")["yeojohnson_points"].as_array().unwrap() {
        let (x, lambda, y) = (number(&point["x"]), number(&point["lam"]), number(&point["y"]));
        close(yeo_johnson(x, lambda), y, 1e-11, &format!("x={x} λ={lambda}"));
        // Where the family is flat, the inverse cannot say more than the transform has kept.
        let slope = if x >= 0.0 {
            (1.0 + x).powf(lambda - 1.0)
        } else {
            (1.0 - x).powf(1.0 - lambda)
        };
        near(
            inverse_yeo_johnson(y, lambda),
            x,
            1e-9 * (1.0 + x.abs()) + 1e-14 * y.abs() / slope,
            "inverse",
        );
    }
}

/// The axis of a reference parameter in the documented convention; `None` for the conventions not used.
fn axis(case: &Value) -> Option<Axis> {
    let log = case["scale"] == "log";
    let bounds = || (number(&case["low"]), number(&case["high"]));
    match (case["kind"].as_str()?, case["convention"].as_str()?) {
        ("float", "endpoint") => {
            let (low, high) = bounds();
            Some(Axis::Unit { low, high, log })
        }
        ("int", "bin") => {
            let (low, high) = bounds();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small references"
            )]
            let count = (high - low) as u64 + 1;
            Some(Axis::Grid {
                first: low,
                step: 1.0,
                count,
                log,
                integer: true,
            })
        }
        _ => None,
    }
}

#[test]
fn parameters_are_encoded_by_the_documented_convention() {
    let mut checked = 0;
    for case in load("transforms")["parameters"].as_array().unwrap() {
        let Some(axis) = axis(case) else { continue };
        checked += 1;
        let id = case["id"].as_str().unwrap();
        let is_int = case["kind"] == "int";
        for f in case["forward"].as_array().unwrap() {
            let (value, u) = (number(&f["value"]), number(&f["u"]));
            near(axis.forward(value), u, 1e-12, id);
            if is_int {
                assert!(axis.inverse(axis.forward(value)) == value, "{id}: {value}");
            }
        }
        for f in case["inverse"].as_array().unwrap() {
            let (u, value) = (number(&f["u"]), number(&f["value"]));
            let got = axis.inverse(u);
            if is_int {
                assert!(got == value, "{id}: {u} → {got}, not {value}");
            } else {
                near(got, value, 1e-11 * (1.0 + value.abs()), id);
            }
        }
    }
    // Five floats and six ints; the other conventions are not ours.
    assert_eq!(checked, 11);
}

#[test]
fn a_category_is_its_index() {
    let axis = Axis::Category { count: 3 };
    for k in 0..3_u8 {
        let k = f64::from(k);
        assert!(axis.forward(k) == k && axis.inverse(k + 0.3) == k);
    }
    assert!(axis.inverse(-4.0) == 0.0 && axis.inverse(9.0) == 2.0);
}
