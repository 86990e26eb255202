//! Names in SQL: the tables of the lake under every schema alias, with a fresh snapshot for each
//! query, and the views of the session.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::TableType;
use datafusion::execution::object_store::ObjectStoreUrl;
use headwater_event::schema::{EVENTS, OBSERVABLES};
use headwater_lake::Table;

use crate::fresh::{FreshRows, beyond};
use crate::table::LakeTable;

/// One SQL schema whose tables are the lake's.
#[derive(Debug)]
pub(crate) struct LakeSchema {
    store_url: ObjectStoreUrl,
    /// Tables of the lake, listed when the session opened. A handle remembers its last snapshot, so
    /// the next statement reads only the commits since.
    tables: BTreeMap<String, Table>,
    /// Rows of `events` that are not in the table yet.
    fresh: Option<Arc<dyn FreshRows>>,
    /// Views and tables that statements of this session made.
    session_tables: Mutex<BTreeMap<String, Arc<dyn TableProvider>>>,
}

impl LakeSchema {
    pub(crate) fn new(
        tables: BTreeMap<String, Table>,
        store_url: ObjectStoreUrl,
        fresh: Option<Arc<dyn FreshRows>>,
    ) -> Self {
        Self { tables, store_url, fresh, session_tables: Mutex::default() }
    }

    /// The events as they are now; `None` when the lake has none.
    pub(crate) async fn events(&self) -> Result<Option<LakeTable>> {
        match self.tables.get(EVENTS) {
            Some(table) => self.lake_table(table).await.map(Some),
            None => Ok(None),
        }
    }

    /// A table of the lake as it is now, with what is not in it yet.
    async fn lake_table(&self, table: &Table) -> Result<LakeTable> {
        let fresh = self.fresh.as_ref().filter(|_| table.name() == EVENTS);
        // First the rows, then the snapshot: what is committed in between is in both and is told
        // apart by position; the other way round it could be in neither.
        let batches = fresh.map(|fresh| fresh.batches());
        let snapshot = table.snapshot().await.map_err(external)?;
        let rows = batches.map_or_else(Vec::new, |batches| beyond(&snapshot, batches));
        let index = self.tables.get(OBSERVABLES).filter(|_| table.name() == EVENTS);
        let table = LakeTable::new(table.clone(), snapshot, rows, self.store_url.clone());
        Ok(table.with_index(index.cloned()))
    }

    fn session_table(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        self.session_tables.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

#[async_trait]
impl SchemaProvider for LakeSchema {
    fn table_names(&self) -> Vec<String> {
        let views = self.session_tables.lock().unwrap_or_else(PoisonError::into_inner);
        self.tables.keys().chain(views.keys()).cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(table) = self.session_table(name) {
            return Ok(Some(table));
        }
        let Some(table) = self.tables.get(name) else { return Ok(None) };
        Ok(Some(Arc::new(self.lake_table(table).await?)))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        if let Some(table) = self.session_table(name) {
            return Ok(Some(table.table_type()));
        }
        Ok(self.tables.contains_key(name).then_some(TableType::Base))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables.contains_key(name) || self.session_table(name).is_some()
    }

    fn register_table(
        &self,
        name: String,
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.tables.contains_key(&name) {
            let message = format!("`{name}` is a table of the lake: choose another name");
            return Err(DataFusionError::Plan(message));
        }
        let mut tables = self.session_tables.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(tables.insert(name, table))
    }

    fn deregister_table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.session_tables.lock().unwrap_or_else(PoisonError::into_inner).remove(name))
    }
}

pub(crate) fn external(error: headwater_lake::LakeError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
