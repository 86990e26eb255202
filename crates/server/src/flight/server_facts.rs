//! What the server says about itself (FlightSql.proto, `SqlInfo`) and about the types of columns.
//! Drivers of JDBC ask for all of it and fail where a fact is missing.

use std::collections::BTreeMap;

use arrow_flight::error::FlightError;
use arrow_flight::sql::metadata::{
    SqlInfoData, SqlInfoDataBuilder, XdbcTypeInfo, XdbcTypeInfoData, XdbcTypeInfoDataBuilder,
};
use arrow_flight::sql::{
    Nullable, Searchable, SqlInfo, SqlNullOrdering, SqlSupportedCaseSensitivity,
    SqlSupportedResultSetConcurrency, SqlSupportedResultSetType, SqlSupportedTransaction,
    SqlSupportedUnions, SqlTransactionIsolationLevel, XdbcDataType, XdbcDatetimeSubcode,
};

use super::SQL_BYTES_MAX;
use super::statements::UNUSED_MAX;

/// Version of the columnar format.
const ARROW_FORMAT_VERSION: &str = "1.5";

/// The facts.
pub(super) fn facts() -> Result<SqlInfoData, FlightError> {
    let mut facts = SqlInfoDataBuilder::new();
    server(&mut facts);
    language(&mut facts);
    absent(&mut facts);
    limits(&mut facts);
    facts.build()
}

fn server(facts: &mut SqlInfoDataBuilder) {
    let unused_max = i32::try_from(UNUSED_MAX.as_millis()).unwrap_or(i32::MAX);
    facts.append(SqlInfo::FlightSqlServerName, "Headwater");
    facts.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    facts.append(SqlInfo::FlightSqlServerArrowVersion, ARROW_FORMAT_VERSION);
    facts.append(SqlInfo::FlightSqlServerReadOnly, true);
    facts.append(SqlInfo::FlightSqlServerSql, true);
    facts.append(SqlInfo::FlightSqlServerSubstrait, false);
    facts.append(SqlInfo::FlightSqlServerTransaction, i32::from(SqlSupportedTransaction::None));
    facts.append(SqlInfo::FlightSqlServerCancel, true);
    facts.append(SqlInfo::FlightSqlServerBulkIngestion, false);
    facts.append(SqlInfo::FlightSqlServerIngestTransactionsSupported, false);
    facts.append(SqlInfo::FlightSqlServerStatementTimeout, unused_max);
    facts.append(SqlInfo::FlightSqlServerTransactionTimeout, 0_i32);
}

