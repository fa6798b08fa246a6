//! tunescope: a terminal explorer for Bayesian hyperparameter optimisation.
//!
//! The library is the whole program but its `main`: reading what tuners write, the Gaussian process and the acquisition
//! functions, the panes, the delivery of what a person accepts. It is documented for people who change it; for people
//! who use it there is the README.
//!
//! # The house
//!
//! ```text
//!            study        what was searched and what was observed
//!              │
//!             gp          exact Gaussian processes on plain matrices
//!              │
//!         acquisition     what a configuration is worth trying for; the maximiser
//!              │
//!          analysis       from a study to a posterior; the arrays that panes draw
//!              │
//!            learn        functions with a known truth, lessons, the game
//!              │
//!           session       update(&mut Model, Msg, now) → effects: every behaviour
//!              │
//!        keymap, ui       one table of keys; view(&Model)
//!                         (language: their words in English and Chinese)
//! ─────────────┼──────────────────────────────────────────────────────────────
//!  io  config  run  demo  runtime  cli      the edge: files, processes, threads, the terminal
//! ```
//!
//! Imports point down only, and nothing above the line knows a clock, a thread, a file or a terminal;
//! `tests/architecture.rs` reads the sources and says where that does not hold.
//!
//! # From an event to the screen
//!
//! ```text
//! keys ────┐                                       ┌─ Effect::Fit, Explore, …     → workers: the latest wins
//! watcher ─┤→ one channel → Msg → session::update ─┼─ Effect::Deliver, Withdraw   → the clerk: written, synced, read back
//! signals ─┤               (&mut Model, pure)       └─ Effect::Copy, Suspend, Quit → the terminal
//! workers ─┘                              Model → ui::view (pure) → the cells that changed → one synchronised write
//! ```
//!
//! # Words and spaces
//!
//! | word | meaning |
//! |---|---|
//! | raw | the user's units: 3e-4, 32, "cosine" ([`study::Value`]) |
//! | unit cube | coordinates in \[0, 1\], indices for categories ([`study::encoding`]) |
//! | `g = s·y` | the objective as the engine sees it, s = ±1: larger is better ([`analysis::surrogate`]) |
//! | model units | g after the output's transform ([`gp::transform`]): there the kernel's variance, the noise and EI live |
//! | incumbent | the best there is: the best observation, or with noise the largest posterior mean at one |
//! | feasible, infeasible | satisfies every constraint on what trials measure; violates one ([`study::Constraint`]) |
//! | probe | the configuration that every pane passes through |
//! | suggestion → draft → decision | proposed by the model → edited by a person → accepted or rejected |
//!
//! The sign s is applied once, where outputs are encoded, and undone once, where they are shown. Symbols of matrices stand
//! at the head of [`gp`].

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]

pub mod acquisition;
pub mod analysis;
pub mod cli;
pub mod config;
pub mod demo;
pub mod gp;
pub mod io;
pub mod keymap;
pub mod language;
pub mod learn;
pub mod run;
pub mod runtime;
pub mod session;
pub mod study;
pub mod ui;
