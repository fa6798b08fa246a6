//! Training runs: the pre-training that made the stored weights, and the fine-tuning that is tuned.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use super::DemoError;
use super::corpus::{ALPHABET, Register};
use super::model::{Batch, Dropout, Model, Shape, Workspace};
use super::optimizer::{AdamW, Scheduler};
use super::rng::Rng;
use super::weights::{self, Header};

const STORED: &[u8] = include_bytes!("../../assets/demo-weights.bin");

/// Sizes of the network of the demo.
#[must_use]
pub fn shape() -> Shape {
    Shape {
        vocabulary: ALPHABET.chars().count(),
        context: 10,
        embedding: 12,
        hidden: 64,
        inner: 128,
        blocks: 3,
    }
}

/// Streams of random numbers that belong to one seed.
mod stream {
    pub const TRAINING_TEXT: u64 = 1;
    pub const HELD_OUT_TEXT: u64 = 2;
    pub const WEIGHTS: u64 = 3;
    pub const WINDOWS: u64 = 4;
    pub const DROPOUT: u64 = 5;
}

/// The texts do not depend on the seed of a run: every trial is measured on the same task.
const TEXT_SEED: u64 = 20_261_123;

/// Characters that made `assets/demo-weights.bin`, with repeats.
pub const PRETRAINING: usize = 4_000_000;

/// Characters that one sequence of a batch predicts.
const WINDOW: usize = 16;

/// How long a fine-tuning run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Characters of the log that may be learnt from.
    pub text: usize,
    /// Characters that are predicted in training, with repeats, whatever the batch size.
    pub characters: usize,
    /// Characters of the held-out log.
    pub held_out: usize,
    /// How often the validation loss is measured.
    pub reports: usize,
}

impl Effort {
    /// The objective of the demo: about a second on one core.
    pub const FULL: Self = Self {
        text: 4_000,
        characters: 65_536,
        held_out: 3_000,
        reports: 8,
    };
}

/// What is tuned.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Peak of the schedule, > 0.
    pub learning_rate: f64,
    /// Sequences of `WINDOW` characters a step.
    pub batch_size: usize,
    /// Share of the steps in which the rate rises linearly.
    pub warmup_ratio: f64,
    pub weight_decay: f64,
    /// In `[0, 1)`.
    pub dropout: f64,
    pub scheduler: Scheduler,
    /// Layers that keep their pre-trained weights: 0 none, 1 the input, 2 the first block too, …
    pub frozen_layers: usize,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// Validation loss at the end, in nats a character.
    Complete(f64),
    /// The loss was no longer a number; characters seen until then.
    Diverged { characters: usize },
    /// The observer asked to stop.
    Stopped,
}

/// A point of the learning curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Characters seen in training.
    pub characters: usize,
    /// Validation loss at a report; `None` between two reports.
    pub loss: Option<f64>,
}

/// The pre-trained model that is built in, and what its file says about it.
///
/// # Errors
/// A stored file that does not fit the program.
pub fn pretrained() -> Result<(Header, Model), DemoError> {
    weights::read(STORED)
}

/// Held-out prose, on which the stored weights state their loss.
///
/// # Errors
/// As [`Register::tokens`].
pub fn held_out_prose() -> Result<Vec<u8>, DemoError> {
    Register::Prose.tokens(20_000, &mut Rng::new(TEXT_SEED, stream::HELD_OUT_TEXT))
}

/// The fixed task: a model to start from, text to learn from, text to be judged on.
#[derive(Debug)]
pub struct Task {
    start: Model,
    training: Vec<u8>,
    held_out: Vec<u8>,
    effort: Effort,
}

impl Task {
    /// # Errors
    /// Assets that do not fit the program.
    pub fn new(effort: Effort) -> Result<Self, DemoError> {
        let (_, start) = pretrained()?;
        let context = start.shape().context;
        let text =
            |stream, length: usize| Register::Log.tokens(length + context, &mut Rng::new(TEXT_SEED, stream));
        Ok(Self {
            start,
            training: text(stream::TRAINING_TEXT, effort.text)?,
            held_out: text(stream::HELD_OUT_TEXT, effort.held_out)?,
            effort,
        })
    }

    /// Validation loss before any fine-tuning.
    #[must_use]
    pub fn untuned_loss(&self) -> f64 {
        self.start.loss(&self.held_out, &mut Workspace::default())
    }

