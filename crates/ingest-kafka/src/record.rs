//! A record of a topic, taken out of librdkafka's hands.

use model::Timestamp;
use rdkafka::Message as _;
use rdkafka::message::{BorrowedMessage, Headers as _};

/// A partition of one of the topics that are read, by the topic's place in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Part {
    pub(crate) topic: usize,
    pub(crate) partition: i32,
}

#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) part: Part,
    pub(crate) offset: u64,
    /// When the log took it, or its producer made it; `None`: the record does not say.
    pub(crate) at: Option<Timestamp>,
    /// The same, as it was read: whoever reads it reads the same.
    pub(crate) logged_at: Option<Timestamp>,
    /// `None`: a tombstone.
    pub(crate) value: Option<Box<[u8]>>,
    pub(crate) headers: Vec<Header>,
}

pub(crate) type Header = (Box<str>, Option<Box<[u8]>>);

/// What a record costs beside its bytes.
const RECORD_BYTES: usize = 128;

impl Record {
    pub(crate) fn of(part: Part, message: &BorrowedMessage<'_>) -> Record {
        let millis = message.timestamp().to_millis().filter(|millis| *millis > 0);
        let headers = message
            .headers()
            .map(|headers| headers.iter().map(|header| (header.key.into(), header.value.map(Box::from))).collect());
        let at = millis.map(|millis| Timestamp::from_micros(millis.saturating_mul(1000)));
        Record {
            part,
            offset: u64::try_from(message.offset()).unwrap_or(0),
            at,
            logged_at: at,
            value: message.payload().map(Box::from),
            headers: headers.unwrap_or_default(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let headers =
            self.headers.iter().map(|(name, value)| name.len() + value.as_ref().map_or(0, |value| value.len()));
        RECORD_BYTES + self.value.as_ref().map_or(0, |value| value.len()) + headers.sum::<usize>()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.as_deref())
    }
}
