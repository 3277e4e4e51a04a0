//! Cuts a JSON response into the items of its list without holding it: one item's bytes at a time, with the place where it starts.
//! A file that is cut off, or that is no JSON from some place on, gives the items before that place. What an item means is not
//! known here.

use std::io::BufRead;

use serde_json::Value;

use super::lanes;

/// The largest item that is held in memory; nobody writes such a ticket, and a file of one is an attack or a mistake.
const MAX_ITEM: usize = 32 << 20;
/// The longest key or header value that is looked at.
const MAX_HEADER: usize = 1 << 10;

/// One step through the list.
pub(crate) enum Event<'a> {
    /// An item's bytes, with its 1-based line and 0-based byte offset.
    Item { bytes: &'a [u8], line: u64, offset: u64 },
    /// An item beyond [`MAX_ITEM`].
    TooLong { line: u64, offset: u64 },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Object,
    List { in_object: bool },
    End,
}

/// The items of a response's list, and what its header announces.
pub(crate) struct Items<'l, R> {
    reader: R,
    lists: &'l [&'l str],
    state: State,
    buffer: Vec<u8>,
    offset: u64,
    line: u64,
    found: bool,
    total: Option<u64>,
    start: u64,
    page: Option<u64>,
    last: Option<bool>,
    token: bool,
}

/// A 1-based line and a 0-based byte.
pub(super) type Place = (u64, u64);

/// Where a value that was being read ended.
enum Taken {
    Whole,
    TooLong,
}

/// What means something between texts: where one begins, and how deep the place is.
const STRUCTURE: [bool; 256] = {
    let mut out = [false; 256];
    out[b'"' as usize] = true;
    out[b'{' as usize] = true;
    out[b'}' as usize] = true;
    out[b'[' as usize] = true;
    out[b']' as usize] = true;
    out
};

/// How far a value goes, told by its quotes and brackets alone.
#[derive(Default)]
struct Extent {
    depth: usize,
    in_string: bool,
    escaped: bool,
    scalar: bool,
}

impl Extent {
    /// Goes on through some bytes: how many of them belong to the value, and whether it ends with them.
    fn pass(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut used = 0;
        while let Some(&byte) = bytes.get(used) {
            if self.in_string && !self.escaped {
                // Texts are long: to the next byte that means something.
                match lanes::text_end(&bytes[used..]) {
                    0 => {}
                    ahead => {
                        used += ahead;
                        continue;
                    }
                }
            } else if self.depth > 0 && !self.escaped && !STRUCTURE[usize::from(byte)] {
                used += 1;
                continue;
            }
            if self.in_string {
                used += 1;
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_string = false;
                        if self.depth == 0 {
                            return (used, true);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' | b'{' | b'[' if self.scalar => return (used, true),
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (used + 1, true);
                    }
                }
                b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' | b':' if self.depth == 0 => return (used, true),
                _ => self.scalar |= self.depth == 0,
            }
            used += 1;
        }
        (used, false)
    }
}

/// How long the value is that starts here; none where it does not end here.
pub(super) fn extent(bytes: &[u8]) -> Option<usize> {
    let (used, ends) = Extent::default().pass(bytes);
    ends.then_some(used)
}

impl<'l, R: BufRead> Items<'l, R> {
    pub(crate) fn new(reader: R, lists: &'l [&'l str]) -> Self {
        Self {
            reader,
            lists,
            state: State::Start,
            buffer: Vec::new(),
            offset: 0,
            line: 1,
            found: false,
            total: None,
            start: 0,
            page: None,
            last: None,
            token: false,
        }
    }

    /// Whether the next item of a list is to come, or the list's end.
    pub(super) fn in_list(&self) -> bool {
        matches!(self.state, State::List { .. })
    }

