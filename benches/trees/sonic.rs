//! `sonic_rs::Value`: parsed into an arena; a changed object is a hash map, its unchanged values
//! point into the arena.

use anyhow::{Context as _, Result};
use sonic_rs::{Array, JsonContainerTrait as _, JsonType, JsonValueTrait as _, Object, Value};

use super::{ADDED, Candidate, SHELL, WANTED, lower};

pub(super) struct Sonic;

impl Candidate for Sonic {
    fn name(&self) -> &'static str {
        "`sonic_rs::Value`"
    }

    fn parse(&mut self, line: &[u8]) -> Result<()> {
        sonic_rs::from_slice::<Value>(line).map(drop).context("not JSON")
    }

    fn process(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        let event: Value = sonic_rs::from_slice(line).context("not JSON")?;
        let mut found = 0;
        let mut details = lowered(event.as_object().context("not an object")?, &mut found);
        let mut shell = Object::with_capacity(8);
        for key in SHELL {
            if let Some(value) = details.remove(&key) {
                shell.insert(key, value);
            }
        }
        for (key, value) in ADDED {
            shell.insert(key, value);
        }
        shell.insert("details", details);
        sonic_rs::to_writer(out, &shell)?;
        Ok(found)
    }
}

fn lowered(object: &Object, found: &mut usize) -> Object {
    let mut result = Object::with_capacity(object.len());
    for (key, value) in object {
        let key = lower(key);
        if WANTED.contains(&&*key) {
            *found += length(value);
        }
        result.insert(&*key, descend(value, found));
    }
    result
}

fn descend(value: &Value, found: &mut usize) -> Value {
    if let Some(object) = value.as_object() {
        return lowered(object, found).into();
    }
    match value.as_array() {
        Some(items) => {
            let mut result = Array::with_capacity(items.len());
            for item in items {
                result.push(descend(item, found));
            }
            result.into()
        }
        None => value.clone(),
    }
}

fn length(value: &Value) -> usize {
    match value.get_type() {
        JsonType::String => value.as_str().map_or(0, str::len),
        JsonType::Number => value.as_number().map_or(0, |number| number.to_string().len()),
        _ => 0,
    }
}
