//! JSON: the model as it is. Characters that deceive terminals and logs are written as escapes, which parsers read as the same text.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter, Serializer};

use crate::model::report::Report;
use crate::render::{Context, escape};

/// Writes the report (CONTRACT: `driftgate/report/v1`).
///
/// # Errors
/// Where the writer fails.
pub fn report(report: &Report, _: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    value(report, out)
}

/// Writes any part of the model.
///
/// # Errors
/// Where the writer fails.
pub fn value<T: Serialize + ?Sized>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    let mut buffered = io::BufWriter::new(out);
    let mut serializer = Serializer::with_formatter(&mut buffered, Harmless(PrettyFormatter::new()));
    value.serialize(&mut serializer).map_err(io::Error::from)?;
    buffered.write_all(b"\n")?;
    buffered.flush()
}

/// Pretty JSON with harmless strings.
struct Harmless(PrettyFormatter<'static>);

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // Most fragments are harmless at a glance.
        let plain = fragment.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if plain && !fragment.contains("##") {
            return writer.write_all(fragment.as_bytes());
        }
        let mut start = 0;
        let mut before = ' ';
        for (at, c) in fragment.char_indices() {
            let end = at + c.len_utf8();
            if let Some(escaped) = escape::json_char(c, before, &fragment[end..]) {
                writer.write_all(&fragment.as_bytes()[start..at])?;
                writer.write_all(escaped.as_bytes())?;
                start = end;
            }
            before = c;
        }
        writer.write_all(&fragment.as_bytes()[start..])
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        self.0.write_char_escape(writer, escape)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    proptest::proptest! {
        #[test]
        fn parsers_read_the_same_text(text in "[\\x00-\\x{2100}#\\[\\x{e0000}-\\x{e0100}]{0,80}") {
            let mut out = Vec::new();
            super::value(&text, &mut out).unwrap();
            let shown = String::from_utf8(out.clone()).unwrap();
            proptest::prop_assert!(!shown.trim_end().chars().any(crate::render::escape::is_deceptive));
            proptest::prop_assert!(!shown.contains("##["));
            proptest::prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
