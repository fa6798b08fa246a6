//! "Did you mean …?"

/// The candidate that differs least from `name`, where it differs little enough to be what was meant: at
/// most a third of the letters (and never everything), counting insertions, deletions, replacements and
/// swaps of neighbours (optimal string alignment), without regard to case or to `-` against `_`.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = folded(name);
    let allowed = (wanted.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&wanted, &folded(candidate)), candidate))
        .filter(|(d, candidate)| *d <= allowed && *d < candidate.chars().count())
        .min_by_key(|(d, _)| *d)
        .map(|(_, candidate)| candidate)
}

fn folded(text: &str) -> Vec<char> {
    text.chars()
        .map(|c| if c == '-' { '_' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(width);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let mut d = (above[j] + usize::from(x != y))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && *x == b[j - 1] {
                d = d.min(before[j - 1] + 1);
            }
            row.push(d);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_a_different_word_is_not() {
        let keys = ["theme", "color", "mouse", "acquisition", "xi", "beta"];
        assert_eq!(nearest("acqusition", keys), Some("acquisition"));
        assert_eq!(nearest("thmee", keys), Some("theme"));
        assert_eq!(nearest("Color", keys), Some("color"));
        assert_eq!(nearest("colour", keys), Some("color"));
        assert_eq!(nearest("on-accept", ["on_accept"]), Some("on_accept"));
        assert_eq!(nearest("keyboard", keys), None);
        assert_eq!(nearest("zz", keys), None);
    }
}
