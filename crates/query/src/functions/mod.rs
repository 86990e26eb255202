//! SQL functions with the names and the meaning of Trino, one file per function or tight family.
//!
//! What is here replaces a DataFusion function of the same name where its meaning differs; what
//! DataFusion already does as Trino is only named (`native`). Where an answer cannot be Trino's,
//! the function's reference entry says so. Types: JSON, IP addresses and networks are text;
//! timestamps are in microseconds; text results are `Utf8View`, elements of text arrays `Utf8`.

mod approx_percentile;
mod argument;
mod array;
mod arrows;
mod attempt;
mod binary;
mod call;
mod contains_token;
mod date_arithmetic;
mod definition;
mod extremum;
mod formatted_time;
mod histogram;
mod ip;
mod iso8601;
mod json_array;
mod json_cast;
mod json_extract;
mod json_extract_scalar;
mod json_parse;
mod json_standard;
mod like;
mod moment;
mod native;
mod network;
mod reference;
mod regexp;
mod replacement;
mod rewrite;
mod split;
mod strict_cast;
mod time_field;
mod time_format;
mod time_zone;
mod unix_time;
mod url;
mod zone;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::SessionContext;

use definition::Definition;
pub use reference::{Group, Reference};

/// The scalar functions, in the order of the reference.
fn scalars() -> Vec<&'static Definition> {
    let mut scalars = vec![
        &json_extract_scalar::JSON_EXTRACT_SCALAR,
        &json_extract::JSON_EXTRACT,
        &json_extract::JSON_SIZE,
        &json_array::JSON_ARRAY_CONTAINS,
        &json_array::JSON_ARRAY_GET,
        &json_array::JSON_ARRAY_LENGTH,
        &json_parse::JSON_PARSE,
        &json_parse::JSON_FORMAT,
        &json_parse::IS_JSON_SCALAR,
        &json_standard::JSON_EXISTS,
        &json_standard::JSON_VALUE,
        &json_standard::JSON_QUERY,
        &json_cast::JSON_CAST,
        &iso8601::FROM_ISO8601_TIMESTAMP,
        &iso8601::FROM_ISO8601_DATE,
        &iso8601::TO_ISO8601,
        &unix_time::FROM_UNIXTIME,
        &unix_time::TO_UNIXTIME,
        &formatted_time::DATE_PARSE,
        &formatted_time::DATE_FORMAT,
        &formatted_time::PARSE_DATETIME,
        &formatted_time::FORMAT_DATETIME,
        &date_arithmetic::DATE_ADD,
        &date_arithmetic::DATE_DIFF,
        &time_zone::AT_TIMEZONE,
        &time_zone::WITH_TIMEZONE,
        &regexp::REGEXP_EXTRACT,
        &regexp::REGEXP_EXTRACT_ALL,
        &regexp::REGEXP_REPLACE,
        &regexp::REGEXP_SPLIT,
        &regexp::REGEXP_POSITION,
        &contains_token::DEFINITION,
        &split::SPLIT,
        &split::SPLIT_PART,
        &url::URL_EXTRACT_PORT,
        &url::URL_EXTRACT_PARAMETER,
        &url::URL_ENCODE,
        &url::URL_DECODE,
        &binary::TO_BASE64,
        &binary::FROM_BASE64,
        &binary::TO_BASE64URL,
        &binary::FROM_BASE64URL,
        &binary::TO_HEX,
        &binary::FROM_HEX,
        &binary::TO_UTF8,
        &binary::FROM_UTF8,
        &ip::CONTAINS,
        &ip::IP_PREFIX,
        &ip::IP_SUBNET_MIN,
        &ip::IP_SUBNET_MAX,
        &ip::IP_SUBNET_RANGE,
        &ip::IS_SUBNET_OF,
        &ip::IS_PRIVATE_IP,
        &array::ELEMENT_AT,
        &array::CARDINALITY,
        &attempt::TRY,
        &attempt::IF,
        &strict_cast::STRICT_CAST,
    ];
    scalars.extend(&time_field::TIME_FIELDS);
    scalars.extend(&url::URL_PARTS);
    scalars
}

/// The reference entries of all functions that are Trino's, by chapter and name.
#[must_use]
pub fn all() -> Vec<Reference> {
    let mut all: Vec<Reference> = scalars().iter().map(|definition| definition.reference).collect();
    all.extend([
        extremum::MAX_BY,
        extremum::MIN_BY,
        extremum::COUNT_IF,
        approx_percentile::APPROX_PERCENTILE,
        histogram::HISTOGRAM,
    ]);
    all.extend(native::REFERENCES);
    all.sort_by_key(|reference| (reference.group, reference.name));
    all
}

/// Name of the function that gives the text of a scalar in a document.
pub(crate) const SCALAR_AT: &str = "json_extract_scalar";

/// Name of the function that looks for a word.
pub(crate) const CONTAINS_TOKEN: &str = "contains_token";

/// Name of the function that gives the JSON at a path of a document.
pub(crate) const JSON_AT: &str = "json_extract";

/// The JSON at a path of a document, as an expression.
pub(crate) fn json_at(document: Expr, path: &str) -> Expr {
    json_extract::JSON_EXTRACT.to_udf().call(vec![document, lit(path)])
}

/// The text of the scalar at a path of a document, as an expression.
pub(crate) fn scalar_at(document: Expr, path: &str) -> Expr {
    json_extract_scalar::JSON_EXTRACT_SCALAR.to_udf().call(vec![document, lit(path)])
}

/// Registers the functions and the rewrites behind some of them with a session.
///
/// # Errors
/// Those of DataFusion's registry, which has none today.
pub fn register(context: &SessionContext) -> Result<()> {
    let state = context.state_ref();
    let mut state = state.write();
    for definition in scalars() {
        state.register_udf(Arc::new(definition.to_udf()))?;
    }
    for function in native::scalar_aliases() {
        state.register_udf(Arc::new(function))?;
    }
    let aggregates = extremum::udafs()
        .into_iter()
        .chain([approx_percentile::udaf(), histogram::udaf()])
        .chain(native::aggregate_aliases());
    for function in aggregates {
        state.register_udaf(Arc::new(function))?;
    }
    for function in native::higher_order_aliases() {
        state.register_higher_order_function(function)?;
    }
    state.register_expr_planner(Arc::new(arrows::Arrows))?;
    state.register_function_rewrite(Arc::new(rewrite::CallRewrite))
}

#[cfg(test)]
mod tests;
