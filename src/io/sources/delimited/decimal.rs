//! What stands between the whole and the fraction of the numbers of a table.

/// As far as the rows so far tell. In a table that is separated by commas it is a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    Unknown,
    Point,
    Comma,
}

impl Mark {
    /// With one more row. `0,5` and `3,4e-05` are numbers with a comma whatever stands beside them; `64,32` may be a
    /// list, and is one where other numbers have a point. The first row that tells decides.
    #[must_use]
    pub fn in_the_light_of<'c>(self, cells: impl Iterator<Item = &'c str> + Clone) -> Self {
        if self != Self::Unknown {
            self
        } else if cells.clone().any(is_plainly_with_comma) {
            Self::Comma
        } else if cells
            .into_iter()
            .any(|c| c.contains('.') && c.parse::<f64>().is_ok())
        {
            Self::Point
        } else {
            Self::Unknown
        }
    }
}

fn is_plainly_with_comma(cell: &str) -> bool {
    let Some((whole, part)) = cell.trim_start_matches(['-', '+']).split_once(',') else {
        return false;
    };
    (whole == "0" || part.contains(['e', 'E'])) && format!("{whole}.{part}").parse::<f64>().is_ok()
}
