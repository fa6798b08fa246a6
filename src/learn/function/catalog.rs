//! Which functions there are.

use std::f64::consts::PI;

use super::{Function, Rule, boxed, cube, fine_tuning, float, formulas, log_float, space};
use crate::study::{Configuration, Domain, Space, Value};

/// One dimension first, then two, then more; mixed spaces last.
pub const NAMES: &[&str] = &[
    "forrester",
    "gramacy_lee",
    "branin",
    "camel6",
    "goldstein_price",
    "svm",
    "hartmann3",
    "hartmann6",
    "ackley5",
    "levy4",
    "levy10",
    "rosenbrock4",
    "rastrigin3",
    "griewank3",
    "styblinski4",
    "michalewicz5",
    "branin8",
    "lmft",
    "mlp",
];

pub fn named(name: &str) -> Option<Function> {
    let this = match name {
        "forrester" => forrester(),
        "gramacy_lee" => gramacy_lee(),
        "branin" => branin(),
        "camel6" => camel(),
        "goldstein_price" => goldstein_price(),
        "svm" => svm(),
        "hartmann3" => hartmann3(),
        "hartmann6" => hartmann6(),
        "lmft" => lmft(),
        "mlp" => mlp(),
        _ => {
            let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
            let (family, d) = name.split_at(digits);
            // Where nothing is said, as many as can be looked at.
            let d = if d.is_empty() { "2" } else { d };
            if d.starts_with('0') || d.len() > 2 {
                return None;
            }
            of_family(family, d.parse().ok()?)?
        }
    };
    Some(Function {
        name: name.to_owned(),
        ..this
    })
}

fn of_family(family: &str, d: usize) -> Option<Function> {
    match family {
        "ackley" => Some(ackley(d)),
        "levy" => Some(levy(d)),
        "rosenbrock" if d >= 2 => Some(rosenbrock(d)),
        "rastrigin" => Some(rastrigin(d)),
        "griewank" => Some(griewank(d)),
        "styblinski" => Some(styblinski_tang(d)),
        "michalewicz" => michalewicz(d),
        "branin" if d >= 3 => Some(idle_branin(d)),
        _ => None,
    }
}

struct Facts<'a> {
    title: &'a str,
    formula: &'static str,
    minimum: f64,
    at: &'a [&'a [f64]],
    noise_sd: f64,
}

fn numeric(facts: &Facts<'_>, space: Space, f: fn(&[f64]) -> f64) -> Function {
    Function {
        name: String::new(),
        title: facts.title.to_owned(),
        formula: facts.formula,
        space,
        minimum: facts.minimum,
        minimizers: facts.at.iter().map(|x| floats(x)).collect(),
        noise_sd: facts.noise_sd,
        rule: Rule::Numbers(f),
    }
}

fn floats(x: &[f64]) -> Configuration {
    x.iter().map(|x| Value::Float(*x)).collect()
}

fn text(choice: &str) -> Value {
    Value::Text(choice.into())
}

fn forrester() -> Function {
    let facts = Facts {
        title: "Forrester",
        formula: "(6x - 2)^2 sin(12x - 4)",
        minimum: -6.020_740_055_767_083,
        at: &[&[0.757_248_757_841_855_9]],
        noise_sd: 0.1,
    };
    numeric(&facts, boxed(&[(0.0, 1.0)]), formulas::forrester)
}

fn gramacy_lee() -> Function {
    let facts = Facts {
        title: "Gramacy and Lee",
        formula: "sin(10 pi x)/(2x) + (x - 1)^4",
        minimum: -0.869_011_134_989_499_8,
        at: &[&[0.548_563_444_527_605_2]],
        noise_sd: 0.02,
    };
    numeric(&facts, boxed(&[(0.5, 2.5)]), formulas::gramacy_lee)
}

const BRANIN: &str = "(x2 - 5.1/(4 pi^2) x1^2 + 5/pi x1 - 6)^2 + 10 (1 - 1/(8 pi)) cos(x1) + 10";
const BRANIN_BOX: [(f64, f64); 2] = [(-5.0, 10.0), (0.0, 15.0)];
const BRANIN_MINIMUM: f64 = 0.397_887_357_729_738_3;
const BRANIN_AT: [[f64; 2]; 3] = [[-PI, 12.275], [PI, 2.275], [3.0 * PI, 2.475]];

fn branin() -> Function {
    let facts = Facts {
        title: "Branin",
        formula: BRANIN,
        minimum: BRANIN_MINIMUM,
        at: &[&BRANIN_AT[0], &BRANIN_AT[1], &BRANIN_AT[2]],
        noise_sd: 0.7,
    };
    numeric(&facts, boxed(&BRANIN_BOX), formulas::branin)
}

