//! A single value as a file or a database keeps it, and what it is as a number.

/// What [`super::json::Node`], [`super::json::tree::Json`] and [`super::database::Cell`] have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    Int(i64),
    Real(f64),
    Text(&'a str),
    /// Nothing that is a number or a text.
    Other,
}

impl<'a> Scalar<'a> {
    /// The number, also where it is written as a text (`"NaN"`, `"0.3"`).
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "measurements beyond 2^53 have no use")]
            Self::Int(i) => Some(i as f64),
            Self::Real(x) => Some(x),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Other => None,
        }
    }

    /// The whole number, where it is one; no text is read as one.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(i),
            #[expect(clippy::cast_possible_truncation, reason = "checked to be a whole number")]
            Self::Real(x) if x.fract() == 0.0 && x.abs() < 9e15 => Some(x as i64),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_from_text_and_a_whole_one_only_where_it_is_whole() {
        assert_eq!(Scalar::Text(" 0.5 ").as_f64(), Some(0.5));
        assert_eq!(Scalar::Text("x").as_f64(), None);
        assert_eq!(Scalar::Real(3.0).as_i64(), Some(3));
        for none in [
            Scalar::Real(3.5),
            Scalar::Real(1e300),
            Scalar::Real(f64::NAN),
            Scalar::Text("3"),
        ] {
            assert_eq!(none.as_i64(), None, "{none:?}");
        }
    }
}
