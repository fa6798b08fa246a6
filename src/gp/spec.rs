//! The notation of `--kernel`: `matern52`, `matern(nu=1.7)[lr,wd] + constant*rbf`, and back.
//!
//! ```text
//! sum      = product { "+" product }
//! product  = factor { "*" factor }
//! factor   = "(" sum ")" | "warp" "(" sum ")" [ inputs ] | kernel [ settings ] [ inputs ]
//! kernel   = matern12 | matern32 | matern52 | matern72 | matern | rbf | rq | periodic | linear
//!          | hamming | categorical | mixed | constant
//! settings = "(" name "=" ( number | "?" ) { "," name "=" number } ")"
//! inputs   = "[" name { "," name } "]"
//! name     = text without , ] and quotes | '"' text '"'
//! ```
//!
//! A setting is held while everything else is fitted; `nu=?` looks for the order of a Matérn kernel. `mixed` stands
//! for the sum and product of a Matérn-5/2 over the numbers and a categorical kernel over the categories.

mod parser;
mod print;

pub use print::print;

use super::{InputKind, Kernel};
use parser::Parser;

/// What is wrong with a kernel specification, and where (1-based column, in characters).
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    #[error("kernel, column {column}: expected {expected}, found {found}")]
    Expected {
        column: usize,
        expected: &'static str,
        found: String,
    },
    #[error("kernel, column {column}: there is no kernel {name}; the kernels are {KNOWN}")]
    UnknownKernel { column: usize, name: String },
    #[error("kernel, column {column}: there is no parameter {name} in the model; its parameters are {known}")]
    UnknownInput {
        column: usize,
        name: String,
        known: String,
    },
    #[error("kernel, column {column}: {name} is named twice; name each parameter once")]
    RepeatedInput { column: usize, name: String },
    #[error("kernel, column {column}: {setting} must be {wanted}, not {found}")]
    BadSetting {
        column: usize,
        setting: &'static str,
        wanted: &'static str,
        found: String,
    },
    #[error("kernel, column {column}: {kernel} takes no {what}; drop it")]
    Surplus {
        column: usize,
        kernel: String,
        what: String,
    },
    #[error(
        "kernel, column {column}: matern needs an order, such as matern(nu=1.7), or a name such as matern52"
    )]
    MissingNu { column: usize },
    #[error("kernel, column {column}: {kernel} needs numbers, but {name} is a category; name others")]
    NeedsNumber {
        column: usize,
        kernel: String,
        name: String,
    },
    #[error("kernel, column {column}: {kernel} finds no {what} among the parameters; leave it out")]
    NoInputs {
        column: usize,
        kernel: String,
        what: &'static str,
    },
    #[error("kernel, column {column}: {name} is warped already; warp each parameter once")]
    WarpedTwice { column: usize, name: String },
}

/// A text as a message quotes it: what cannot be seen is escaped (`\u{1b}`), or the message would name nothing. Checked by
/// `what_cannot_be_seen_is_escaped_where_a_message_quotes_it`.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    shown
}

const KNOWN: &str = "matern12, matern32, matern52, matern72, matern(nu=…), rbf, rq, periodic, linear, hamming, \
                     categorical, mixed, warp(…) and constant";

/// What a specification says.
#[derive(Clone, Debug, PartialEq)]
pub struct Specified {
    /// Hyperparameters that are not held stand at the modes of the default prior.
    pub kernel: Kernel,
    /// Whether each of [`Kernel::parameters`] was given and is to be held.
    pub held: Vec<bool>,
    /// Places in [`Kernel::orders`] of the orders that are to be found (`nu=?`).
    pub open_orders: Vec<usize>,
}

