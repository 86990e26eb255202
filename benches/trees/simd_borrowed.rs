//! `simd_json::BorrowedValue`: strings point into a copy of the line.

use anyhow::{Context as _, Result};
use simd_json::borrowed::{Object, Value};
use simd_json::cow::Cow;
use simd_json::prelude::*;
use simd_json::{Buffers, StaticNode};

use super::{ADDED, Candidate, SHELL, WANTED, lower};

#[derive(Default)]
pub(super) struct SimdBorrowed {
    line: Vec<u8>,
    buffers: Buffers,
}

impl Candidate for SimdBorrowed {
    fn name(&self) -> &'static str {
        "`simd_json::BorrowedValue`"
    }

    fn parse(&mut self, line: &[u8]) -> Result<()> {
        self.line.clear();
        self.line.extend_from_slice(line);
        simd_json::borrowed::to_value_with_buffers(&mut self.line, &mut self.buffers)
            .map(drop)
            .context("not JSON")
    }

    fn process(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        self.line.clear();
        self.line.extend_from_slice(line);
        let event = simd_json::borrowed::to_value_with_buffers(&mut self.line, &mut self.buffers)
            .context("not JSON")?;
        let Value::Object(event) = event else { anyhow::bail!("not an object") };
        let mut found = 0;
        let mut details = lowered(*event, &mut found);
        let mut shell = Object::with_capacity_and_hasher(8, Default::default());
        for key in SHELL {
            if let Some(value) = details.remove(key) {
                shell.insert(key.into(), value);
            }
        }
        for (key, value) in ADDED {
            shell.insert(key.into(), value.into());
        }
        shell.insert("details".into(), Value::from(details));
        Value::from(shell).write(out)?;
        Ok(found)
    }
}

fn lowered<'a>(object: Object<'a>, found: &mut usize) -> Object<'a> {
    let mut result = Object::with_capacity_and_hasher(object.len(), Default::default());
    for (mut key, mut value) in object {
        if let std::borrow::Cow::Owned(text) = lower(&key) {
            key = Cow::from(text);
        }
        if WANTED.contains(&&*key) {
            *found += length(&value);
        }
        descend(&mut value, found);
        result.insert(key, value);
    }
    result
}

fn descend(value: &mut Value<'_>, found: &mut usize) {
    match value {
        Value::Object(object) => **object = lowered(std::mem::take(&mut **object), found),
        Value::Array(items) => items.iter_mut().for_each(|item| descend(item, found)),
        _ => {}
    }
}

fn length(value: &Value<'_>) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Static(StaticNode::Bool(_) | StaticNode::Null) => 0,
        Value::Static(number) => number.to_string().len(),
        _ => 0,
    }
}
