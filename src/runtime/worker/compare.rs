//! The comparing thread: what a person looks at beside the main thing, so it never makes that wait.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::analysis::Comparison;
use crate::session::effect::{CompareOrder, KernelOrder, LadderOrder, LikelihoodOrder, SampleOrder};
use crate::session::{Msg, Stamped};

use super::guarded;
use super::mailbox::{Mailbox, Taken};

/// Places of a sample along a continuum.
const SAMPLE_POINTS: usize = 97;
/// Cells of a coarse and of a fine map of the likelihood.
const COARSE: (usize, usize) = (20, 12);
const FINE: (usize, usize) = (48, 32);

/// What waits; of each kind the newest. In the order of urgency.
#[derive(Debug, Default)]
struct Waiting {
    acquisitions: Option<CompareOrder>,
    samples: Option<SampleOrder>,
    ladder: Option<LadderOrder>,
    likelihood: Option<LikelihoodOrder>,
    kernels: Option<KernelOrder>,
}

impl Waiting {
    fn join(self, new: Self) -> Self {
        Self {
            acquisitions: new.acquisitions.or(self.acquisitions),
            samples: new.samples.or(self.samples),
            ladder: new.ladder.or(self.ladder),
            likelihood: new.likelihood.or(self.likelihood),
            kernels: new.kernels.or(self.kernels),
        }
    }

    fn there(&self) -> [bool; 5] {
        [
            self.acquisitions.is_some(),
            self.samples.is_some(),
            self.ladder.is_some(),
            self.likelihood.is_some(),
            self.kernels.is_some(),
        ]
    }
}

/// The handle of the thread.
#[derive(Debug)]
pub struct Comparer {
    mailbox: Arc<Mailbox<Waiting>>,
    thread: Option<JoinHandle<()>>,
}

impl Comparer {
    /// Starts the thread; `tell` says whether anyone listens still.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn spawn(tell: impl Fn(Msg) -> bool + Send + 'static) -> std::io::Result<Self> {
        let mailbox = Arc::new(Mailbox::default());
        let inbox = Arc::clone(&mailbox);
        let thread = thread::Builder::new()
            .name("compare".into())
            .spawn(move || run(&inbox, &tell))?;
        Ok(Self {
            mailbox,
            thread: Some(thread),
        })
    }

    /// Compares acquisition functions; replaces a comparison that waits or runs.
    pub fn acquisitions(&self, order: CompareOrder) {
        self.post(Waiting {
            acquisitions: Some(order),
            ..Waiting::default()
        });
    }

    /// Cuts sample paths and finds their maxima; replaces what waits or runs of the kind.
    pub fn samples(&self, order: SampleOrder) {
        self.post(Waiting {
            samples: Some(order),
            ..Waiting::default()
        });
    }

    /// Climbs a ladder of ξ; replaces one that waits or is being climbed.
    pub fn ladder(&self, order: LadderOrder) {
        self.post(Waiting {
            ladder: Some(order),
            ..Waiting::default()
        });
    }

    /// Maps the likelihood; replaces a map that waits or is being made.
    pub fn likelihood(&self, order: LikelihoodOrder) {
        self.post(Waiting {
            likelihood: Some(order),
            ..Waiting::default()
        });
    }

    /// Works out the evidence of kernels; replaces a list that waits or runs.
    pub fn kernels(&self, order: KernelOrder) {
        self.post(Waiting {
            kernels: Some(order),
            ..Waiting::default()
        });
    }

    fn post(&self, waiting: Waiting) {
        self.mailbox.post_with(waiting, Waiting::join);
    }
}

