//! The terminal's clipboard (OSC 52): works over SSH, where a local `xclip` would fill the wrong one.

use std::io;

/// Longest text that is sent. Terminals cap the encoded sequence at 100,000 bytes or less and drop what is
/// longer without a word, so this side refuses with one.
pub const MAX_BYTES: usize = 74_994;

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClipboardError {
    #[error(
        "{bytes} bytes are more than a terminal's clipboard takes ({MAX_BYTES}); use `:write FILE` instead"
    )]
    TooLong { bytes: usize },
    #[error("the terminal cannot be written: {0}")]
    Terminal(#[from] io::Error),
}

/// The sequence that sets the clipboard to `text`. The text travels in base64, so nothing in it can act as
/// a control sequence.
///
/// # Errors
/// The text is longer than [`MAX_BYTES`].
pub fn sequence(text: &str) -> Result<Vec<u8>, ClipboardError> {
    use crossterm::clipboard::CopyToClipboard;
    if text.len() > MAX_BYTES {
        return Err(ClipboardError::TooLong { bytes: text.len() });
    }
    let mut bytes = Vec::new();
    crossterm::queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_travels_encoded_and_a_long_one_is_refused() {
        let bytes = sequence("lr = 3e-4\x1b[31m").unwrap();
        assert!(bytes.starts_with(b"\x1b]52;c;"));
        assert!(!bytes[7..].windows(2).any(|w| w == b"\x1b["));
        assert!(matches!(
            sequence(&"x".repeat(MAX_BYTES + 1)),
            Err(ClipboardError::TooLong { bytes }) if bytes == MAX_BYTES + 1
        ));
    }
}