/// What SQL can say.
fn language(facts: &mut SqlInfoDataBuilder) {
    let lower = i32::from(SqlSupportedCaseSensitivity::SqlCaseSensitivityLowercase);
    let exact = i32::from(SqlSupportedCaseSensitivity::SqlCaseSensitivityUnknown);
    let unions = bits(&[
        i32::from(SqlSupportedUnions::SqlUnion),
        i32::from(SqlSupportedUnions::SqlUnionAll),
    ]);
    facts.append(SqlInfo::SqlIdentifierCase, lower);
    facts.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    facts.append(SqlInfo::SqlQuotedIdentifierCase, exact);
    facts.append(SqlInfo::SqlAllTablesAreSelectable, true);
    facts.append(SqlInfo::SqlNullOrdering, i32::from(SqlNullOrdering::SqlNullsSortedHigh));
    for list in [
        SqlInfo::SqlKeywords,
        SqlInfo::SqlNumericFunctions,
        SqlInfo::SqlStringFunctions,
        SqlInfo::SqlSystemFunctions,
        SqlInfo::SqlDatetimeFunctions,
    ] {
        facts.append(list, Vec::<String>::new());
    }
    facts.append(SqlInfo::SqlSearchStringEscape, "\\");
    facts.append(SqlInfo::SqlExtraNameCharacters, "");
    facts.append(SqlInfo::SqlSupportsConvert, BTreeMap::<i32, Vec<i32>>::new());
    for supported in [
        SqlInfo::SqlSupportsColumnAliasing,
        SqlInfo::SqlNullPlusNullIsNull,
        SqlInfo::SqlSupportsTableCorrelationNames,
        SqlInfo::SqlSupportsExpressionsInOrderBy,
        SqlInfo::SqlSupportsOrderByUnrelated,
        SqlInfo::SqlSupportsLikeEscapeClause,
        SqlInfo::SqlSupportsNonNullableColumns,
        SqlInfo::SqlCorrelatedSubqueriesSupported,
        SqlInfo::SqlCatalogAtStart,
    ] {
        facts.append(supported, true);
    }
    // All kinds: each is a bit from the lowest on.
    facts.append(SqlInfo::SqlSupportedGroupBy, 0b11_i32);
    facts.append(SqlInfo::SqlSupportedGrammar, 0b111_i32);
    facts.append(SqlInfo::SqlAnsi92SupportedLevel, 0b1_i32);
    facts.append(SqlInfo::SqlOuterJoinsSupportLevel, 0b110_i32);
    facts.append(SqlInfo::SqlSupportedSubqueries, 0b1111_i32);
    facts.append(SqlInfo::SqlSupportedUnions, unions);
    facts.append(SqlInfo::SqlSchemaTerm, "schema");
    facts.append(SqlInfo::SqlProcedureTerm, "");
    facts.append(SqlInfo::SqlCatalogTerm, "catalog");
    facts.append(SqlInfo::SqlSchemasSupportedActions, 0b1_i32);
    facts.append(SqlInfo::SqlCatalogsSupportedActions, 0b1_i32);
}

/// What a lake that is only read does not have.
fn absent(facts: &mut SqlInfoDataBuilder) {
    for unsupported in [
        SqlInfo::SqlDdlCatalog,
        SqlInfo::SqlDdlSchema,
        SqlInfo::SqlDdlTable,
        SqlInfo::SqlSupportsDifferentTableCorrelationNames,
        SqlInfo::SqlSupportsIntegrityEnhancementFacility,
        SqlInfo::SqlSelectForUpdateSupported,
        SqlInfo::SqlStoredProceduresSupported,
        SqlInfo::SqlMaxRowSizeIncludesBlobs,
        SqlInfo::SqlTransactionsSupported,
        SqlInfo::SqlDataDefinitionCausesTransactionCommit,
        SqlInfo::SqlDataDefinitionsInTransactionsIgnored,
        SqlInfo::SqlBatchUpdatesSupported,
        SqlInfo::SqlSavepointsSupported,
        SqlInfo::SqlNamedParametersSupported,
        SqlInfo::SqlLocatorsUpdateCopy,
        SqlInfo::SqlStoredFunctionsUsingCallSyntaxSupported,
    ] {
        facts.append(unsupported, false);
    }
    let isolation = i32::from(SqlTransactionIsolationLevel::SqlTransactionNone);
    let forward = i32::from(SqlSupportedResultSetType::SqlResultSetTypeForwardOnly);
    let read_only = i32::from(SqlSupportedResultSetConcurrency::SqlResultSetConcurrencyReadOnly);
    facts.append(SqlInfo::SqlSupportedPositionedCommands, 0_i32);
    facts.append(SqlInfo::SqlDefaultTransactionIsolation, i64::from(isolation));
    facts.append(SqlInfo::SqlSupportedTransactionsIsolationLevels, bits(&[isolation]));
    facts.append(SqlInfo::SqlSupportedResultSetTypes, bits(&[forward]));
    facts.append(SqlInfo::SqlSupportedConcurrenciesForResultSetForwardOnly, bits(&[read_only]));
    for concurrencies in [
        SqlInfo::SqlSupportedConcurrenciesForResultSetUnspecified,
        SqlInfo::SqlSupportedConcurrenciesForResultSetScrollSensitive,
        SqlInfo::SqlSupportedConcurrenciesForResultSetScrollInsensitive,
    ] {
        facts.append(concurrencies, 0_i32);
    }
}

