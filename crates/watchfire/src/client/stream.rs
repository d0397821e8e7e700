//! Server-sent events, as far as a terminal needs them: the kind and the data of each.

use reqwest::Response;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) kind: String,
    pub(crate) data: String,
}

#[derive(Debug)]
pub(crate) struct Stream {
    response: Response,
    read: Reader,
}

impl Stream {
    pub(super) fn new(response: Response) -> Stream {
        Stream { response, read: Reader::default() }
    }

    /// `None` when the service ended it.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Told>> {
        loop {
            if let Some(told) = self.read.next() {
                return Ok(Some(told));
            }
            match self.response.chunk().await? {
                Some(chunk) => self.read.take(&chunk),
                None => return Ok(None),
            }
        }
    }
}

/// Bytes in, events out. The WHATWG's definition, without what nobody here needs: `id` and `retry`.
#[derive(Debug, Default)]
struct Reader {
    bytes: Vec<u8>,
    kind: String,
    data: Vec<String>,
}

impl Reader {
    fn take(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
    }

    fn next(&mut self) -> Option<Told> {
        while let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if let Some(told) = self.line(line) {
                return Some(told);
            }
        }
        None
    }

    /// An empty line ends an event.
    fn line(&mut self, line: &str) -> Option<Told> {
        if line.is_empty() {
            let (kind, data) = (std::mem::take(&mut self.kind), std::mem::take(&mut self.data));
            return (!data.is_empty()).then(|| Told { kind, data: data.join("\n") });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.kind),
            "data" => self.data.push(value.to_owned()),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_however_their_bytes_arrive() {
        let text =
            ": hello\n\nid: 7\nevent: incident\ndata: {\"a\":\"ü\"}\n\ndata:x\r\ndata: y\r\n\r\nevent: half\ndata: z\n";
        let expected = [("incident", "{\"a\":\"ü\"}"), ("", "x\ny")];
        for size in [1, 2, 5, 1000] {
            let mut reader = Reader::default();
            let mut found = Vec::new();
            for chunk in text.as_bytes().chunks(size) {
                reader.take(chunk);
                found.extend(std::iter::from_fn(|| reader.next()));
            }
            let found: Vec<(&str, &str)> = found.iter().map(|told| (told.kind.as_str(), told.data.as_str())).collect();
            assert_eq!(found, expected, "{size}");
        }
    }
}
