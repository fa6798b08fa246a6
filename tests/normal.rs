//! The normal distribution against 20-digit values (`data/oracles/normal.json`).

use serde_json::Value;
use tunescope::acquisition::normal;

fn oracle() -> Value {
    serde_json::from_str(include_str!("data/oracles/normal.json")).unwrap()
}

fn assert_near(what: &str, z: f64, got: f64, want: f64, tolerance: f64) {
    assert!(
        (got - want).abs() <= tolerance,
        "{what}({z}) = {got:e}, not {want:e}; off by {:e}, allowed {tolerance:e}",
        (got - want).abs()
    );
}

#[test]
fn logarithms_and_ratios_hold_fourteen_digits_in_both_tails() {
    type Case = (&'static str, fn(f64) -> f64, f64);
    // log Φ above zero needs log1p of a tail and is good to 1e-13, as the oracle's notes say.
    let cases: [Case; 6] = [
        ("log_phi", normal::log_pdf, 1e-14),
        ("log_Phi", normal::log_cdf, 1e-14),
        ("log_h", normal::log_h, 1e-14),
        ("mills_ratio_upper", normal::mills_ratio, 1e-14),
        ("phi_over_Phi", normal::pdf_over_cdf, 1e-14),
        ("dlogh_dz", normal::h_slope, 1e-14),
    ];
    for row in oracle()["rows"].as_array().unwrap() {
        let z = row["z"].as_f64().unwrap();
        for (name, f, relative) in cases {
            let Some(want) = row[name].as_f64() else { continue };
            let is_log = name.starts_with("log");
            let relative = if name == "log_Phi" && z > 0.0 {
                1e-13
            } else {
                relative
            };
            // The ratios over Φ for z > 0 are themselves tails: their condition number is z².
            let condition = if name == "phi_over_Phi" && z > 0.0 {
                1.0 + z * z
            } else {
                1.0
            };
            let mut tolerance = relative * condition * want.abs();
            if is_log && want.abs() < 1.0 && !(name == "log_Phi" && z > 0.0) {
                tolerance = 1e-14;
            }
            if want == 0.0 {
                tolerance = 1e-300;
            }
            assert_near(name, z, f(z), want, tolerance);
        }
    }
}

#[test]
fn linear_values_are_good_to_their_condition() {
    for row in oracle()["rows"].as_array().unwrap() {
        let z = row["z"].as_f64().unwrap();
        let cases: [(&str, f64); 4] = [
            ("phi", normal::pdf(z)),
            ("Phi", normal::cdf(z)),
            ("Phi_c", normal::cdf(-z)),
            ("h", normal::h(z)),
        ];
        for (name, got) in cases {
            let want = row[name].as_f64().unwrap();
            // The last term is for results among the subnormals.
            let tolerance = 1e-14 * (1.0 + z * z) * want.abs() + 1e-307;
            assert_near(name, z, got, want, tolerance);
        }
    }
}

#[test]
fn quantiles_invert_the_distribution_and_its_logarithm() {
    for row in oracle()["quantile"].as_array().unwrap() {
        let (p, want) = (row["p"].as_f64().unwrap(), row["quantile"].as_f64().unwrap());
        assert_near(
            "quantile",
            p,
            normal::quantile(p),
            want,
            1e-13 * (1.0 + want.abs()),
        );
    }
}