/// Reads a specification over inputs of the given names and kinds. Every term without a constant factor gets one
/// (its signal variance; a linear kernel has its own), so the result always has a scale to fit.
///
/// # Errors
/// The first thing that cannot be read, with its column.
pub fn read(spec: &str, names: &[&str], kinds: &[InputKind]) -> Result<Specified, SpecError> {
    let part = Parser::new(spec, names, kinds).whole()?;
    let open_orders = part
        .kernel
        .orders()
        .iter()
        .enumerate()
        .filter(|(_, nu)| nu.is_nan())
        .map(|(place, _)| place)
        .collect::<Vec<_>>();
    let mut kernel = part.kernel;
    for place in &open_orders {
        kernel = kernel.with_order(*place, 2.5);
    }
    Ok(Specified {
        kernel,
        held: part.held,
        open_orders,
    })
}

/// The kernel of [`read`] over numbers alone.
///
/// # Errors
/// As [`read`].
pub fn parse(spec: &str, names: &[&str]) -> Result<Kernel, SpecError> {
    Ok(read(spec, names, &vec![InputKind::Numeric; names.len()])?.kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["lr", "weight decay", "a,b"];

    #[test]
    fn what_is_printed_reads_back_as_the_same_kernel() {
        for spec in [
            "matern52",
            "constant*rbf",
            "matern(nu=1.7)[lr]",
            "rbf[lr,weight decay] + matern12[\"a,b\"]",
            "constant * (rbf[lr] + matern32) * hamming[weight decay] + constant",
            "((matern52))",
            "rbf + (matern12 + constant)",
            "rq[lr] + periodic*matern52 + linear(center=0.25)[lr,weight decay]",
            "warp(matern52*(rbf + rq))[lr] + categorical[weight decay]",
            "mixed",
        ] {
            let kernel = parse(spec, &NAMES).unwrap();
            let printed = print(&kernel, &NAMES);
            assert_eq!(parse(&printed, &NAMES).unwrap(), kernel, "{spec} → {printed}");
        }
    }

    #[test]
    fn a_term_without_a_constant_gets_a_signal_variance() {
        let show = |spec| print(&parse(spec, &NAMES).unwrap(), &NAMES);
        assert_eq!(show("matern52"), "constant*matern52");
        assert_eq!(show("constant*matern52"), "constant*matern52");
        assert_eq!(show("matern(nu=2.5)"), "constant*matern52");
        assert_eq!(show("rbf[lr] + constant"), "constant*rbf[lr] + constant");
        assert_eq!(
            show("(rbf+matern12)*hamming"),
            "constant*(rbf + matern12)*hamming"
        );
    }

    #[test]
    fn products_bind_closer_than_sums_and_lengthscales_follow_the_inputs() {
        let Kernel::Sum(terms) = parse("rbf[lr] + rbf*matern12", &NAMES).unwrap() else {
            panic!("a sum")
        };
        assert_eq!(terms.len(), 2);
        assert_eq!(terms[0].parameters().len(), 2);
        assert_eq!(terms[1].parameters().len(), 7);
    }

    #[test]
    fn errors_say_what_where_and_what_to_do() {
        let message = |spec| parse(spec, &NAMES).unwrap_err().to_string();
        assert_eq!(
            message("matern52 + foo"),
            "kernel, column 12: there is no kernel foo; the kernels are matern12, matern32, matern52, \
             matern72, matern(nu=…), rbf, rq, periodic, linear, hamming, categorical, mixed, warp(…) and constant"
        );
        assert_eq!(
            message("rbf[lr, x]"),
            "kernel, column 9: there is no parameter x in the model; its parameters are lr, weight decay, a,b"
        );
        assert_eq!(
            message("rbf[lr,lr]"),
            "kernel, column 8: lr is named twice; name each parameter once"
        );
        assert_eq!(
            message("matern(nu=-1)"),
            "kernel, column 11: nu must be a number above 0, or ? to look for it, not -1"
        );
        assert_eq!(
            message("rbf(nu=1)"),
            "kernel, column 5: rbf takes no setting nu, only lengthscale; drop it"
        );
        assert_eq!(
            message("(rbf"),
            "kernel, column 5: expected a closing parenthesis, found the end"
        );
        assert_eq!(
            message("rbf rbf"),
            "kernel, column 5: expected +, * or the end, found r"
        );
        assert_eq!(message(""), "kernel, column 1: expected a kernel, found the end");
        assert_eq!(
            message("constant[lr]"),
            "kernel, column 9: constant takes no list of parameters; drop it"
        );
        assert!(message("matern").contains("matern(nu=1.7)"));
        assert!(parse(&"(".repeat(100_000), &NAMES).is_err());
    }

    #[test]
    fn what_cannot_be_seen_is_escaped_where_a_message_quotes_it() {
        let message = |spec| parse(spec, &NAMES).unwrap_err().to_string();
        assert_eq!(
            message("rbf \u{1b}[2J"),
            r"kernel, column 5: expected +, * or the end, found \u{1b}"
        );
        // Without the escape: no parameter lr among lr, weight decay, …
        assert!(message("rbf[l\u{7}r]").contains(r"no parameter l\u{7}r in the model"));
        assert!(message("rbf[\u{202e}lr]").contains(r"no parameter \u{202e}lr in"));
        assert!(message("rbf(lengthscale=\u{9b}1)").contains(r"not \u{9b}1"));
        // Quotes, backslashes and letters of any script are seen as they are.
        assert!(message(r#"rbf[学"習'\]"#).contains(r#"no parameter 学"習'\ in"#));
    }

    const MIXED: [InputKind; 3] = [InputKind::Numeric, InputKind::Category, InputKind::Numeric];

    #[test]
    fn kernels_of_numbers_and_of_categories_find_theirs() {
        let show = |spec| {
            let found = read(spec, &NAMES, &MIXED).unwrap();
            assert_eq!(found.held.len(), found.kernel.parameters().len(), "{spec}");
            print(&found.kernel, &NAMES)
        };
        assert_eq!(show("periodic"), "constant*periodic[lr,\"a,b\"]");
        assert_eq!(show("linear"), "linear[lr,\"a,b\"]");
        assert_eq!(show("categorical"), "constant*categorical[weight decay]");
        assert_eq!(show("hamming"), "constant*hamming[weight decay]");
        assert_eq!(show("warp(rbf)"), "warp(constant*rbf)[lr,\"a,b\"]");
        assert_eq!(
            show("mixed"),
            "constant*matern52[lr,\"a,b\"] + constant*categorical[weight decay] + \
             constant*matern52[lr,\"a,b\"]*categorical[weight decay]"
        );
        let message = |spec| read(spec, &NAMES, &MIXED).unwrap_err().to_string();
        assert_eq!(
            message("linear[weight decay]"),
            "kernel, column 7: linear needs numbers, but weight decay is a category; name others"
        );
        assert_eq!(
            parse("categorical", &NAMES).unwrap_err().to_string(),
            "kernel, column 1: categorical finds no category among the parameters; leave it out"
        );
        assert!(message("warp(warp(rbf))").contains("column 6"));
    }

    #[test]
    fn what_is_set_is_held_and_a_question_mark_is_to_be_found() {
        let spec =
            "rq(alpha=3)[lr] + constant(variance=2)*periodic(period=0.25, lengthscale=1.5) + matern(nu=?)";
        let found = read(spec, &NAMES, &[InputKind::Numeric; 3]).unwrap();
        let held: Vec<f64> = found
            .kernel
            .parameters()
            .into_iter()
            .zip(&found.held)
            .filter_map(|(v, held)| held.then_some(v))
            .collect();
        assert_eq!(held, [3.0, 2.0, 1.5, 1.5, 1.5, 0.25, 0.25, 0.25]);
        assert_eq!((found.open_orders.len(), found.kernel.orders()), (1, vec![2.5]));
        let message = |spec| parse(spec, &NAMES).unwrap_err().to_string();
        assert_eq!(
            message("rq(alpha=0)"),
            "kernel, column 10: alpha must be a number above 0, not 0"
        );
        assert_eq!(
            message("mixed(x=1)"),
            "kernel, column 6: mixed takes no settings in parentheses; drop it"
        );
    }
}
