//! Writing to standard output.

use std::io::{ErrorKind, Write};

/// Prints `text`. A reader who has seen enough and goes away, as `head` does, is no failure.
pub(super) fn print(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
