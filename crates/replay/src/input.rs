//! Recordings: files of native events, one to a line, plain or compressed, or standard input; several are one stream.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// One line longer than this is no event: it is reported as unreadable, cut.
pub const LINE_BYTES_MAX: u64 = 16 << 20;

/// Several recordings, read line by line as one.
pub struct Lines {
    waiting: VecDeque<PathBuf>,
    current: Option<Box<dyn BufRead>>,
    /// Bytes read of the files as they are on disk, compressed or not: for progress.
    read: std::rc::Rc<std::cell::Cell<u64>>,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("waiting", &self.waiting).field("read", &self.read.get()).finish_non_exhaustive()
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
        self.read.get()
    }

    /// The next line without its end, blank ones included; `None` after the last.
    pub fn next_line(&mut self, line: &mut Vec<u8>) -> io::Result<Option<()>> {
        loop {
            if self.current.is_none() {
                let Some(path) = self.waiting.pop_front() else { return Ok(None) };
                self.current = Some(self.open_one(&path)?);
            }
            let Some(reader) = &mut self.current else { return Ok(None) };
            line.clear();
            let length = reader.take(LINE_BYTES_MAX).read_until(b'\n', line)?;
            if length == 0 {
                self.current = None;
                continue;
            }
            while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                line.pop();
            }
            return Ok(Some(()));
        }
    }

    fn open_one(&self, path: &Path) -> io::Result<Box<dyn BufRead>> {
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

struct Counted<R> {
    inner: R,
    read: std::rc::Rc<std::cell::Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read.set(self.read.get() + length as u64);
        Ok(length)
    }
}

fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

fn naming(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
