//! A body as it was before its sender packed it, within the limit on what it unpacks to.

use std::io::{self, Read};

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use flate2::read::MultiGzDecoder;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Plain,
    Gzip,
    Zstd,
}

/// Why a body cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It unpacks to more than the limit.
    TooLarge,
    /// It is not what its `Content-Encoding` says.
    Damaged(String),
}

/// The largest window a zstd frame may ask for, as a power of two: that much is set aside before the first byte.
const ZSTD_WINDOW_LOG_MAX: u32 = 24;

impl Coding {
    /// What the header says; an error names a coding that is not known here.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Coding, String> {
        let Some(value) = headers.get(CONTENT_ENCODING) else { return Ok(Coding::Plain) };
        let said = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
        match said.as_str() {
            "" | "identity" => Ok(Coding::Plain),
            "gzip" | "x-gzip" => Ok(Coding::Gzip),
            "zstd" => Ok(Coding::Zstd),
            _ => Err(said),
        }
    }

    /// The body unpacked. Never holds more than `bytes_max` and a byte, whatever the body claims.
    pub(crate) fn unpack(self, body: &Bytes, bytes_max: usize) -> Result<Bytes, Unfit> {
        match self {
            Coding::Plain if body.len() > bytes_max => Err(Unfit::TooLarge),
            Coding::Plain => Ok(body.clone()),
            Coding::Gzip => within(MultiGzDecoder::new(body.as_ref()), bytes_max).map_err(|why| why.of("gzip")),
            Coding::Zstd => zstd(body, bytes_max).map_err(|why| why.of("zstd")),
        }
    }
}

impl Unfit {
    fn of(self, coding: &str) -> Unfit {
        match self {
            Unfit::Damaged(why) => Unfit::Damaged(format!("the body is no {coding}, as its header says: {why}")),
            Unfit::TooLarge => Unfit::TooLarge,
        }
    }
}

fn zstd(body: &[u8], bytes_max: usize) -> Result<Bytes, Unfit> {
    let damaged = |error: io::Error| Unfit::Damaged(error.to_string());
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(damaged)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(damaged)?;
    within(decoder, bytes_max)
}

fn within(unpacked: impl Read, bytes_max: usize) -> Result<Bytes, Unfit> {
    let mut bytes = Vec::new();
    let one_more = bytes_max as u64 + 1;
    unpacked.take(one_more).read_to_end(&mut bytes).map_err(|error| Unfit::Damaged(error.to_string()))?;
    if bytes.len() > bytes_max { Err(Unfit::TooLarge) } else { Ok(bytes.into()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    fn zstandard(bytes: &[u8]) -> Bytes {
        zstd::encode_all(bytes, 3).unwrap().into()
    }

    #[test]
    fn what_was_packed_comes_out_again_up_to_the_limit_and_no_further() {
        let text = vec![b'a'; 1000];
        for (coding, packed) in
            [(Coding::Plain, Bytes::from(text.clone())), (Coding::Gzip, gzip(&text)), (Coding::Zstd, zstandard(&text))]
        {
            assert_eq!(coding.unpack(&packed, 1000), Ok(Bytes::from(text.clone())), "{coding:?}");
            assert_eq!(coding.unpack(&packed, 999), Err(Unfit::TooLarge), "{coding:?}");
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let much_of_nothing = {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            let block = vec![0; 1 << 20];
            (0..64).for_each(|_| encoder.write_all(&block).unwrap());
            Bytes::from(encoder.finish().unwrap())
        };
        assert!(much_of_nothing.len() < 1 << 20);
        assert_eq!(Coding::Gzip.unpack(&much_of_nothing, 1 << 20), Err(Unfit::TooLarge));
    }

    #[test]
    fn what_is_not_packed_as_it_says_is_damaged() {
        let half = gzip(b"some text that is long enough to be cut in two").slice(..20);
        for (coding, body) in
            [(Coding::Gzip, Bytes::from_static(b"{}")), (Coding::Zstd, Bytes::from_static(b"{}")), (Coding::Gzip, half)]
        {
            assert!(matches!(coding.unpack(&body, 1000), Err(Unfit::Damaged(_))), "{coding:?}");
        }
    }

    #[test]
    fn a_coding_that_is_not_known_is_named() {
        let said = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_ENCODING, value.parse().unwrap());
            Coding::of(&headers)
        };
        assert_eq!(Coding::of(&HeaderMap::new()), Ok(Coding::Plain));
        assert_eq!(said("GZIP"), Ok(Coding::Gzip));
        assert_eq!(said("zstd"), Ok(Coding::Zstd));
        assert_eq!(said("br"), Err("br".to_owned()));
        assert_eq!(said("gzip, zstd"), Err("gzip, zstd".to_owned()));
    }
}
