//! Walks a body event by event, in one pass: a JSON array, one object, or an object per line.
//!
//! Each event is parsed straight into its struct where it stands; only an event that does not fit is read again, to
//! find where it ends and to say what is wrong with it. So one bad event costs itself, not its neighbours.

use std::fmt;
use std::ops::Range;
use std::str::Utf8Error;

use model::limits::JSON_DEPTH_MAX;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Deserializer, Error};

use crate::malformed::{Malformed, Problem};

/// Where in a body: lines and columns count from 1, columns in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    line: usize,
    column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One event as it stands in the body, with what was read of it.
pub(crate) struct Element<'a, T> {
    pub(crate) raw: Range<usize>,
    pub(crate) read: Result<(&'a str, T), Misfit<'a>>,
}

/// What is no `T`, and why.
pub(crate) struct Misfit<'a> {
    /// The text of an object that may be of another shape.
    pub(crate) object: Option<&'a str>,
    pub(crate) problem: Problem,
}

impl From<Problem> for Misfit<'_> {
    fn from(problem: Problem) -> Self {
        Misfit { object: None, problem }
    }
}

/// A part of a body, and how far lines have been counted in it: errors come in order, so counting is linear in all.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: usize,
    line_start: usize,
}

impl<'a> Body<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Body<'a> {
        Body { bytes, counted: 0, line: 1, line_start: 0 }
    }

    pub(crate) fn place(&mut self, offset: usize) -> Place {
        if offset < self.counted {
            *self = Body::new(self.bytes);
        }
        for (at, byte) in self.bytes.iter().enumerate().take(offset).skip(self.counted) {
            if *byte == b'\n' {
                self.line += 1;
                self.line_start = at + 1;
            }
        }
        self.counted = offset;
        Place { line: self.line, column: offset - self.line_start + 1 }
    }

    /// The whole as text.
    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes).map_err(|error| {
            let offset = error.valid_up_to();
            not_utf8(error).at(self.place(offset))
        })
    }

    pub(crate) fn malformed(&mut self, start: usize, problem: Problem) -> Malformed {
        let place = self.place(start + problem.at.unwrap_or_default());
        problem.at(place)
    }
}

/// Gives every event of an array, of one object or of lines to `on`, in order. An error is one of the whole body, of
/// which nothing can be used; events given before it are void. `on` answers whether to go on.
pub(crate) fn events<'a, T: Deserialize<'a>>(
    body: &mut Body<'a>,
    mut on: impl FnMut(&mut Body<'a>, Element<'a, T>) -> bool,
) -> Result<(), Malformed> {
    let bytes = body.bytes;
    let start = blanks(bytes, byte_order_mark(bytes));
    match (std::str::from_utf8(bytes), bytes.get(start)) {
        (Ok(text), Some(b'[')) => array(body, text, start, &mut on),
        (Err(_), Some(b'[')) => body.text().map(|_| ()),
        (Ok(text), _) => {
            let rest = text.get(start..).unwrap_or_default();
            let object = rest.trim_ascii_end();
            let one = object.find('\n').is_none_or(|end| spans_lines(object, end));
            if one && !object.is_empty() {
                let read = line_value(object).map(|value| (object, value));
                on(body, Element { raw: start..start + object.len(), read });
            } else if !one {
                lines(body, start, object.split_inclusive('\n').map(|line| (line.len(), Ok(line))), &mut on);
            }
            Ok(())
        }
        (Err(_), _) => {
            let rest = bytes.get(start..).unwrap_or_default();
            let split = rest.split_inclusive(|byte| *byte == b'\n');
            lines(body, start, split.map(|line| (line.len(), std::str::from_utf8(line))), &mut on);
            Ok(())
        }
    }
}

/// The elements of the JSON array that begins at `start` in the body and has nothing but blanks after it.
pub(crate) fn array<'a, T: Deserialize<'a>>(
    body: &mut Body<'a>,
    text: &'a str,
    start: usize,
    on: &mut impl FnMut(&mut Body<'a>, Element<'a, T>) -> bool,
) -> Result<(), Malformed> {
    let bytes = text.as_bytes();
    let mut at = blanks(bytes, start + 1);
    if bytes.get(at) == Some(&b']') {
        return nothing_after(body, bytes, at + 1);
    }
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let (length, read) = element::<T>(rest).map_err(|problem| body.malformed(at, problem))?;
        let raw = at..at + length;
        let element = Element { raw, read: read.map(|value| (rest.get(..length).unwrap_or_default(), value)) };
        if !on(body, element) {
            return Ok(());
        }
        at = blanks(bytes, at + length);
        match bytes.get(at) {
            Some(b',') => at = blanks(bytes, at + 1),
            Some(b']') => return nothing_after(body, bytes, at + 1),
            _ => return Err(body.malformed(at, Problem::whole(format!("expected `,` or `]`{NOT_JSON}")))),
        }
    }
}

