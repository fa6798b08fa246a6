//! What Ax keeps of a trial's measurements: tables as JSON in a text, one an attachment, later ones on top.

use super::super::super::json::tree::Json;

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    arm: String,
    metric: String,
    step: Option<f64>,
    pub mean: f64,
    pub sem: Option<f64>,
}

/// Those of one trial.
#[derive(Debug, Default)]
pub struct Observed(Vec<Measurement>);

/// Reads all attachments of a trial, oldest first.
pub fn of_trial(json: &Json) -> Observed {
    let mut attached: Vec<(f64, &Json)> = Vec::new();
    for pair in json.at("value").items() {
        if let [at, data] = pair.items() {
            attached.push((at.as_f64().unwrap_or(0.0), data));
        }
    }
    for (at, data) in json.members() {
        if let Ok(at) = at.parse() {
            attached.push((at, data));
        }
    }
    attached.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut all = Observed::default();
    for (_, data) in attached {
        let table = ["df", "map_df", "full_df"]
            .iter()
            .map(|k| data.at(k))
            .find(|t| !t.is_null());
        all.table(table.unwrap_or(data));
    }
    all
}

impl Observed {
    /// A table of columns: `{"mean": {"0": 2.1, …}, …}`, mostly as a text within `value`.
    fn table(&mut self, json: &Json) {
        let parsed;
        let table = match json.at("value") {
            Json::Text(text) => {
                parsed = Json::parse(text.as_bytes()).unwrap_or(Json::Null);
                &parsed
            }
            Json::Null => json,
            inner => inner,
        };
        for (row, mean) in table.at("mean").members() {
            let text = |column: &str| match table.at(column).at(row) {
                Json::Text(text) => Some(text.clone()),
                _ => None,
            };
            let Some(metric) = text("metric_name") else {
                continue;
            };
            let number = |column: &str| table.at(column).at(row).as_f64();
            let found = Measurement {
                arm: text("arm_name").unwrap_or_default(),
                metric,
                step: ["step", "progression", "training_iteration", "timestamp"]
                    .iter()
                    .find_map(|c| number(c)),
                mean: mean.as_f64().unwrap_or(f64::NAN),
                sem: number("sem"),
            };
            let is_same =
                |m: &Measurement| m.arm == found.arm && m.metric == found.metric && m.step == found.step;
            match self.0.iter_mut().find(|m| is_same(m)) {
                Some(old) => *old = found,
                None => self.0.push(found),
            }
        }
    }

    fn of<'s>(&'s self, arm: &'s str, metric: &'s str) -> impl Iterator<Item = &'s Measurement> {
        self.0
            .iter()
            .filter(move |m| m.metric == metric && (arm.is_empty() || m.arm.is_empty() || m.arm == arm))
    }

    /// Names of the metrics of an arm, in the order of appearance.
    pub fn metrics(&self, arm: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for m in self
            .0
            .iter()
            .filter(|m| arm.is_empty() || m.arm.is_empty() || m.arm == arm)
        {
            if !names.contains(&m.metric) {
                names.push(m.metric.clone());
            }
        }
        names
    }

    /// The measurement at the last step.
    pub fn last(&self, arm: &str, metric: &str) -> Option<Measurement> {
        self.of(arm, metric)
            .max_by(|a, b| {
                a.step
                    .unwrap_or(f64::NEG_INFINITY)
                    .total_cmp(&b.step.unwrap_or(f64::NEG_INFINITY))
            })
            .cloned()
    }

    /// The measurements that have a step.
    pub fn curve<'s>(&'s self, arm: &'s str, metric: &'s str) -> impl Iterator<Item = (u64, f64)> + 's {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
        self.of(arm, metric).filter_map(|m| {
            let step = m.step.filter(|s| *s >= 0.0 && *s < 9e15)?;
            Some((step.round() as u64, m.mean))
        })
    }
}