    /// What is read from.
    pub(super) fn reader(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The 1-based line and 0-based byte of what comes next.
    pub(super) fn place(&self) -> Place {
        (self.line, self.offset)
    }

    /// Whole items of the list were taken from the reader by somebody else.
    pub(super) fn advance(&mut self, bytes: u64, lines: u64) {
        self.offset += bytes;
        self.line += lines;
    }

    /// Whether a list of items was there at all.
    pub(crate) fn found_list(&self) -> bool {
        self.found
    }

    /// What the header announces beyond the items that were there (`total`, `isLast`, a token of a next page).
    pub(crate) fn announced_more(&self, seen: u64) -> Option<String> {
        if let Some(total) = self.total {
            if self.start > 0 {
                return Some(format!("is a page that starts at {} of {total} tickets", self.start));
            }
            return (seen < total).then(|| format!("announces {total} tickets and holds {seen}"));
        }
        if self.last == Some(false) || (self.token && self.last != Some(true)) {
            return Some("says that more pages follow".to_owned());
        }
        let full = self.last.is_none() && seen > 0 && self.page == Some(seen);
        full.then(|| format!("holds a full page of {seen} tickets and does not say that it is the last"))
    }

    /// The next item.
    ///
    /// # Errors
    /// Where the file ends too early, is no JSON, or cannot be read; the words say at which line and byte.
    pub(crate) fn next_event(&mut self) -> Result<Option<Event<'_>>, String> {
        loop {
            match self.state {
                State::Start => match self.skip(b"")? {
                    Some(b'[') => {
                        self.bump();
                        self.found = true;
                        self.state = State::List { in_object: false };
                    }
                    Some(b'{') => {
                        self.bump();
                        self.state = State::Object;
                    }
                    Some(_) => return Err(self.broken("is no JSON list or object")),
                    None => return Err("is empty".to_owned()),
                },
                State::Object => match self.skip(b",")? {
                    Some(b'}') => {
                        self.bump();
                        self.state = State::End;
                    }
                    Some(b'"') => {
                        if let Some((taken, place)) = self.member()? {
                            return Ok(Some(self.event(taken, place)));
                        }
                    }
                    Some(_) => return Err(self.broken("is no JSON")),
                    None => return Err(self.cut()),
                },
                State::List { in_object } => match self.skip(b",")? {
                    Some(b']') => {
                        self.bump();
                        self.state = if in_object { State::Object } else { State::End };
                    }
                    Some(_) => {
                        let place = (self.line, self.offset);
                        let taken = self.value(MAX_ITEM)?;
                        return Ok(Some(self.event(taken, place)));
                    }
                    None => return Err(self.cut()),
                },
                State::End => {
                    return match self.skip(b"")? {
                        None => Ok(None),
                        Some(_) => Err(self.broken("goes on after its end")),
                    };
                }
            }
        }
    }