/// The value at the start of `text`: its length, and the value itself or why it does not fit. An error: no JSON.
fn element<'a, T: Deserialize<'a>>(text: &'a str) -> Result<(usize, Result<T, Misfit<'a>>), Problem> {
    let mut quick = Deserializer::from_str(text).into_iter::<T>();
    let misfit = match quick.next() {
        Some(Ok(value)) if text.starts_with('{') => {
            let length = quick.byte_offset();
            return Ok((length, fits(text.get(..length).unwrap_or_default(), value)));
        }
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(error),
        None => return Err(Problem::whole(format!("the array is cut off{NOT_JSON}"))),
    };
    let mut skip = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match skip.next() {
        Some(Ok(_)) => {
            let length = skip.byte_offset();
            let raw = text.get(..length).unwrap_or_default();
            Ok((length, Err(misfit_of(raw, misfit.as_ref()))))
        }
        Some(Err(error)) => Err(problem_of(text, &error)),
        None => Err(Problem::whole(format!("the array is cut off{NOT_JSON}"))),
    }
}

/// One object laid out over several lines, not one to a line: its first line, which ends at `end`, is no value of its
/// own, and either the whole is one or the next line does not begin another.
fn spans_lines(text: &str, end: usize) -> bool {
    let (first, rest) = text.split_at(end);
    let cut_off = serde_json::from_str::<IgnoredAny>(first).is_err_and(|error| error.is_eof());
    cut_off && (!rest.trim_ascii_start().starts_with('{') || serde_json::from_str::<IgnoredAny>(text).is_ok())
}

fn lines<'a, T: Deserialize<'a>>(
    body: &mut Body<'a>,
    start: usize,
    lines: impl Iterator<Item = (usize, Result<&'a str, Utf8Error>)>,
    on: &mut impl FnMut(&mut Body<'a>, Element<'a, T>) -> bool,
) {
    let mut at = start;
    for (length, line) in lines {
        let next = at + length;
        let element = match line {
            Ok(line) if line.trim_ascii().is_empty() => None,
            Ok(line) => {
                let before = line.len() - line.trim_ascii_start().len();
                let text = line.trim_ascii();
                let raw = at + before..at + before + text.len();
                Some(Element { raw, read: line_value(text).map(|value| (text, value)) })
            }
            Err(error) => Some(Element { raw: at..next, read: Err(not_utf8(error).into()) }),
        };
        if element.is_some_and(|element| !on(body, element)) {
            return;
        }
        at = next;
    }
}

fn line_value<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Misfit<'a>> {
    match serde_json::from_str(text) {
        Ok(value) if text.starts_with('{') => fits(text, value),
        Ok(_) => Err(misfit_of(text, None)),
        Err(error) => Err(misfit_of(text, Some(&error))),
    }
}

fn fits<'a, T>(raw: &'a str, value: T) -> Result<T, Misfit<'a>> {
    depth_problem(raw).map_or(Ok(value), |problem| Err(problem.into()))
}

/// A struct also reads from an array of its fields, by position: nobody means that.
fn misfit_of<'a>(raw: &'a str, error: Option<&Error>) -> Misfit<'a> {
    if let Some(problem) = depth_problem(raw) {
        return problem.into();
    }
    match error {
        Some(error) if raw.starts_with('{') && error.is_data() => {
            Misfit { object: Some(raw), problem: problem_of(raw, error) }
        }
        Some(error) if !error.is_data() => problem_of(raw, error).into(),
        _ => Problem::whole("an event is an object: send `{…}`, an array of objects, or one object per line").into(),
    }
}

fn nothing_after(body: &mut Body<'_>, bytes: &[u8], at: usize) -> Result<(), Malformed> {
    let end = blanks(bytes, at);
    if end == bytes.len() {
        return Ok(());
    }
    Err(body.malformed(end, Problem::whole(format!("something follows the array{NOT_JSON}"))))
}

const NOT_JSON: &str = ": not valid JSON; mend it and send it again";

/// Says of a parser's error which field it is in, and what to do.
pub(crate) fn problem_of(text: &str, error: &Error) -> Problem {
    let at = offset_of(text, error.line(), error.column());
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    if error.is_data() {
        // What was only looked at counts as not read yet: the value begins after what separates it from its key.
        let separators =
            text.bytes().skip(at).take_while(|byte| matches!(byte, b':' | b',' | b' ' | b'\t' | b'\n' | b'\r'));
        let at = at + separators.count();
        let what = format!("{message}; send it so, or leave it out");
        return Problem { what, at: Some(at), field: field_at(text, at) };
    }
    Problem { what: format!("{message}{NOT_JSON}"), at: Some(at), field: None }
}

