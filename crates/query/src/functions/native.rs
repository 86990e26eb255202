//! Functions that DataFusion has with Trino's meaning: their Trino names, and the reference entries
//! of those that hunts lean on.

use std::sync::Arc;

use datafusion::functions::string::levenshtein;
use datafusion::functions_aggregate::any_value::any_value_udaf;
use datafusion::functions_aggregate::bool_and_or::bool_and_udaf;
use datafusion::functions_nested::array_filter::array_filter_higher_order_function;
use datafusion::functions_nested::array_transform::array_transform_higher_order_function;
use datafusion::functions_nested::range::gen_series_udf;
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF};

use super::reference::{Group, Reference};

/// Scalar functions under their Trino names.
pub(super) fn scalar_aliases() -> Vec<ScalarUDF> {
    vec![
        ScalarUDF::clone(&levenshtein()).with_aliases(["levenshtein_distance"]),
        ScalarUDF::clone(&gen_series_udf()).with_aliases(["sequence"]),
    ]
}

/// Aggregates under their Trino names.
pub(super) fn aggregate_aliases() -> Vec<AggregateUDF> {
    vec![
        AggregateUDF::clone(&any_value_udaf()).with_aliases(["arbitrary"]),
        AggregateUDF::clone(&bool_and_udaf()).with_aliases(["every"]),
    ]
}

/// Functions with lambdas under their Trino names.
pub(super) fn higher_order_aliases() -> Vec<Arc<HigherOrderUDF>> {
    vec![
        Arc::new(
            HigherOrderUDF::clone(&array_transform_higher_order_function())
                .with_aliases(["transform"]),
        ),
        Arc::new(
            HigherOrderUDF::clone(&array_filter_higher_order_function()).with_aliases(["filter"]),
        ),
    ]
}

const fn native(
    name: &'static str,
    group: Group,
    syntax: &'static str,
    result: &'static str,
    description: &'static str,
    example: (&'static str, &'static str),
    difference: &'static str,
) -> Reference {
    Reference { name, aliases: &[], group, syntax, result, description, example, difference }
}

