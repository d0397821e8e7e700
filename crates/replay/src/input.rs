//! Recordings: files of native events, one to a line, plain or compressed, or standard input; several are one stream.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One line longer than this is no event: it is unreadable, and of its bytes only so many are kept.
pub const LINE_BYTES_MAX: u64 = 16 << 20;

/// Several recordings, read line by line as one.
pub struct Lines {
    waiting: VecDeque<PathBuf>,
    current: Option<(PathBuf, Box<dyn BufRead + Send>)>,
    /// Bytes read of the files as they are on disk, compressed or not: for progress.
    read: Arc<AtomicU64>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Whole,
    /// It was longer than [`LINE_BYTES_MAX`], and this is its beginning.
    Cut,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines")
            .field("waiting", &self.waiting)
            .field("read", &self.bytes_read())
            .finish_non_exhaustive()
    }
}

impl Lines {
    /// `-` is standard input; `.gz` and `.zst` are unpacked on the way.
    pub fn open(paths: &[PathBuf]) -> io::Result<Lines> {
        for path in paths.iter().filter(|path| !is_standard_input(path)) {
            File::open(path).map_err(|error| naming(path, error))?;
        }
        Ok(Lines { waiting: paths.iter().cloned().collect(), current: None, read: Default::default() })
    }

    /// All bytes there are to read; `None` where standard input is among them.
    pub fn bytes_in_all(paths: &[PathBuf]) -> Option<u64> {
        paths.iter().map(|path| std::fs::metadata(path).ok().map(|data| data.len())).sum()
    }

    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The next line without its end, blank ones included; `None` after the last. Of one that is too long the beginning,
    /// and the rest of it is passed over: it stays one line.
    pub fn next_line(&mut self, line: &mut Vec<u8>) -> io::Result<Option<Found>> {
        loop {
            if self.current.is_none() {
                let Some(path) = self.waiting.pop_front() else { return Ok(None) };
                let reader = self.open_one(&path)?;
                self.current = Some((path, reader));
            }
            let Some((path, reader)) = &mut self.current else { return Ok(None) };
            line.clear();
            let read = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', line);
            let length = read.map_err(|error| naming(path, error))?;
            if length == 0 {
                self.current = None;
                continue;
            }
            let whole =
                line.last() == Some(&b'\n') || !skip_line(&mut **reader).map_err(|error| naming(path, error))?;
            while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                line.pop();
            }
            return Ok(Some(if whole { Found::Whole } else { Found::Cut }));
        }
    }

    fn open_one(&self, path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
        if is_standard_input(path) {
            return Ok(Box::new(BufReader::new(io::stdin())));
        }
        let file = File::open(path).map_err(|error| naming(path, error))?;
        let counted = BufReader::with_capacity(1 << 17, Counted { inner: file, read: self.read.clone() });
        Ok(match path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(counted))),
            Some("zst") => Box::new(BufReader::new(zstd::stream::read::Decoder::with_buffer(counted)?)),
            _ => Box::new(counted),
        })
    }
}

/// To the end of the line, without keeping any of it; whether there was anything before that end.
fn skip_line(reader: &mut dyn BufRead) -> io::Result<bool> {
    let mut skipped = false;
    loop {
        let waiting = reader.fill_buf()?;
        let end = waiting.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(waiting.len(), |end| end + 1);
        skipped |= end.unwrap_or(length) > 0;
        if waiting.is_empty() || end.is_some() {
            reader.consume(length);
            return Ok(skipped);
        }
        reader.consume(length);
    }
}

struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

fn naming(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every line's length, and whether it is whole.
    fn found(name: &str, text: &[u8]) -> Vec<(usize, Found)> {
        let path = std::env::temp_dir().join(format!("watchfire-lines-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let mut lines = Lines::open(std::slice::from_ref(&path)).unwrap();
        let mut line = Vec::new();
        let mut found = Vec::new();
        while let Some(kind) = lines.next_line(&mut line).unwrap() {
            found.push((line.len(), kind));
        }
        std::fs::remove_file(path).unwrap();
        found
    }

    #[test]
    fn a_line_too_long_is_one_line_and_what_follows_it_keeps_its_place() {
        let most = LINE_BYTES_MAX as usize;
        let long = |over: usize| vec![b'x'; most + over];
        let text = [b"{}\n".as_slice(), &long(most + 5), b"\n\n{\"a\":1}\r\n", &long(1)].concat();
        let expected =
            [(2, Found::Whole), (most, Found::Cut), (0, Found::Whole), (7, Found::Whole), (most, Found::Cut)];
        assert_eq!(found("long", &text), expected);
    }

    #[test]
    fn a_line_of_just_the_most_is_whole() {
        let most = LINE_BYTES_MAX as usize;
        for (name, end) in [("ended", "\n{}"), ("returned", "\r\n{}"), ("last", "")] {
            let text = [vec![b'x'; most - 1], end.as_bytes().to_vec()].concat();
            assert_eq!(found(name, &text)[0], (most - 1, Found::Whole), "{name}");
        }
        assert_eq!(found("exact", &vec![b'x'; most]), [(most, Found::Whole)]);
        let text = [vec![b'x'; most], b"\n{}".to_vec()].concat();
        assert_eq!(found("exact-ended", &text), [(most, Found::Whole), (2, Found::Whole)]);
    }
}