/// Zero where there is no limit, or none that is known.
fn limits(facts: &mut SqlInfoDataBuilder) {
    let longest = i64::try_from(SQL_BYTES_MAX).unwrap_or(i64::MAX);
    facts.append(SqlInfo::SqlMaxStatementLength, longest);
    for unlimited in [
        SqlInfo::SqlMaxBinaryLiteralLength,
        SqlInfo::SqlMaxCharLiteralLength,
        SqlInfo::SqlMaxColumnNameLength,
        SqlInfo::SqlMaxColumnsInGroupBy,
        SqlInfo::SqlMaxColumnsInIndex,
        SqlInfo::SqlMaxColumnsInOrderBy,
        SqlInfo::SqlMaxColumnsInSelect,
        SqlInfo::SqlMaxColumnsInTable,
        SqlInfo::SqlMaxConnections,
        SqlInfo::SqlMaxCursorNameLength,
        SqlInfo::SqlMaxIndexLength,
        SqlInfo::SqlDbSchemaNameLength,
        SqlInfo::SqlMaxProcedureNameLength,
        SqlInfo::SqlMaxCatalogNameLength,
        SqlInfo::SqlMaxRowSize,
        SqlInfo::SqlMaxStatements,
        SqlInfo::SqlMaxTableNameLength,
        SqlInfo::SqlMaxTablesInSelect,
        SqlInfo::SqlMaxUsernameLength,
    ] {
        facts.append(unlimited, 0_i64);
    }
}

fn bits(places: &[i32]) -> i32 {
    places.iter().fold(0, |bits, place| bits | 1 << place)
}

/// The types that columns of the lake have.
pub(super) fn types() -> Result<XdbcTypeInfoData, FlightError> {
    let mut types = XdbcTypeInfoDataBuilder::new();
    for (name, kind, size) in [
        ("BIGINT", XdbcDataType::XdbcBigint, 19),
        ("INTEGER", XdbcDataType::XdbcInteger, 10),
        ("DOUBLE", XdbcDataType::XdbcDouble, 15),
        ("BOOLEAN", XdbcDataType::XdbcBit, 1),
    ] {
        types.append(kind_of_column(name, kind, size));
    }
    for (name, kind) in
        [("VARCHAR", XdbcDataType::XdbcVarchar), ("VARBINARY", XdbcDataType::XdbcVarbinary)]
    {
        let kind = kind_of_column(name, kind, i32::MAX);
        types.append(XdbcTypeInfo { case_sensitive: true, ..quoted(kind, "'") });
    }
    let date = kind_of_column("DATE", XdbcDataType::XdbcDate, 10);
    types.append(quoted(date, "DATE '"));
    let timestamp = kind_of_column("TIMESTAMP", XdbcDataType::XdbcTimestamp, 26);
    types.append(XdbcTypeInfo {
        datetime_subcode: Some(XdbcDatetimeSubcode::XdbcSubcodeTimestamp),
        minimum_scale: Some(0),
        maximum_scale: Some(6),
        ..quoted(timestamp, "TIMESTAMP '")
    });
    types.build()
}

fn kind_of_column(name: &str, kind: XdbcDataType, size: i32) -> XdbcTypeInfo {
    XdbcTypeInfo {
        type_name: name.to_owned(),
        data_type: kind,
        column_size: Some(size),
        nullable: Nullable::NullabilityNullable,
        searchable: Searchable::Full,
        unsigned_attribute: Some(false),
        auto_increment: Some(false),
        local_type_name: Some(name.to_owned()),
        sql_data_type: kind,
        ..XdbcTypeInfo::default()
    }
}

fn quoted(kind: XdbcTypeInfo, prefix: &str) -> XdbcTypeInfo {
    XdbcTypeInfo {
        literal_prefix: Some(prefix.to_owned()),
        literal_suffix: Some("'".to_owned()),
        ..kind
    }
}