fn not_utf8(error: Utf8Error) -> Problem {
    let what = format!("byte {} is not UTF-8: send UTF-8", error.valid_up_to() + 1);
    Problem { what, at: Some(error.valid_up_to()), field: None }
}

/// serde_json counts lines from 1 and columns in bytes read.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (line_start + column.saturating_sub(1)).min(text.len())
}

/// The path of the value that stands at, or began last before, an offset: `labels.host`, `ci[2]`.
fn field_at(text: &str, offset: usize) -> Option<String> {
    enum Step<'a> {
        Key(&'a str),
        Index(usize),
    }
    let bytes = text.as_bytes();
    let mut path: Vec<Step<'_>> = Vec::new();
    let mut key_next = false;
    let mut at = 0;
    while at <= offset {
        match bytes.get(at)? {
            b'"' => {
                let end = string_end(bytes, at);
                if let (true, Some(Step::Key(key))) = (key_next, path.last_mut()) {
                    *key = text.get(at + 1..end.saturating_sub(1)).unwrap_or_default();
                    key_next = false;
                }
                at = end;
                continue;
            }
            b'{' if at < offset => {
                path.push(Step::Key(""));
                key_next = true;
            }
            b'[' if at < offset => path.push(Step::Index(0)),
            b',' => match path.last_mut() {
                Some(Step::Index(index)) => *index += 1,
                _ => key_next = true,
            },
            b'}' | b']' if at < offset => {
                path.pop();
                key_next = false;
            }
            _ => {}
        }
        at += 1;
    }
    let mut field = String::new();
    for step in path {
        match step {
            Step::Key("") => {}
            Step::Key(key) if field.is_empty() => field.push_str(key),
            Step::Key(key) => field.extend([".", key]),
            Step::Index(index) => field.push_str(&format!("[{index}]")),
        }
    }
    (!field.is_empty()).then_some(field)
}

/// The index after the closing quote of the string that opens at `open`.
fn string_end(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Deeper than a document may be. Nearly every event has fewer brackets than that, which is quick to see.
pub(crate) fn depth_problem(raw: &str) -> Option<Problem> {
    let bytes = raw.as_bytes();
    // `{` and `[` differ in one bit. Counted by the byte, a chunk at a time, so that it is done 32 bytes at once.
    let opening = |chunk: &[u8]| chunk.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>();
    let brackets: usize = bytes.chunks(255).map(|chunk| usize::from(opening(chunk))).sum();
    if brackets <= JSON_DEPTH_MAX {
        return None;
    }
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > JSON_DEPTH_MAX {
            let what = format!("nested deeper than {JSON_DEPTH_MAX}: send it flatter");
            return Some(Problem { what, at: Some(at), field: None });
        }
        at += 1;
    }
    None
}

fn blanks(bytes: &[u8], from: usize) -> usize {
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    from + bytes.get(from..).unwrap_or_default().iter().take_while(blank).count()
}

/// Windows tools like to send one.
fn byte_order_mark(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_field_an_offset_lies_in() {
        let text = r#"{"a": {"b,{": [1, {"c": "x"}]}, "d": 5}"#;
        for (needle, path) in [("1,", "a.b,{[0]"), (r#""x""#, "a.b,{[1].c"), ("5", "d"), (r#"{"c""#, "a.b,{[1]")] {
            let offset = text.find(needle).expect("the needle is there");
            assert_eq!(field_at(text, offset).as_deref(), Some(path), "{needle}");
        }
        assert_eq!(field_at(text, 0), None);
    }

    #[test]
    fn depth_counts_brackets_outside_strings_only() {
        let bomb = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(depth_problem(&bomb(JSON_DEPTH_MAX)).is_none());
        assert!(depth_problem(&bomb(JSON_DEPTH_MAX + 1)).is_some());
        assert!(depth_problem(&format!("{{\"text\":\"{}\\\"{{\"}}", "[".repeat(500))).is_none());
        assert!(depth_problem(&"[]".repeat(500)).is_none());
    }

    #[test]
    fn places_are_lines_and_columns_whatever_the_order_asked() {
        let mut body = Body::new(b"ab\ncd\n\nef");
        for (offset, line, column) in [(0, 1, 1), (4, 2, 2), (8, 4, 2), (2, 1, 3), (6, 3, 1)] {
            assert_eq!(body.place(offset), Place { line, column }, "{offset}");
        }
    }
}
