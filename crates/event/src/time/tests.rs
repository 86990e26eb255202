//! Times as logs write them: what is read, what is refused, and that nothing panics.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::{Timestamp, parse};

/// 2025-10-08T13:48:34Z
const NOW: Timestamp = Timestamp::from_micros(1_759_931_314_000_000);

fn check_at(now: &str, text: &str, iso: Option<&str>) {
    let now = parse(now, NOW).expect("the test's own time");
    let read = parse(text, now).map(|timestamp| timestamp.to_string());
    let iso = iso.map(|iso| format!("{iso}+00:00"));
    assert_eq!(read, iso, "{text:?} at {now}");
}

fn check(text: &str, iso: &str) {
    check_at("2025-10-08T13:48:34Z", text, Some(iso));
}

fn check_refused(text: &str) {
    check_at("2025-10-08T13:48:34Z", text, None);
}

#[test]
fn reads_what_the_seed_system_read() {
    check("0", "1970-01-01T00:00:00");
    check("1600000000", "2020-09-13T12:26:40");
    check("1600000000.123", "2020-09-13T12:26:40.123000");
    check("1600000000123", "2020-09-13T12:26:40.123000");
    check("1600000000123456", "2020-09-13T12:26:40.123456");
    check("1600000000123456789", "2020-09-13T12:26:40.123457");
    check("2020-01-01", "2020-01-01T00:00:00");
    check("2020-01-01T00:00:00+02:00", "2019-12-31T22:00:00");
    check("Jan 1 12am 2020 UTC", "2020-01-01T00:00:00");
    check("Apr 17 06:10:54", "2025-04-17T06:10:54");
    check("01/02/2020", "2020-01-02T00:00:00");
    check("12:00", "2025-10-08T12:00:00");
    // Samples of the seed: CloudFront (date and time joined), CloudTrail, VPC flow, G Suite.
    check("2020-09-01 17:48:18", "2020-09-01T17:48:18");
    check("2019-09-04T17:54:59Z", "2019-09-04T17:54:59");
    check("2014-12-14T04:06:50", "2014-12-14T04:06:50");
    check("2020-03-02T17:54:33.253Z", "2020-03-02T17:54:33.253000");
}

#[test]
fn reads_what_the_seed_system_got_wrong() {
    check("20200101", "2020-01-01T00:00:00");
    check("1600000000.5", "2020-09-13T12:26:40.500000");
    check("160000000", "1975-01-26T20:26:40");
    check("10000000000", "2286-11-20T17:46:40");
    check("12345", "1970-01-01T03:25:45");
    check("-3", "1969-12-31T23:59:57");
    check("-1", "1969-12-31T23:59:59");
    check("2020-03-02 17:54:33 EST", "2020-03-02T22:54:33");
    check("  1600000000\n", "2020-09-13T12:26:40");
    for text in ["null", "", "login at 2020-03-02 failed", "user 12:00 logged in"] {
        check_refused(text);
    }
}

#[test]
fn reads_the_relatives_of_rfc_3339() {
    for text in [
        "2020-03-02T17:54:33Z",
        "2020-03-02 17:54:33 Z",
        "2020-03-02T17:54:33 +0000",
        "2020-03-02 17:54:33 +0000 UTC",
        "2020-03-02 17:54:33 UTC",
        "2020-03-02_17:54:33",
        "2020-03-02:17:54:33",
        "2020/03/02 17:54:33",
        "2020/03/02T17:54:33.000",
        "2020.03.02 17:54:33",
        "2020-3-2 17:54:33",
        "2020-Mar-02 17:54:33",
        "2020-03-02 5:54:33 PM",
        "2020-03-02, 17:54:33",
        "2020-03-02\t17:54:33",
        "17:54:33 2020-03-02",
        "2020-03-02T17:54:33+00:00[UTC]",
        "2020-03-02T18:54:33+01:00[Europe/Paris]",
        "2020-03-02T18:54:33+01:00[u-ca=gregory]",
        "2020-03-02T18:54:33[Europe/Paris]",
        "20200302T175433Z",
        "20200302T175433",
        "20200302 17:54:33",
        "20200302175433",
        "20200302175433Z",
        "20200302T195433+0200",
        "2020-062T17:54:33Z",
        "2020-W10-1T17:54:33Z",
    ] {
        check(text, "2020-03-02T17:54:33");
    }
    check("2020-03-02T17:54Z", "2020-03-02T17:54:00");
    check("20200302T1754Z", "2020-03-02T17:54:00");
    check("2020-03-02 24:00", "2020-03-03T00:00:00");
    check("2020-03-02 17:54:60", "2020-03-02T17:54:59.999999");
    check("2025-05-15 14:17:22.123456789 +0530", "2025-05-15T08:47:22.123457");
}

