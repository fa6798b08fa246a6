//! What a time without zone means: Optuna keeps UTC from 5.0 on, and local time before.

use super::super::super::time::local_moment;

/// The two dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    Utc,
    Local,
}

/// Clocks differ by less than this.
const SLACK: f64 = 90.0;
/// A file that was written this soon after its latest time was hardly written by anything else.
const NEAR: f64 = 600.0;

impl Zone {
    /// The moment that a time means, in seconds since the Unix epoch.
    #[must_use]
    pub fn moment(self, naive: f64) -> f64 {
        match self {
            Self::Utc => naive,
            Self::Local => local_moment(naive).unwrap_or(naive),
        }
    }

    /// A moment as the storage would keep it.
    #[must_use]
    pub fn naive(self, moment: f64) -> f64 {
        match self {
            Self::Utc => moment,
            // The offset hardly changes between a time and the same time read as local.
            Self::Local => moment + (moment - local_moment(moment).unwrap_or(moment)),
        }
    }

    /// The dialect of a storage. The version that it notes is its creator's, who may have been updated since; so
    /// what the times themselves exclude comes first.
    ///
    /// `latest`: the latest time in it. `written`: when the file was written, or the present for a server
    /// (`is_file` says which). `major`: the version of Optuna that created it.
    #[must_use]
    pub fn of(latest: Option<f64>, written: Option<f64>, is_file: bool, major: Option<u32>) -> Self {
        let Some(latest) = latest else {
            return by_version(major);
        };
        judge(latest, local_moment(latest).unwrap_or(latest), written, is_file)
            .unwrap_or_else(|| by_version(major))
    }
}

fn by_version(major: Option<u32>) -> Zone {
    match major {
        Some(..5) => Zone::Local,
        _ => Zone::Utc,
    }
}

/// What the latest time says, read in both ways; `None` where it could be either.
fn judge(utc: f64, local: f64, written: Option<f64>, is_file: bool) -> Option<Zone> {
    let written = written?;
    if (utc - local).abs() < 1.0 {
        return Some(Zone::Utc);
    }
    let is_possible = |moment: f64| moment <= written + SLACK;
    match (is_possible(utc), is_possible(local)) {
        (true, false) => return Some(Zone::Utc),
        (false, true) => return Some(Zone::Local),
        _ => {}
    }
    let is_near = |moment: f64| (written - moment).abs() < NEAR;
    match (is_file && is_near(utc), is_file && is_near(local)) {
        (true, false) => Some(Zone::Utc),
        (false, true) => Some(Zone::Local),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: f64 = 3600.0;

    #[test]
    fn what_lies_in_the_future_is_excluded() {
        // East of Greenwich local time runs ahead: read as UTC it has not come yet.
        assert_eq!(judge(2.0 * HOUR, 0.0, Some(5.0), true), Some(Zone::Local));
        // West of it UTC runs ahead of local time.
        assert_eq!(judge(0.0, 5.0 * HOUR, Some(30.0), false), Some(Zone::Utc));
    }

    #[test]
    fn a_file_is_written_when_its_latest_trial_ends() {
        assert_eq!(
            judge(2.0 * HOUR, 0.0, Some(2.0 * HOUR + 5.0), true),
            Some(Zone::Utc)
        );
        assert_eq!(judge(2.0 * HOUR, 0.0, Some(9.0 * HOUR), true), None);
        assert_eq!(judge(2.0 * HOUR, 0.0, Some(2.0 * HOUR + 5.0), false), None);
    }

    #[test]
    fn otherwise_the_version_says() {
        assert_eq!(Zone::of(None, None, true, Some(4)), Zone::Local);
        assert_eq!(Zone::of(None, None, true, Some(5)), Zone::Utc);
        let now = 1_795_458_236.5;
        assert!((Zone::Local.moment(Zone::Local.naive(now)) - now).abs() < 1e-6);
    }
}
