//! From commits to the actions of the log entry that they share.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::log::commit::Commit;
use crate::log::entry::{Action, Add, CommitInfo, ENGINE, Remove, Txn};

/// The actions of one entry: who and why, positions, files.
pub(crate) fn entry_actions(commits: &[&Commit], id: &str, now_ms: i64) -> Vec<Action> {
    let mut actions =
        vec![Action { commit_info: Some(commit_info(commits, id, now_ms)), ..Action::default() }];
    for commit in commits {
        let updated = if commit.positions_expired { 0 } else { now_ms };
        actions.extend(commit.positions.iter().map(|position| Action {
            txn: Some(Txn {
                app_id: Arc::clone(&position.partition),
                version: position.offset,
                last_updated: Some(updated),
            }),
            ..Action::default()
        }));
    }
    for commit in commits {
        actions.extend(commit.adds.iter().map(|file| Action {
            add: Some(Add::of(file, commit.data_change)),
            ..Action::default()
        }));
        actions.extend(commit.removes.iter().map(|file| Action {
            remove: Some(Remove::of(file, commit.data_change, now_ms)),
            ..Action::default()
        }));
    }
    actions
}

fn commit_info(commits: &[&Commit], id: &str, now_ms: i64) -> CommitInfo {
    let mut metrics: BTreeMap<&str, u64> = BTreeMap::new();
    let mut count = |name, amount: u64| *metrics.entry(name).or_default() += amount;
    for commit in commits {
        for file in &commit.adds {
            count("numFiles", 1);
            count("numOutputRows", file.rows().unwrap_or(0));
            count("numOutputBytes", file.size);
        }
        for file in &commit.removes {
            count("numRemovedFiles", 1);
            count("numRemovedRows", file.rows().unwrap_or(0));
            count("numRemovedBytes", file.size);
        }
    }
    let text = |value: &String| Value::String(value.clone());
    CommitInfo {
        timestamp: Some(now_ms),
        operation: commits.first().map(|commit| commit.operation.name().to_owned()),
        operation_parameters: commits
            .iter()
            .flat_map(|commit| &commit.parameters)
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        operation_metrics: metrics
            .into_iter()
            .map(|(name, amount)| (name.to_owned(), Value::String(amount.to_string())))
            .collect(),
        engine_info: Some(ENGINE.to_owned()),
        is_blind_append: Some(commits.iter().all(|commit| commit.removes.is_empty())),
        txn_id: Some(id.to_owned()),
    }
}
