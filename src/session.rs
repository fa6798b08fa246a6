//! What the person sees and decides: the model of the screen and how messages change it.
//!
//! Pure: no clock (time comes with each message), no thread, no file, no terminal. Every behaviour is a
//! list of messages in, a model and effects out.

pub mod action;
pub mod command;
pub mod draft;
pub mod effect;
pub mod explained;
pub mod filter;
pub mod game;
pub mod hit;
pub mod kept;
pub mod kernels;
pub mod lab;
pub mod lens;
pub mod model;
pub mod msg;
pub mod nudge;
pub mod race;
pub mod receipt;
pub mod seen;
pub mod summary;
pub mod table;
pub mod update;

pub use action::Action;
pub use draft::Draft;
pub use effect::Effect;
pub use explained::Explained;
pub use hit::{Area, HitMap, Target};
pub use kept::Kept;
pub use lab::Lab;
pub use model::{Model, Overlay, Pane, Stamped};
pub use msg::Msg;
pub use receipt::{Receipt, ReceiptState};
pub use seen::Seen;
pub use update::update;
