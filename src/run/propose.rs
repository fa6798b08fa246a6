//! The model's next configuration, found on a thread of its own.
//!
//! What a person rejected or locked in the explorer holds for the loop too: it is read from where the explorer keeps
//! it, before each proposal. Checked by `tests/run_heeds.rs`.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;

use super::machine::Params;
use crate::analysis::{
    AcquisitionSettings, ModelSettings, SuggestError, SuggestRequest, Surrogate, SurrogateError,
    suggest_without_model,
};
use crate::io::kept::{self, KeptFile};
use crate::io::{ReadOptions, Reader};
use crate::study::{Configuration, Study, Value};

/// What is proposed, or why nothing can be.
pub type Proposal = Result<Proposed, String>;

/// A configuration, and what was heeded when it was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposed {
    /// `None` where every configuration was tried.
    pub params: Option<Params>,
    /// Said where it has changed since the proposal before: "2 rejections and 1 lock", "nothing".
    pub heeds: Option<String>,
}

/// What a proposal is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    pub read: ReadOptions,
    pub model: ModelSettings,
    pub acquisition: AcquisitionSettings,
}

/// The thread that proposes. It ends when the handle is dropped.
#[derive(Debug)]
pub struct Proposer {
    wishes: Sender<()>,
}

impl Proposer {
    /// # Errors
    /// The thread cannot be started.
    pub fn spawn(
        results: &Path,
        settings: Settings,
        tell: impl Fn(Proposal) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wishes, inbox) = mpsc::channel();
        let results = results.to_owned();
        thread::Builder::new().name("propose".into()).spawn(move || {
            let mut engine = Engine::new(settings);
            while inbox.recv().is_ok() {
                let found = catch_unwind(AssertUnwindSafe(|| engine.propose(&results)));
                let found = found.unwrap_or_else(|_| {
                    Err(
                        "an error in tunescope itself while it looked for the next trial; please report it"
                            .into(),
                    )
                });
                if !tell(found) {
                    return;
                }
            }
        })?;
        Ok(Self { wishes })
    }

    /// Asks for the next configuration.
    pub fn ask(&self) {
        // A thread that is gone has told why.
        let _ = self.wishes.send(());
    }
}

/// Reads what is new, fits from where the last fit ended, and maximises.
pub struct Engine {
    settings: Settings,
    reader: Option<Reader>,
    last: Option<Surrogate>,
    /// What was decided in the explorer, as it was at the last proposal.
    heeded: Heeded,
}

/// Rejected regions and locked values.
#[derive(Clone, Debug, Default, PartialEq)]
struct Heeded {
    rejected: Vec<(Configuration, f64)>,
    locks: Vec<Option<Value>>,
}

impl Heeded {
    /// What the explorer keeps of a study. A file that cannot be read is the explorer's to complain of.
    fn of(results: &Path, study: &Study) -> Self {
        let file = kept::default_folder().and_then(|f| KeptFile::of(&f, results, study.name.raw()));
        let kept = file.and_then(|f| f.read().ok().flatten()).unwrap_or_default();
        Self {
            rejected: kept.rejected_in(&study.space),
            locks: kept.locks_in(&study.space),
        }
    }

    fn words(&self) -> String {
        let locks = self.locks.iter().flatten().count();
        let count = |n: usize, word: &str| match n {
            0 => None,
            1 => Some(format!("1 {word}")),
            n => Some(format!("{n} {word}s")),
        };
        let words: Vec<String> = [count(self.rejected.len(), "rejection"), count(locks, "lock")]
            .into_iter()
            .flatten()
            .collect();
        if words.is_empty() {
            "nothing".to_owned()
        } else {
            words.join(" and ")
        }
    }
}

impl Engine {
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            reader: None,
            last: None,
            heeded: Heeded::default(),
        }
    }

    /// The next configuration for the study in a results file. What runs counts as pending.
    ///
    /// # Errors
    /// The file cannot be read, or the model cannot be built: in words.
    pub fn propose(&mut self, results: &Path) -> Proposal {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => {
                none.insert(Reader::open(results, self.settings.read.clone()).map_err(|e| e.to_string())?)
            }
        };
        reader
            .poll_with(&mut |_| ControlFlow::Continue(()))
            .map_err(|e| e.to_string())?;
        let study = reader.study();
        let heeded = Heeded::of(results, &study);
        let heeds = (heeded.words() != self.heeded.words()).then(|| heeded.words());
        self.heeded = heeded;
        let found = self.next(&study)?;
        Ok(Proposed {
            params: found.map(|c| study.space.configuration_to_json(&c)),
            heeds,
        })
    }

    fn next(&mut self, study: &Arc<Study>) -> Result<Option<Configuration>, String> {
        let request = SuggestRequest {
            count: 1,
            acquisition: self.settings.acquisition,
            seed: self.settings.model.seed,
            rejected: self.heeded.rejected.clone(),
            locks: self.heeded.locks.clone(),
            ..SuggestRequest::default()
        };
        let first = |mut found: Vec<crate::analysis::Suggestion>| {
            if found.is_empty() {
                None
            } else {
                Some(found.swap_remove(0).configuration)
            }
        };
        let model = match Surrogate::fit(study, &self.settings.model, self.last.as_ref(), &|| false) {
            Ok(model) => model,
            // A specification that is off will be off at every trial.
            Err(error @ SurrogateError::Kernel(_)) => return Err(error.to_string()),
            // Nothing to learn from yet, or numbers that no model holds: the initial design goes on.
            Err(_) => return Ok(first(suggest_without_model(study, &request))),
        };
        let found = model.suggest(&request, &|| false);
        self.last = Some(model);
        match found {
            Ok(found) => Ok(first(found)),
            Err(SuggestError::Exhausted) => Ok(None),
            Err(_) => Ok(first(suggest_without_model(study, &request))),
        }
    }
}
