//! A small language of arithmetic and comparison: the formula that a learner types, and the check of a lesson's step.
//!
//! ```text
//! or := and ("or" and)*                 and := not ("and" not)*        not := "not" not | relation
//! relation := sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?
//! sum := product (("+" | "-") product)*  product := unary (("*" | "/") unary)*
//! unary := ("-" | "+") unary | power     power := atom ("^" unary)?
//! atom := NUMBER | "text" | true | false | pi | e | NAME | FUNCTION "(" or ("," or)* ")" | "(" or ")"
//! ```
//! So `-x^2` is −(x²) and `2^3^2` is 2⁹, as in mathematics. Arithmetic is IEEE: 1/0 is infinite and `log(-1)` no number;
//! who evaluates decides what that means.

mod lexer;
mod parser;

use std::fmt;

use lexer::Token;

/// A parsed expression over the names that were allowed when it was parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    root: Node,
    text: String,
}

/// What a name stands for, and what an expression gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Number(f64),
    Text(String),
    Truth(bool),
}

/// Why a text is no expression. Positions count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    #[error("there is nothing; write an expression such as {example}")]
    Empty { example: &'static str },
    #[error(
        "character {at}: {found:?} has no meaning here; use numbers, names, + - * / ^ ( ) and comparisons"
    )]
    Stray { at: usize, found: char },
    #[error("character {at}: the text has no closing quotation mark; add one")]
    OpenText { at: usize },
    #[error("character {at}: {found} is not a number that can be read; write it like 0.5 or 1e-3")]
    BadNumber { at: usize, found: String },
    #[error("character {at}: {wanted} was expected, not {found}")]
    Unexpected {
        at: usize,
        wanted: &'static str,
        found: String,
    },
    #[error("character {at}: there is no {name} here; the names are {known}")]
    UnknownName { at: usize, name: String, known: String },
    #[error("character {at}: there is no function {name}; the functions are {known}")]
    UnknownFunction { at: usize, name: String, known: String },
    #[error("character {at}: {name} takes {wanted}, not {given}")]
    Arity {
        at: usize,
        name: &'static str,
        wanted: &'static str,
        given: usize,
    },
    #[error("the expression is nested more than {limit} levels deep; write a simpler one")]
    TooDeep { limit: usize },
}

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Number,
    Text,
    Truth,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Truth => "true or false",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Constant(Answer),
    /// Place in the list of names that was given to [`Expression::parse`].
    Name(usize),
    Negate(Box<Node>),
    Not(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

#[derive(Clone, Copy, Debug)]
enum Function {
    One(&'static str, fn(f64) -> f64),
    Two(&'static str, fn(f64, f64) -> f64),
    /// Folded over one argument or more.
    Many(&'static str, fn(f64, f64) -> f64),
}

/// The functions that can be called, by name.
const FUNCTIONS: &[Function] = &[
    Function::One("sin", f64::sin),
    Function::One("cos", f64::cos),
    Function::One("tan", f64::tan),
    Function::One("tanh", f64::tanh),
    Function::One("exp", f64::exp),
    Function::One("log", f64::ln),
    Function::One("ln", f64::ln),
    Function::One("log10", f64::log10),
    Function::One("sqrt", f64::sqrt),
    Function::One("abs", f64::abs),
    Function::One("sign", sign),
    Function::One("floor", f64::floor),
    Function::Two("pow", f64::powf),
    Function::Many("min", f64::min),
    Function::Many("max", f64::max),
];

/// −1, 0 or 1, where `f64::signum` would call 0 positive.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// By name: addresses of functions say nothing.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Function {
    const fn name(self) -> &'static str {
        match self {
            Self::One(name, _) | Self::Two(name, _) | Self::Many(name, _) => name,
        }
    }
}

impl Expression {
    /// Reads a text whose names must be among `names`; they are looked up by their place in that list.
    ///
    /// # Errors
    /// [`ExpressionError`], with the character where it went wrong.
    pub fn parse(text: &str, names: &[&str]) -> Result<Self, ExpressionError> {
        Ok(Self {
            root: parser::parse(text, names)?,
            text: text.trim().to_owned(),
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The answer where name `i` stands for `value(i)`. Operands of a kind that an operator does not take give NaN (a
    /// number was wanted) or `false` (a truth was).
    pub fn evaluate(&self, value: &dyn Fn(usize) -> Answer) -> Answer {
        self.root.evaluate(value)
    }

    /// As a number: NaN where it is none.
    pub fn number(&self, value: &dyn Fn(usize) -> f64) -> f64 {
        self.root.evaluate(&|i| Answer::Number(value(i))).number()
    }

    /// Whether it holds; `false` where the answer is no truth.
    pub fn holds(&self, value: &dyn Fn(usize) -> Answer) -> bool {
        self.evaluate(value) == Answer::Truth(true)
    }

    /// What it gives where name `i` is of kind `of(i)`.
    ///
    /// # Errors
    /// In words, where an operator does not take what stands on its sides: such an expression can never hold.
    pub fn kind(&self, of: &dyn Fn(usize) -> Kind) -> Result<Kind, String> {
        self.root.kind(of)
    }

    /// The texts that name `i` is compared with.
    #[must_use]
    pub fn compared_with(&self, i: usize) -> Vec<&str> {
        let mut found = Vec::new();
        self.root.compared_with(i, &mut found);
        found
    }

    /// Whether name `i` occurs.
    #[must_use]
    pub fn names(&self, i: usize) -> bool {
        self.root.names(i)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Answer {
    const fn number(&self) -> f64 {
        match self {
            Self::Number(x) => *x,
            Self::Text(_) | Self::Truth(_) => f64::NAN,
        }
    }
}

impl Node {
    fn evaluate(&self, value: &dyn Fn(usize) -> Answer) -> Answer {
        match self {
            Self::Constant(answer) => answer.clone(),
            Self::Name(i) => value(*i),
            Self::Negate(x) => Answer::Number(-x.evaluate(value).number()),
            Self::Not(x) => Answer::Truth(x.evaluate(value) == Answer::Truth(false)),
            Self::Binary(operator, a, b) => operator.apply(&a.evaluate(value), || b.evaluate(value)),
            Self::Call(function, arguments) => {
                let mut numbers = arguments.iter().map(|a| a.evaluate(value).number());
                let first = numbers.next().unwrap_or(f64::NAN);
                Answer::Number(match function {
                    Function::One(_, f) => f(first),
                    Function::Two(_, f) => f(first, numbers.next().unwrap_or(f64::NAN)),
                    Function::Many(_, f) => numbers.fold(first, f),
                })
            }
        }
    }

    fn kind(&self, of: &dyn Fn(usize) -> Kind) -> Result<Kind, String> {
        let wants = |node: &Self, kind: Kind, by: &str| match node.kind(of)? {
            found if found == kind => Ok(()),
            found => Err(format!("{by} takes {}, not {}", kind.word(), found.word())),
        };
        Ok(match self {
            Self::Constant(Answer::Number(_)) => Kind::Number,
            Self::Constant(Answer::Text(_)) => Kind::Text,
            Self::Constant(Answer::Truth(_)) => Kind::Truth,
            Self::Name(i) => of(*i),
            Self::Negate(x) => wants(x, Kind::Number, "a minus sign").map(|()| Kind::Number)?,
            Self::Not(x) => wants(x, Kind::Truth, "not").map(|()| Kind::Truth)?,
            Self::Call(function, arguments) => {
                for argument in arguments {
                    wants(argument, Kind::Number, function.name())?;
                }
                Kind::Number
            }
            Self::Binary(operator @ (Operator::Equal | Operator::NotEqual), a, b) => {
                let (a, b) = (a.kind(of)?, b.kind(of)?);
                if a != b {
                    let symbol = operator.symbol();
                    return Err(format!(
                        "{symbol} compares {} with {}: that never holds",
                        a.word(),
                        b.word()
                    ));
                }
                Kind::Truth
            }
            Self::Binary(operator, a, b) => {
                let (sides, gives) = operator.kinds();
                wants(a, sides, operator.symbol())?;
                wants(b, sides, operator.symbol())?;
                gives
            }
        })
    }

    fn compared_with<'s>(&'s self, i: usize, found: &mut Vec<&'s str>) {
        match self {
            Self::Constant(_) | Self::Name(_) => {}
            Self::Negate(x) | Self::Not(x) => x.compared_with(i, found),
            Self::Call(_, arguments) => arguments.iter().for_each(|a| a.compared_with(i, found)),
            Self::Binary(_, a, b) => match (&**a, &**b) {
                (Self::Name(j), Self::Constant(Answer::Text(text)))
                | (Self::Constant(Answer::Text(text)), Self::Name(j))
                    if *j == i =>
                {
                    found.push(text);
                }
                _ => {
                    a.compared_with(i, found);
                    b.compared_with(i, found);
                }
            },
        }
    }

    fn names(&self, i: usize) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Name(j) => *j == i,
            Self::Negate(x) | Self::Not(x) => x.names(i),
            Self::Binary(_, a, b) => a.names(i) || b.names(i),
            Self::Call(_, arguments) => arguments.iter().any(|a| a.names(i)),
        }
    }
}

impl Operator {
    const fn symbol(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "^",
        }
    }

    /// What it takes on its sides, and what it gives.
    const fn kinds(self) -> (Kind, Kind) {
        match self {
            Self::Or | Self::And => (Kind::Truth, Kind::Truth),
            Self::Less
            | Self::LessOrEqual
            | Self::Greater
            | Self::GreaterOrEqual
            | Self::Equal
            | Self::NotEqual => (Kind::Number, Kind::Truth),
            Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Power => {
                (Kind::Number, Kind::Number)
            }
        }
    }

    fn apply(self, a: &Answer, b: impl FnOnce() -> Answer) -> Answer {
        let truth = |a: &Answer| *a == Answer::Truth(true);
        match self {
            Self::Or => Answer::Truth(truth(a) || truth(&b())),
            Self::And => Answer::Truth(truth(a) && truth(&b())),
            Self::Equal => Answer::Truth(*a == b()),
            // NaN is unequal to everything, itself too: a check on a number that does not exist must not pass.
            Self::NotEqual => {
                let b = b();
                Answer::Truth(*a != b && !a.is_nan() && !b.is_nan())
            }
            _ => self.calculate(a.number(), b().number()),
        }
    }

    fn calculate(self, a: f64, b: f64) -> Answer {
        match self {
            Self::Less => Answer::Truth(a < b),
            Self::LessOrEqual => Answer::Truth(a <= b),
            Self::Greater => Answer::Truth(a > b),
            Self::GreaterOrEqual => Answer::Truth(a >= b),
            Self::Add => Answer::Number(a + b),
            Self::Subtract => Answer::Number(a - b),
            Self::Multiply => Answer::Number(a * b),
            Self::Divide => Answer::Number(a / b),
            Self::Power => Answer::Number(a.powf(b)),
            Self::Or | Self::And | Self::Equal | Self::NotEqual => Answer::Truth(false),
        }
    }
}

impl Answer {
    fn is_nan(&self) -> bool {
        matches!(self, Self::Number(x) if x.is_nan())
    }
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Number(x) => x.to_string(),
            Self::Text(text) => format!("{text:?}"),
            Self::Word(word) => word.clone(),
            Self::Symbol(symbol) => format!("{symbol:?}"),
            Self::End => "the end".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str, x: f64) -> f64 {
        Expression::parse(text, &["x"]).unwrap().number(&|_| x)
    }

    #[test]
    fn arithmetic_binds_as_in_mathematics() {
        for (text, want) in [
            ("1 + 2*3", 7.0),
            ("(1 + 2)*3", 9.0),
            ("-2^2", -4.0),
            ("2^3^2", 512.0),
            ("2^-1", 0.5),
            ("8/4/2", 1.0),
            ("7 - 2 - 1", 4.0),
            ("--3", 3.0),
            ("1e-3*1000", 1.0),
            (".5 + 2.", 2.5),
            ("min(3, 1, 2) + max(4)", 5.0),
            ("pow(2, 10)", 1024.0),
            ("abs(-3) + sign(0) + sign(-2)", 2.0),
        ] {
            assert_eq!(number(text, 0.0), want, "{text}");
        }
    }

    #[test]
    fn the_forrester_function_can_be_typed() {
        let at = |x: f64| (6.0 * x - 2.0).powi(2) * (12.0 * x - 4.0).sin();
        for x in [0.0, 0.3, 0.757_249, 1.0] {
            let typed = number("(6*x - 2)^2 * sin(12*x - 4)", x);
            assert!((typed - at(x)).abs() < 1e-12, "{x}: {typed}");
        }
        assert!((number("2*pi - e", 0.0) - (std::f64::consts::TAU - std::f64::consts::E)).abs() < 1e-15);
    }

    #[test]
    fn what_can_never_hold_is_told_by_its_kinds() {
        let kind = |text: &str| {
            let of = |i: usize| [Kind::Number, Kind::Text, Kind::Truth][i];
            Expression::parse(text, &["n", "name", "shown"])
                .unwrap()
                .kind(&of)
        };
        assert_eq!(kind("n > 2 and name == 'ei' or not shown"), Ok(Kind::Truth));
        assert_eq!(kind("-n + sqrt(n)"), Ok(Kind::Number));
        for (text, said) in [
            ("name == 3", "== compares a text with a number: that never holds"),
            ("name > 3", "> takes a number, not a text"),
            ("n and shown", "and takes true or false, not a number"),
            ("sqrt(shown)", "sqrt takes a number, not true or false"),
            ("not n", "not takes true or false, not a number"),
            ("-name", "a minus sign takes a number, not a text"),
        ] {
            assert_eq!(kind(text), Err(said.to_owned()), "{text}");
        }
        let compared = Expression::parse("n > 1 and (name == 'a' or 'b' != name)", &["n", "name"]).unwrap();
        assert_eq!(compared.compared_with(1), ["a", "b"]);
    }

    #[test]
    fn comparisons_join_with_and_or_not() {
        let check = |text: &str| {
            let names = ["points", "kernel", "truth"];
            let values = |i: usize| match i {
                0 => Answer::Number(4.0),
                1 => Answer::Text("rbf".into()),
                _ => Answer::Truth(true),
            };
            Expression::parse(text, &names).unwrap().holds(&values)
        };
        assert!(check("points >= 4 and kernel == \"rbf\""));
        assert!(check("points > 4 or truth"));
        assert!(!check("not truth or points != 4"));
        assert!(check("not (points < 4)"));
        assert!(check("kernel != 'matern52'"));
        assert!(!check("kernel > 3"), "a text is not more than a number");
        assert!(!check("points"), "a number is no truth");
    }

    #[test]
    fn what_is_no_number_passes_no_check() {
        let nan = |text: &str| {
            Expression::parse(text, &["gap"])
                .unwrap()
                .holds(&|_| Answer::Number(f64::NAN))
        };
        for text in ["gap < 1", "gap >= 1", "gap == gap", "gap != 1", "1 != gap"] {
            assert!(!nan(text), "{text}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let error = |text: &str| Expression::parse(text, &["x", "points"]).unwrap_err().to_string();
        assert_eq!(error("x +"), "character 4: a value was expected, not the end");
        assert_eq!(error("(x"), "character 3: `)` was expected, not the end");
        assert_eq!(error("x x"), "character 3: an operator was expected, not x");
        assert_eq!(
            error("pints > 1"),
            "character 1: there is no pints here; the names are x, points"
        );
        assert!(
            error("sine(x)").starts_with("character 1: there is no function sine; the functions are sin")
        );
        assert_eq!(error("pow(x)"), "character 1: pow takes two values, not 1");
        assert_eq!(
            error("x ? 1"),
            "character 3: '?' has no meaning here; use numbers, names, + - * / ^ ( ) and comparisons"
        );
        assert!(error("  ").starts_with("there is nothing"));
        assert!(error("'open").contains("closing quotation mark"));
        assert!(error("1.2.3").contains("1.2.3 is not a number"));
        let deep = "(".repeat(10_000);
        assert!(error(&deep).contains("levels deep"));
        assert!(error(&"-".repeat(10_000)).contains("levels deep"));
        assert!(error(&"x^".repeat(10_000)).contains("levels deep"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "\\PC{0,60}") {
            let _ = Expression::parse(&text, &["x"]);
        }

        #[test]
        fn sums_and_products_of_numbers_are_what_rust_makes_of_them(a in -1e6..1e6f64, b in -1e6..1e6f64, c in 1e-3..1e6f64) {
            prop_assert_eq!(number(&format!("{a} + x*{b} - {c}/x"), 3.0), a + 3.0 * b - c / 3.0);
        }
    }
}
