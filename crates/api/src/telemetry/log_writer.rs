//! A writer to standard error that never blocks: lines that its reader does not take are dropped and counted.

use std::io::{self, Write};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;

/// How many lines wait for a reader that is slow: at some 300 bytes a line, 1.2 MB.
const WAITING: usize = 4_096;

/// How long the end of the process waits for lines that are not written yet.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// The lines that were dropped. One for the process, as the log is.
static DROPPED: LazyLock<Counter> = LazyLock::new(Counter::default);

/// The lines of the log that were dropped because standard error was not read.
pub(crate) fn dropped_lines() -> Counter {
    DROPPED.clone()
}

/// Gives lines to a thread that writes them. Cheap to clone.
#[derive(Clone)]
pub(super) struct LogWriter {
    messages: SyncSender<Message>,
}

enum Message {
    Line(Vec<u8>),
    /// All lines before this one are written.
    Written(SyncSender<()>),
}

/// Writes what waits when it is dropped, for a second at most.
#[must_use = "lines that wait are lost when the process ends"]
pub(crate) struct LogGuard(SyncSender<Message>);

impl LogWriter {
    /// Starts the thread that writes to `out`.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<(Self, LogGuard)> {
        let (messages, received) = sync_channel(WAITING);
        let guard = LogGuard(messages.clone());
        std::thread::Builder::new()
            .name(String::from("wxlogin-log"))
            .spawn(move || write_out(&received, out))?;
        Ok((Self { messages }, guard))
    }
}

impl Write for LogWriter {
    /// Takes a whole line, as `tracing_subscriber` gives it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let message = Message::Line(line.to_vec());
        if self.messages.try_send(message).is_err() {
            DROPPED.inc();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        let (done, written) = sync_channel(1);
        // A queue that is full belongs to a reader that hangs.
        if self.0.try_send(Message::Written(done)).is_ok() {
            let _ = written.recv_timeout(LAST_WAIT);
        }
    }
}

/// Writes line by line; says how many were dropped once the reader has caught up.
fn write_out(messages: &Receiver<Message>, mut out: impl Write) {
    let mut told = 0;
    loop {
        let message = match messages.try_recv() {
            Err(TryRecvError::Empty) => {
                let dropped = DROPPED.get();
                if dropped > told {
                    tracing::warn!(
                        lines = dropped - told,
                        "lines of the log were dropped, because standard error was not read"
                    );
                    told = dropped;
                }
                messages.recv().ok()
            }
            Err(TryRecvError::Disconnected) => None,
            Ok(message) => Some(message),
        };
        match message {
            // There is no place to report that the log cannot be written.
            Some(Message::Line(line)) => drop(out.write_all(&line)),
            Some(Message::Written(done)) => drop(done.send(())),
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_reader_that_hangs_stops_no_writer_and_the_dropped_lines_are_counted() {
        let (mut reader, pipe) = io::pipe().unwrap();
        let before = DROPPED.get();
        let (mut writer, guard) = LogWriter::start(pipe).unwrap();
        let line = [b'x'; 1_000];
        // More than the pipe and the queue hold together.
        for _ in 0..2 * WAITING {
            writer.write_all(&line).unwrap();
        }
        let dropped = DROPPED.get() - before;
        assert!(dropped > 0);
        let whole = std::thread::spawn(move || {
            let mut text = Vec::new();
            reader.read_to_end(&mut text).unwrap();
            text.len()
        });
        drop(guard);
        drop(writer);
        let written = u64::try_from(whole.join().unwrap()).unwrap();
        assert_eq!(written / 1_000 + dropped, 2 * WAITING as u64);
    }

    #[test]
    fn what_waits_is_written_before_the_end() {
        let (mut reader, pipe) = io::pipe().unwrap();
        let (mut writer, guard) = LogWriter::start(pipe).unwrap();
        writer.write_all(b"the last line\n").unwrap();
        drop(guard);
        let mut text = [0; 14];
        reader.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"the last line\n");
    }
}
