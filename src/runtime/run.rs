//! The loop: everything that happens becomes a message, the model changes, one frame is drawn.

mod crew;

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossterm::event::{
    Event as TerminalEvent, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};

use crate::io::delivery::Hook;
use crate::io::source::ReadOptions;
use crate::keymap;
use crate::session::effect::RunWord;
use crate::session::kept::ByHand;
use crate::session::model::Quit;
use crate::session::model::{Appearance, RunStatus, SourceState, ThemeChoice};
use crate::session::msg::Pointer;
use crate::session::{Action, Effect, Lab, Model, Msg, update};
use crate::{analysis, ui};

use crew::Crew;

use super::input::Input;
use super::signals::Signal;
use super::terminal::{self, Guard};

/// Least time between frames that nobody pressed a key for.
const FRAME: Duration = Duration::from_millis(33);
/// The same over a slow line.
const FRAME_SSH: Duration = Duration::from_millis(100);
/// How often ages on screen are looked at again.
const AGE: Duration = Duration::from_secs(15);

/// What the explorer is started with.
#[derive(Debug, Default)]
pub struct Settings {
    pub source: PathBuf,
    pub read: ReadOptions,
    pub model: analysis::ModelSettings,
    pub acquisition: analysis::AcquisitionSettings,
    pub appearance: Appearance,
    pub mouse: bool,
    /// Whether a new best rings the bell.
    pub bell: bool,
    pub on_accept: Option<Hook>,
    /// Title instead of the path, where the source is one of ours.
    pub title: Option<String>,
    /// What was said about model and acquisition function in so many words: it stands against what was set
    /// by hand when the program ran before.
    pub stated: ByHand,
    /// The loop that feeds the source.
    pub run: Option<RunLink>,
    /// The lab, which needs no source.
    pub lab: Option<Box<Lab>>,
    /// Whether its menu is open at first.
    pub menu: bool,
}

/// The two ends of the loop of `tunescope run`: what it says, and what is said to it.
pub struct RunLink {
    pub status: Receiver<RunStatus>,
    pub say: Box<dyn Fn(RunWord) + Send>,
}

impl std::fmt::Debug for RunLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunLink").finish_non_exhaustive()
    }
}

/// How the explorer ended.
#[derive(Debug)]
pub struct Ended {
    /// To be printed once the screen is gone; scrubbed.
    pub summary: Option<String>,
    /// A signal that ended it.
    pub signal: Option<i32>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "few events wait at a time; a box each would cost more"
)]
enum Event {
    Msg(Msg),
    Input(Input),
    Signal(Signal),
}

/// Runs the explorer until the person, the terminal or a signal ends it.
///
/// # Errors
/// There is no terminal, or a thread cannot be started.
pub fn run(settings: Settings) -> std::io::Result<Ended> {
    let (sender, events) = mpsc::channel();
    let mut guard = terminal::enter(terminal::Options {
        mouse: settings.mouse,
    })?;
    let size = guard.size()?;
    let mut model = Model::new(now(), (size.width, size.height));
    model.settings = settings.model.clone();
    model.acquisition = settings.acquisition;
    model.start = (settings.model.clone(), settings.acquisition);
    model.stated = settings.stated.clone();
    model.chosen.clone_from(&settings.read.study);
    model.appearance = settings.appearance;
    model.mouse = settings.mouse;
    model.bell = settings.bell;
    model.source.path = settings
        .title
        .clone()
        .unwrap_or_else(|| crate::study::label::scrub(&crate::io::database::url::shown(&settings.source)));
    model.source.state = SourceState::Opening;

    // The first frame comes before anything slow.
    let mut screen = Screen::new();
    screen.draw(&mut guard, &mut model)?;

    let mut settings = settings;
    let run = settings.run.take();
    let (lab, menu) = (settings.lab.take(), settings.menu);
    let say = run.map(|link| listen(link, &sender)).transpose()?;
    let crew = Crew::start(settings, lab.is_some(), &sender)?;
    if let Some(lab) = lab {
        // The first message of all: nothing else happens before the lab is there.
        let _ = sender.send(Event::Msg(Msg::OpenLab(lab)));
    }
    if menu {
        let _ = sender.send(Event::Msg(Msg::Act(Action::ShowCourse)));
    }
    drop(sender);
    Loop {
        guard,
        model,
        screen,
        crew,
        signal: None,
        say,
    }
    .run(&events)
}

