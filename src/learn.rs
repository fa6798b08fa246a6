//! For learning and for judging the engine: functions whose optimum is known.

pub mod expression;
pub mod function;
pub mod game;
pub mod lesson;
pub mod race;
