//! Where the rows of a table begin: the line with the names of its columns, after titles and remarks.

use super::super::super::names::{self, Role};
use super::super::super::time::parse_time;
use super::cells::{Cell, Separator, separator, split};

/// Most lines above the names.
const MAX_TITLES: usize = 20;

/// A line and its number.
pub(super) type Line = (u64, String);

/// What the first lines say.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    pub separator: Separator,
    pub names: Vec<String>,
    /// The line of the names, in the place of which a row may stand again.
    pub line: Option<String>,
    /// How many of the lines stand above the rows, names included.
    pub above: usize,
    /// How many of these are titles.
    pub titles: usize,
}

/// Finds the names in the first lines; `None` where more lines are needed, which there are none of where `is_all`.
/// `given` is the separator that the file gives, `remark` the comment above the first line.
pub(super) fn header(
    lines: &[Line],
    remark: Option<&str>,
    given: Option<Separator>,
    is_all: bool,
) -> Option<Header> {
    let first = lines.first()?;
    if let Some(header) = remark.and_then(|remark| from_remark(remark, &first.1, given)) {
        return Some(header);
    }
    let separator_of = |text: &str| given.unwrap_or_else(|| separator(text));
    let width = |text: &str, separator| split(text, separator).map_or(0, |cells| cells.len());
    let mut names_at = None;
    for (at, (_, text)) in lines.iter().enumerate() {
        let separator = separator_of(text);
        if separator != Separator::Blanks {
            if width(text, separator) > 1 {
                names_at = Some(at);
                break;
            }
            continue;
        }
        // Blanks may be those of a title: the row below tells.
        match lines.get(at + 1) {
            Some((_, row)) => {
                if let Some(header) = printed(lines, at, row) {
                    return Some(header);
                }
            }
            None if is_all => {}
            None => return None,
        }
    }
    let Some(at) = names_at else {
        let is_over = is_all || lines.len() > MAX_TITLES;
        return is_over.then(|| at_line(lines, 0, separator_of(&first.1)))?;
    };
    let (_, text) = lines.get(at)?;
    let separator = separator_of(text);
    let Some((_, next)) = lines.get(at + 1) else {
        return is_all.then(|| at_line(lines, at, separator))?;
    };
    if let Some(header) = in_two_lines(lines, at, separator) {
        return Some(header);
    }
    let (n, m) = (width(text, separator), width(next, separator));
    let own = separator_of(next);
    if m == n {
        return at_line(lines, at, separator);
    }
    // A title with a comma in it, or a first row that is not whole: the third line tells.
    let Some((_, third)) = lines.get(at + 2) else {
        return is_all.then(|| at_line(lines, at, separator))?;
    };
    let has_numbers = |text: &str| split(text, own).is_some_and(|cells| cells.iter().any(is_number));
    if width(next, own) > 1 && width(third, own) == width(next, own) && !has_numbers(next) {
        return at_line(lines, at + 1, own);
    }
    let mut header = at_line(lines, at, separator)?;
    let is_longer = |text: &str| {
        split(text, separator).is_some_and(|cells| {
            cells.len() == n + 1 && cells.last().is_some_and(|c| !c.text.trim().is_empty())
        })
    };
    if is_longer(next) && is_longer(third) {
        // R's `write.table`: the column of the row names has no name.
        header.names.insert(0, String::new());
    }
    Some(header)
}

/// The sign that separates the cells of a line, where it has several.
pub(super) fn own_separator(line: &str) -> Option<Separator> {
    let separator = separator(line);
    let is_sign = separator != Separator::Blanks;
    let cells = split(line, separator).map_or(0, |cells| cells.len());
    (is_sign && cells > 1).then_some(separator)
}

fn at_line(lines: &[Line], at: usize, separator: Separator) -> Option<Header> {
    let (_, text) = lines.get(at)?;
    let cells = split(text, separator)?;
    Some(Header {
        separator,
        names: cells.into_iter().map(|c| c.text.trim().to_owned()).collect(),
        line: Some(text.clone()),
        above: at + 1,
        titles: at,
    })
}

/// Names between blanks: the row below tells which blanks are between cells, and whether the rows have a number of
/// their own before them.
fn printed(lines: &[Line], at: usize, row: &str) -> Option<Header> {
    [Separator::Blanks, Separator::WideBlanks]
        .into_iter()
        .find_map(|separator| {
            let mut header = at_line(lines, at, separator)?;
            let width = split(row, separator)?.len();
            let is_named = header.names.iter().any(|name| name.parse::<f64>().is_err());
            if header.names.len() + 1 == width {
                header.names.insert(0, String::new());
            }
            (header.names.len() == width && width > 1 && is_named).then_some(header)
        })
}

/// `params,params,metrics` over `lr,dropout,loss`, as pandas writes columns with two levels.
fn in_two_lines(lines: &[Line], at: usize, separator: Separator) -> Option<Header> {
    let mut header = at_line(lines, at, separator)?;
    let below = at_line(lines, at + 1, separator)?;
    let is_group = |name: &String| {
        matches!(names::role(name), Role::Params | Role::Metrics)
            || name.is_empty()
            || names::role(name) == Role::Attributes
    };
    let is_repeated = header
        .names
        .iter()
        .any(|n| names::role(n) == Role::Params && header.names.iter().filter(|m| *m == n).count() > 1);
    let cells = split(&lines.get(at + 1)?.1, separator)?;
    if !is_repeated
        || below.names.len() != header.names.len()
        || !header.names.iter().all(is_group)
        || cells.iter().any(is_number)
    {
        return None;
    }
    for (name, below) in header.names.iter_mut().zip(below.names) {
        *name = match (name.is_empty(), below.is_empty()) {
            (false, false) => format!("{name}.{below}"),
            (true, _) => below,
            (false, true) => std::mem::take(name),
        };
    }
    header.above += 1;
    Some(header)
}

