//! Why a database could not be read or written.

/// A sentence for the person: what, where, what to do. `place` never holds a password, and neither does what a
/// driver said.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    #[error("{place}: there is no such file; check the path, or start the run that writes it")]
    Missing { place: String },
    #[error("{place}: {reason}")]
    BadUrl { place: String, reason: String },
    #[error(
        "{place}: no connection ({reason}); check host, port, user and password, and that the server runs"
    )]
    Unreachable { place: String, reason: String },
    #[error("{place}: the connection was lost ({reason}); it is tried again")]
    Lost { place: String, reason: String },
    #[error("{place}: another program has kept the database locked for {seconds} s; try again")]
    Busy { place: String, seconds: u64 },
    /// Two writers waited for each other and the server let the other one through.
    #[error("{place}: the transaction was turned away ({reason}); try again")]
    Conflict { place: String, reason: String },
    #[error(
        "{place}: the file is damaged ({reason}); write what can still be read into a new one with: tunescope \
         doctor {} --repair MENDED.db",
        crate::io::doctor::quote(place)
    )]
    Damaged { place: String, reason: String },
    #[error("{place}: the database refuses ({reason})")]
    Refused { place: String, reason: String },
}