/// Passes on what the loop says; returns the way to answer.
fn listen(link: RunLink, events: &Sender<Event>) -> std::io::Result<Box<dyn Fn(RunWord) + Send>> {
    let events = events.clone();
    std::thread::Builder::new()
        .name("run-status".into())
        .spawn(move || {
            for status in link.status {
                if events.send(Event::Msg(Msg::Run(status))).is_err() {
                    return;
                }
            }
        })?;
    Ok(link.say)
}

struct Loop {
    guard: Guard,
    model: Model,
    screen: Screen,
    crew: Crew,
    signal: Option<i32>,
    /// How to answer the loop that feeds the source.
    say: Option<Box<dyn Fn(RunWord) + Send>>,
}

/// When the next frame is due.
struct Screen {
    dirty: bool,
    /// Somebody pressed a key: draw at once.
    urgent: bool,
    last: Instant,
    gap: Duration,
}

impl Screen {
    fn new() -> Self {
        let slow = std::env::var_os("SSH_CONNECTION").is_some_and(|v| !v.is_empty());
        Self {
            dirty: true,
            urgent: true,
            last: Instant::now(),
            gap: if slow { FRAME_SSH } else { FRAME },
        }
    }

    fn draw(&mut self, guard: &mut Guard, model: &mut Model) -> std::io::Result<()> {
        let hints: Vec<ui::Hint> = keymap::hints(model)
            .iter()
            .map(|(keys, label)| ui::Hint::new(keys, label))
            .collect();
        let mut hits = None;
        guard.draw(|frame| hits = Some(ui::view(model, &hints, frame)))?;
        if let Some(hits) = hits
            && hits != model.hits
        {
            // Scrolling is clamped to what fits; where that moved something, one more frame says so.
            let before = (model.table.offset, model.slice_offset);
            update(model, Msg::Drawn(hits), now());
            if before != (model.table.offset, model.slice_offset) {
                guard.draw(|frame| {
                    ui::view(model, &hints, frame);
                })?;
            }
        }
        self.dirty = false;
        self.urgent = false;
        self.last = Instant::now();
        Ok(())
    }

    /// How long to wait for the next event before drawing; `None`: nothing is to be drawn.
    fn wait(&self) -> Option<Duration> {
        if !self.dirty {
            return None;
        }
        if self.urgent {
            return Some(Duration::ZERO);
        }
        Some(self.gap.saturating_sub(self.last.elapsed()))
    }
}

impl Loop {
    fn run(mut self, events: &Receiver<Event>) -> std::io::Result<Ended> {
        let result = self.turn(events);
        let summary = match (&result, self.model.quit) {
            (Ok(()), Some(Quit::WithSummary)) => Some(crate::session::summary::summary(&self.model)),
            _ => None,
        };
        let Self {
            guard, crew, signal, ..
        } = self;
        // The screen first: whoever ended the program should not wait for a worker to notice.
        drop(guard);
        drop(crew);
        match result {
            // A terminal that is gone is an end, not an error.
            Ok(()) | Err(_) if signal.is_some() => Ok(Ended {
                summary: None,
                signal,
            }),
            Ok(()) => Ok(Ended {
                summary,
                signal: None,
            }),
            Err(error) => Err(error),
        }
    }

    fn turn(&mut self, events: &Receiver<Event>) -> std::io::Result<()> {
        loop {
            let event = match self.screen.wait() {
                Some(wait) => match events.recv_timeout(wait) {
                    Ok(event) => Some(event),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                },
                None => match events.recv_timeout(self.until_tick()) {
                    Ok(event) => Some(event),
                    Err(RecvTimeoutError::Timeout) => {
                        self.message(Msg::Tick)?;
                        None
                    }
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                },
            };
            for event in event
                .into_iter()
                .chain(std::iter::from_fn(|| events.try_recv().ok()))
            {
                self.handle(event)?;
                if self.model.quit.is_some() || self.signal.is_some() {
                    return Ok(());
                }
            }
            if self.screen.wait() == Some(Duration::ZERO) {
                self.screen.draw(&mut self.guard, &mut self.model)?;
            }
        }
    }

