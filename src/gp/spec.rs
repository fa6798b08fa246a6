//! The notation of `--kernel`: `matern52`, `matern(nu=1.7)[lr,wd] + constant*rbf`, and back.
//!
//! ```text
//! sum     = product { "+" product }
//! product = factor { "*" factor }
//! factor  = "(" sum ")" | kernel [ "(" "nu" "=" number ")" ] [ "[" name { "," name } "]" ]
//! kernel  = matern12 | matern32 | matern52 | matern72 | matern | rbf | hamming | constant
//! name    = text without , ] and quotes | '"' text '"'
//! ```

use super::Kernel;

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
    #[error("kernel, column {column}: nu must be a number above 0, not {found}")]
    BadNu { column: usize, found: String },
    #[error("kernel, column {column}: {kernel} takes no {what}; drop it")]
    Surplus {
        column: usize,
        kernel: String,
        what: &'static str,
    },
    #[error(
        "kernel, column {column}: matern needs an order, such as matern(nu=1.7), or a name such as matern52"
    )]
    MissingNu { column: usize },
}

const KNOWN: &str = "matern12, matern32, matern52, matern72, matern(nu=…), rbf, hamming and constant";

/// Deepest nesting of parentheses; beyond it only a mistake is likely.
const DEEPEST: usize = 32;

/// Reads a specification over the inputs of the given names. Every term without a constant factor gets one (its
/// signal variance), so the result always has a scale to fit; hyperparameters are at the modes of the
/// default prior.
///
/// # Errors
/// The first thing that cannot be read, with its column.
pub fn parse(spec: &str, names: &[&str]) -> Result<Kernel, SpecError> {
    let mut parser = Parser {
        text: spec.chars().collect(),
        at: 0,
        depth: 0,
        names,
    };
    let kernel = parser.sum()?;
    parser.blank();
    if parser.at < parser.text.len() {
        return Err(parser.expected("+, * or the end"));
    }
    Ok(scaled(kernel))
}

/// The kernel in the notation that [`parse`] reads; hyperparameters are left out.
#[must_use]
pub fn print(kernel: &Kernel, names: &[&str]) -> String {
    match kernel {
        Kernel::Constant { .. } => "constant".to_owned(),
        Kernel::Rbf { inputs, .. } => format!("rbf{}", print_inputs(inputs.as_deref(), names)),
        Kernel::Hamming { inputs, .. } => format!("hamming{}", print_inputs(inputs.as_deref(), names)),
        Kernel::Matern { nu, inputs, .. } => {
            let named = NAMED_ORDERS.iter().find(|(_, order)| order == nu);
            let head = named.map_or_else(|| format!("matern(nu={nu})"), |(name, _)| (*name).to_owned());
            format!("{head}{}", print_inputs(inputs.as_deref(), names))
        }
        Kernel::Sum(terms) => {
            let parts: Vec<String> = terms.iter().map(|t| print(t, names)).collect();
            parts.join(" + ")
        }
        Kernel::Product(factors) => {
            let parts: Vec<String> = factors
                .iter()
                .map(|f| match f {
                    Kernel::Sum(_) => format!("({})", print(f, names)),
                    _ => print(f, names),
                })
                .collect();
            parts.join("*")
        }
    }
}

const NAMED_ORDERS: [(&str, f64); 4] = [
    ("matern12", 0.5),
    ("matern32", 1.5),
    ("matern52", 2.5),
    ("matern72", 3.5),
];

fn print_inputs(inputs: Option<&[usize]>, names: &[&str]) -> String {
    let Some(inputs) = inputs else {
        return String::new();
    };
    let quoted = |j: &usize| {
        let name = names.get(*j).map_or_else(|| j.to_string(), |n| (*n).to_owned());
        let plain = !name.is_empty() && name.trim() == name && !name.contains([',', ']', '"']);
        if plain {
            name
        } else {
            format!("\"{}\"", name.replace('"', "\"\""))
        }
    };
    format!("[{}]", inputs.iter().map(quoted).collect::<Vec<_>>().join(","))
}

/// Gives each term of the sum a constant factor where it has none.
fn scaled(kernel: Kernel) -> Kernel {
    // The mode of the default prior of a signal variance.
    let unit = || Kernel::constant(2.5);
    match kernel {
        Kernel::Constant { .. } => kernel,
        Kernel::Sum(terms) => Kernel::Sum(terms.into_iter().map(scaled).collect()),
        Kernel::Product(mut factors) => {
            if !factors.iter().any(|f| matches!(f, Kernel::Constant { .. })) {
                factors.insert(0, unit());
            }
            Kernel::Product(factors)
        }
        leaf => Kernel::Product(vec![unit(), leaf]),
    }
}

struct Parser<'a> {
    text: Vec<char>,
    at: usize,
    depth: usize,
    names: &'a [&'a str],
}

