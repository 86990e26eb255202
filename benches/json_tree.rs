//! Which JSON tree the hot path should mutate: ours against `serde_json`, `sonic-rs` and
//! `simd-json`.
//!
//! Each does what normalisation does to every event: parse one line, lower-case all keys, find six
//! keys at any depth, add three fields, move everything else under `details`, write the result as
//! JSON text. Each is written the way that is fastest for it. One thread; the best of several
//! rounds, which take turns, so that a busy machine slows all of them alike.

mod trees;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use headwater_benches::generate;
use headwater_benches::report::{Report, Target, progress};

use trees::Candidate;

/// Events of one round.
const EVENTS: u64 = 100_000;

const ROUNDS: usize = 7;

fn main() -> Result<()> {
    let text = generate::events(42, EVENTS);
    let lines: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
    let mut candidates = trees::all();
    check(&mut candidates, lines.get(..2_000).unwrap_or(&lines))?;
    let mut best = vec![(Duration::MAX, Duration::MAX); candidates.len()];
    for round in 1..=ROUNDS {
        progress(format_args!("JSON trees, round {round} of {ROUNDS}"));
        for (candidate, best) in candidates.iter_mut().zip(&mut best) {
            best.0 = best.0.min(time_parsing(candidate.as_mut(), &lines)?);
            best.1 = best.1.min(time_all(candidate.as_mut(), &lines)?);
        }
    }
    report(&mut candidates, &best, text.len())
}

/// A wrong answer must not win: all candidates have to write the same documents and find the same
/// keys.
fn check(candidates: &mut [Box<dyn Candidate>], lines: &[&[u8]]) -> Result<()> {
    let mut outputs: Vec<(&'static str, Vec<serde_json::Value>, usize)> = Vec::new();
    for candidate in candidates {
        let (mut documents, mut found, mut out) = (Vec::new(), 0, Vec::new());
        for line in lines {
            out.clear();
            found += candidate.process(line, &mut out)?;
            documents.push(serde_json::from_slice(&out)?);
        }
        outputs.push((candidate.name(), documents, found));
    }
    for pair in outputs.windows(2) {
        if let [(left, documents, found), (right, other_documents, other_found)] = pair {
            ensure!(documents == other_documents, "{left} and {right} write different documents");
            ensure!(found == other_found, "{left} and {right} find different keys");
        }
    }
    Ok(())
}

/// What a lossless pipeline must get through: a document, and a piece of it that has to come out
/// again.
const DELICATE: [(&str, &str, &str); 4] = [
    ("1.0", r#"{"number":1.0}"#, ":1.0"),
    ("23 digits", r#"{"number":12345678901234567890123}"#, "12345678901234567890123"),
    ("1e400", r#"{"number":1e400}"#, "1e400"),
    ("equal keys", r#"{"key":"first","key":"second"}"#, "first"),
];

/// Names what does not survive parsing and writing.
fn losses(candidate: &mut dyn Candidate) -> String {
    let mut lost = Vec::new();
    for (name, document, piece) in DELICATE {
        let mut out = Vec::new();
        let written = candidate.process(document.as_bytes(), &mut out);
        if written.is_err() {
            lost.push(format!("{name} (refused)"));
        } else if !String::from_utf8_lossy(&out).contains(piece) {
            lost.push(name.to_owned());
        }
    }
    if lost.is_empty() { "nothing".to_owned() } else { lost.join(", ") }
}

fn time_parsing(candidate: &mut dyn Candidate, lines: &[&[u8]]) -> Result<Duration> {
    let start = Instant::now();
    for line in lines {
        candidate.parse(line)?;
    }
    Ok(start.elapsed())
}

fn time_all(candidate: &mut dyn Candidate, lines: &[&[u8]]) -> Result<Duration> {
    let mut out = Vec::with_capacity(1 << 16);
    let start = Instant::now();
    for line in lines {
        out.clear();
        candidate.process(line, &mut out)?;
    }
    Ok(start.elapsed())
}

fn report(
    candidates: &mut [Box<dyn Candidate>],
    best: &[(Duration, Duration)],
    bytes: usize,
) -> Result<()> {
    let mut report = Report::new("json_tree", "JSON trees on the hot path");
    report.paragraph(format_args!(
        "{EVENTS} generated events of {} bytes on average, one thread, best of {ROUNDS} rounds. \
         \"All\" is parse, lower-case all keys, find six keys at any depth, add three fields, move the \
         rest under `details`, write as JSON.",
        bytes as u64 / EVENTS
    ));
    let ours = best.first().map_or(1.0, |(_, all)| all.as_secs_f64());
    let mut rows = Vec::new();
    for (candidate, (parse, all)) in candidates.iter_mut().zip(best) {
        let rate = |time: &Duration| {
            let seconds = time.as_secs_f64();
            // Counts of events and bytes are far below 2^53.
            format!("{:.0} k", EVENTS as f64 / seconds / 1e3)
        };
        let speed = |time: &Duration| format!("{:.0}", bytes as f64 / time.as_secs_f64() / 1e6);
        let ratio = report.ratio(all.as_secs_f64() / ours, Target::AtLeast(1.0));
        let name = candidate.name().to_owned();
        let lost = losses(candidate.as_mut());
        rows.push(vec![name, rate(parse), speed(parse), rate(all), speed(all), ratio, lost]);
    }
    report.table(
        &[
            "tree",
            "parse, events/s",
            "parse, MB/s",
            "all, events/s",
            "all, MB/s",
            "ours is faster by",
            "loses",
        ],
        &rows,
    );
    report.finish()
}
