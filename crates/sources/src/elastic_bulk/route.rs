//! Which request asks for what (Elasticsearch reference, "REST APIs"). A pure table: axum's own
//! router would need an entry for every method and would answer unknown paths in its own form.

use std::borrow::Cow;

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::actions::Verb;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// Many documents, by default for this index.
    Bulk(Option<String>),
    /// One document.
    Document { verb: Verb, index: String, id: Option<String> },
    /// Who answers here.
    Info,
    /// Whether the server is well.
    Health,
    /// The licence.
    License,
    /// Features of the licence.
    Features,
    /// Addresses of the servers.
    Nodes,
    /// Settings of the servers.
    Settings,
    /// An index that should be made.
    CreateIndex(String),
    /// Whether there is such an index; there is every one.
    Index(String),
    /// Something is to be set up that is not needed here.
    SetUp,
    /// Documents are to be made visible, which happens by itself.
    Refresh,
    /// Something that is not kept here.
    Absent,
    /// Nothing that is known.
    Unknown,
}

/// Kinds of things that shippers set up before they send.
const SET_UP: [&str; 6] =
    ["_index_template", "_component_template", "_template", "_alias", "_aliases", "_data_stream"];

impl Route {
    /// What a request with this method and path asks for.
    pub(super) fn of(method: &Method, path: &str) -> Self {
        let names: Vec<Cow<'_, str>> = path
            .split('/')
            .filter(|name| !name.is_empty())
            .map(|name| percent_decode_str(name).decode_utf8_lossy())
            .collect();
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        match method.as_str() {
            "GET" | "HEAD" => Self::of_read(&names),
            "POST" | "PUT" => Self::of_write(method == Method::PUT, &names),
            _ => Self::Unknown,
        }
    }

    fn of_read(names: &[&str]) -> Self {
        match *names {
            [] => Self::Info,
            ["_cluster", "health", ..] => Self::Health,
            ["_cluster", "settings"] => Self::Settings,
            ["_license"] | ["_xpack", "license"] => Self::License,
            ["_xpack"] => Self::Features,
            ["_nodes", ..] => Self::Nodes,
            ["_refresh"] | [_, "_refresh"] => Self::Refresh,
            ["_ilm" | "_ingest", ..] | [_, "_doc", _] => Self::Absent,
            [index, kind, id] if is_typed(index, kind) && is_index(id) => Self::Absent,
            [kind, ..] if SET_UP.contains(&kind) => Self::Absent,
            [index, kind, ..] if is_index(index) && is_part_of_index(kind) => Self::Absent,
            [index] if is_index(index) => Self::Index(index.to_owned()),
            _ => Self::Unknown,
        }
    }

    fn of_write(is_put: bool, names: &[&str]) -> Self {
        match *names {
            ["_bulk"] => Self::Bulk(None),
            [index, "_bulk"] if is_index(index) => Self::Bulk(Some(index.to_owned())),
            [index, kind, "_bulk"] if is_typed(index, kind) => Self::Bulk(Some(index.to_owned())),
            [index, "_doc"] if is_index(index) => document(Verb::Index, index, None),
            [index, "_doc", id] if is_index(index) => document(Verb::Index, index, Some(id)),
            [index, "_create", id] if is_index(index) => document(Verb::Create, index, Some(id)),
            [index, kind, id, "_create"] if is_typed(index, kind) => {
                document(Verb::Create, index, Some(id))
            }
            ["_refresh" | "_flush"] | [_, "_refresh" | "_flush"] => Self::Refresh,
            ["_ilm", "policy", _] | ["_ingest", "pipeline", _] => Self::SetUp,
            ["_ilm", "start"] | ["_cluster", "settings"] => Self::SetUp,
            [kind, ..] if SET_UP.contains(&kind) => Self::SetUp,
            [index, kind, ..] if is_index(index) && is_part_of_index(kind) => Self::SetUp,
            [index] if is_put && is_index(index) => Self::CreateIndex(index.to_owned()),
            [index, kind] if !is_put && is_typed(index, kind) => document(Verb::Index, index, None),
            [index, kind, id] if is_typed(index, kind) && is_index(id) => {
                document(Verb::Index, index, Some(id))
            }
            _ => Self::Unknown,
        }
    }
}