impl Parser<'_> {
    fn sum(&mut self) -> Result<Kernel, SpecError> {
        let mut terms = vec![self.product()?];
        while self.take('+') {
            terms.push(self.product()?);
        }
        // A sum within a sum is one sum.
        let mut flat = Vec::new();
        for term in terms {
            match term {
                Kernel::Sum(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Ok(one_or(flat, Kernel::Sum))
    }

    fn product(&mut self) -> Result<Kernel, SpecError> {
        let mut factors = vec![self.factor()?];
        while self.take('*') {
            factors.push(self.factor()?);
        }
        let mut flat = Vec::new();
        for factor in factors {
            match factor {
                Kernel::Product(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Ok(one_or(flat, Kernel::Product))
    }

    fn factor(&mut self) -> Result<Kernel, SpecError> {
        self.blank();
        if !self.take('(') {
            return self.leaf();
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.expected("fewer parentheses"));
        }
        let kernel = self.sum()?;
        self.depth -= 1;
        if self.take(')') {
            Ok(kernel)
        } else {
            Err(self.expected("a closing parenthesis"))
        }
    }

    fn leaf(&mut self) -> Result<Kernel, SpecError> {
        let start = self.at;
        let name = self.word();
        if name.is_empty() {
            return Err(self.expected("a kernel"));
        }
        let column = start + 1;
        let named = NAMED_ORDERS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, nu)| *nu);
        if named.is_none() && !["matern", "rbf", "hamming", "constant"].contains(&name.as_str()) {
            return Err(SpecError::UnknownKernel { column, name });
        }
        let surplus = |column, what| SpecError::Surplus {
            column,
            kernel: name.clone(),
            what,
        };
        let order_column = self.column();
        let order = self.order()?;
        if order.is_some() && name != "matern" {
            return Err(surplus(order_column, "order"));
        }
        let inputs_column = self.column();
        let inputs = self.inputs()?;
        let lengths = self.lengths(inputs.as_deref());
        match name.as_str() {
            "constant" if inputs.is_some() => Err(surplus(inputs_column, "list of parameters")),
            "constant" => Ok(Kernel::constant(2.5)),
            "rbf" => Ok(Kernel::Rbf {
                lengthscales: lengths,
                inputs,
            }),
            "hamming" => Ok(Kernel::Hamming {
                lengthscale: 0.5,
                inputs,
            }),
            _ => Ok(Kernel::Matern {
                nu: named.or(order).ok_or(SpecError::MissingNu { column })?,
                lengthscales: lengths,
                inputs,
            }),
        }
    }

    /// `0.2 √d` for each of the d inputs of a leaf.
    fn lengths(&self, inputs: Option<&[usize]>) -> Vec<f64> {
        let d = inputs.map_or(self.names.len(), <[usize]>::len);
        #[expect(clippy::cast_precision_loss, reason = "few inputs")]
        let mode = 0.2 * (d.max(1) as f64).sqrt();
        vec![mode; d]
    }

    /// `(nu=…)`, where it is there.
    fn order(&mut self) -> Result<Option<f64>, SpecError> {
        if !self.take('(') {
            return Ok(None);
        }
        self.blank();
        if self.word() != "nu" || !self.take('=') {
            return Err(self.expected("nu=…"));
        }
        self.blank();
        let column = self.at + 1;
        let found = self.until(&[')']);
        if !self.take(')') {
            return Err(self.expected("a closing parenthesis"));
        }
        match found.trim().parse::<f64>() {
            Ok(nu) if nu.is_finite() && nu > 0.0 => Ok(Some(nu)),
            _ => Err(SpecError::BadNu { column, found }),
        }
    }

    /// `[name,…]`, where it is there.
    fn inputs(&mut self) -> Result<Option<Vec<usize>>, SpecError> {
        if !self.take('[') {
            return Ok(None);
        }
        let mut inputs = Vec::new();
        loop {
            self.blank();
            let column = self.at + 1;
            let name = self.name()?;
            let Some(index) = self.names.iter().position(|n| *n == name) else {
                return Err(SpecError::UnknownInput {
                    column,
                    name,
                    known: self.names.join(", "),
                });
            };
            if inputs.contains(&index) {
                return Err(SpecError::RepeatedInput { column, name });
            }
            inputs.push(index);
            if self.take(']') {
                return Ok(Some(inputs));
            }
            if !self.take(',') {
                return Err(self.expected("a comma or a closing bracket"));
            }
        }
    }

    fn name(&mut self) -> Result<String, SpecError> {
        if self.peek() != Some('"') {
            return Ok(self.until(&[',', ']']).trim().to_owned());
        }
        self.at += 1;
        let mut name = String::new();
        loop {
            match (self.peek(), self.text.get(self.at + 1)) {
                (Some('"'), Some('"')) => {
                    name.push('"');
                    self.at += 2;
                }
                (Some('"'), _) => {
                    self.at += 1;
                    return Ok(name);
                }
                (Some(c), _) => {
                    name.push(c);
                    self.at += 1;
                }
                (None, _) => return Err(self.expected("a closing quote")),
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn blank(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// 1-based column of the next character that is not blank.
    fn column(&mut self) -> usize {
        self.blank();
        self.at + 1
    }

    fn take(&mut self, c: char) -> bool {
        self.blank();
        let found = self.peek() == Some(c);
        if found {
            self.at += 1;
        }
        found
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.at += 1;
        }
        self.text[start..self.at].iter().collect()
    }

    fn until(&mut self, ends: &[char]) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| !ends.contains(&c)) {
            self.at += 1;
        }
        self.text[start..self.at].iter().collect()
    }

    fn expected(&self, expected: &'static str) -> SpecError {
        SpecError::Expected {
            column: self.at + 1,
            expected,
            found: self
                .peek()
                .map_or_else(|| "the end".to_owned(), |c| c.to_string()),
        }
    }
}

fn one_or(mut list: Vec<Kernel>, many: impl Fn(Vec<Kernel>) -> Kernel) -> Kernel {
    match list.pop() {
        Some(only) if list.is_empty() => only,
        Some(last) => {
            list.push(last);
            many(list)
        }
        None => many(list),
    }
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
             matern72, matern(nu=…), rbf, hamming and constant"
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
            "kernel, column 11: nu must be a number above 0, not -1"
        );
        assert_eq!(
            message("rbf(nu=1)"),
            "kernel, column 4: rbf takes no order; drop it"
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
}
