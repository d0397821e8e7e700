//! What happened, line by line: for people, and to hold two runs of one seed together. `[I16]`

use model::Timestamp;

#[derive(Clone, Debug)]
pub struct Trace {
    /// Kept only where somebody wants to read it.
    lines: Option<Vec<String>>,
    digest: u64,
    count: u64,
}

/// FNV-1a's offset and prime.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Trace {
    pub fn new(keep: bool) -> Trace {
        Trace { lines: keep.then(Vec::new), digest: OFFSET, count: 0 }
    }

    pub fn line(&mut self, at: Timestamp, what: std::fmt::Arguments<'_>) {
        let line = format!("{at} {what}");
        for byte in line.bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(PRIME);
        }
        self.count += 1;
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }

    /// How many lines, and a hash over them.
    pub fn digest(&self) -> (u64, u64) {
        (self.count, self.digest)
    }
}
