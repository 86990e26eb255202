//! `headwater ocsf explain FILE…`: which mapping, why, and each field's way.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use headwater_event::Envelope;
use headwater_pipeline::mapping::Explanation;
use serde_json::json;

use super::records;
use crate::context::{Context, now};
use crate::failure::Failure;
use crate::screen;

/// Arguments of `ocsf explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files, folders, globs, URLs, or - for standard input
    #[arg(required = true)]
    inputs: Vec<String>,
    /// Print one JSON object per record instead of one text per kind of record
    #[arg(long)]
    json: bool,
    /// Records to look at
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER")]
    limit: usize,
}

/// Kinds of records: how they are explained, and how many there are.
type Kinds = BTreeMap<(Option<&'static str>, Vec<(String, String)>), (Explanation, u64)>;

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut worker = context.pipeline(None)?.worker();
    let kinds: Arc<Mutex<Kinds>> = Arc::default();
    let shared = Arc::clone(&kinds);
    let Arguments { inputs, json, mut limit } = arguments;
    let received_at = now();
    records::for_each(context, inputs, move |record| {
        if limit == 0 {
            return ControlFlow::Break(());
        }
        limit -= 1;
        let Some(text) = record.json else { return ControlFlow::Continue(()) };
        let envelope = Envelope {
            original: record.original,
            json: text,
            origin: record.origin,
            time: record.time,
            received_at,
        };
        let explanation = worker.explain(envelope);
        let steps = explanation.steps.iter();
        let steps: Vec<_> = steps.map(|step| (step.from.clone(), step.to.clone())).collect();
        let mut kinds = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry((explanation.mapping, steps)).or_insert((explanation, 0));
        kind.1 += 1;
        ControlFlow::Continue(())
    })
    .await?;
    let kinds = kinds.lock().unwrap_or_else(PoisonError::into_inner);
    let mut kinds: Vec<_> = kinds.values().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (explanation, count) in kinds {
        if json {
            let steps = explanation.steps.iter();
            let steps: Vec<_> =
                steps.map(|step| json!({ "from": step.from, "to": step.to })).collect();
            screen::json(&json!({
                "records": count, "mapping": explanation.mapping, "keys": explanation.keys,
                "steps": steps,
            }))?;
            continue;
        }
        text(explanation, *count)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn text(explanation: &Explanation, count: u64) -> Result<(), Failure> {
    match explanation.mapping {
        Some(mapping) => {
            let keys = explanation.keys.join(", ");
            screen::data(format_args!("{count} records: {mapping} (has the keys {keys})"))?;
        }
        None => screen::data(format_args!("{count} records: no mapping; base event"))?,
    }
    let rows: Vec<Vec<String>> = explanation
        .steps
        .iter()
        .map(|step| {
            let to = if step.to.is_empty() { "(in another form)" } else { &step.to };
            vec![String::new(), step.from.clone(), to.to_owned()]
        })
        .collect();
    if !rows.is_empty() {
        screen::table(&["", "field", "attribute"], &rows)?;
    }
    screen::data(format_args!(""))
}
