//! The settings file: `$XDG_CONFIG_HOME/tunescope/config.toml`, or the one that `--config` names.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Place};
use super::nearest::nearest;
use crate::analysis::AcquisitionFunction;
use crate::analysis::settings::{Hyperparameters, Objective, TransformName};
use crate::runtime::color::ColorChoice;
use crate::study::label::scrub;

/// Names that `objective` may have.
const OBJECTIVES: [(&str, Objective); 2] = [
    ("marginal_likelihood", Objective::MarginalLikelihood),
    ("loo", Objective::LeaveOneOut),
];

/// Names that `theme` may have.
pub const THEMES: [&str; 3] = ["auto", "dark", "light"];

/// What may become of trials without a final value.
pub const USES: [&str; 2] = ["model", "ignore"];

/// What a settings file says; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileSettings {
    pub theme: Option<&'static str>,
    pub color: Option<ColorChoice>,
    pub mouse: Option<bool>,
    pub bell: Option<bool>,
    pub acquisition: Option<AcquisitionFunction>,
    pub xi: Option<f64>,
    pub beta: Option<f64>,
    pub kernel: Option<String>,
    pub output_warp: Option<bool>,
    pub transform: Option<TransformName>,
    pub input_warp: Option<bool>,
    pub noise: Option<f64>,
    pub hyperparameters: Option<Hyperparameters>,
    pub objective: Option<Objective>,
    pub failures: Option<bool>,
    pub pruned: Option<bool>,
    pub seed: Option<u64>,
    pub on_accept: Option<String>,
}

/// One value of the file with where it stands.
struct Entry<'a> {
    key: &'static str,
    value: &'a DeValue<'a>,
    place: Place,
}

type Store = fn(&mut FileSettings, &Entry<'_>) -> Result<(), ConfigError>;

/// Every setting: its name and how it is read. The one list from which keys are checked.
const SETTINGS: [(&str, Store); 18] = [
    ("theme", |s, e| e.name(&THEMES).map(|v| s.theme = Some(v))),
    ("color", |s, e| {
        e.name(&ColorChoice::NAMES)
            .map(|v| s.color = ColorChoice::from_name(v))
    }),
    ("mouse", |s, e| e.boolean().map(|v| s.mouse = Some(v))),
    ("bell", |s, e| e.boolean().map(|v| s.bell = Some(v))),
    ("acquisition", |s, e| {
        e.name(&AcquisitionFunction::ALL.map(AcquisitionFunction::name))
            .map(|v| s.acquisition = AcquisitionFunction::from_name(v))
    }),
    ("xi", |s, e| e.finite().map(|v| s.xi = Some(v))),
    ("beta", |s, e| e.number().map(|v| s.beta = Some(v))),
    ("kernel", |s, e| e.text().map(|v| s.kernel = Some(v.to_owned()))),
    ("output_warp", |s, e| e.boolean().map(|v| s.output_warp = Some(v))),
    ("transform", |s, e| {
        e.name(&TransformName::ALL.map(TransformName::name))
            .map(|v| s.transform = TransformName::from_name(v))
    }),
    ("input_warp", |s, e| e.boolean().map(|v| s.input_warp = Some(v))),
    ("noise", |s, e| e.number().map(|v| s.noise = Some(v))),
    ("hyperparameters", |s, e| {
        e.name(&Hyperparameters::ALL.map(Hyperparameters::name))
            .map(|v| s.hyperparameters = Hyperparameters::from_name(v))
    }),
    ("objective", |s, e| {
        e.name(&OBJECTIVES.map(|(name, _)| name))
            .map(|v| s.objective = OBJECTIVES.iter().find(|(name, _)| *name == v).map(|(_, o)| *o))
    }),
    ("failures", |s, e| {
        e.name(&USES).map(|v| s.failures = Some(v == USES[0]))
    }),
    ("pruned", |s, e| {
        e.name(&USES).map(|v| s.pruned = Some(v == USES[0]))
    }),
    ("seed", |s, e| e.integer().map(|v| s.seed = Some(v))),
    ("on_accept", |s, e| {
        e.text().map(|v| s.on_accept = Some(v.to_owned()))
    }),
];

/// Where the settings file is looked for without `--config`.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    etcetera::base_strategy::Xdg::new()
        .ok()
        .map(|xdg| xdg.config_dir().join("tunescope").join("config.toml"))
}

impl FileSettings {
    /// The file that `--config` names, which must be there, or the one in its usual place, which need not.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(named: Option<&Path>) -> Result<Self, ConfigError> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => match default_path().filter(|p| p.exists()) {
                Some(path) => path,
                None => return Ok(Self::default()),
            },
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text),
            Err(source) => Err(ConfigError::Io { path, source }),
        }
    }

    /// Reads the text of a settings file; `path` is for messages.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line and column.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let place = |span: &Range<usize>| Place::of(path, text, span.start);
        let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            place: place(&error.span().unwrap_or(0..0)),
            message: scrub(error.message()),
        })?;
        let mut settings = Self::default();
        for (key, value) in table.get_ref() {
            let name: &str = key.get_ref();
            let Some((known, store)) = SETTINGS.iter().find(|(k, _)| *k == name) else {
                return Err(ConfigError::UnknownKey {
                    place: place(&key.span()),
                    key: scrub(name),
                    nearest: nearest(name, SETTINGS.map(|(k, _)| k)),
                    known: SETTINGS.map(|(k, _)| k).join(", "),
                });
            };
            store(
                &mut settings,
                &Entry {
                    key: known,
                    value: Spanned::get_ref(value),
                    place: place(&value.span()),
                },
            )?;
        }
        Ok(settings)
    }
}

