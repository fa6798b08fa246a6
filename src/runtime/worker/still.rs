//! The same work without threads, for a picture that nobody waits at: what the session asks for is done on the spot, until
//! it asks for nothing more.

use std::collections::VecDeque;

use crate::session::effect::{Effect, ExploreRequest};
use crate::session::{Model, Msg, update};

use super::explore::{Outcome, Task, part, place, tasks};
use super::guarded;

/// What everything else is drawn through comes first, and what only decides the order of the panes before the panes; a
/// coarse surface is for those who wait.
const ORDER: [Task; 5] = [
    Task::Suggestion,
    Task::Trust,
    Task::Importance,
    Task::Slices,
    Task::FineSurface,
];

/// Takes in messages, and what follows from them, at one moment. Fits are not made here: a [`Msg::Fitted`] brings the one
/// that is wanted.
pub fn develop(model: &mut Model, messages: impl IntoIterator<Item = Msg>, now: f64) {
    let mut messages: VecDeque<Msg> = messages.into_iter().collect();
    let mut request: Option<ExploreRequest> = None;
    let mut waiting: Vec<Task> = Vec::new();
    loop {
        while let Some(msg) = messages.pop_front() {
            for effect in update(model, msg, now) {
                if let Effect::Explore(new) = effect {
                    waiting.extend(tasks(new.parts));
                    request = Some(*new);
                }
            }
        }
        let next = ORDER.into_iter().find(|task| waiting.contains(task));
        let (Some(task), Some(request)) = (next, &request) else {
            return;
        };
        waiting.retain(|waits| *waits != task);
        match guarded(place(task), || part(task, request, &|| false)) {
            Ok(Outcome::Done(found)) => messages.extend(found),
            Ok(Outcome::Cancelled) => {}
            Err(reason) => messages.push_back(Msg::ExploreFailed { reason }),
        }
    }
}