    fn event(&self, taken: Taken, (line, offset): Place) -> Event<'_> {
        match taken {
            Taken::Whole => Event::Item { bytes: &self.buffer, line, offset },
            Taken::TooLong => Event::TooLong { line, offset },
        }
    }

    /// A key and its value: the list is entered, a single item under a list's key is the only item, what announces is remembered,
    /// everything else skipped.
    fn member(&mut self) -> Result<Option<(Taken, Place)>, String> {
        self.value(MAX_HEADER)?;
        let key: Option<String> = serde_json::from_slice(&self.buffer).ok();
        if self.skip(b"")? != Some(b':') {
            return Err(if self.peek()?.is_some() { self.broken("is no JSON") } else { self.cut() });
        }
        self.bump();
        let next = self.skip(b"")?;
        let place = (self.line, self.offset);
        let is_list = key.as_deref().is_some_and(|key| self.lists.contains(&key));
        if is_list && next == Some(b'[') {
            self.bump();
            self.found = true;
            self.state = State::List { in_object: true };
            return Ok(None);
        }
        if is_list && next == Some(b'{') {
            self.found = true;
            let taken = self.value(MAX_ITEM)?;
            return Ok(Some((taken, place)));
        }
        if next.is_none() {
            return Err(self.cut());
        }
        if matches!(self.value(MAX_HEADER)?, Taken::Whole)
            && let Some(key) = key
            && let Ok(value) = serde_json::from_slice::<Value>(&self.buffer)
        {
            match key.as_str() {
                "total" | "totalCount" | "total_count" => self.total = value.as_u64(),
                "startAt" => self.start = value.as_u64().unwrap_or(0),
                "maxResults" => self.page = value.as_u64(),
                "isLast" => self.last = value.as_bool(),
                "incomplete_results" if value.as_bool() == Some(true) => self.last = Some(false),
                "nextPageToken" => self.token = value.as_str().is_some_and(|token| !token.is_empty()),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Reads one value into the buffer, or past it where it is longer than `limit`. Brackets are only counted: whether it is
    /// valid JSON is the parser's business, item by item, so that one broken item costs no other.
    fn value(&mut self, limit: usize) -> Result<Taken, String> {
        self.buffer.clear();
        let (mut extent, mut long) = (Extent::default(), false);
        loop {
            let chunk = self.reader.fill_buf().map_err(|error| format!("cannot be read: {error}"))?;
            if chunk.is_empty() {
                return Err(self.cut());
            }
            let (used, finished) = extent.pass(chunk);
            self.line += memchr::memchr_iter(b'\n', &chunk[..used]).count() as u64;
            if self.buffer.len() + used > limit {
                long = true;
                self.buffer.clear();
            }
            if !long {
                self.buffer.extend_from_slice(&chunk[..used]);
            }
            self.reader.consume(used);
            self.offset += used as u64;
            if finished {
                // A stray bracket or colon where a value should start: nothing can be told apart behind it.
                if self.buffer.is_empty() && !long {
                    return Err(self.broken("is no JSON"));
                }
                return Ok(if long { Taken::TooLong } else { Taken::Whole });
            }
        }
    }

    /// Skips white space and the separators given, and shows the next byte.
    fn skip(&mut self, separators: &[u8]) -> Result<Option<u8>, String> {
        while let Some(byte) = self.peek()? {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') && !separators.contains(&byte) {
                return Ok(Some(byte));
            }
            if byte == b'\n' {
                self.line += 1;
            }
            self.bump();
        }
        Ok(None)
    }

    fn peek(&mut self) -> Result<Option<u8>, String> {
        let chunk = self.reader.fill_buf().map_err(|error| format!("cannot be read: {error}"))?;
        Ok(chunk.first().copied())
    }

    fn bump(&mut self) {
        self.reader.consume(1);
        self.offset += 1;
    }

    fn cut(&self) -> String {
        format!("ends in the middle, at line {}, byte {}; what stands before was read", self.line, self.offset)
    }

    fn broken(&self, what: &str) -> String {
        format!("{what} at line {}, byte {}; what stands before was read", self.line, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &[u8]) -> (Vec<String>, Result<Option<String>, String>) {
        let mut items = Items::new(text, &["issues"]);
        let mut out = Vec::new();
        loop {
            match items.next_event() {
                Ok(Some(Event::Item { bytes, .. })) => out.push(String::from_utf8_lossy(bytes).into_owned()),
                Ok(Some(Event::TooLong { .. })) => out.push("too long".into()),
                Ok(None) => {
                    let seen = out.len() as u64;
                    return (out, Ok(items.announced_more(seen)));
                }
                Err(error) => return (out, Err(error)),
            }
        }
    }

    #[test]
    fn lists_and_responses() {
        let bare = all(br#"[{"a":"]\"}"}, 1, [2] , null]"#);
        assert_eq!(bare.0, [r#"{"a":"]\"}"}"#, "1", "[2]", "null"]);
        assert_eq!(bare.1, Ok(None));
        let response = all(br#"{"total": 3, "x":{"issues":[9]}, "issues":[{"k":1},{"k":2}], "maxResults": 50}"#);
        assert_eq!(response.0, [r#"{"k":1}"#, r#"{"k":2}"#]);
        assert_eq!(response.1, Ok(Some("announces 3 tickets and holds 2".into())));
        assert_eq!(all(br#"{"issues":{"k":1}}"#).0, [r#"{"k":1}"#]);
        let page = all(br#"{"issues":[{}],"isLast":false,"nextPageToken":"x"}"#);
        assert_eq!(page.1, Ok(Some("says that more pages follow".into())));
        assert!(all(br#"{"issues":[{}],"maxResults":1}"#).1.unwrap().unwrap().contains("full page"));
        assert_eq!(all(br#"{"issues":[{}],"maxResults":1,"isLast":true}"#).1, Ok(None));
    }

    #[test]
    fn a_cut_is_told_with_its_place() {
        let (items, end) = all(b"{\"issues\":[\n{\"k\":1},\n{\"k\":\"2");
        assert_eq!(items, [r#"{"k":1}"#]);
        assert_eq!(end, Err("ends in the middle, at line 3, byte 28; what stands before was read".into()));
        assert!(all(b"").1.is_err());
        assert!(all(b"<html>").1.is_err());
        assert!(all(b"[1]]").1.is_err());
        assert!(all(b"{:").1.is_err());
    }

    #[test]
    fn a_broken_or_deep_item_costs_no_other() {
        let deep = format!("[{}{},{{\"k\":1}}]", "[".repeat(20_000), "]".repeat(20_000));
        let (items, end) = all(deep.as_bytes());
        assert_eq!(items.len(), 2);
        assert_eq!(end, Ok(None));
        assert_eq!(all(b"[{\"a\" 1}, tru, {\"k\":1}]").0.len(), 3);
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = all(&bytes);
        }

        #[test]
        fn any_json_like_text_ends(text in "[\\[\\]{},:\"\\\\a1 \n]{0,200}") {
            let _ = all(text.as_bytes());
        }

        #[test]
        fn items_survive_any_buffer_size(size in 1_usize..9) {
            let text = br#"{"total":2,"issues":[{"a":"\"]}"},{"b":[1,{"c":null}]}]}"#;
            let reader = std::io::BufReader::with_capacity(size, &text[..]);
            let mut items = Items::new(reader, &["issues"]);
            let mut n = 0;
            while let Ok(Some(Event::Item { bytes, .. })) = items.next_event() {
                prop_assert!(serde_json::from_slice::<Value>(bytes).is_ok());
                n += 1;
            }
            prop_assert_eq!(n, 2);
        }
    }
}
