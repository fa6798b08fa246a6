//! The studies of a storage.

use crate::study::{Direction, Label};

use super::super::super::database::{Connection, DatabaseError};
use super::layout::Layout;

/// One study.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub id: i64,
    pub name: Label,
    pub directions: Vec<Direction>,
    pub trials: usize,
    /// The identity of its latest trial: greater is newer.
    pub last_trial: i64,
    /// The best value of a complete trial, where there is one objective.
    pub best: Option<f64>,
    /// When something of it began or ended last, in the unsaid zone of the storage.
    pub changed: Option<f64>,
}

/// All studies, in the order of their making.
///
/// # Errors
/// The database cannot be asked.
pub fn studies(connection: &mut dyn Connection, layout: &Layout) -> Result<Vec<Listed>, DatabaseError> {
    let mut studies: Vec<Listed> = Vec::new();
    let own = if layout.has_directions() {
        "NULL"
    } else {
        "s.direction"
    };
    let living = layout.living();
    let sql = format!(
        "SELECT s.study_id, s.study_name, {own}, t.n, t.last_id, t.began, t.ended FROM studies s LEFT JOIN \
         (SELECT study_id, COUNT(*) AS n, MAX(trial_id) AS last_id, MAX(datetime_start) AS began, \
         MAX(datetime_complete) AS ended FROM trials WHERE {living} GROUP BY study_id) t ON t.study_id = s.study_id \
         ORDER BY s.study_id"
    );
    connection.each(&sql, &[], &mut |row| {
        let [id, name, own, count, last, began, ended] = row else {
            return;
        };
        studies.push(Listed {
            id: id.as_i64().unwrap_or(0),
            name: Label::new(name.as_text().unwrap_or("")),
            directions: own.as_text().map(direction).into_iter().collect(),
            trials: count.as_i64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
            last_trial: last.as_i64().unwrap_or(0),
            best: None,
            changed: began.as_moment().max_with(ended.as_moment()),
        });
    })?;
    if layout.has_directions() {
        let sql = "SELECT study_id, direction FROM study_directions ORDER BY study_id, objective";
        connection.each(sql, &[], &mut |row| {
            if let [id, word] = row
                && let Some(study) = studies.iter_mut().find(|s| Some(s.id) == id.as_i64())
            {
                study.directions.push(direction(word.as_text().unwrap_or("")));
            }
        })?;
    }
    for study in &mut studies {
        if study.directions.is_empty() {
            study.directions.push(Direction::Minimize);
        }
    }
    Ok(studies)
}

/// Fills in the best values: for a list that people choose from.
///
/// # Errors
/// The database cannot be asked.
pub fn add_best(
    connection: &mut dyn Connection,
    layout: &Layout,
    studies: &mut [Listed],
) -> Result<(), DatabaseError> {
    let sql = if layout.has_values() {
        "SELECT t.study_id, MIN(v.value), MAX(v.value) FROM trial_values v JOIN trials t ON \
         t.trial_id = v.trial_id WHERE v.objective = 0 AND t.state = 'COMPLETE' GROUP BY t.study_id"
    } else {
        "SELECT study_id, MIN(value), MAX(value) FROM trials WHERE state = 'COMPLETE' GROUP BY study_id"
    };
    connection.each(sql, &[], &mut |row| {
        let [id, low, high] = row else { return };
        let Some(study) = studies.iter_mut().find(|s| Some(s.id) == id.as_i64()) else {
            return;
        };
        study.best = match study.directions.as_slice() {
            [Direction::Minimize] => low.as_f64(),
            [Direction::Maximize] => high.as_f64(),
            _ => None,
        };
    })
}

/// The study of a name; without one, the newest that has trials, else the newest.
#[must_use]
pub fn choose<'s>(studies: &'s [Listed], wanted: Option<&str>) -> Option<&'s Listed> {
    match wanted {
        Some(name) => studies.iter().find(|s| s.name == *name),
        None => studies.iter().max_by_key(|s| (s.trials > 0, s.last_trial, s.id)),
    }
}

fn direction(word: &str) -> Direction {
    if word == "MAXIMIZE" {
        Direction::Maximize
    } else {
        Direction::Minimize
    }
}

/// The later of two times that may not be there.
trait MaxWith {
    fn max_with(self, other: Self) -> Self;
}

impl MaxWith for Option<f64> {
    fn max_with(self, other: Self) -> Self {
        self.into_iter().chain(other).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_name_the_newest_study_with_trials_is_taken() {
        let study = |id, name: &str, trials, last_trial| Listed {
            id,
            name: Label::new(name),
            directions: vec![Direction::Minimize],
            trials,
            last_trial,
            best: None,
            changed: None,
        };
        let studies = [study(1, "a", 3, 9), study(2, "b", 4, 7), study(3, "c", 0, 0)];
        assert_eq!(choose(&studies, None).unwrap().name, *"a");
        assert_eq!(choose(&studies, Some("b")).unwrap().id, 2);
        assert!(choose(&studies, Some("x")).is_none());
        assert_eq!(choose(&studies[2..], None).unwrap().name, *"c");
    }
}
