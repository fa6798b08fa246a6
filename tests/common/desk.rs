//! A session whose workers answer at once: what a key asks for is computed before the next key.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tunescope::analysis::{SuggestRequest, Surrogate, suggest_without_model};
use tunescope::keymap::{Key, hints, lookup};
use tunescope::learn::race::{Race, race};
use tunescope::runtime::worker::long;
use tunescope::session::Lab;
use tunescope::session::effect::{Effect, ExploreRequest, REJECTED_RADIUS};
use tunescope::session::model::SourceStatus;
use tunescope::session::{Model, Msg, Stamped, update};
use tunescope::study::Study;
use tunescope::ui::{Hint, text, view};

/// The session and every effect that is not a computation.
pub struct Desk {
    pub model: Model,
    pub effects: Vec<Effect>,
    pub fits: usize,
}

impl Desk {
    pub fn open(study: Study) -> Self {
        let mut desk = Self {
            model: Model::new(1000.0, (120, 36)),
            effects: Vec::new(),
            fits: 0,
        };
        desk.say(Msg::Door(Ok("the queue folder r.queue".into())));
        desk.read(study);
        desk
    }

    /// The lab, with the first messages answered.
    pub fn lab(lab: Lab) -> Self {
        let mut desk = Self {
            model: Model::new(1000.0, (120, 36)),
            effects: Vec::new(),
            fits: 0,
        };
        desk.say(Msg::OpenLab(Box::new(lab)));
        desk
    }

    /// The source has changed.
    pub fn read(&mut self, study: Study) {
        self.say(Msg::Study {
            study: Arc::new(study),
            source: SourceStatus::default(),
        });
    }

    pub fn say(&mut self, msg: Msg) {
        let mut waiting = vec![msg];
        while !waiting.is_empty() {
            let msg = waiting.remove(0);
            for effect in update(&mut self.model, msg, 1001.0) {
                self.perform(effect, &mut waiting);
            }
        }
    }

    fn perform(&mut self, effect: Effect, waiting: &mut Vec<Msg>) {
        match effect {
            Effect::Fit(request) => {
                self.fits += 1;
                let previous = request.previous.as_deref().filter(|_| !request.afresh);
                waiting.push(
                    match Surrogate::fit(&request.study, &request.settings, previous, &|| false) {
                        Ok(surrogate) => Msg::Fitted {
                            data: request.data,
                            surrogate: Arc::new(surrogate),
                            refitted: true,
                        },
                        Err(error) => Msg::FitFailed {
                            data: request.data,
                            reason: error.to_string(),
                        },
                    },
                );
            }
            Effect::Explore(request) => explore(&request, waiting),
            Effect::Prospect(Some(order)) => {
                let mut tell = |msg| waiting.push(msg);
                long::prospects(*order, &mut tell, &|| false);
            }
            Effect::Race(Some(mut order)) => {
                // As long as it takes to see who is where.
                order.request.evaluations = 4;
                let round = order.round;
                let mut tell = |race: &Race| {
                    waiting.push(Msg::Raced {
                        round,
                        race: Arc::new(race.clone()),
                    });
                };
                race(&order.request, &mut tell, &|| false).unwrap();
            }
            other => self.effects.push(other),
        }
    }

    /// Presses keys: `,,<Esc>`.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let end = if c == '<' && rest.len() > 1 {
                rest.find('>').map_or(1, |i| i + 1)
            } else {
                c.len_utf8()
            };
            let key = Key::parse(&rest[..end]).unwrap_or_else(|| panic!("no key {}", &rest[..end]));
            rest = &rest[end..];
            if let Some(msg) = lookup(&self.model, key.event()) {
                self.say(msg);
            }
        }
        self
    }

    pub fn notice(&self) -> &str {
        self.model.notice.as_ref().map_or("", |n| n.text.as_str())
    }
}

fn explore(request: &ExploreRequest, waiting: &mut Vec<Msg>) {
    let wanted = SuggestRequest {
        count: 1,
        acquisition: request.acquisition,
        locks: request.locks.clone(),
        rejected: (request.rejections.iter())
            .map(|r| (r.configuration.clone(), REJECTED_RADIUS))
            .collect(),
        pending: request.pending.clone(),
        seed: request.seed,
    };
    fn stamped<T>(request: &ExploreRequest, value: T) -> Stamped<T> {
        Stamped {
            fit: request.fit,
            data: request.data,
            value,
        }
    }
    let Some(surrogate) = &request.surrogate else {
        if request.parts.suggestion {
            let found = suggest_without_model(&request.study, &wanted);
            waiting.push(Msg::Suggested(stamped(request, found)));
            waiting.push(Msg::Answered(request.asked));
        }
        return;
    };
    let suggestion = request.suggestion.as_deref();
    if request.parts.slices
        && let Some(slices) = surrogate.slices(&request.probe, &request.acquisition, suggestion, 9, &|| false)
    {
        waiting.push(Msg::Sliced(stamped(request, slices)));
    }
    if request.parts.suggestion {
        let found = surrogate.suggest(&wanted, &|| false).unwrap();
        waiting.push(Msg::Suggested(stamped(request, found)));
        waiting.push(Msg::Answered(request.asked));
    }
    if request.parts.diagnosis {
        waiting.push(Msg::Trusted(stamped(request, surrogate.trust())));
    }
}

/// What is on a screen of a size, footer included, one line a row; a wide character stands once.
pub fn screen(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let keys: Vec<Hint> = (hints(model).iter())
        .map(|(keys, label)| Hint::new(keys, label))
        .collect();
    terminal.draw(|frame| drop(view(model, &keys, frame))).unwrap();
    let buffer = terminal.backend().buffer();
    let mut shown = String::new();
    for y in 0..height {
        let mut x = 0;
        while x < width {
            let symbol = buffer[(x, y)].symbol();
            shown.push_str(symbol);
            x += u16::try_from(text::width(symbol)).unwrap().max(1);
        }
        shown.push('\n');
    }
    shown
}
