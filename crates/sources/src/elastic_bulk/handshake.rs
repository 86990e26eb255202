//! What clients ask before they send: who answers, under which licence, with which templates.
//! Tables need no preparation, so whatever they set up is acknowledged and has no effect.

use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::answer::Answer;
use super::route::Route;

/// Name of the cluster and of its one node.
const NAME: &str = "headwater";

/// Stands for the cluster where an id is asked for.
const CLUSTER_ID: &str = "aGVhZHdhdGVyLWxha2UtMQ";

/// The answer to a request that brings no documents.
pub(super) fn answer(route: &Route, version: &str, headers: &HeaderMap) -> Answer {
    let body = match route {
        Route::Info => info(version),
        Route::Health => health(),
        Route::License => json!({"license": license()}),
        Route::Features => json!({
            "build": {"hash": "unknown", "date": "2024-08-05T10:05:34.233Z"},
            "license": license(),
            "features": {},
            "tagline": "You know, for X",
        }),
        Route::Nodes => nodes(version, headers),
        Route::Settings => json!({"persistent": {}, "transient": {}}),
        Route::SetUp => json!({"acknowledged": true}),
        Route::CreateIndex(index) => {
            json!({"acknowledged": true, "shards_acknowledged": true, "index": index})
        }
        Route::Index(index) => json!({index: {"aliases": {}, "mappings": {}, "settings": {}}}),
        Route::Refresh => json!({"_shards": {"total": 1, "successful": 1, "failed": 0}}),
        Route::Absent => {
            let reason = "nothing of this name is kept here";
            return Answer::error(StatusCode::NOT_FOUND, "resource_not_found_exception", reason);
        }
        Route::Unknown | Route::Bulk(_) | Route::Document { .. } => {
            let reason = "no handler found for this method and path";
            return Answer::error(StatusCode::NOT_FOUND, "resource_not_found_exception", reason);
        }
    };
    Answer::new(StatusCode::OK, &body)
}

fn info(version: &str) -> Value {
    json!({
        "name": NAME,
        "cluster_name": NAME,
        "cluster_uuid": CLUSTER_ID,
        "version": {
            "number": version,
            "build_flavor": "default",
            "build_type": "docker",
            "build_hash": "unknown",
            "build_date": "2024-08-05T10:05:34.233Z",
            "build_snapshot": false,
            "lucene_version": "9.12.0",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    })
}

fn health() -> Value {
    json!({
        "cluster_name": NAME,
        "status": "green",
        "timed_out": false,
        "number_of_nodes": 1,
        "number_of_data_nodes": 1,
        "active_primary_shards": 1,
        "active_shards": 1,
        "relocating_shards": 0,
        "initializing_shards": 0,
        "unassigned_shards": 0,
        "number_of_pending_tasks": 0,
        "active_shards_percent_as_number": 100.0,
    })
}

fn license() -> Value {
    json!({
        "status": "active",
        "mode": "basic",
        "type": "basic",
        "uid": "00000000-0000-0000-0000-000000000000",
        "issued_to": NAME,
        "issuer": NAME,
    })
}

/// The one node, at the address that the client used: those that look for nodes stay with it.
fn nodes(version: &str, headers: &HeaderMap) -> Value {
    let address = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let address = address.unwrap_or("localhost:9200");
    json!({
        "_nodes": {"total": 1, "successful": 1, "failed": 0},
        "cluster_name": NAME,
        "nodes": {CLUSTER_ID: {
            "name": NAME,
            "version": version,
            "roles": ["data", "ingest", "master"],
            "http": {"bound_address": [address], "publish_address": address},
        }},
    })
}