    /// When something on screen changes by itself: a notice fades, an age grows.
    fn until_tick(&self) -> Duration {
        if self.model.notice.is_some() {
            Duration::from_secs(2)
        } else {
            AGE
        }
    }

    fn handle(&mut self, event: Event) -> std::io::Result<()> {
        match event {
            Event::Msg(msg) => {
                if let Msg::Study { study, source } = &msg
                    && source.chosen == self.model.chosen
                {
                    let several = source.studies.len() > 1;
                    if let Some(sourced) = &self.crew.sourced {
                        sourced.clerk.study(std::sync::Arc::clone(study), several);
                    }
                }
                self.message(msg)
            }
            Event::Input(Input::Closed) => {
                self.model.quit = Some(Quit::Silent);
                Ok(())
            }
            Event::Input(Input::Event(event)) => self.terminal_event(event),
            Event::Signal(Signal::Suspend) => self.suspend(),
            Event::Signal(Signal::Continued) => {
                self.guard.resume()?;
                self.screen.dirty = true;
                self.screen.urgent = true;
                Ok(())
            }
            Event::Signal(Signal::Resized) => {
                // Even where the size is what it was: of several changes in a row only the last is seen, and
                // the terminal may have cut what it showed in between.
                self.guard.redraw_fully()?;
                let size = self.guard.size()?;
                self.message(Msg::Resize(size.width, size.height))
            }
            Event::Signal(Signal::Terminate { number }) => {
                self.signal = Some(number);
                Ok(())
            }
        }
    }

    fn terminal_event(&mut self, event: TerminalEvent) -> std::io::Result<()> {
        super::panic::test_point("key");
        self.screen.urgent = true;
        let msg = match event {
            // No key of ours has Alt: it is Esc and the next key, typed faster than the two can be told apart.
            TerminalEvent::Key(mut key)
                if key.kind != KeyEventKind::Release && key.modifiers.contains(KeyModifiers::ALT) =>
            {
                key.modifiers.remove(KeyModifiers::ALT);
                let escape = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
                self.terminal_event(TerminalEvent::Key(escape))?;
                return self.terminal_event(TerminalEvent::Key(key));
            }
            TerminalEvent::Key(key) if key.kind != KeyEventKind::Release => keymap::lookup(&self.model, key),
            TerminalEvent::Paste(text) => Some(Msg::Paste(text)),
            TerminalEvent::Resize(width, height) => Some(Msg::Resize(width, height)),
            TerminalEvent::Mouse(mouse) => {
                let (x, y) = (mouse.column, mouse.row);
                match mouse.kind {
                    MouseEventKind::Down(MouseButton::Left) => Some(Msg::Pointer(Pointer::Press { x, y })),
                    MouseEventKind::Drag(MouseButton::Left) => Some(Msg::Pointer(Pointer::Drag { x, y })),
                    MouseEventKind::ScrollUp => Some(Msg::Pointer(Pointer::ScrollUp { x, y })),
                    MouseEventKind::ScrollDown => Some(Msg::Pointer(Pointer::ScrollDown { x, y })),
                    _ => None,
                }
            }
            TerminalEvent::Key(_) | TerminalEvent::FocusGained | TerminalEvent::FocusLost => None,
        };
        match msg {
            Some(msg) => self.message(msg),
            None => Ok(()),
        }
    }

    fn message(&mut self, msg: Msg) -> std::io::Result<()> {
        self.screen.dirty = true;
        for effect in update(&mut self.model, msg, now()) {
            self.perform(effect)?;
        }
        Ok(())
    }

