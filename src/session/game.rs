//! The guessing game as the session holds it.

use crate::learn::game::Game;

use super::model::Model;

/// Rounds of a game.
pub const ROUNDS: usize = 10;

/// A game under way and the one that was played last.
#[derive(Clone, Debug, Default)]
pub struct Games {
    pub now: Option<Box<Game>>,
    pub last: Option<Box<Game>>,
    /// The lab was opened to play one: it begins when there is something to play on.
    pub is_wanted: bool,
}

impl Model {
    /// Whether the model is hidden, because somebody is to guess.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.games.now.as_ref().is_some_and(|g| g.is_blind())
    }

    /// The session with everything hidden that the model knows.
    #[must_use]
    pub fn blinded(&self) -> Self {
        let mut blind = self.clone();
        blind.surrogate = None;
        blind.suggestions = None;
        blind.slices = None;
        blind.surface = None;
        blind.comparison = None;
        blind.importance = None;
        blind.probe.consequences = None;
        blind.explained.forget();
        if let Some(past) = &mut blind.lens.past {
            past.next = None;
        }
        blind
    }
}
