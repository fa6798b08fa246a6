//! From words to a tree, by recursive descent.

use super::lexer::{self, Token};
use super::{Answer, ExpressionError, FUNCTIONS, Function, Node, Operator};

/// Deeper nesting is a mistake or an attack on the stack.
const DEEPEST: usize = 64;

pub fn parse(text: &str, names: &[&str]) -> Result<Node, ExpressionError> {
    if text.trim().is_empty() {
        return Err(ExpressionError::Empty {
            example: "sin(3*x) + x",
        });
    }
    let mut parser = Parser {
        tokens: lexer::tokens(text)?,
        next: 0,
        names,
        depth: 0,
    };
    let root = parser.either()?;
    match parser.peek() {
        (_, Token::End) => Ok(root),
        (at, token) => Err(ExpressionError::Unexpected {
            at: *at,
            wanted: "an operator",
            found: token.shown(),
        }),
    }
}

struct Parser<'a> {
    tokens: Vec<(usize, Token)>,
    next: usize,
    names: &'a [&'a str],
    depth: usize,
}

/// What stands behind the last word.
static END: (usize, Token) = (0, Token::End);

impl Parser<'_> {
    fn peek(&self) -> &(usize, Token) {
        self.tokens
            .get(self.next)
            .or_else(|| self.tokens.last())
            .unwrap_or(&END)
    }

    /// Goes on if the next word is this symbol or this keyword.
    fn take(&mut self, wanted: &str) -> bool {
        let there = match &self.peek().1 {
            Token::Symbol(symbol) => *symbol == wanted,
            Token::Word(word) => word == wanted,
            _ => false,
        };
        self.next += usize::from(there);
        there
    }

    /// One of these operators, if it comes next.
    fn operator(&mut self, table: &[(&str, Operator)]) -> Option<Operator> {
        table
            .iter()
            .find(|(symbol, _)| self.take(symbol))
            .map(|(_, o)| *o)
    }

    fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        if self.depth == DEEPEST {
            return Err(ExpressionError::TooDeep { limit: DEEPEST });
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// A chain of operators of one rank, grouped from the left.
    fn chain(
        &mut self,
        table: &[(&str, Operator)],
        operand: fn(&mut Self) -> Result<Node, ExpressionError>,
    ) -> Result<Node, ExpressionError> {
        let mut left = operand(self)?;
        let mut length = 0;
        while let Some(operator) = self.operator(table) {
            // A chain is evaluated by recursion on its left side.
            length += 1;
            if length > 8 * DEEPEST {
                return Err(ExpressionError::TooDeep { limit: 8 * DEEPEST });
            }
            left = Node::Binary(operator, Box::new(left), Box::new(operand(self)?));
        }
        Ok(left)
    }

    fn either(&mut self) -> Result<Node, ExpressionError> {
        self.deeper(|p| p.chain(&[("or", Operator::Or)], Self::both))
    }

    fn both(&mut self) -> Result<Node, ExpressionError> {
        self.chain(&[("and", Operator::And)], Self::negation)
    }

    fn negation(&mut self) -> Result<Node, ExpressionError> {
        if self.take("not") {
            return self.deeper(|p| Ok(Node::Not(Box::new(p.negation()?))));
        }
        self.relation()
    }

    fn relation(&mut self) -> Result<Node, ExpressionError> {
        const TABLE: [(&str, Operator); 6] = [
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let left = self.sum()?;
        match self.operator(&TABLE) {
            None => Ok(left),
            Some(operator) => Ok(Node::Binary(operator, Box::new(left), Box::new(self.sum()?))),
        }
    }

    fn sum(&mut self) -> Result<Node, ExpressionError> {
        self.chain(&[("+", Operator::Add), ("-", Operator::Subtract)], Self::product)
    }

    fn product(&mut self) -> Result<Node, ExpressionError> {
        self.chain(&[("*", Operator::Multiply), ("/", Operator::Divide)], Self::unary)
    }

    fn unary(&mut self) -> Result<Node, ExpressionError> {
        if self.take("-") {
            return self.deeper(|p| Ok(Node::Negate(Box::new(p.unary()?))));
        }
        if self.take("+") {
            return self.deeper(Self::unary);
        }
        let base = self.atom()?;
        if !self.take("^") {
            return Ok(base);
        }
        self.deeper(|p| {
            Ok(Node::Binary(
                Operator::Power,
                Box::new(base),
                Box::new(p.unary()?),
            ))
        })
    }

    fn atom(&mut self) -> Result<Node, ExpressionError> {
        let (at, token) = self.peek().clone();
        match token {
            Token::Number(x) => self.constant(Answer::Number(x)),
            Token::Text(text) => self.constant(Answer::Text(text)),
            Token::Word(word) => self.word(at, &word),
            Token::Symbol("(") => {
                self.next += 1;
                let inside = self.either()?;
                self.expect(")", "`)`")?;
                Ok(inside)
            }
            other => Err(ExpressionError::Unexpected {
                at,
                wanted: "a value",
                found: other.shown(),
            }),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "one shape for every arm of atom")]
    fn constant(&mut self, answer: Answer) -> Result<Node, ExpressionError> {
        self.next += 1;
        Ok(Node::Constant(answer))
    }

    fn expect(&mut self, symbol: &str, wanted: &'static str) -> Result<(), ExpressionError> {
        if self.take(symbol) {
            return Ok(());
        }
        let (at, token) = self.peek();
        Err(ExpressionError::Unexpected {
            at: *at,
            wanted,
            found: token.shown(),
        })
    }

    fn word(&mut self, at: usize, word: &str) -> Result<Node, ExpressionError> {
        self.next += 1;
        if self.take("(") {
            return self.call(at, word);
        }
        if let Some(place) = self.names.iter().position(|name| *name == word) {
            return Ok(Node::Name(place));
        }
        match word {
            "true" => Ok(Node::Constant(Answer::Truth(true))),
            "false" => Ok(Node::Constant(Answer::Truth(false))),
            "pi" => Ok(Node::Constant(Answer::Number(std::f64::consts::PI))),
            "e" => Ok(Node::Constant(Answer::Number(std::f64::consts::E))),
            "and" | "or" | "not" => Err(ExpressionError::Unexpected {
                at,
                wanted: "a value",
                found: word.to_owned(),
            }),
            _ => Err(ExpressionError::UnknownName {
                at,
                name: word.to_owned(),
                known: self.names.join(", "),
            }),
        }
    }

    fn call(&mut self, at: usize, word: &str) -> Result<Node, ExpressionError> {
        let Some(function) = FUNCTIONS.iter().find(|f| f.name() == word).copied() else {
            return Err(ExpressionError::UnknownFunction {
                at,
                name: word.to_owned(),
                known: FUNCTIONS.iter().map(|f| f.name()).collect::<Vec<_>>().join(", "),
            });
        };
        let mut arguments = vec![self.either()?];
        while self.take(",") {
            arguments.push(self.either()?);
        }
        self.expect(")", "`)`")?;
        let (fits, wanted) = match function {
            Function::One(..) => (arguments.len() == 1, "one value"),
            Function::Two(..) => (arguments.len() == 2, "two values"),
            Function::Many(..) => (true, "one value or more"),
        };
        if fits {
            return Ok(Node::Call(function, arguments));
        }
        Err(ExpressionError::Arity {
            at,
            name: function.name(),
            wanted,
            given: arguments.len(),
        })
    }
}