/// Branin of the first two of `d` parameters: the others, over the unit interval, do nothing.
fn idle_branin(d: usize) -> Function {
    let mut bounds = BRANIN_BOX.to_vec();
    bounds.resize(d, (0.0, 1.0));
    let at: Vec<Vec<f64>> = BRANIN_AT
        .iter()
        .map(|x| {
            let mut x = x.to_vec();
            x.resize(d, 0.5);
            x
        })
        .collect();
    let at: Vec<&[f64]> = at.iter().map(Vec::as_slice).collect();
    let facts = Facts {
        title: &format!("Branin in {d} dimensions"),
        formula: BRANIN,
        minimum: BRANIN_MINIMUM,
        at: &at,
        noise_sd: 0.7,
    };
    numeric(&facts, boxed(&bounds), formulas::branin)
}

fn camel() -> Function {
    let (a, b) = (0.089_842_013_100_318_06, 0.712_656_403_020_739_6);
    let facts = Facts {
        title: "six-hump camel",
        formula: "(4 - 2.1 x1^2 + x1^4/3) x1^2 + x1 x2 + (-4 + 4 x2^2) x2^2",
        minimum: -1.031_628_453_489_877_4,
        at: &[&[a, -b], &[-a, b]],
        noise_sd: 0.2,
    };
    numeric(
        &facts,
        boxed(&[(-3.0, 3.0), (-2.0, 2.0)]),
        formulas::six_hump_camel,
    )
}

fn goldstein_price() -> Function {
    let facts = Facts {
        title: "Goldstein-Price",
        formula: "(1 + (x1+x2+1)^2 (19-14x1+3x1^2-14x2+6x1x2+3x2^2)) (30 + (2x1-3x2)^2 (18-32x1+12x1^2+48x2-36x1x2+27x2^2))",
        minimum: 3.0,
        at: &[&[0.0, -1.0]],
        noise_sd: 100.0,
    };
    numeric(&facts, cube(2, -2.0, 2.0), formulas::goldstein_price)
}

fn svm() -> Function {
    let facts = Facts {
        title: "classifier over C and gamma",
        formula: "c = log10 C - 1, g = log10 gamma + 2: 0.08 + 0.4 (1 - exp(-(0.12 g^2 + 0.3 (c + 0.6 g)^2 + 0.05 (1 - cos 3g))))",
        minimum: 0.08,
        at: &[&[10.0, 0.01]],
        noise_sd: 0.005,
    };
    let parameters = vec![
        ("c".to_owned(), log_float(1e-3, 1e3)),
        ("gamma".to_owned(), log_float(1e-5, 10.0)),
    ];
    numeric(&facts, space(parameters), formulas::svm)
}

const HARTMANN: &str = "-sum_i alpha_i exp(-sum_j A_ij (x_j - P_ij)^2)";

fn hartmann3() -> Function {
    let facts = Facts {
        title: "Hartmann 3",
        formula: HARTMANN,
        minimum: -3.862_779_787_332_662_4,
        at: &[&[
            0.114_588_876_655_068_96,
            0.555_648_894_616_93,
            0.852_546_984_686_677_4,
        ]],
        noise_sd: 0.07,
    };
    numeric(&facts, cube(3, 0.0, 1.0), formulas::hartmann3)
}

fn hartmann6() -> Function {
    let facts = Facts {
        title: "Hartmann 6",
        formula: HARTMANN,
        minimum: -3.322_368_011_415_514_7,
        at: &[&[
            0.201_689_511_006_705_43,
            0.150_010_691_823_457_97,
            0.476_873_974_221_897,
            0.275_332_430_494_056_1,
            0.311_651_616_600_113_26,
            0.657_300_534_065_620_3,
        ]],
        noise_sd: 0.06,
    };
    numeric(&facts, cube(6, 0.0, 1.0), formulas::hartmann6)
}

/// Over `[−5, 10]`, so that the minimum is not in the middle.
fn ackley(d: usize) -> Function {
    let facts = Facts {
        title: &format!("Ackley in {d} dimensions, shifted"),
        formula: "-20 exp(-0.2 sqrt(mean x^2)) - exp(mean cos(2 pi x)) + 20 + e",
        minimum: 0.0,
        at: &[&vec![0.0; d]],
        noise_sd: 0.3,
    };
    numeric(&facts, cube(d, -5.0, 10.0), formulas::ackley)
}

fn levy(d: usize) -> Function {
    let facts = Facts {
        title: &format!("Levy in {d} dimensions"),
        formula: "w = 1 + (x-1)/4: sin^2(pi w_1) + sum_{i<d} (w_i-1)^2 (1 + 10 sin^2(pi w_i + 1)) + (w_d-1)^2 (1 + sin^2(2 pi w_d))",
        minimum: 0.0,
        at: &[&vec![1.0; d]],
        noise_sd: 0.2 * count(d),
    };
    numeric(&facts, cube(d, -10.0, 10.0), formulas::levy)
}

fn rosenbrock(d: usize) -> Function {
    let facts = Facts {
        title: &format!("Rosenbrock in {d} dimensions"),
        formula: "sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2",
        minimum: 0.0,
        at: &[&vec![1.0; d]],
        noise_sd: 500.0,
    };
    numeric(&facts, cube(d, -5.0, 10.0), formulas::rosenbrock)
}