#[test]
fn reads_fractions_of_any_length_and_mark() {
    for text in [
        "2020-03-02 17:54:33,253",
        "2020-03-02 17:54:33.253 UTC",
        "2020-03-02T17:54:33.2530000Z",
        "2020-03-02T17:54:33.253000000Z",
        "2020/03/02 17:54:33.253",
        "02 Mar 2020 17:54:33,253",
        "02-Mar-2020 17:54:33.253",
        "Mon Mar 02 17:54:33.253000 2020",
        "[Mon Mar 02 17:54:33.253000 2020]",
        "[3/2/20 17:54:33:253 GMT]",
        "Mar 2, 2020 @ 17:54:33.253",
        "20200302T175433.253Z",
        "20200302175433.253Z",
        "20200302185433.253+0100",
        "20200302185433.253000+060",
        "20200302175433.253000-000",
        "1583171673253",
        "1583171673.253",
        "132276452732530000",
        "/Date(1583171673253)/",
        "/Date(1583171673253-0500)/",
    ] {
        check(text, "2020-03-02T17:54:33.253000");
    }
}

#[test]
fn reads_words_in_any_order() {
    for text in [
        "Mon, 02 Mar 2020 17:54:33 GMT",
        "Mon, 2 Mar 2020 17:54:33 +0000",
        "Mon, 2 Mar 2020 18:54:33 +0100 (CET)",
        "2 Mar 2020 17:54:33 GMT",
        "2 Mar 20 17:54:33 GMT",
        "Monday, 02-Mar-20 17:54:33 GMT",
        "Mon Mar  2 17:54:33 2020",
        "Mon Mar  2 17:54:33 UTC 2020",
        "Mon Mar  2 12:54:33 EST 2020",
        "Mon 02 Mar 2020 05:54:33 PM UTC",
        "Mon Mar 02 2020 12:54:33 GMT-0500 (Eastern Standard Time)",
        "Mar 2 2020 17:54:33",
        "Mar  2, 2020, 5:54:33 PM",
        "Mar 2, 2020 5:54:33 p.m.",
        "Mar 2, 2020, 5:54:33\u{202f}PM",
        "March 2, 2020 at 5:54:33 PM UTC",
        "2nd March 2020 17:54:33",
        "2020 Mar 2 17:54:33",
        "17:54:33 2 march 2020",
        "2Mar2020 17:54:33",
        "Mar. 2, 2020 17:54:33",
        "02-MAR-2020 17:54:33",
    ] {
        check(text, "2020-03-02T17:54:33");
    }
    check("1 January 2020", "2020-01-01T00:00:00");
    check("Mon Sep 30 07:06:05 2019", "2019-09-30T07:06:05");
    check("Tue, 03 Mar 2020 08:00:00 GMT", "2020-03-03T08:00:00");
    check("Sept 3rd 2020 12pm", "2020-09-03T12:00:00");
    check("Jul 31 2022 12:43:06", "2022-07-31T12:43:06");
    check("Jan 1, 2019 12:00:00 AM", "2019-01-01T00:00:00");
    check("06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37");
}

#[test]
fn reads_web_server_and_windows_forms() {
    check("02/Mar/2020:17:54:33 +0000", "2020-03-02T17:54:33");
    check("[02/Mar/2020:17:54:33 +0100]", "2020-03-02T16:54:33");
    check("10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36");
    check("3/1/2020 5:04:03 PM", "2020-03-01T17:04:03");
    check("3/1/2020 12:04:03 AM", "2020-03-01T00:04:03");
    check("03/01/2020", "2020-03-01T00:00:00");
    check("03-01-2020 10:00", "2020-03-01T10:00:00");
    check("12/11/2020", "2020-12-11T00:00:00");
    check("12/13/2020", "2020-12-13T00:00:00");
    check("13/12/2020", "2020-12-13T00:00:00");
    check("02.03.2020 17:54", "2020-03-02T17:54:00");
    check("03/02/20,17:54:33", "2020-03-02T17:54:33");
}

