//! Formats of MySQL and Joda, both ways.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::TimeFormat;
use crate::functions::moment::from_micros;
use crate::functions::zone::Zone;

const MYSQL: fn(&str) -> TimeFormat = |format| TimeFormat::mysql(format).unwrap();
const JODA: fn(&str) -> TimeFormat = |format| TimeFormat::joda(format).unwrap();

#[test]
fn writes() {
    let local = "2021-01-03T15:04:05.006700".parse().unwrap();
    let vienna = Zone::parse("Europe/Vienna").unwrap();
    let check = |format: TimeFormat, expected: &str| {
        let mut out = String::new();
        format.write(local, vienna, &mut out);
        assert_eq!(out, expected, "{format:?}");
    };
    check(MYSQL("%Y-%m-%d %H:%i:%s.%f"), "2021-01-03 15:04:05.006700");
    check(MYSQL("%a %b %c %e %h %I %j %k %l"), "Sun Jan 1 3 03 03 003 15 3");
    check(
        MYSQL("%M %p %r %T %v %W %x %y %% %q"),
        "January PM 03:04:05 PM 15:04:05 53 Sunday 2020 21 % q",
    );
    check(JODA("yyyy-MM-dd'T'HH:mm:ss.SSSZZ"), "2021-01-03T15:04:05.006+01:00");
    check(JODA("yy y MMM MMMM E EEEE e D w xxxx"), "21 2021 Jan January Sun Sunday 7 3 53 2020");
    check(JODA("h K k H a G C"), "3 3 15 15 PM AD 20");
    check(JODA("'it''s' ''Z'' z ZZZ SSSSSSSSSSSS"), "it's '+0100' CET Europe/Vienna 006700000000");
}

#[test]
fn reads() {
    let check = |format: TimeFormat, text: &str, expected: &str| {
        let (local, zone) = format.read(text).unwrap();
        let utc = zone.unwrap_or(Zone::Utc).utc(local).unwrap();
        assert_eq!(utc, expected.parse().unwrap(), "{text}");
    };
    check(MYSQL("%Y/%m/%d/%H"), "2022/10/20/05", "2022-10-20T05:00:00");
    check(MYSQL("%Y-%m-%d %H:%i:%s.%f"), "2022-1-2 3:4:5.6", "2022-01-02T03:04:05.600000");
    check(MYSQL("%d/%b/%y %l:%i %p"), "7/mar/69 12:30 am", "2069-03-07T00:30:00");
    check(MYSQL("%d %M %y %r"), "7 March 70 12:30:59 PM", "1970-03-07T12:30:59");
    check(MYSQL("%Y %j"), "2024 366", "2024-12-31T00:00:00");
    check(MYSQL("%x %v"), "2020 10", "2020-03-02T00:00:00");
    check(MYSQL("%H:%i"), "10:30", "1970-01-01T10:30:00");
    check(JODA("yyyyMMddHHmmss"), "20240501102030", "2024-05-01T10:20:30");
    check(JODA("dd/MMM/yyyy:HH:mm:ss Z"), "10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36");
    check(
        JODA("EEE, dd MMM yyyy HH:mm:ss z"),
        "Tue, 15 Nov 1994 08:12:31 GMT",
        "1994-11-15T08:12:31",
    );
    check(JODA("yyyy-MM-dd HH:mm ZZZ"), "2024-05-01 12:00 Europe/Vienna", "2024-05-01T10:00:00");
    check(
        JODA("yyyy-MM-dd'T'HH:mm:ss.SSSZ"),
        "2024-05-01T10:20:30.123Z",
        "2024-05-01T10:20:30.123",
    );
    check(JODA("y-M-d k:mm"), "2024-5-1 24:00", "2024-05-01T00:00:00");
}

#[test]
fn refuses_with_the_position() {
    let check = |format: TimeFormat, text: &str, position: usize| {
        let error = format.read(text).unwrap_err().to_string();
        assert_eq!(error, format!("cannot read time '{text}' at position {position}"));
    };
    check(MYSQL("%Y-%m-%d"), "2022-13-01", 6);
    check(MYSQL("%Y-%m-%d"), "2022-02-30", 11);
    check(MYSQL("%Y-%m-%d"), "2022-02-03x", 11);
    check(MYSQL("%Y-%m-%d"), "", 1);
    check(MYSQL("é%Y"), "éx", 2);
    check(JODA("HH:mm"), "24:00", 1);
    check(JODA("MMM"), "Foo", 1);
    check(JODA("ZZZ"), "Mars/Olympus", 1);
    assert!(TimeFormat::mysql("%U").is_err());
    assert!(TimeFormat::joda("yyyy-b").is_err());
    assert!(TimeFormat::joda("'open").is_err());
}

proptest! {
    #[test]
    fn reads_what_it_writes(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
        let local = from_micros(micros).unwrap();
        for format in [MYSQL("%Y-%m-%d %T.%f"), JODA("yyyy-MM-dd HH:mm:ss.SSSSSS"), JODA("yyyy D h:m:s.SSSSSS a")] {
            let mut text = String::new();
            format.write(local, Zone::Utc, &mut text);
            prop_assert_eq!(format.read(&text).unwrap().0, local, "{}", text);
        }
    }

    #[test]
    fn never_panics(format in "\\PC{0,12}", text in "\\PC{0,12}") {
        let both = [TimeFormat::mysql(&format).ok(), TimeFormat::joda(&format).ok()];
        for compiled in both.into_iter().flatten() {
            let _read = compiled.read(&text);
            compiled.write(from_micros(0).unwrap(), Zone::Utc, &mut String::new());
        }
    }
}
