//! Reads and decodes a recording on a thread of its own, ahead of what is decided, in the order of its lines.
//!
//! What a line that names no receipt is taken to have been received at hangs on the lines before it alone: the greatest
//! receipt so far, which this thread knows as well as the one that decides.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use model::{SourceName, Timestamp};
use rules::PipelineSet;
use wire::{Context, Format, Input, Notice, Refused};

use crate::input::{Found, LINE_BYTES_MAX, Lines};

/// What is handed over at once: at most so many lines, and of so many bytes that one more line is the last.
const CHUNK_LINES_MAX: usize = 1024;
const CHUNK_BYTES_AIM: usize = 1 << 20;
/// Chunks that wait to be decided; then reading waits.
const CHUNKS_WAITING_MAX: usize = 4;
/// The source of events that name none.
pub(crate) const UNNAMED: &str = "replay";

/// What a line says.
#[derive(Debug)]
pub(crate) enum Read {
    Input { at: Timestamp, input: Input, own_ci: Option<usize>, notices: Vec<Notice> },
    Unreadable { raw: Box<[u8]>, why: String },
}

#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) read: Vec<Read>,
    /// Of the files as they are on disk, once this was read.
    pub(crate) bytes_read: u64,
}

/// A recording that is being read. Dropped, the reading ends with the chunk that is under way.
#[derive(Debug)]
pub(crate) struct Ahead {
    chunks: Receiver<io::Result<Chunk>>,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    pub(crate) fn of_files(paths: Lines, pipelines: PipelineSet) -> io::Result<Ahead> {
        Ahead::start(Source::Files(paths), pipelines)
    }

    pub(crate) fn of_text(text: Arc<str>, pipelines: PipelineSet) -> io::Result<Ahead> {
        Ahead::start(Source::Text { text, from: 0 }, pipelines)
    }

    fn start(source: Source, pipelines: PipelineSet) -> io::Result<Ahead> {
        let (sender, chunks) = sync_channel(CHUNKS_WAITING_MAX);
        let reader = Reader { source, pipelines, clock: Timestamp::MIN };
        let thread = std::thread::Builder::new().name("decode".to_owned()).spawn(move || reader.read_all(&sender))?;
        Ok(Ahead { chunks, thread: Some(thread) })
    }

    /// The next lines; `None` after the last.
    pub(crate) fn next(&mut self) -> io::Result<Option<Chunk>> {
        let Ok(chunk) = self.chunks.recv() else {
            // It has ended, by its last line or by a panic, which is everybody's.
            if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                std::panic::resume_unwind(panic);
            }
            return Ok(None);
        };
        chunk.map(Some)
    }
}

enum Source {
    Files(Lines),
    Text { text: Arc<str>, from: usize },
}

impl Source {
    /// The next line into `line`; `None` after the last.
    fn next_line(&mut self, line: &mut Vec<u8>) -> io::Result<Option<Found>> {
        match self {
            Source::Files(lines) => lines.next_line(line),
            Source::Text { text, from } => {
                let rest = text.get(*from..).unwrap_or_default();
                let Some(found) = rest.split_inclusive('\n').next() else { return Ok(None) };
                *from += found.len();
                line.clear();
                line.extend_from_slice(found.lines().next().unwrap_or_default().as_bytes());
                Ok(Some(Found::Whole))
            }
        }
    }

    fn bytes_read(&self) -> u64 {
        match self {
            Source::Files(lines) => lines.bytes_read(),
            Source::Text { from, .. } => *from as u64,
        }
    }
}

struct Reader {
    source: Source,
    pipelines: PipelineSet,
    /// The greatest receipt so far.
    clock: Timestamp,
}

impl Reader {
    fn read_all(mut self, sender: &SyncSender<io::Result<Chunk>>) {
        loop {
            let chunk = self.chunk();
            let last = !matches!(&chunk, Ok(Some(_)));
            let given = chunk.transpose().map(|chunk| sender.send(chunk));
            // Nobody wants more.
            if last || matches!(given, Some(Err(_))) {
                return;
            }
        }
    }

