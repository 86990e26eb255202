//! `serde_json::Value`.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use super::{ADDED, Candidate, SHELL, WANTED};

pub(super) struct Serde;

impl Candidate for Serde {
    fn name(&self) -> &'static str {
        "`serde_json::Value`"
    }

    fn parse(&mut self, line: &[u8]) -> Result<()> {
        serde_json::from_slice::<Value>(line).map(drop).context("not JSON")
    }

    fn process(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        let event: Map<String, Value> = serde_json::from_slice(line).context("not an object")?;
        let mut found = 0;
        let mut details = lowered(event, &mut found);
        let mut shell = Map::new();
        for key in SHELL {
            if let Some((key, value)) = details.remove_entry(key) {
                shell.insert(key, value);
            }
        }
        for (key, value) in ADDED {
            shell.insert(key.to_owned(), value.into());
        }
        shell.insert("details".to_owned(), Value::Object(details));
        serde_json::to_writer(out, &shell)?;
        Ok(found)
    }
}

fn lowered(object: Map<String, Value>, found: &mut usize) -> Map<String, Value> {
    object
        .into_iter()
        .map(|(mut key, mut value)| {
            key.make_ascii_lowercase();
            if WANTED.contains(&key.as_str()) {
                *found += length(&value);
            }
            descend(&mut value, found);
            (key, value)
        })
        .collect()
}

fn descend(value: &mut Value, found: &mut usize) {
    match value {
        Value::Object(object) => *object = lowered(std::mem::take(object), found),
        Value::Array(items) => items.iter_mut().for_each(|item| descend(item, found)),
        _ => {}
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Number(number) => number.to_string().len(),
        _ => 0,
    }
}
