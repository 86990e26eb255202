//! Events with faults put into them, the same ones in every run.

use serde_json::{Value, json};

/// A generator that needs no crate: xorshift64*.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(value).unwrap() % sides
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.roll(list.len())]
    }
}

/// `count` versions of each event, with one to four faults each.
pub(crate) fn of(events: &[String], count: usize) -> Vec<String> {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut out = Vec::new();
    for event in events {
        for _ in 0..count {
            let mut event: Value = serde_json::from_str(event).unwrap();
            for _ in 0..=dice.roll(4) {
                mutate(&mut event, &mut dice);
            }
            out.push(event.to_string());
        }
    }
    out
}

fn mutate(event: &mut Value, dice: &mut Dice) {
    let mut paths = Vec::new();
    list(event, &mut String::new(), &mut paths);
    let path = dice.pick(&paths).clone();
    let Some(value) = event.pointer_mut(&path) else { return };
    match dice.roll(12) {
        0 => *value = Value::Null,
        1 => *value = json!([value.take()]),
        2 => *value = json!({"name": value.take()}),
        3 => *value = wrong(dice),
        4 => *value = json!(i64::try_from(dice.roll(120)).unwrap() - 5),
        5 => *value = json!("x".repeat(30 + dice.roll(40))),
        6 | 7 => remove(event, &path),
        8 | 9 => add(event, dice),
        10 => {
            let profiles =
                ["cloud", "host", "datetime", "security_control", "no such", "linux/linux_users"];
            in_metadata(event, "profiles", json!([dice.pick(&profiles), dice.pick(&profiles)]));
        }
        _ => {
            let versions = ["1.8.0", "1.0.0-rc.2", "0.1.0", "2.0.0", "1.3", "1.1.0", "1.8.0-dev"];
            in_metadata(event, "version", json!(dice.pick(&versions)));
        }
    }
}

fn in_metadata(event: &mut Value, key: &str, value: Value) {
    if let Some(Value::Object(metadata)) = event.get_mut("metadata") {
        metadata.insert(key.to_owned(), value);
    }
}

/// JSON pointers of everything below a value.
fn list(value: &Value, path: &mut String, out: &mut Vec<String>) {
    let length = path.len();
    let mut below = |step: &str, child: &Value| {
        path.push('/');
        path.push_str(&step.replace('~', "~0").replace('/', "~1"));
        out.push(path.clone());
        list(child, path, out);
        path.truncate(length);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, child)| below(key, child)),
        Value::Array(elements) => {
            for (index, child) in elements.iter().enumerate() {
                below(&index.to_string(), child);
            }
        }
        _ => {}
    }
}

fn wrong(dice: &mut Dice) -> Value {
    let values = [
        json!(true),
        json!(1.5),
        json!("text"),
        json!(""),
        json!({}),
        json!([]),
        json!(99),
        json!(70_000),
        json!("300.1.2.3"),
        json!("2001:db8::1"),
        json!("::ffff:192.0.2.1"),
        json!("10.0.0.1"),
        json!("a@b.example"),
        json!("2024-01-02T03:04:05.678+01:00"),
        json!("2024-01-02 03:04:05"),
        json!("Other"),
        json!("1"),
        json!(9_223_372_036_854_775_807_u64 + 1),
        json!("äöü€"),
    ];
    dice.pick(&values).clone()
}

fn remove(event: &mut Value, path: &str) {
    let Some((parent, key)) = path.rsplit_once('/') else { return };
    let key = key.replace("~1", "/").replace("~0", "~");
    match event.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.remove(&key);
        }
        Some(Value::Array(elements)) => {
            elements.remove(key.parse().unwrap());
        }
        _ => {}
    }
}

/// A member that may belong there or not.
fn add(event: &mut Value, dice: &mut Dice) {
    let keys = [
        "disposition_id",
        "is_mfa",
        "Class_uid",
        "nothing",
        "observables",
        "cloud",
        "device",
        "flags",
        "flag_ids",
        "status_id",
        "status",
        "severity",
        "class_uid",
        "time_dt",
        "unmapped",
        "uuid",
        "auid",
        "confidence_id",
        "src_endpoint",
        "end_time",
        "type_uid",
        "activity_id",
        "email_addr",
        "mac",
        "ip",
    ];
    let mut paths = vec![String::new()];
    list(event, &mut String::new(), &mut paths);
    let objects: Vec<String> = paths
        .into_iter()
        .filter(|path| event.pointer(path).is_some_and(Value::is_object))
        .collect();
    let key = *dice.pick(&keys);
    let value = match key {
        "observables" => {
            let names = [
                "actor.user.name",
                "x.y",
                "resources[0].uid",
                "resources[].uid",
                "time",
                "src_endpoint.ip",
                "metadata[0].version",
                "a[b.c].d",
                "[0]",
                "",
            ];
            json!([{"name": dice.pick(&names), "type_id": 4, "value": "a"}, {"type_id": 2}, 5])
        }
        "flag_ids" => json!([1, 99, 5, "2", 500]),
        "flags" => json!(["Authoritative Answer", "own"]),
        "status" | "severity" => json!(dice.pick(&["Success", "Other", "Unknown", "odd"])),
        "type_uid" => json!(300_201),
        _ if dice.roll(2) == 0 => json!(dice.roll(100)),
        _ => wrong(dice),
    };
    let object = dice.pick(&objects).clone();
    let target = if object.is_empty() { Some(event) } else { event.pointer_mut(&object) };
    if let Some(Value::Object(members)) = target {
        members.insert(key.to_owned(), value);
    }
}