impl Drop for Comparer {
    fn drop(&mut self) {
        self.mailbox.close();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn run(mailbox: &Mailbox<Waiting>, tell: &impl Fn(Msg) -> bool) {
    let mut left = Waiting::default();
    loop {
        let wait = left.there().contains(&true).then_some(std::time::Duration::ZERO);
        match mailbox.take(wait) {
            Taken::Closed => return,
            Taken::Work(new) => left = left.join(new),
            Taken::Idle => {}
        }
        if let Err(reason) = next(mailbox, &mut left, tell)
            && !tell(Msg::ExploreFailed { reason })
        {
            return;
        }
    }
}

/// Does the most urgent thing. What is called off for a more urgent one is put back: a newer one of its kind
/// replaces it there.
fn next(mailbox: &Mailbox<Waiting>, left: &mut Waiting, tell: &impl Fn(Msg) -> bool) -> Result<(), String> {
    let Some(rank) = left.there().iter().position(|there| *there) else {
        return Ok(());
    };
    let cancel = || {
        let newer = |w: &Waiting| w.there().iter().take(rank + 1).any(|there| *there);
        mailbox.is_closed() || mailbox.peek(|w| w.is_some_and(newer))
    };
    // Whether anyone listens still is seen at the next turn.
    let say = |msg| {
        let _is_heard: bool = tell(msg);
    };
    if let Some(order) = left.acquisitions.take() {
        guarded("compare", || acquisitions(&order, &say, &cancel))?;
    } else if let Some(order) = left.samples.take() {
        let is_done = guarded("samples", || samples(&order, &say, &cancel))?;
        left.samples = (!is_done && cancel()).then_some(order);
    } else if let Some(order) = left.ladder.take() {
        let is_done = guarded("ladder", || ladder(&order, &say, &cancel))?;
        left.ladder = (!is_done && cancel()).then_some(order);
    } else if let Some(order) = left.likelihood.take() {
        let is_done = guarded("likelihood", || likelihood(&order, &say, &cancel))?;
        left.likelihood = (!is_done && cancel()).then_some(order);
    } else if let Some(order) = left.kernels.take() {
        left.kernels = kernels(order, &say, &cancel)?;
    }
    Ok(())
}

/// Compares acquisition functions, telling what is known so far.
pub fn acquisitions(order: &CompareOrder, say: &dyn Fn(Msg), cancel: &dyn Fn() -> bool) {
    let mut tell = |comparison: &Comparison| {
        say(Msg::Compared(Stamped {
            fit: order.fit,
            data: order.data,
            value: comparison.clone(),
        }));
    };
    let request = &order.request;
    drop(order.surrogate.compare_acquisitions(request, &mut tell, cancel));
}

/// Cuts sample paths, then finds their maxima; whether both are done.
pub fn samples(order: &SampleOrder, say: &dyn Fn(Msg), cancel: &dyn Fn() -> bool) -> bool {
    let tell = |value| {
        say(Msg::Sampled(Stamped {
            fit: order.fit,
            data: order.data,
            value,
        }));
    };
    let (surrogate, count) = (&order.surrogate, order.count);
    let Some(mut cut) = surrogate.samples(&order.probe, count, SAMPLE_POINTS, cancel) else {
        return false;
    };
    tell(cut.clone());
    let Some(optima) = surrogate.sample_optima(count, cancel) else {
        return false;
    };
    cut.optima = optima;
    tell(cut);
    true
}

/// Climbs a ladder of ξ, telling of each rung; whether it came to the top.
pub fn ladder(order: &LadderOrder, say: &dyn Fn(Msg), cancel: &dyn Fn() -> bool) -> bool {
    let mut tell = |ladder: &crate::analysis::Ladder| {
        say(Msg::Climbed(Stamped {
            fit: order.fit,
            data: order.data,
            value: ladder.clone(),
        }));
    };
    order
        .surrogate
        .ladder(&order.request, &mut tell, cancel)
        .is_some()
}

/// Maps the likelihood, coarse first; whether both maps are made.
pub fn likelihood(order: &LikelihoodOrder, say: &dyn Fn(Msg), cancel: &dyn Fn() -> bool) -> bool {
    for cells in [COARSE, FINE] {
        let Some(mut value) = (order.surrogate).likelihood_map(order.param, &order.within, cells, cancel)
        else {
            return false;
        };
        value.coarse = cells == COARSE;
        say(Msg::Mapped(Stamped {
            fit: order.fit,
            data: order.data,
            value,
        }));
    }
    true
}

/// One kernel of a list; the rest of it, where there is one. Whatever is more urgent comes between two of them.
fn kernels(
    mut order: KernelOrder,
    say: &dyn Fn(Msg),
    cancel: &dyn Fn() -> bool,
) -> Result<Option<KernelOrder>, String> {
    if order.specs.is_empty() {
        return Ok(None);
    }
    let spec = order.specs.remove(0);
    match guarded("kernels", || order.surrogate.evidence_of(&spec, cancel))? {
        Ok(evidence) => say(Msg::KernelEvidence {
            round: order.round,
            evidence,
        }),
        // Put back: it is looked at again once what interrupted it is done, unless a newer list has come.
        Err(_) => order.specs.insert(0, spec),
    }
    Ok((!order.specs.is_empty()).then_some(order))
}
