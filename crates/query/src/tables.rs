//! What there is to ask: the names of schemas, tables and views, and their columns.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::TableReference;
use datafusion::datasource::TableType;

use crate::session::{CATALOG, SCHEMA};
use crate::{QueryError, Session};

/// A table or view that statements can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    /// The schema it is in.
    pub schema: String,
    /// Its name there.
    pub name: String,
    /// Whether it is a view.
    pub is_view: bool,
}

impl TableName {
    /// Schema and name, as statements write them when both are plain.
    #[must_use]
    pub fn full(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

impl Session {
    /// Names of the schemas that hold tables or views, the one of unqualified names among them;
    /// sorted.
    #[must_use]
    pub fn schema_names(&self) -> Vec<String> {
        let catalog = self.context().catalog(CATALOG);
        let mut names = catalog.map(|catalog| catalog.schema_names()).unwrap_or_default();
        names.sort();
        names
    }

    /// The tables and views that statements can use without naming a schema.
    #[must_use]
    pub fn table_names(&self) -> Vec<String> {
        let catalog = self.context().catalog(CATALOG);
        let schema = catalog.and_then(|catalog| catalog.schema(SCHEMA));
        schema.map(|schema| schema.table_names()).unwrap_or_default()
    }

    /// All tables and views, in each of the schemas, by schema.
    ///
    /// # Errors
    /// The lake does not answer.
    pub async fn tables(&self) -> Result<Vec<TableName>, QueryError> {
        let failed = |error| self.error(error, "");
        self.views().refresh().await.map_err(failed)?;
        let mut all = Vec::new();
        let Some(catalog) = self.context().catalog(CATALOG) else { return Ok(all) };
        for schema in self.schema_names() {
            let Some(provider) = catalog.schema(&schema) else { continue };
            for name in provider.table_names() {
                let kind = provider.table_type(&name).await.map_err(failed)?;
                let is_view = kind == Some(TableType::View);
                all.push(TableName { schema: schema.clone(), name, is_view });
            }
        }
        Ok(all)
    }

    /// Columns of a table or view: name and type.
    ///
    /// # Errors
    /// There is no such table, or it cannot be opened.
    pub async fn columns(&self, table: &str) -> Result<SchemaRef, QueryError> {
        self.columns_at(TableReference::from(table)).await
    }

    /// Columns of a table or view that [`Session::tables`] lists.
    ///
    /// # Errors
    /// As [`Session::columns`].
    pub async fn columns_of(&self, table: &TableName) -> Result<SchemaRef, QueryError> {
        let TableName { schema, name, .. } = table;
        self.columns_at(TableReference::partial(schema.as_str(), name.as_str())).await
    }

    async fn columns_at(&self, table: TableReference) -> Result<SchemaRef, QueryError> {
        let name = table.to_string();
        let frame = self.context().table(table).await;
        let frame = frame.map_err(|error| self.error(error, &name))?;
        Ok(Arc::clone(frame.schema().inner()))
    }
}
