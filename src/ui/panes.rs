//! The panes. Each draws its title and its content into a rectangle, for any state of the study.

pub mod evidence;
pub mod history;
pub mod improvement;
pub mod ladder;
pub mod lesson;
pub mod race;
pub mod slices;
pub mod suggestion;
pub mod surface;
pub mod trials;
