//! Why a suggestion is where it is.
