//! For learning and for judging the engine: functions whose optimum is known, a bench to evaluate them on, lessons.

pub mod bench;
pub mod expression;
pub mod function;
pub mod game;
pub mod lesson;
pub mod play;
pub mod race;