/// What DataFusion brings and Trino has too.
pub(super) const REFERENCES: [Reference; 21] = [
    native(
        "regexp_like",
        Group::Text,
        "regexp_like(text, pattern [, flags])",
        "boolean",
        "Whether the pattern occurs anywhere in the text.",
        (r"regexp_like('1a 2b 14m', '\d+b')", "true"),
        "Patterns have no look-around and no back-references.",
    ),
    native(
        "regexp_count",
        Group::Text,
        "regexp_count(text, pattern)",
        "bigint",
        "The number of matches of the pattern in the text.",
        (r"regexp_count('1a 2b 14m', '\s*[a-z]+\s*')", "3"),
        "Patterns have no look-around and no back-references.",
    ),
    native(
        "strpos",
        Group::Text,
        "strpos(text, part)",
        "bigint",
        "The position of the part in the text, in characters from 1; 0 when it does not occur. \
         `POSITION(part IN text)` is the same.",
        ("strpos('powershell -enc', '-enc')", "12"),
        "The third argument (which occurrence) is missing.",
    ),
    native(
        "levenshtein_distance",
        Group::Text,
        "levenshtein_distance(text, text)",
        "bigint",
        "How many characters must be inserted, deleted or replaced to make one text the other.",
        ("levenshtein_distance('paypal', 'paypa1')", "1"),
        "",
    ),
    native(
        "date_trunc",
        Group::Time,
        "date_trunc(unit, time)",
        "as time",
        "The time cut to the start of its unit.",
        ("date_trunc('hour', TIMESTAMP '2022-10-20 05:10:00')", "2022-10-20T05:00:00"),
        "",
    ),
    native(
        "try_cast",
        Group::Conditional,
        "TRY_CAST(value AS type)",
        "type",
        "The value as another type; NULL where it does not fit.",
        ("TRY_CAST('abc' AS BIGINT)", "NULL"),
        "",
    ),
    native(
        "coalesce",
        Group::Conditional,
        "coalesce(value, …)",
        "as the values",
        "The first value that is not NULL.",
        ("coalesce(NULL, 'b', 'c')", "b"),
        "",
    ),
    native(
        "array_join",
        Group::Array,
        "array_join(array, delimiter [, null_text])",
        "varchar",
        "The elements as one text; NULL elements are left out, or stand as the third argument.",
        ("array_join(['a', NULL, 'c'], ',')", "a,c"),
        "",
    ),
    native(
        "array_distinct",
        Group::Array,
        "array_distinct(array)",
        "array",
        "The array without repeated elements.",
        ("cardinality(array_distinct([1, 2, 1]))", "2"),
        "",
    ),
    native(
        "array_max",
        Group::Array,
        "array_max(array)",
        "as the elements",
        "The greatest element.",
        ("array_max([1, 3, 2])", "3"),
        "NULL elements do not count (Trino gives NULL where there is one).",
    ),
    native(
        "array_sort",
        Group::Array,
        "array_sort(array)",
        "array",
        "The elements in order.",
        ("array_sort([3, 1, 2])", "[1, 2, 3]"),
        "NULL elements come first, unless `array_sort(array, 'ASC', 'NULLS LAST')` says otherwise.",
    ),
    native(
        "arrays_overlap",
        Group::Array,
        "arrays_overlap(array, array)",
        "boolean",
        "Whether the arrays have an element in common.",
        ("arrays_overlap([1, 2], [2, 3])", "true"),
        "",
    ),
    native(
        "sequence",
        Group::Array,
        "sequence(start, stop [, step])",
        "array(bigint)",
        "The numbers or times from start to stop, both included.",
        ("sequence(1, 5, 2)", "[1, 3, 5]"),
        "A descending sequence needs its step.",
    ),
    native(
        "approx_distinct",
        Group::Aggregate,
        "approx_distinct(value)",
        "bigint",
        "The approximate number of distinct values.",
        ("approx_distinct(x) FROM (VALUES (1), (2), (1)) AS t(x)", "2"),
        "The error is about 0.8 % and cannot be set.",
    ),
    native(
        "arbitrary",
        Group::Aggregate,
        "arbitrary(value)",
        "as value",
        "Any of the values that are not NULL.",
        ("arbitrary(x) FROM (VALUES (NULL), (7)) AS t(x)", "7"),
        "",
    ),
    native(
        "any_value",
        Group::Aggregate,
        "any_value(value)",
        "as value",
        "Any of the values that are not NULL.",
        ("any_value(x) FROM (VALUES (NULL), (7)) AS t(x)", "7"),
        "",
    ),
    native(
        "bool_or",
        Group::Aggregate,
        "bool_or(condition)",
        "boolean",
        "Whether the condition is true in any row.",
        ("bool_or(x > 2) FROM (VALUES (1), (3)) AS t(x)", "true"),
        "",
    ),
    native(
        "bool_and",
        Group::Aggregate,
        "bool_and(condition)",
        "boolean",
        "Whether the condition is true in every row.",
        ("bool_and(x > 2) FROM (VALUES (1), (3)) AS t(x)", "false"),
        "",
    ),
    native(
        "every",
        Group::Aggregate,
        "every(condition)",
        "boolean",
        "The same as `bool_and`.",
        ("every(x > 0) FROM (VALUES (1), (3)) AS t(x)", "true"),
        "",
    ),
    native(
        "array_agg",
        Group::Aggregate,
        "array_agg(value [ORDER BY …])",
        "array",
        "The values of all rows.",
        ("array_agg(x ORDER BY x DESC) FROM (VALUES (1), (3)) AS t(x)", "[3, 1]"),
        "",
    ),
    native(
        "chr",
        Group::Text,
        "chr(code)",
        "varchar",
        "The character with the Unicode code point.",
        ("chr(65)", "A"),
        "",
    ),
];
