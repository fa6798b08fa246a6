//! What can lie over the panes.

use crate::study::Configuration;

/// What a person is asked to confirm, with exactly what will be written and where.
#[derive(Clone, Debug, PartialEq)]
pub enum Confirm {
    Accept {
        configuration: Configuration,
        text: String,
        place: String,
    },
    Withdraw {
        receipt: usize,
    },
    QuitWithDraft,
    /// Drops what was decided and not delivered: what that is, in words.
    Forget {
        what: String,
    },
    /// The loop of `tunescope run` is at work: what becomes of it?
    QuitRun,
}

/// What lies over the panes.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// Every key and sign, or those that match what is sought.
    Help {
        scroll: usize,
        sought: tui_input::Input,
        /// Whether keys are text at the moment.
        typing: bool,
    },
    /// The list of bad rows and warnings.
    Diagnostics {
        scroll: usize,
    },
    /// One trial in detail (index into `Study::trials`).
    Trial {
        trial: usize,
        scroll: usize,
    },
    /// The model: kernel, lengthscales, noise, likelihood, trust, lints.
    Model {
        scroll: usize,
    },
    /// Rejected regions.
    Rejections {
        cursor: usize,
    },
    /// `:` with the completions of what is typed.
    Command {
        input: tui_input::Input,
        completions: Vec<String>,
        remark: Option<String>,
    },
    /// `/` in the table: filter expression.
    Filter {
        input: tui_input::Input,
        remark: Option<String>,
    },
    Confirm(Confirm),
    /// The studies of the source.
    Studies {
        cursor: usize,
    },
    /// Kernels and the evidence of each.
    Kernels {
        cursor: usize,
    },
    /// Acquisition functions side by side.
    Compare {
        cursor: usize,
    },
    /// Hyperparameters, to be set by hand.
    Knobs {
        cursor: usize,
    },
    /// The band that is expected for a placed point.
    Band {
        /// Drawn with the arrow keys; `None`: what is typed counts.
        drawn: Option<crate::learn::game::Band>,
        input: tui_input::Input,
        remark: Option<String>,
    },
    /// The end of a game.
    Game {
        scroll: usize,
    },
    /// A result to be imagined for a configuration.
    Imagine {
        configuration: Configuration,
        /// What is predicted for it: mean and sd of an observation, in the user's units.
        predicted: Option<(f64, f64)>,
        input: tui_input::Input,
        remark: Option<String>,
    },
    /// Lessons and functions of the lab.
    Course {
        cursor: usize,
    },
}

impl Overlay {
    /// The help from its beginning.
    #[must_use]
    pub fn help() -> Self {
        Self::Help {
            scroll: 0,
            sought: tui_input::Input::default(),
            typing: false,
        }
    }
}
