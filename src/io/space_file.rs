//! `space.toml`: the study, its budget and its parameters, as a person writes them.

use crate::study::{Budget, Direction, Parameter};

/// What a space file says; everything may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpaceFile {
    pub name: Option<String>,
    pub metric: Option<String>,
    pub direction: Option<Direction>,
    pub budget: Budget,
    /// `column` of these is their position in the file, until they meet a source.
    pub params: Vec<Parameter>,
}
