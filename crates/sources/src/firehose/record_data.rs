//! The data of Firehose records: base64 of anything. gzip inside is undone (CloudWatch Logs, Fluent
//! Bit); what remains is read as JSON documents or as lines. What cannot be read goes to `rejects`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use headwater_event::{Origin, Timestamp};

use crate::envelope_batch::{EnvelopeBatch, EnvelopeBatchBuilder};
use crate::files::record_format;
use crate::http::{BodyFault, gunzip};
use crate::intake::{Budget, Lease, Refusal};
use crate::memory_records::{self, Content};

/// Limits of the records of one request, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct DataLimits {
    /// One record, as sent.
    pub(super) record_bytes_max: usize,
    /// All records, as sent.
    pub(super) request_bytes_max: usize,
    /// All records, after decompression.
    pub(super) decoded_bytes_max: usize,
}

/// Why no record of a request is taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum DataFault {
    /// Not base64.
    #[error("the data of record {0} is not base64")]
    Encoding(usize),
    /// A record is too long.
    #[error("record {number} is longer than {bytes_max} bytes")]
    Record {
        /// Which record, from 0.
        number: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// Together they are too long.
    #[error("the records are longer than {0} bytes")]
    Request(usize),
    /// Together they are too long after decompression.
    #[error("the records are longer than {0} bytes after decompression")]
    Decoded(usize),
    /// No memory for them now.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Collects the records of one request.
pub(super) struct DataReader<'a> {
    origin: &'a Origin,
    limits: DataLimits,
    memory: &'a Budget,
    batch: EnvelopeBatchBuilder,
    records: usize,
    sent_bytes: usize,
    decoded_bytes: usize,
}

impl<'a> DataReader<'a> {
    /// A reader of records that have this origin.
    pub(super) fn new(
        origin: &'a Origin,
        limits: DataLimits,
        memory: &'a Budget,
        now: Timestamp,
    ) -> Self {
        let batch = EnvelopeBatchBuilder::new(0, now);
        Self { origin, limits, memory, batch, records: 0, sent_bytes: 0, decoded_bytes: 0 }
    }

    /// Adds one record's data. The lease takes the memory of it.
    pub(super) fn push(&mut self, encoded: &str, lease: &mut Lease) -> Result<(), DataFault> {
        let number = self.records;
        self.records += 1;
        let limits = self.limits;
        let data = STANDARD.decode(encoded).map_err(|_| DataFault::Encoding(number))?;
        if data.len() > limits.record_bytes_max {
            return Err(DataFault::Record { number, bytes_max: limits.record_bytes_max });
        }
        self.sent_bytes += data.len();
        if self.sent_bytes > limits.request_bytes_max {
            return Err(DataFault::Request(limits.request_bytes_max));
        }
        let too_much = DataFault::Decoded(limits.decoded_bytes_max);
        let left = limits.decoded_bytes_max.saturating_sub(self.decoded_bytes);
        lease.grow(data.len())?;
        let content = if data.starts_with(GZIP) {
            match gunzip(&data, left, self.memory, lease) {
                Ok(content) => Cow::Owned(content),
                Err(BodyFault::TooLarge { .. }) => return Err(too_much),
                Err(BodyFault::Refused(refusal)) => return Err(refusal.into()),
                Err(fault) => {
                    self.fault(&data, &format!("data is damaged gzip: {fault}"));
                    return Ok(());
                }
            }
        } else {
            Cow::Borrowed(data.as_slice())
        };
        self.decoded_bytes += content.len();
        if self.decoded_bytes > limits.decoded_bytes_max {
            return Err(too_much);
        }
        self.read(content.into_owned());
        Ok(())
    }

    /// The records.
    pub(super) fn finish(self) -> EnvelopeBatch {
        self.batch.finish(Vec::new())
    }

    fn read(&mut self, content: Vec<u8>) {
        let Some(format) = record_format(&content) else {
            self.fault(&content, "data is an archive or compressed by something else than gzip");
            return;
        };
        let content = Content { bytes: content.into(), format };
        let result =
            memory_records::push(content.clone(), self.origin, &mut self.batch, &mut Vec::new());
        if let Err(error) = result {
            self.fault(&content.bytes, &error.to_string());
        }
    }

    fn fault(&mut self, data: &[u8], reason: &str) {
        let origin = self.batch.origin(self.origin);
        self.batch.made_fault(origin, data, reason);
    }
}

