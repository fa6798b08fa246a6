//! The comparing thread: what a person looks at beside the main thing, so it never makes that wait.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::session::effect::{CompareOrder, KernelOrder};
use crate::session::{Msg, Stamped};

use super::guarded;
use super::mailbox::{Mailbox, Taken};

/// What waits; of each kind the newest.
#[derive(Debug, Default)]
struct Waiting {
    acquisitions: Option<CompareOrder>,
    kernels: Option<KernelOrder>,
}

impl Waiting {
    fn join(self, new: Self) -> Self {
        Self {
            acquisitions: new.acquisitions.or(self.acquisitions),
            kernels: new.kernels.or(self.kernels),
        }
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
            kernels: None,
        });
    }

    /// Works out the evidence of kernels; replaces a list that waits or runs.
    pub fn kernels(&self, order: KernelOrder) {
        self.post(Waiting {
            acquisitions: None,
            kernels: Some(order),
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
        let wait =
            (left.kernels.is_some() || left.acquisitions.is_some()).then_some(std::time::Duration::ZERO);
        match mailbox.take(wait) {
            Taken::Closed => return,
            Taken::Work(new) => left = left.join(new),
            Taken::Idle => {}
        }
        let answered = if let Some(order) = left.acquisitions.take() {
            acquisitions(mailbox, &order, tell)
        } else if let Some(order) = left.kernels.take() {
            kernels(mailbox, order, &mut left, tell)
        } else {
            Ok(())
        };
        if let Err(reason) = answered
            && !tell(Msg::ExploreFailed { reason })
        {
            return;
        }
    }
}

fn acquisitions(
    mailbox: &Mailbox<Waiting>,
    order: &CompareOrder,
    tell: &impl Fn(Msg) -> bool,
) -> Result<(), String> {
    let cancel = || mailbox.is_closed() || mailbox.peek(|w| w.is_some_and(|w| w.acquisitions.is_some()));
    guarded("compare", || {
        let mut say = |comparison: &crate::analysis::Comparison| {
            tell(Msg::Compared(Stamped {
                fit: order.fit,
                data: order.data,
                value: comparison.clone(),
            }));
        };
        drop(
            order
                .surrogate
                .compare_acquisitions(&order.request, &mut say, &cancel),
        );
    })
}

/// One kernel after the other; whatever is more urgent comes between two of them.
fn kernels(
    mailbox: &Mailbox<Waiting>,
    mut order: KernelOrder,
    left: &mut Waiting,
    tell: &impl Fn(Msg) -> bool,
) -> Result<(), String> {
    let cancel = || mailbox.is_closed() || mailbox.peek(|w| w.is_some());
    if order.specs.is_empty() {
        return Ok(());
    }
    let spec = order.specs.remove(0);
    let found = guarded("kernels", || order.surrogate.evidence_of(&spec, &cancel))?;
    match found {
        Ok(evidence) => {
            tell(Msg::KernelEvidence {
                round: order.round,
                evidence,
            });
        }
        // Put back: it is looked at again once what interrupted it is done, unless a newer list has come.
        Err(_) => order.specs.insert(0, spec),
    }
    if !order.specs.is_empty() {
        left.kernels = Some(order);
    }
    Ok(())
}