/// Names in a comment above numbers, as NumPy's `savetxt` writes them.
fn from_remark(remark: &str, first: &str, given: Option<Separator>) -> Option<Header> {
    let remark = remark.trim().trim_start_matches('#').trim();
    let separator = given.unwrap_or_else(|| separator(first));
    let row = split(first, separator)?;
    if row.len() < 2 || !row.iter().all(|c| is_number(c) || c.text.trim().is_empty()) {
        return None;
    }
    let names = split(remark, separator)
        .filter(|names| names.len() == row.len())
        .or_else(|| {
            split(remark, super::cells::separator(remark)).filter(|names| names.len() == row.len())
        })?;
    if names.iter().any(|n| is_number(n) || n.text.trim().is_empty()) {
        return None;
    }
    Some(Header {
        separator,
        names: names.into_iter().map(|c| c.text.trim().to_owned()).collect(),
        line: None,
        above: 0,
        titles: 0,
    })
}

pub(super) fn is_number(cell: &Cell) -> bool {
    let text = cell.text.trim();
    text.parse::<f64>().is_ok() || text.replace(',', ".").parse::<f64>().is_ok()
}

/// How sure a text is to be a table, from its first lines and the comment above them.
pub(super) fn sureness(lines: &[Line], remark: Option<&str>) -> u8 {
    let Some((_, first)) = lines.first() else {
        return 0;
    };
    if first.starts_with(['{', '[', '<']) || first.chars().any(|c| c.is_control() && c != '\t') {
        return 0;
    }
    if first.starts_with("sep=") {
        return 60;
    }
    let Some(header) = header(lines, remark, None, true) else {
        return 0;
    };
    let names = &header.names;
    let has_name = names.iter().any(|n| n.chars().any(char::is_alphabetic));
    // Lines of a log begin with a time.
    let is_log = names.iter().any(|n| parse_time(n).is_some());
    if names.len() < 2 || !has_name || is_log {
        return 0;
    }
    let row = lines
        .get(header.above)
        .and_then(|(_, text)| split(text, header.separator));
    let fits = row.as_ref().is_some_and(|row| row.len() == names.len());
    match header.separator {
        Separator::Sign(_) if header.titles == 0 => 50,
        Separator::Sign(_) if fits => 40,
        Separator::Blanks | Separator::WideBlanks if fits => {
            let is_named = names.iter().all(|n| n.parse::<f64>().is_err());
            let numbers = row.map_or(0, |row| row.iter().filter(|c| is_number(c)).count());
            if is_named && numbers * 2 >= names.len() {
                25
            } else {
                0
            }
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Option<Header> {
        let lines: Vec<Line> = (1..).zip(text.lines().map(str::to_owned)).collect();
        header(&lines, None, None, true)
    }

    #[test]
    fn names_stand_below_titles_and_beside_the_numbers_of_rows() {
        for (text, names, titles) in [
            ("lr,loss\n1,2\n", vec!["lr", "loss"], 0),
            ("Sweep 7\nlr,loss\n1,2\n", vec!["lr", "loss"], 1),
            (
                "Sweep 7, of May\nlr,opt,loss\n1,a,2\n",
                vec!["lr", "opt", "loss"],
                1,
            ),
            ("lr loss\n0 1 2\n1 2 3\n", vec!["", "lr", "loss"], 0),
            (
                "batch size   val loss\n16   0.5\n",
                vec!["batch size", "val loss"],
                0,
            ),
            ("lr,loss\n\"1\",1,2\n\"2\",2,3\n", vec!["", "lr", "loss"], 0),
            (
                "params,params,metrics\nlr,wd,loss\n1,2,3\n",
                vec!["params.lr", "params.wd", "metrics.loss"],
                0,
            ),
            ("lr,loss\n1\n2,3\n", vec!["lr", "loss"], 0),
        ] {
            let header = find(text).unwrap();
            assert_eq!(header.names, names, "{text}");
            assert_eq!(header.titles, titles, "{text}");
        }
        let lines = [(2, "0.1 0.5".to_owned())];
        let header = header(&lines, Some("# lr loss"), None, false).unwrap();
        assert_eq!(header.names, ["lr", "loss"]);
        assert_eq!(header.above, 0);
    }

    #[test]
    fn prose_and_logs_are_no_tables() {
        let sure = |text: &str| {
            let lines: Vec<Line> = (1..).zip(text.lines().map(str::to_owned)).collect();
            sureness(&lines, None)
        };
        for text in [
            "Hello world\nhow are you\n",
            "step 100 loss 0.5\nstep 200 loss 0.4\n",
            "2024-05-01 10:00:00,123 INFO trial, loss=0.5\n",
            "INFO start\nINFO 3 trials\n",
            "one\ntwo\n",
        ] {
            assert_eq!(sure(text), 0, "{text}");
        }
        assert_eq!(sure("lr,loss\n"), 50);
        assert_eq!(sure("lr loss\n0.1 0.5\n"), 25);
        assert_eq!(sure("Sweep\nlr,loss\n0.1,0.5\n"), 40);
    }
}
