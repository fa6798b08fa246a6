//! Standard output: buffered, and quiet where its reader has had enough.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use super::error::{CliError, stdout_error};
use super::json;
use super::text::{Columns, harmless};

/// The answer of a command on its way out.
pub struct Out {
    writer: BufWriter<StdoutLock<'static>>,
    is_terminal: bool,
}

impl Out {
    pub fn new() -> Self {
        let stdout = io::stdout();
        Self {
            is_terminal: stdout.is_terminal(),
            writer: BufWriter::with_capacity(1 << 16, stdout.lock()),
        }
    }

    pub fn line(&mut self, text: impl std::fmt::Display) -> Result<(), CliError> {
        writeln!(self.writer, "{text}").map_err(stdout_error)
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        self.writer.write_all(bytes).map_err(stdout_error)
    }

    /// One JSON document; indented on a terminal.
    pub fn json(&mut self, value: &impl serde::Serialize) -> Result<(), CliError> {
        json::write(&mut self.writer, value, self.is_terminal).map_err(stdout_error)
    }

    /// One JSON document on one line, whatever reads it.
    pub fn json_line(&mut self, value: &impl serde::Serialize) -> Result<(), CliError> {
        json::write(&mut self.writer, value, false).map_err(stdout_error)
    }

    pub fn columns(&mut self, columns: &Columns, indent: usize) -> Result<(), CliError> {
        columns.lines(indent).try_for_each(|line| self.line(line))
    }

    /// Rows for another program, byte for byte; without control characters where a terminal reads them.
    pub fn table(&mut self, text: &str) -> Result<(), CliError> {
        if !self.is_terminal {
            return self.bytes(text.as_bytes());
        }
        text.lines().try_for_each(|line| self.line(harmless(line)))
    }

    pub fn finish(mut self) -> Result<(), CliError> {
        self.writer.flush().map_err(stdout_error)
    }
}