#[test]
fn year_less_dates_are_at_most_a_day_ahead() {
    let now = "2020-03-02T17:54:33Z";
    check_at(now, "Mar  2 17:54:33", Some("2020-03-02T17:54:33"));
    check_at(now, "Mar  3 17:54:33", Some("2020-03-03T17:54:33"));
    check_at(now, "Mar  3 17:54:34", Some("2019-03-03T17:54:34"));
    check_at(now, "Dec 31 23:59:59", Some("2019-12-31T23:59:59"));
    check_at(now, "Feb 29 10:00:00", Some("2020-02-29T10:00:00"));
    check_at("2020-12-31T23:30:00Z", "Jan  1 00:10:00", Some("2021-01-01T00:10:00"));
    check_at("2020-12-31T23:30:00Z", "Apr 17 06:10:54", Some("2020-04-17T06:10:54"));
    check_at("2023-06-01T00:00:00Z", "Feb 29 10:00:00", Some("2020-02-29T10:00:00"));
    check_at("1903-06-01T00:00:00Z", "Feb 29 10:00:00", Some("1896-02-29T10:00:00"));
    check_at(now, "Feb 30 10:00:00", None);
    check_at(now, "Mar 2", Some("2020-03-02T00:00:00"));
    check_at(now, "2 Mar 17:54 EST", Some("2020-03-02T22:54:00"));
}

#[test]
fn a_time_without_a_date_is_today_in_its_zone() {
    check("06:10:54", "2025-10-08T06:10:54");
    check("5pm", "2025-10-08T17:00:00");
    check("5:04 PM", "2025-10-08T17:04:00");
    check_at("2020-03-02T02:00:00Z", "12:00 America/New_York", Some("2020-03-01T17:00:00"));
    check_at("2020-03-02T23:30:00Z", "12:00 +0200", Some("2020-03-03T10:00:00"));
    check_refused("Mon 12:00");
}

#[test]
fn reads_zones_by_offset_abbreviation_and_place() {
    for (zone, hour) in [
        ("Z", 12),
        ("UTC", 12),
        ("gmt", 12),
        ("+02", 10),
        ("+0200", 10),
        ("-02:30", 14),
        ("UTC+2", 10),
        ("GMT-05:00", 17),
        ("EST", 17),
        ("EDT", 16),
        ("CST", 18),
        ("PDT", 19),
        ("AKST", 21),
        ("HST", 22),
        ("NST", 15),
        ("CET", 11),
        ("CEST", 10),
        ("BST", 11),
        ("MSK", 9),
        ("JST", 3),
        ("AEST", 2),
        ("America/New_York", 17),
        ("[America/New_York]", 17),
        ("(EST)", 17),
        ("Etc/GMT+5", 17),
        ("Asia/Kolkata", 6),
    ] {
        let minute = if ["-02:30", "NST", "Asia/Kolkata"].contains(&zone) { 30 } else { 0 };
        check(
            &format!("2020-01-15 12:00:00 {zone}"),
            &format!("2020-01-15T{hour:02}:{minute:02}:00"),
        );
    }
    check("2020-07-15 12:00:00 America/New_York", "2020-07-15T16:00:00");
    check("2020-01-15 12:00:00EST", "2020-01-15T17:00:00");
    check("2020-01-01 America/New_York", "2020-01-01T05:00:00");
    for zone in ["IST", "XYZ", "Mars/Olympus", "+24:00", "+0", "EST EST", "+01 +02"] {
        check_refused(&format!("2020-01-15 12:00:00 {zone}"));
    }
}

#[test]
fn local_times_at_clock_changes() {
    // Repeated hour: the earlier one. Skipped hour: counted from before the change.
    check("2020-11-01 01:30:00 America/New_York", "2020-11-01T05:30:00");
    check("2020-03-08 02:30:00 America/New_York", "2020-03-08T07:30:00");
    check("2011-12-30 12:00:00 Pacific/Apia", "2011-12-30T22:00:00");
}

