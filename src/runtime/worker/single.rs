//! A thread for one kind of long work that nobody waits for: the latest order wins, and an order to stop stops it.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::session::Msg;

use super::guarded;
use super::mailbox::{Mailbox, Taken};

/// The handle of the thread.
#[derive(Debug)]
pub struct Single<T> {
    mailbox: Arc<Mailbox<Option<T>>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Single<T> {
    /// Starts the thread. `work` does one order: it tells what it finds and looks at the second function to know
    /// whether that is still wanted.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn spawn(
        name: &'static str,
        work: impl Fn(T, &mut dyn FnMut(Msg), &dyn Fn() -> bool) + Send + 'static,
        tell: impl Fn(Msg) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let mailbox = Arc::new(Mailbox::default());
        let inbox = Arc::clone(&mailbox);
        let thread = thread::Builder::new()
            .name(name.into())
            .spawn(move || run(name, &inbox, &work, &tell))?;
        Ok(Self {
            mailbox,
            thread: Some(thread),
        })
    }

    /// Replaces what runs or waits; `None`: nothing is wanted any more.
    pub fn post(&self, order: Option<T>) {
        self.mailbox.post(order);
    }
}

impl<T> Drop for Single<T> {
    fn drop(&mut self) {
        self.mailbox.close();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn run<T>(
    name: &str,
    mailbox: &Mailbox<Option<T>>,
    work: &impl Fn(T, &mut dyn FnMut(Msg), &dyn Fn() -> bool),
    tell: &impl Fn(Msg) -> bool,
) {
    loop {
        let order = match mailbox.take(None) {
            Taken::Work(Some(order)) => order,
            Taken::Work(None) | Taken::Idle => continue,
            Taken::Closed => return,
        };
        let cancel = || mailbox.is_closed() || mailbox.peek(|w| w.is_some());
        let mut say = |msg| {
            tell(msg);
        };
        if let Err(reason) = guarded(name, || work(order, &mut say, &cancel))
            && !tell(Msg::ExploreFailed { reason })
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_newer_order_or_none_calls_off_what_runs() {
        let (sender, said) = mpsc::channel();
        let (begun, begins) = mpsc::channel();
        let worker = Single::spawn(
            "test",
            move |order: u64, say: &mut dyn FnMut(Msg), cancel: &dyn Fn() -> bool| {
                begun.send(order).unwrap();
                while !cancel() {
                    if order == 2 {
                        say(Msg::Tick);
                        return;
                    }
                    thread::yield_now();
                }
            },
            move |msg| sender.send(msg).is_ok(),
        )
        .unwrap();
        worker.post(Some(1));
        assert_eq!(begins.recv(), Ok(1));
        worker.post(None);
        worker.post(Some(2));
        assert_eq!(begins.recv(), Ok(2));
        assert!(matches!(said.recv(), Ok(Msg::Tick)));
    }
}
