//! The fields of a span as a JSON object, written once, when the span begins.
//!
//! `tracing-subscriber`'s own way there leads through a tree of JSON values, and is a tenth of the
//! work of a request.

use std::fmt::{self, Write};

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormattedFields;
use tracing_subscriber::fmt::format::{FormatFields, Writer};

/// Formats fields as `{"name":value,…}`, which is what the JSON lines of `tracing-subscriber`
/// expect of their spans.
pub(super) struct JsonFields;

impl<'w> FormatFields<'w> for JsonFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        writer.write_char('{')?;
        let mut members = Members {
            writer: &mut writer,
            between: "",
            outcome: Ok(()),
        };
        fields.record(&mut members);
        members.outcome?;
        writer.write_char('}')
    }

    /// What a span learns later goes to the end of its object.
    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        let has_members = current.fields.len() > "{}".len();
        current.fields.pop();
        let mut members = Members {
            writer: &mut current.fields,
            between: if has_members { "," } else { "" },
            outcome: Ok(()),
        };
        fields.record(&mut members);
        members.outcome?;
        current.fields.push('}');
        Ok(())
    }
}

struct Members<'a, W> {
    writer: &'a mut W,
    between: &'static str,
    outcome: fmt::Result,
}

impl<W: Write> Members<'_, W> {
    fn add(&mut self, field: &Field, value: impl Serialize) {
        if self.outcome.is_ok() {
            self.outcome = self.write(field, value);
        }
    }

    fn write(&mut self, field: &Field, value: impl Serialize) -> fmt::Result {
        let value = serde_json::to_string(&value).map_err(|_| fmt::Error)?;
        let name = field.name();
        // The `r#` of a field that is called like a keyword.
        let name = name.strip_prefix("r#").unwrap_or(name);
        for part in [self.between, "\"", name, "\":", &value] {
            self.writer.write_str(part)?;
        }
        self.between = ",";
        Ok(())
    }
}

impl<W: Write> Visit for Members<'_, W> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The span as the one line that `log` logs shows it.
    fn span_of_line(log: impl FnOnce()) -> Value {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .fmt_fields(JsonFields)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let line: Value = serde_json::from_slice(&lines.0.lock().unwrap()).unwrap();
        line.get("span").unwrap().clone()
    }

    #[test]
    fn a_line_has_the_fields_of_its_span() {
        let span = span_of_line(|| {
            let span = tracing::info_span!("request", text = "a \"quote\"\n", number = 7, is = true, shown = ?Some(1));
            span.in_scope(|| tracing::info!("line"));
        });
        let expected = json!({"name": "request", "text": "a \"quote\"\n", "number": 7, "is": true, "shown": "Some(1)"});
        assert_eq!(span, expected);
    }

    #[test]
    fn a_line_has_what_its_span_learnt_later() {
        for first in [Some("one"), None] {
            let span = span_of_line(|| {
                let span = tracing::info_span!("request", first, later = tracing::field::Empty);
                span.record("later", 2);
                span.in_scope(|| tracing::info!("line"));
            });
            assert_eq!(span.get("later"), Some(&json!(2)));
            assert_eq!(span.get("first").and_then(Value::as_str), first);
        }
    }
}
