//! `simd_json::OwnedValue`: every string has memory of its own.

use anyhow::{Context as _, Result};
use simd_json::owned::{Object, Value};
use simd_json::prelude::*;
use simd_json::{Buffers, StaticNode};

use super::{ADDED, Candidate, SHELL, WANTED};

#[derive(Default)]
pub(super) struct SimdOwned {
    line: Vec<u8>,
    buffers: Buffers,
}

impl SimdOwned {
    fn value(&mut self, line: &[u8]) -> Result<Value> {
        self.line.clear();
        self.line.extend_from_slice(line);
        simd_json::owned::to_value_with_buffers(&mut self.line, &mut self.buffers)
            .context("not JSON")
    }
}

impl Candidate for SimdOwned {
    fn name(&self) -> &'static str {
        "`simd_json::OwnedValue`"
    }

    fn parse(&mut self, line: &[u8]) -> Result<()> {
        self.value(line).map(drop)
    }

    fn process(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        let Value::Object(event) = self.value(line)? else { anyhow::bail!("not an object") };
        let mut found = 0;
        let mut details = lowered(*event, &mut found);
        let mut shell = Object::with_capacity_and_hasher(8, Default::default());
        for key in SHELL {
            if let Some(value) = details.remove(key) {
                shell.insert(key.to_owned(), value);
            }
        }
        for (key, value) in ADDED {
            shell.insert(key.to_owned(), value.into());
        }
        shell.insert("details".to_owned(), Value::from(details));
        Value::from(shell).write(out)?;
        Ok(found)
    }
}

fn lowered(object: Object, found: &mut usize) -> Object {
    let mut result = Object::with_capacity_and_hasher(object.len(), Default::default());
    for (mut key, mut value) in object {
        key.make_ascii_lowercase();
        if WANTED.contains(&key.as_str()) {
            *found += length(&value);
        }
        descend(&mut value, found);
        result.insert(key, value);
    }
    result
}

fn descend(value: &mut Value, found: &mut usize) {
    match value {
        Value::Object(object) => **object = lowered(std::mem::take(&mut **object), found),
        Value::Array(items) => items.iter_mut().for_each(|item| descend(item, found)),
        _ => {}
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Static(StaticNode::Bool(_) | StaticNode::Null) => 0,
        Value::Static(number) => number.to_string().len(),
        _ => 0,
    }
}