#[test]
fn refuses_text_that_is_not_only_a_time() {
    for text in [
        "-",
        "N/A",
        "now",
        "today",
        "Monday",
        "Mar",
        "March 2020",
        "2020-03",
        "2020-13-01",
        "2020-02-30",
        "2020-W54-1",
        "2020-366 2020",
        "13/13/2020",
        "32/Mar/2020:17:54:33 +0000",
        "02/Mar/2020:",
        "2020-03-02T",
        "2020-03-02T17",
        "2020-03-02 17:54:33 PM",
        "2020-03-02 13:00 pm",
        "2020-03-02 17:54:61",
        "25:00",
        "12:60",
        "2025-04-11:21:02.3387000Z",
        "2024-12-17 00:00:00000000",
        "2017_07_14",
        "1.2.3.4",
        "1.2.20",
        "2020-03-02 2020-03-03",
        "12:00 13:00",
        "Mar 2 Mar 3",
        "Jan 1 2020 2021",
        "5dec",
        "Mar2 2020",
        "2020Mar 2",
        "Mar 2 2020UTC",
        "Event on Mar 2 2020",
        "Mar 2 2020 17:54:33: %ASA-6-302013: Built",
        "sshd[1234]: Mar 2 17:54:33",
        "7f4e2d1c-3b2a-4e5d-9c8b-1a2b3c4d5e6f",
        "2020-03-02T17:54:33Z trailing",
        "0001-01-01T00:00:00+02:00",
        "10000-01-01T00:00:00Z",
        "mär 2 2020",
        "2 0 2 0",
        "+0200",
        "@ 12:00",
        "/Date(abc)/",
        "[]",
        "[",
        "(12:00)",
    ] {
        check_refused(text);
    }
    check_refused(&"1".repeat(1_000));
    check_refused(&format!("Mar 2 2020{}17:54:33", " ".repeat(200)));
}

fn any_now() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_micros)
}

proptest! {
    #[test]
    fn any_text_is_a_time_in_range_or_refused(text in ".{0,140}", now in any_now()) {
        if let Some(timestamp) = parse(&text, now) {
            prop_assert!((Timestamp::MIN..=Timestamp::MAX).contains(&timestamp));
        }
    }

    #[test]
    fn text_made_of_date_pieces_is_a_time_in_range_or_refused(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "2020", "1", "31", "02", "12", "0001", "9999", "20200302", "20200302175433", "Mar",
                "february", "Mon", "am", "PM", "at", "@", "UTC", "EST", "Z", "America/New_York",
                "Pacific/Apia", "+02:00", "-23:59", "+14", "17:54:33", "23:59:60", "24:00", ".253",
                ",999999999", ":", "-", "/", ".", "T", "W10-1", " ", " ", ", ", "[", "]", "(", ")",
                "\u{a0}", "\u{202f}", "st", "+060", "/Date(", ")/", "e9",
            ]),
            0..12,
        ),
        now in any_now(),
    ) {
        if let Some(timestamp) = parse(&pieces.concat(), now) {
            prop_assert!((Timestamp::MIN..=Timestamp::MAX).contains(&timestamp));
        }
    }

    #[test]
    fn every_common_form_of_an_instant_reads_back(
        seconds in -2_208_988_800_i64..4_102_444_800,
        offset_minutes in -14 * 60_i64..=14 * 60,
    ) {
        let instant = Timestamp::from_micros(seconds * 1_000_000);
        let offset_seconds = i32::try_from(offset_minutes * 60).unwrap();
        let zone = chrono::FixedOffset::east_opt(offset_seconds).unwrap();
        let local = chrono::DateTime::from_timestamp(seconds, 0).unwrap().with_timezone(&zone);
        for form in [
            "%Y-%m-%dT%H:%M:%S%:z",
            "%d/%b/%Y:%H:%M:%S %z",
            "%a, %d %b %Y %H:%M:%S %z",
            "%a %b %e %H:%M:%S %Y %z",
            "%m/%d/%Y %I:%M:%S %p %z",
            "%Y/%m/%d %H:%M:%S %z",
            "%B %e, %Y %l:%M:%S %P %z",
            "%Y%m%dT%H%M%S%z",
            "%Y%m%d%H%M%S%z",
            "%Y-%j %H:%M:%S %z",
            "%G-W%V-%u %H:%M:%S %z",
        ] {
            let text = local.format(form).to_string();
            prop_assert_eq!(parse(&text, NOW), Some(instant), "{}", text);
        }
    }
}