/// Over `[−3.12, 7.12]`, so that the minimum is not in the middle.
fn rastrigin(d: usize) -> Function {
    let facts = Facts {
        title: &format!("Rastrigin in {d} dimensions, shifted"),
        formula: "10 d + sum x^2 - 10 cos(2 pi x)",
        minimum: 0.0,
        at: &[&vec![0.0; d]],
        noise_sd: 1.0,
    };
    numeric(&facts, cube(d, -3.12, 7.12), formulas::rastrigin)
}

/// Over `[−450, 750]`, so that the minimum is not in the middle.
fn griewank(d: usize) -> Function {
    let facts = Facts {
        title: &format!("Griewank in {d} dimensions, shifted"),
        formula: "sum x^2/4000 - prod cos(x_i/sqrt(i)) + 1",
        minimum: 0.0,
        at: &[&vec![0.0; d]],
        noise_sd: 0.5 * count(d),
    };
    numeric(&facts, cube(d, -450.0, 750.0), formulas::griewank)
}

fn styblinski_tang(d: usize) -> Function {
    let facts = Facts {
        title: &format!("Styblinski-Tang in {d} dimensions"),
        formula: "1/2 sum x^4 - 16 x^2 + 5 x",
        minimum: -39.166_165_703_771_42 * count(d),
        at: &[&vec![-2.903_534_027_771_177; d]],
        noise_sd: 3.0,
    };
    numeric(&facts, cube(d, -5.0, 5.0), formulas::styblinski_tang)
}

/// Minima are known for 2 and 5 parameters (Vanaret et al. 2014 prove more).
fn michalewicz(d: usize) -> Option<Function> {
    let (minimum, at): (f64, &[f64]) = match d {
        2 => (-1.801_303_410_098_552_5, &[2.202_905_520_172_609_3, PI / 2.0]),
        5 => (
            -4.687_658_179_088_146,
            &[
                2.202_905_520_172_609_3,
                PI / 2.0,
                1.284_991_570_552_924_5,
                1.923_058_469_866_362_9,
                1.720_469_772_565_841_3,
            ],
        ),
        _ => return None,
    };
    let facts = Facts {
        title: &format!("Michalewicz in {d} dimensions"),
        formula: "-sum sin(x_i) sin(i x_i^2/pi)^20",
        minimum,
        at: &[at],
        noise_sd: 0.08,
    };
    Some(numeric(&facts, cube(d, 0.0, PI), formulas::michalewicz))
}

fn lmft() -> Function {
    let parameters = [
        ("lr", log_float(1e-6, 1e-2)),
        (
            "batch",
            Domain::Categorical {
                choices: [8, 16, 32, 64].map(Value::Int).to_vec(),
            },
        ),
        ("warmup", float(0.0, 0.3)),
        ("wd", log_float(1e-5, 1e-1)),
        ("dropout", float(0.0, 0.5)),
        (
            "scheduler",
            Domain::Categorical {
                choices: ["linear", "cosine", "constant"].map(text).to_vec(),
            },
        ),
    ];
    Function {
        name: String::new(),
        title: "fine-tuning a language model".to_owned(),
        formula: "see learn::function::fine_tuning::loss",
        space: space(parameters.map(|(n, d)| (n.to_owned(), d)).to_vec()),
        minimum: 1.2,
        minimizers: vec![vec![
            Value::Float(10_f64.powf(-4.15)),
            Value::Int(32),
            Value::Float(0.06),
            Value::Float(0.01),
            Value::Float(0.1),
            text("cosine"),
        ]],
        noise_sd: 0.01,
        rule: Rule::Values(fine_tuning::loss),
    }
}

fn mlp() -> Function {
    let int = |low, high, log| Domain::Int {
        low,
        high,
        log,
        step: 1,
    };
    let parameters = [
        ("lr", log_float(1e-5, 1e-1)),
        ("layers", int(1, 8, false)),
        ("width", int(16, 1024, true)),
        ("dropout", float(0.0, 0.6)),
        (
            "activation",
            Domain::Categorical {
                choices: ["relu", "tanh", "gelu"].map(text).to_vec(),
            },
        ),
    ];
    Function {
        name: String::new(),
        title: "a small network".to_owned(),
        formula: "see learn::function::fine_tuning::network",
        space: space(parameters.map(|(n, d)| (n.to_owned(), d)).to_vec()),
        minimum: 0.05,
        minimizers: vec![vec![
            Value::Float(10_f64.powf(-2.7)),
            Value::Int(4),
            Value::Int(256),
            Value::Float(0.2),
            text("gelu"),
        ]],
        noise_sd: 0.01,
        rule: Rule::Values(fine_tuning::network),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of parameters")]
fn count(d: usize) -> f64 {
    d as f64
}
