//! Lists of indicators in the forms in which they are exchanged; what is not searched is told.

use std::fmt::Write as _;

use headwater_event::time::parse_iso_fast;
use headwater_indicators::{List, ListError, Note};

fn read(text: impl AsRef<[u8]>) -> Result<List, ListError> {
    List::read(text.as_ref(), parse_iso_fast("2026-06-01T00:00:00Z").unwrap())
}

/// What a list holds: its indicators, and line and reason of what is not searched.
#[track_caller]
fn check(text: impl AsRef<[u8]>, indicators: &[&str], skipped: &[(usize, &str)]) -> List {
    let list = read(text).unwrap();
    let found: Vec<String> = list
        .indicators()
        .iter()
        .map(|one| format!("{}:{}", one.kind().name(), one.text()))
        .collect();
    assert_eq!(found, indicators);
    let found: Vec<_> =
        list.skipped().iter().map(|one| (one.line, one.reason.to_string())).collect();
    let expected: Vec<_> =
        skipped.iter().map(|(line, reason)| (*line, (*reason).to_owned())).collect();
    assert_eq!(found, expected);
    list
}

const UNKNOWN: &str = "not understood: say what it is, as in `user:` or `file:` before it";

#[test]
fn text_has_one_indicator_per_line() {
    let list = check(
        "\u{feff}# comment\r\n\r\n203.0.113.7 # c2\r\n198.51.100.0/24 ; SBL1\r\nevil[.]example\r\n\
         two words\r\nEVIL.example\r\n0.0.0.0 blocked.example\r\nC:\\Program Files\\a.exe\r\n\
         http://evil.example/#top\r\n[2001:db8::1]:443\r\n1.2.3.4/40\r\n",
        &[
            "ip:203.0.113.7",
            "ip:198.51.100.0/24",
            "domain:evil.example",
            "domain:blocked.example",
            "file:c:/program files/a.exe",
            "url:http://evil.example/",
            "ip:2001:db8::1",
        ],
        &[(6, UNKNOWN), (12, "not a network: the length does not fit the address")],
    );
    assert_eq!(list.duplicates(), 1);
    assert_eq!(list.skipped()[0].text, "two words");
    check("[2001:db8::1]\n", &["ip:2001:db8::1"], &[]);
    check("", &[], &[]);
    check("url\n", &["user:url"], &[]);
}

#[test]
fn wide_text_is_read_and_other_bytes_are_refused() {
    let wide: Vec<u8> =
        "\u{feff}evil.example\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(wide, &["domain:evil.example"], &[]);
    check(b"# caf\xe9\nevil.example\n", &["domain:evil.example"], &[]);
    assert_eq!(read(b"\x1f\x8b\x08\x00\x00").unwrap_err(), ListError::Binary);
    assert_eq!(read("<?xml version=\"1.0\"?><stix:STIX_Package/>").unwrap_err(), ListError::Markup);
    assert_eq!(read("\n<!DOCTYPE html>").unwrap_err(), ListError::Markup);
}

#[test]
fn tables_have_a_header() {
    check(
        "indicator,type,comment\nevil.example,domain,\"a, \"\"b\"\"\n c\"\n203.0.113.7,c2,\nalice,c2,\n,ip,\nnot an ip,ip,\n",
        &["domain:evil.example", "ip:203.0.113.7"],
        &[
            (5, "type `c2` is not searched"),
            (6, "has no indicator"),
            (7, "not a valid IP address or network"),
        ],
    );
    check("Value;Kind\nevil.example;x\n", &["domain:evil.example"], &[]);
    check("ioc\nevil.example\nalice\n", &["domain:evil.example", "user:alice"], &[]);
    check("a\tvalue\n1\tevil.example\n", &["domain:evil.example"], &[]);
}