fn document(verb: Verb, index: &str, id: Option<&str>) -> Route {
    Route::Document { verb, index: index.to_owned(), id: id.map(str::to_owned) }
}

/// Names that begin with an underscore are parts of the API.
fn is_index(name: &str) -> bool {
    !name.starts_with('_')
}

/// Documents of clients for version 6, and 7 with `_doc`, have a type behind their index. It is not
/// kept: there has been one type per index since version 6.
fn is_typed(index: &str, kind: &str) -> bool {
    is_index(index) && (is_index(kind) || kind == "_doc")
}

fn is_part_of_index(kind: &str) -> bool {
    matches!(kind, "_mapping" | "_settings" | "_alias" | "_aliases")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_path_that_clients_use_is_known() {
        let bulk = |index: &str| Route::Bulk(Some(index.to_owned()));
        for (request, expected) in [
            ("PUT /_bulk", Route::Bulk(None)),
            ("POST /_bulk/", Route::Bulk(None)),
            ("POST //_bulk", Route::Bulk(None)),
            ("PUT /logs/_bulk", bulk("logs")),
            ("POST /%3Clogs-%7Bnow%2Fd%7D%3E/_bulk", bulk("<logs-{now/d}>")),
            ("POST /_x/_bulk", Route::Unknown),
            ("GET /_bulk", Route::Unknown),
            ("POST /logs-2026.11.22/_doc", document(Verb::Index, "logs-2026.11.22", None)),
            ("PUT /l/_doc/a%2Fb", document(Verb::Index, "l", Some("a/b"))),
            ("PUT /l/_create/7", document(Verb::Create, "l", Some("7"))),
            ("POST /l/_create", Route::Unknown),
            ("POST /l/doc/_bulk", bulk("l")),
            ("PUT /l/_doc/_bulk", bulk("l")),
            ("POST /_x/doc/_bulk", Route::Unknown),
            ("POST /l/_x/_bulk", Route::Unknown),
            ("POST /l/doc", document(Verb::Index, "l", None)),
            ("PUT /l/doc", Route::Unknown),
            ("PUT /l/doc/7", document(Verb::Index, "l", Some("7"))),
            ("POST /l/doc/7", document(Verb::Index, "l", Some("7"))),
            ("PUT /l/doc/7/_create", document(Verb::Create, "l", Some("7"))),
            ("PUT /l/_doc/7/_create", document(Verb::Create, "l", Some("7"))),
            ("GET /l/doc/7", Route::Absent),
            ("POST /l/doc/_search", Route::Unknown),
            ("PUT /l/_mapping/doc", Route::SetUp),
            ("HEAD /l/_doc/7", Route::Absent),
            ("GET /", Route::Info),
            ("HEAD /", Route::Info),
            ("POST /", Route::Unknown),
            ("GET /_cluster/health", Route::Health),
            ("GET /_cluster/health/logs", Route::Health),
            ("GET /_cluster/settings", Route::Settings),
            ("GET /_license", Route::License),
            ("GET /_xpack", Route::Features),
            ("GET /_nodes/http", Route::Nodes),
            ("GET /_nodes/_all/http", Route::Nodes),
            ("HEAD /logs", Route::Index("logs".to_owned())),
            ("GET /_search", Route::Unknown),
            ("PUT /logs", Route::CreateIndex("logs".to_owned())),
            ("POST /logs", Route::Unknown),
            ("DELETE /logs", Route::Unknown),
            ("PUT /_index_template/t", Route::SetUp),
            ("HEAD /_index_template/t", Route::Absent),
            ("PUT /_component_template/t", Route::SetUp),
            ("PUT /_template/t", Route::SetUp),
            ("PUT /_ilm/policy/p", Route::SetUp),
            ("GET /_ilm/policy/p", Route::Absent),
            ("PUT /_ingest/pipeline/p", Route::SetUp),
            ("PUT /_data_stream/d", Route::SetUp),
            ("POST /_aliases", Route::SetUp),
            ("GET /_alias/a", Route::Absent),
            ("PUT /l/_mapping", Route::SetUp),
            ("GET /l/_mapping", Route::Absent),
            ("POST /l/_refresh", Route::Refresh),
        ] {
            let (method, path) = request.split_once(' ').unwrap();
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(Route::of(&method, path), expected, "{request}");
        }
    }
}