    fn chunk(&mut self) -> io::Result<Option<Chunk>> {
        let mut chunk = Chunk::default();
        let (mut line, mut lines, mut bytes) = (Vec::new(), 0, 0);
        while lines < CHUNK_LINES_MAX && bytes < CHUNK_BYTES_AIM {
            match self.source.next_line(&mut line)? {
                None if lines == 0 => return Ok(None),
                None => break,
                Some(Found::Whole) => self.decode(&line, &mut chunk.read),
                Some(Found::Cut) => {
                    chunk.read.push(unreadable(&line, format!("a line is longer than {LINE_BYTES_MAX} bytes")));
                }
            }
            lines += 1;
            bytes += line.len();
        }
        chunk.bytes_read = self.source.bytes_read();
        Ok(Some(chunk))
    }

    fn decode(&mut self, line: &[u8], read: &mut Vec<Read>) {
        let context = Context { receipt: self.clock.max(Timestamp::EPOCH), replay: true };
        let decoded = self.pipelines.decode(Format::Native, &SourceName::from(UNNAMED), line, &context);
        read.extend(decoded.refused.map(|refused| {
            let why = match refused {
                Refused::Unreadable(malformed) => malformed.to_string(),
                Refused::TooMany { limit } => format!("more than {limit} events on one line"),
            };
            unreadable(line, why)
        }));
        for received in decoded.received {
            read.push(match received.result {
                Ok(input) => {
                    let at = received.received_at.unwrap_or(self.clock);
                    self.clock = self.clock.max(at);
                    Read::Input { at, input, own_ci: received.own_ci, notices: received.notices }
                }
                Err(malformed) => unreadable(line, malformed.to_string()),
            });
        }
    }
}

fn unreadable(line: &[u8], why: String) -> Read {
    Read::Unreadable { raw: line.into(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipts(mut ahead: Ahead) -> (usize, Vec<Option<Timestamp>>) {
        let (mut chunks, mut receipts) = (0, Vec::new());
        while let Some(chunk) = ahead.next().unwrap() {
            chunks += 1;
            receipts.extend(chunk.read.iter().map(|read| match read {
                Read::Input { at, .. } => Some(*at),
                Read::Unreadable { .. } => None,
            }));
        }
        (chunks, receipts)
    }

    #[test]
    fn a_line_without_a_receipt_was_received_at_the_greatest_before_it_in_whatever_chunk_that_stood() {
        let first = "{\"summary\":\"a\",\"received_at\":\"2026-05-01T10:00:00Z\"}\n\
                     {\"summary\":\"b\",\"received_at\":\"2026-05-01T09:00:00Z\"}\nno event\n\n";
        let undated = "{\"summary\":\"c\"}\r\n".repeat(CHUNK_LINES_MAX * 2);
        let ahead = Ahead::of_text(format!("{first}{undated}").into(), PipelineSet::builtin()).unwrap();
        let at = |text| Timestamp::parse(text);
        let (chunks, receipts) = receipts(ahead);
        assert_eq!(chunks, 3);
        assert_eq!(receipts[..3], [at("2026-05-01T10:00:00Z"), at("2026-05-01T09:00:00Z"), None]);
        assert_eq!(receipts[3..], vec![at("2026-05-01T10:00:00Z"); CHUNK_LINES_MAX * 2]);
    }

    #[test]
    fn a_recording_that_cannot_be_read_to_its_end_says_so_after_what_could() {
        let path = std::env::temp_dir().join(format!("watchfire-ahead-{}.gz", std::process::id()));
        std::fs::write(&path, b"this is not gzip").unwrap();
        let lines = Lines::open(std::slice::from_ref(&path)).unwrap();
        let mut ahead = Ahead::of_files(lines, PipelineSet::builtin()).unwrap();
        let error = ahead.next().unwrap_err().to_string();
        assert!(error.contains("watchfire-ahead"), "{error}");
        assert!(ahead.next().unwrap().is_none(), "it ended there");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn who_wants_no_more_holds_nothing_up() {
        let text = "{\"summary\":\"a\"}\n".repeat(CHUNK_LINES_MAX * (CHUNKS_WAITING_MAX + 3));
        let mut ahead = Ahead::of_text(text.into(), PipelineSet::builtin()).unwrap();
        assert!(ahead.next().unwrap().is_some());
        let thread = ahead.thread.take().unwrap();
        drop(ahead);
        assert!(thread.join().is_ok());
    }
}