#[test]
fn exports_of_platforms_are_read() {
    // MISP
    let list = check(
        "uuid,event_id,category,type,value,comment,to_ids,date\n\
         \"u1\",1,\"Network activity\",\"ip-dst|port\",\"203.0.113.7|443\",\"\",1,20260101\n\
         \"u2\",1,\"Payload delivery\",\"filename|sha1\",\"setup.exe|da39a3ee5e6b4b0d3255bfef95601890afd80709\",\"\",1,20260101\n\
         \"u3\",1,\"Network activity\",\"domain|ip\",\"evil.example|192.0.2.4\",\"\",1,20260101\n\
         \"u4\",1,\"Network activity\",\"url\",\"http://evil.example/a\",\"\",0,20260101\n\
         \"u5\",1,\"Payload delivery\",\"yara\",\"rule x\",\"\",1,20260101\n\
         \"u6\",1,\"Persistence\",\"regkey\",\"HKLM\\Software\\x\",\"\",1,20260101\n\
         \"u7\",1,\"Other\",\"comment\",\"evil.example.org\",\"\",1,20260101\n",
        &[
            "ip:203.0.113.7",
            "hash:da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "domain:evil.example",
            "ip:192.0.2.4",
            "other:hklm\\software\\x",
        ],
        &[
            (3, "the hash that came with it is searched instead"),
            (5, "marked as context, not for detection"),
            (6, "type `yara` is not searched"),
            (8, "type `comment` is not searched"),
        ],
    );
    assert_eq!(list.indicators()[0].note(), Some(Note::Port));
    // OTX
    check(
        "Indicator type,Indicator,Description\nIPv4,203.0.113.7,\nhostname,www.evil.example,\n\
         FileHash-MD5,d41d8cd98f00b204e9800998ecf8427e,\nCVE,CVE-2021-44228,\n",
        &[
            "ip:203.0.113.7",
            "domain:www.evil.example",
            "hash:d41d8cd98f00b204e9800998ecf8427e",
            "other:cve-2021-44228",
        ],
        &[],
    );
    // ThreatFox
    check(
        "################\n# ThreatFox IOCs: recent additions - CSV format #\n#\n\
         # \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\"\n\
         \"2026-03-07 13:29:53\", \"1\", \"203.0.113.10:443\", \"ip:port\", \"botnet_cc\"\n\
         \"2026-03-07 13:29:53\", \"2\", \"evil.example\", \"domain\", \"a,b\"\n\
         # Number of entries: 2\n",
        &["ip:203.0.113.10", "domain:evil.example"],
        &[],
    );
    // URLhaus, Feodo Tracker, MalwareBazaar
    check(
        "# id,dateadded,url,url_status,threat,tags,urlhaus_link,reporter\n\
         \"1\",\"2026-06-21\",\"http://evil.example/x.sh\",\"online\",\"m\",\"t\",\"https://urlhaus.example/1/\",\"r\"\n",
        &["url:http://evil.example/x.sh"],
        &[],
    );
    check(
        "# Feodo\n\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\"\n\"2026-01-02\",\"203.0.113.5\",\"443\",\"online\"\n",
        &["ip:203.0.113.5"],
        &[],
    );
    check(
        "# \"first_seen_utc\",\"sha256_hash\",\"md5_hash\",\"file_name\",\"imphash\"\n\
         \"2026-01-02\", \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\", \"n/a\", \"a.exe\", \"d41d8cd98f00b204e9800998ecf8427e\"\n\
         \"2026-01-02\", \"n/a\", \"\", \"a.exe\", \"\"\n",
        &["hash:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
        &[(3, "has no indicator")],
    );
}

#[test]
fn json_is_read_in_several_arrangements() {
    check(
        "[\"evil.example\", \"203.0.113.7\", 5]",
        &["domain:evil.example", "ip:203.0.113.7"],
        &[(1, "has no indicator")],
    );
    check(
        "{\"indicator\":\"evil.example\",\"type\":\"domain\"}\n{\"value\":\"203.0.113.7\"}\n\n{broken\n{\"a\":1}\n\"192.0.2.1\"\n",
        &["domain:evil.example", "ip:203.0.113.7", "ip:192.0.2.1"],
        &[(4, "not valid JSON"), (5, "has no indicator")],
    );
    // MISP
    check(
        r#"{"response": [{"Event": {"id": "1", "info": "x", "Attribute": [
            {"type": "domain", "value": "evil.example", "to_ids": true},
            {"type": "ip-dst", "value": "192.0.2.4", "to_ids": false}],
            "Object": [{"name": "file", "Attribute": [{"type": "md5", "value": "d41d8cd98f00b204e9800998ecf8427e", "to_ids": true}]}]}}]}"#,
        &["domain:evil.example", "hash:d41d8cd98f00b204e9800998ecf8427e"],
        &[(3, "marked as context, not for detection")],
    );
    // OTX, ThreatFox
    check(
        r#"{"name": "pulse", "indicators": [{"type": "IPv4", "indicator": "203.0.113.7"}]}"#,
        &["ip:203.0.113.7"],
        &[],
    );
    check(
        r#"{"17": [{"ioc_value": "203.0.113.10:443", "ioc_type": "ip:port"}]}"#,
        &["ip:203.0.113.10"],
        &[],
    );
    assert_eq!(read("{\"a\": 1,\n x}").unwrap_err(), ListError::Json { line: 2, column: 2 });
}

