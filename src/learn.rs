//! For learning and for judging the engine: functions whose optimum is known.

pub mod function;
