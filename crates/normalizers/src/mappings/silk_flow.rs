//! Flow records of SiLK: Network Activity. Contract: the columns of `rwcut`, as CSV with its
//! header; times are UTC.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping};

use super::network::{any_endpoint, direction, protocol, tcp_flags};
use super::well_known::product;

const FIELDS: &[(&str, &str)] = &[
    ("sIP", "src_endpoint.ip"),
    ("sPort", "src_endpoint.port"),
    ("dIP", "dst_endpoint.ip"),
    ("dPort", "dst_endpoint.port"),
    ("packets", "traffic.packets"),
    ("pkts", "traffic.packets"),
    ("bytes", "traffic.bytes"),
    ("sTime", "start_time"),
    ("sTime+msec", "start_time"),
    ("eTime", "end_time"),
    ("eTime+msec", "end_time"),
    ("sensor", "device.name"),
];

#[derive(Debug)]
pub(super) struct SilkFlow;

impl Mapping for SilkFlow {
    fn name(&self) -> &'static str {
        "silk_flow"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["sIP", "dIP", "sTime"]]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        mapper.class(4001, 6);
        product(mapper, "CERT/NetSA", "SiLK");
        mapper.set("severity_id", 1_i64);
        mapper.time(&["sTime"]);
        mapper.table(FIELDS);
        if mapper.written("device.name").is_some() {
            mapper.set("device.type_id", 0_i64);
        }
        protocol(mapper, "protocol", "");
        tcp_flags(mapper, "flags");
        duration(mapper);
        let kind = mapper.source().text("type").unwrap_or_default().into_owned();
        let way = match kind.as_str() {
            "int2int" => 3,
            kind if kind.starts_with("in") => 1,
            kind if kind.starts_with("out") => 2,
            _ => 0,
        };
        direction(mapper, "", way);
        any_endpoint(mapper);
    }
}

/// Seconds with thousandths.
fn duration(mapper: &mut Mapper<'_>) {
    for from in ["duration", "dur", "dur+msec"] {
        let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { continue };
        let Some(millis) = millis(&text) else { continue };
        let known = mapper.written("duration").map(Cow::into_owned);
        if known.is_none_or(|known| known == millis.to_string()) {
            mapper.set("duration", millis);
            mapper.done(from);
        }
    }
}

fn millis(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let seconds: i64 = seconds.parse().ok()?;
    let thousandths: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    seconds.checked_mul(1_000)?.checked_add(thousandths)
}