#[test]
fn bundles_of_stix_are_read() {
    let list = check(
        include_bytes!("../data/bundle.json"),
        &[
            "ip:203.0.113.7",
            "ip:198.51.100.0/24",
            "ip:2001:db8::1",
            "domain:evil.example",
            "domain:bad.example",
            "url:https://evil.example/it's",
            "hash:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "file:evil.exe",
            "user:alice",
            "ip:192.0.2.10",
            "domain:sco.example",
            "hash:d41d8cd98f00b204e9800998ecf8427e",
            "file:only-name.dll",
        ],
        &[
            (10, "property `file:size` is not searched"),
            (12, "comparison `NOT =` is not supported"),
            (12, "comparison `LIKE` is not supported"),
            (12, "comparison `MATCHES` is not supported"),
            (12, "property `mutex:name` is not searched"),
            (14, "revoked"),
            (16, "expired: valid until 2021-01-01T00:00:00Z"),
            (18, "pattern type `yara` is not supported"),
            (19, "the pattern is not valid"),
            (22, "the hash that came with it is searched instead"),
            (24, "type `autonomous-system` is not searched"),
        ],
    );
    let noted = |text: &str| {
        list.indicators().iter().find(|one| one.text() == text).and_then(|one| one.note())
    };
    assert_eq!(noted("evil.exe"), Some(Note::PartOfPattern));
    assert_eq!(noted("203.0.113.7"), None);
    // One object of STIX, and objects per line.
    let one = r#"{"type":"ipv4-addr","id":"ipv4-addr--1","value":"192.0.2.10"}"#;
    check(one, &["ip:192.0.2.10"], &[]);
    check(
        format!("{one}\n{}", one.replace("2.10", "2.11")),
        &["ip:192.0.2.10", "ip:192.0.2.11"],
        &[],
    );
}

#[test]
fn broken_patterns_are_told() {
    for pattern in [
        "",
        "[",
        "]",
        "[ipv4-addr:value]",
        "[ipv4-addr:value =]",
        "[ipv4-addr:value = 'a]",
        "[ipv4-addr:value IN ('a']",
        "[= 'a']",
        "ipv4-addr:value = 'a'",
        "[ipv4-addr:value 'a' = 'b']",
    ] {
        let object = format!(r#"{{"type":"indicator","id":"indicator--1","pattern":"{pattern}"}}"#);
        let list = read(object).unwrap();
        assert!(list.indicators().is_empty(), "{pattern}");
        assert_eq!(list.skipped().len(), 1, "{pattern}: {:?}", list.skipped());
    }
    let deep = "[".repeat(100_000);
    assert!(read(&deep).is_err() || read(&deep).unwrap().indicators().is_empty());
}

#[test]
fn a_list_of_100_000_is_read_and_asked() {
    let mut text = String::new();
    for number in 0..25_000_u32 {
        let address = std::net::Ipv4Addr::from(0x0a00_0000 + number * 7);
        writeln!(
            text,
            "{address}\nhost{number}.evil.example\nhttp://h{number}.example/{number}\n{number:064x}"
        )
        .unwrap();
    }
    let list = read(text).unwrap();
    assert_eq!((list.indicators().len(), list.skipped().len()), (100_000, 0));
    let matcher = list.matcher();
    assert_eq!(matcher.matches(2, "10.0.0.7"), [4]);
    assert_eq!(matcher.matches(1, "a.host3.evil.example"), [13]);
    assert_eq!(matcher.matches(6, "http://h5.example/5"), [22]);
    assert!(matcher.matches(1, "evil.example").is_empty());
}
