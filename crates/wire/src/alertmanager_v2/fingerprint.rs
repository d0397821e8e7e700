//! Alertmanager's own fingerprint, for answers to its clients. Ours is `model::Fingerprint`.

use model::Labels;

const OFFSET_BASIS: u64 = 14_695_981_039_346_656_037;
const PRIME: u64 = 1_099_511_628_211;
/// A byte that UTF-8 never uses, between names and values.
const SEPARATOR: u8 = 0xFF;

/// FNV-1a over the labels sorted by name, empty ones dropped, as 16 hexadecimal digits. docs/formats.md section 6.
pub fn fingerprint(labels: &Labels) -> String {
    let mut hash = OFFSET_BASIS;
    for (name, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
        for byte in [name, value].into_iter().flat_map(|part| part.bytes().chain([SEPARATOR])) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_docs_formats_hold() {
        let labels = |severity: &str| {
            Labels::from_pairs([
                ("severity", severity),
                ("alertname", "DiskFull"),
                ("instance", "db-7:9100"),
                ("empty", ""),
            ])
        };
        assert_eq!(fingerprint(&Labels::default()), "cbf29ce484222325");
        assert_eq!(fingerprint(&labels("critical")), "8486ae1634218161");
        assert_eq!(fingerprint(&labels("warning")), "b3839b5e2b922ca4");
    }
}