impl Entry<'_> {
    fn wrong(&self, wanted: &'static str) -> ConfigError {
        let found = match self.value {
            DeValue::String(s) => format!("the text \"{}\"", scrub(s)),
            DeValue::Integer(i) => i.as_str().to_owned(),
            DeValue::Float(x) => x.as_str().to_owned(),
            DeValue::Boolean(b) => b.to_string(),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        ConfigError::WrongType {
            place: self.place.clone(),
            key: self.key,
            wanted,
            found,
        }
    }

    fn text(&self) -> Result<&str, ConfigError> {
        match self.value {
            DeValue::String(s) => Ok(s),
            _ => Err(self.wrong("a text in quotes")),
        }
    }

    fn boolean(&self) -> Result<bool, ConfigError> {
        match self.value {
            DeValue::Boolean(b) => Ok(*b),
            _ => Err(self.wrong("true or false")),
        }
    }

    fn number(&self) -> Result<f64, ConfigError> {
        let wanted = "a number that is not negative";
        self.any_number(wanted)
            .and_then(|x| if x >= 0.0 { Ok(x) } else { Err(self.wrong(wanted)) })
    }

    /// Any number, as on the command line: ξ below 0 asks for less than an improvement.
    fn finite(&self) -> Result<f64, ConfigError> {
        self.any_number("a number")
    }

    fn any_number(&self, wanted: &'static str) -> Result<f64, ConfigError> {
        let digits = match self.value {
            DeValue::Integer(i) => i.as_str(),
            DeValue::Float(x) => x.as_str(),
            _ => return Err(self.wrong(wanted)),
        };
        digits
            .replace('_', "")
            .parse()
            .ok()
            .filter(|x: &f64| x.is_finite())
            .ok_or_else(|| self.wrong(wanted))
    }

    fn integer(&self) -> Result<u64, ConfigError> {
        let wanted = "a whole number that is not negative";
        match self.value {
            DeValue::Integer(i) => {
                u64::from_str_radix(&i.as_str().replace('_', ""), i.radix()).map_err(|_| self.wrong(wanted))
            }
            _ => Err(self.wrong(wanted)),
        }
    }

    fn name(&self, known: &[&'static str]) -> Result<&'static str, ConfigError> {
        let text = match self.value {
            // `color = 256` is as clear as `color = "256"`.
            DeValue::Integer(i) => i.as_str(),
            _ => self.text()?,
        };
        known
            .iter()
            .find(|k| **k == text)
            .copied()
            .ok_or_else(|| ConfigError::UnknownName {
                place: self.place.clone(),
                key: self.key,
                value: scrub(text),
                nearest: nearest(text, known.iter().copied()),
                known: known.join(", "),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::model::ColorLevel;

    fn parse(text: &str) -> Result<FileSettings, ConfigError> {
        FileSettings::parse(Path::new("c.toml"), text)
    }

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn every_setting_is_read() {
        let text = "theme = \"light\"\ncolor = 256\nmouse = true\nbell = true\nacquisition = \"ucb\"\nxi = 0.01\nbeta = 3\n\
                    kernel = \"rbf\"\noutput_warp = false\nhyperparameters = \"average\"\nnoise = 0.5\n\
                    transform = \"yeo_johnson\"\ninput_warp = true\nobjective = \"loo\"\nfailures = \"ignore\"\npruned = \"model\"\nseed = 7\non_accept = \"sbatch job.sh\"\n";
        let s = parse(text).unwrap();
        assert_eq!(s.theme, Some("light"));
        assert_eq!(s.color, Some(ColorChoice::Level(ColorLevel::Indexed256)));
        assert_eq!(
            (s.mouse, s.bell, s.output_warp, s.seed),
            (Some(true), Some(true), Some(false), Some(7))
        );
        assert_eq!((s.failures, s.pruned), (Some(false), Some(true)));
        assert_eq!(s.acquisition, Some(AcquisitionFunction::Ucb));
        assert_eq!((s.xi, s.beta), (Some(0.01), Some(3.0)));
        assert_eq!((s.noise, s.input_warp), (Some(0.5), Some(true)));
        assert_eq!(s.hyperparameters, Some(Hyperparameters::Average));
        assert_eq!(s.transform, Some(TransformName::YeoJohnson));
        assert_eq!(s.objective, Some(Objective::LeaveOneOut));
        assert_eq!(
            (s.kernel.as_deref(), s.on_accept.as_deref()),
            (Some("rbf"), Some("sbatch job.sh"))
        );
    }

    #[test]
    fn mistakes_are_told_with_their_place_and_the_nearest_name() {
        assert_eq!(
            message("theme = \"dark\"\nacqusition = \"ei\"\n"),
            "c.toml:2:1: there is no setting acqusition; did you mean acquisition?"
        );
        assert_eq!(
            message("acquisition = \"logie\""),
            "c.toml:1:15: acquisition cannot be logie; did you mean logei?"
        );
        assert_eq!(
            message("# é\nmouse = \"yes\""),
            "c.toml:2:9: mouse is to be true or false, not the text \"yes\""
        );
        assert!(message("beta = -1").contains("not negative"));
        assert!(message("xi = \"a\"").contains("a number"));
        assert!(message("seed = 1.5").starts_with("c.toml:1:8: seed"));
        assert!(message("theme = ").starts_with("c.toml:1:"));
        assert!(message("[keys]\n").contains("there is no setting keys"));
    }
}