/// How gzip begins.
const GZIP: &[u8] = &[0x1f, 0x8b, 8];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write as _;

    use super::*;

    const LIMITS: DataLimits =
        DataLimits { record_bytes_max: 200, request_bytes_max: 300, decoded_bytes_max: 1_000 };

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// JSON of the records; faults begin with `!`.
    fn read(data: &[&[u8]]) -> Result<Vec<String>, String> {
        let memory = Budget::new(1 << 20);
        let mut lease = memory.lease();
        let origin = Origin::default();
        let mut reader = DataReader::new(&origin, LIMITS, &memory, Timestamp::from_micros(1));
        for data in data {
            let pushed = reader.push(&STANDARD.encode(data), &mut lease);
            pushed.map_err(|fault| fault.to_string())?;
        }
        let chunk = reader.finish().freeze();
        let line = |record: crate::record::Record<'_>| match record.json {
            Some(json) => String::from_utf8(json.to_vec()).unwrap(),
            None => format!("!{} {}", record.original.len(), record.fault.unwrap().reason),
        };
        Ok(chunk.records().map(line).collect())
    }

    #[test]
    fn data_of_every_kind_is_read() {
        let two = [r#"{"a":1}"#, r#"{"b":2}"#];
        let lines = |texts: &[&str]| -> Vec<String> {
            texts.iter().map(|text| format!("{{\"message\":\"{text}\"}}")).collect()
        };
        let members = [gzip(b"{\"a\":1}"), gzip(b"{\"b\":2}")].concat();
        for (data, expected) in [
            (&b"{\"a\":1}\n"[..], two[..1].iter().map(|text| (*text).to_owned()).collect()),
            (b"{\"a\":1}{\"b\":2}", two.map(str::to_owned).to_vec()),
            (b"[{\"a\":1},{\"b\":2}]", two.map(str::to_owned).to_vec()),
            (&gzip(b"{\"a\":1}\n{\"b\":2}\n"), two.map(str::to_owned).to_vec()),
            (&members, two.map(str::to_owned).to_vec()),
            (b"one\ntwo", lines(&["one", "two"])),
            // No header: the first line is one like the others.
            (b"name,size\nx,10\ny,20\nz,30\n", lines(&["name,size", "x,10", "y,20", "z,30"])),
            (b"", Vec::new()),
            (
                b"PK\x03\x04",
                vec!["!4 data is an archive or compressed by something else than gzip".to_owned()],
            ),
        ] {
            assert_eq!(read(&[data]), Ok(expected), "{data:?}");
        }
    }

    #[test]
    fn a_bad_record_leaves_the_others_alone() {
        let cut = gzip(b"{\"a\":1}").split_at(12).0.to_vec();
        let found = read(&[b"{\"a\":1}", &cut, b"{broken", b"{\"b\":2}"]).unwrap();
        assert_eq!(found.len(), 4);
        assert_eq!([&*found[0], &*found[3]], [r#"{"a":1}"#, r#"{"b":2}"#]);
        assert_eq!(found[1], "!12 data is damaged gzip: body cannot be decompressed");
        assert_eq!(found[2], "!7 not JSON: key must be a string at line 1 column 2");
    }

    #[test]
    fn limits_hold() {
        let text = |bytes: usize| "x".repeat(bytes).into_bytes();
        assert_eq!(read(&[b"", &text(201)]), Err("record 1 is longer than 200 bytes".to_owned()));
        let too_long = "the records are longer than 300 bytes";
        assert_eq!(read(&[&text(200), &text(101)]), Err(too_long.to_owned()));
        let too_much = "the records are longer than 1000 bytes after decompression";
        assert_eq!(read(&[&gzip(&text(1_001))]), Err(too_much.to_owned()));
        assert_eq!(read(&[&gzip(&text(600)), &gzip(&text(600))]), Err(too_much.to_owned()));
        assert!(read(&[&gzip(&text(900))]).is_ok());
        let memory = Budget::new(10);
        let origin = Origin::default();
        let mut reader = DataReader::new(&origin, LIMITS, &memory, Timestamp::from_micros(1));
        let mut lease = memory.lease();
        let fault = reader.push(&STANDARD.encode(text(11)), &mut lease).unwrap_err();
        assert!(matches!(fault, DataFault::Refused(Refusal::Busy(_))), "{fault}");
        assert!(matches!(reader.push("?", &mut lease), Err(DataFault::Encoding(1))));
    }
}