    /// Fine-tunes a copy of the pre-trained model. A function of its arguments, bit for bit on one
    /// machine. `observe` is called after every step.
    pub fn fine_tune(
        &self,
        settings: &Settings,
        seed: u64,
        observe: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Ending {
        let mut run = Run::new(self.start.clone(), settings, self.effort.characters, seed);
        let mut reports = 0;
        for step in 0..run.steps {
            let training_loss = run.step(step, settings, &self.training);
            let characters = ((step + 1) * run.columns).min(self.effort.characters);
            if !training_loss.is_finite() {
                return Ending::Diverged { characters };
            }
            let due = (step + 1) * self.effort.reports / run.steps;
            let mut loss = None;
            if due > reports {
                reports = due;
                let value = run.model.loss(&self.held_out, &mut run.evaluation);
                if !value.is_finite() {
                    return Ending::Diverged { characters };
                }
                loss = Some(value);
            }
            let wish = observe(Progress { characters, loss });
            if let (true, Some(loss)) = (step + 1 == run.steps, loss) {
                return Ending::Complete(loss);
            }
            if wish.is_break() {
                break;
            }
        }
        Ending::Stopped
    }
}

/// A training run under way.
struct Run {
    model: Model,
    optimizer: AdamW,
    columns: usize,
    steps: usize,
    warmup: usize,
    gradient: Vec<f32>,
    batch: Batch,
    workspace: Workspace,
    evaluation: Workspace,
    windows: Rng,
    masks: Rng,
}

impl Run {
    fn new(model: Model, settings: &Settings, characters: usize, seed: u64) -> Self {
        let columns = settings.batch_size.max(1) * WINDOW;
        let steps = characters.div_ceil(columns).max(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of the steps"
        )]
        let warmup = (settings.warmup_ratio * steps as f64).round() as usize;
        Self {
            optimizer: AdamW::new(model.layout(), settings.frozen_layers, settings.weight_decay),
            gradient: vec![0.0; model.weights.len()],
            model,
            columns,
            steps,
            warmup,
            batch: Batch::default(),
            workspace: Workspace::default(),
            evaluation: Workspace::default(),
            windows: Rng::new(seed, stream::WINDOWS),
            masks: Rng::new(seed, stream::DROPOUT),
        }
    }

    /// One optimiser step on random windows of the text; the loss of the batch before it.
    fn step(&mut self, step: usize, settings: &Settings, text: &[u8]) -> f64 {
        let context = self.model.shape().context;
        let starts = text.len().saturating_sub(context + WINDOW) + 1;
        self.batch.clear();
        for _ in 0..self.columns / WINDOW {
            let at = context + self.windows.below(starts);
            self.batch.push(text, at, WINDOW, context);
        }
        let dropout = (settings.dropout > 0.0).then_some(Dropout {
            rate: settings.dropout,
            rng: &mut self.masks,
        });
        let loss = self.model.forward(&self.batch, dropout, &mut self.workspace);
        let frozen = settings.frozen_layers;
        self.model
            .backward(&self.batch, frozen, &mut self.workspace, &mut self.gradient);
        let rate = settings.learning_rate * settings.scheduler.factor(step, self.warmup, self.steps);
        self.optimizer.step(rate, &self.gradient, &mut self.model.weights);
        loss
    }
}

/// Makes the file of the stored weights: pre-trains on prose from random weights.
///
/// `characters` are predicted in all, [`PRETRAINING`] for the stored file. `progress` hears characters
/// and training loss now and then.
///
/// # Errors
/// A grammar that does not hold together.
pub fn pretrain(
    characters: usize,
    seed: u64,
    progress: &mut dyn FnMut(usize, f64),
) -> Result<Vec<u8>, DemoError> {
    let shape = shape();
    let settings = Settings {
        learning_rate: 4e-3,
        batch_size: 32,
        warmup_ratio: 0.05,
        weight_decay: 0.01,
        dropout: 0.1,
        scheduler: Scheduler::Cosine,
        frozen_layers: 0,
    };
    let text = mixture(400_000)?;
    let model = Model::random(shape, &mut Rng::new(seed, stream::WEIGHTS));
    let mut run = Run::new(model, &settings, characters, seed);
    for step in 0..run.steps {
        let loss = run.step(step, &settings, &text);
        if step % 500 == 0 || step + 1 == run.steps {
            progress((step + 1) * run.columns, loss);
        }
    }
    for w in &mut run.model.weights {
        *w = weights::from_bf16(weights::to_bf16(*w));
    }
    let header = Header {
        made_by: "cargo run --release --example demo-assets -- weights".to_owned(),
        vocabulary: shape.vocabulary,
        context: shape.context,
        embedding: shape.embedding,
        hidden: shape.hidden,
        inner: shape.inner,
        blocks: shape.blocks,
        seed,
        characters: characters as u64,
        loss: run.model.loss(&held_out_prose()?, &mut run.evaluation),
    };
    weights::write(&header, &run.model)
}

/// Prose with a line of the log here and there (two characters in a hundred), so that no character
/// of the alphabet is quite unknown when fine-tuning begins.
fn mixture(length: usize) -> Result<Vec<u8>, DemoError> {
    let mut rng = Rng::new(TEXT_SEED, stream::TRAINING_TEXT);
    let mut text = Vec::new();
    while text.len() < length {
        text.extend(Register::Prose.tokens(1_960, &mut rng)?);
        text.extend(Register::Log.tokens(40, &mut rng)?);
    }
    Ok(text)
}

/// The task of the demo, made once a process.
///
/// # Errors
/// As [`Task::new`].
pub fn task() -> Result<&'static Task, DemoError> {
    static TASK: OnceLock<Task> = OnceLock::new();
    if let Some(task) = TASK.get() {
        return Ok(task);
    }
    let task = Task::new(Effort::FULL)?;
    Ok(TASK.get_or_init(|| task))
}