    fn perform(&mut self, effect: Effect) -> std::io::Result<()> {
        match effect {
            Effect::Fit(request) => {
                self.crew.explorer.post_append((*request).clone());
                self.crew.fitter.post(*request);
            }
            Effect::Believe(request) => self.crew.explorer.post_append(*request),
            Effect::Explore(request) => self.crew.explorer.post_explore(*request),
            Effect::CompareKernels(order) => self.crew.comparer.kernels(*order),
            Effect::Replay(order) => self.crew.replayer.post(order.map(|o| *o)),
            Effect::Prospect(order) => self.crew.prospector.post(order.map(|o| *o)),
            Effect::Race(order) => self.crew.racer.post(order.map(|o| *o)),
            Effect::Compare(order) => self.crew.comparer.acquisitions(*order),
            Effect::Sample(order) => self.crew.comparer.samples(*order),
            Effect::Climb(order) => self.crew.comparer.ladder(*order),
            Effect::Map(order) => self.crew.comparer.likelihood(*order),
            Effect::Deliver(_)
            | Effect::Withdraw(_)
            | Effect::ChooseStudy(_)
            | Effect::Recall { .. }
            | Effect::Keep { .. }
            | Effect::Look { .. } => {
                if let Some(sourced) = &self.crew.sourced {
                    sourced.perform(effect);
                }
            }
            Effect::Write { path } => {
                let (text, is_error) = match super::picture::write(&path, &self.model) {
                    Ok(said) => (said, false),
                    Err(why) => (why, true),
                };
                return self.message(Msg::Say { text, is_error });
            }
            Effect::Copy { text, what } => {
                let msg = match self.guard.copy(&text) {
                    Ok(()) => Msg::Say {
                        text: format!("{what} sent to the terminal's clipboard"),
                        is_error: false,
                    },
                    Err(error) => Msg::Say {
                        text: error.to_string(),
                        is_error: true,
                    },
                };
                return self.message(msg);
            }
            Effect::SaveGame(game) => {
                let (text, is_error) = save_game(self.model.now, &game);
                return self.message(Msg::Say { text, is_error });
            }
            Effect::Run(word) => {
                if let Some(say) = &self.say {
                    say(word);
                }
            }
            Effect::Bell => self.guard.bell()?,
            Effect::SetMouse(on) => self.guard.set_mouse(on)?,
            Effect::RedrawFully => {
                self.guard.redraw_fully()?;
                self.screen.urgent = true;
            }
            Effect::LessonDone(name) => {
                if let Err(error) = lesson_done(name) {
                    let text = format!("what you have learned cannot be written down: {error}");
                    return self.message(Msg::Say { text, is_error: true });
                }
            }
            Effect::Suspend => return self.suspend(),
            Effect::Quit(quit) => self.model.quit = Some(quit),
        }
        Ok(())
    }

    fn suspend(&mut self) -> std::io::Result<()> {
        let stopped = self.guard.suspend()?;
        self.screen.dirty = true;
        self.screen.urgent = true;
        if !stopped {
            let text = "there is no shell that could resume tunescope; it goes on".to_owned();
            return self.message(Msg::Say { text, is_error: true });
        }
        let size = self.guard.size()?;
        self.message(Msg::Resize(size.width, size.height))
    }
}

/// Writes down that a lesson was played to its end, where there is a home folder.
fn lesson_done(name: &str) -> std::io::Result<()> {
    match crate::io::kept::default_folder() {
        Some(folder) => crate::io::progress::add(&folder, name),
        None => Ok(()),
    }
}

/// Saves a game; says where, or why not.
fn save_game(when: f64, game: &serde_json::Value) -> (String, bool) {
    let Some(folder) = crate::io::kept::default_folder() else {
        return ("the game is not saved: there is no home folder".to_owned(), true);
    };
    match crate::io::games::save(&folder, when, game) {
        Ok(path) => {
            let path = crate::study::label::scrub(&path.display().to_string());
            (format!("saved: {path}"), false)
        }
        Err(error) => (format!("the game is not saved: {error}"), true),
    }
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64())
}

/// The theme for a background, dark where it is unknown.
#[must_use]
pub fn theme_for(background: Option<terminal::Background>) -> ThemeChoice {
    match background {
        Some(terminal::Background::Light) => ThemeChoice::Light,
        Some(terminal::Background::Dark) | None => ThemeChoice::Dark,
    }
}
