//! The schema `ocsf`: its tables are the views of the classes, and that of observables.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::{TableType, ViewTable};
use headwater_event::schema::{EVENTS, OBSERVABLES};
use headwater_ocsf::{Item, Version};

use super::class::plan;
use super::observables::observables;
use super::sample::{CLASS, OBJECT, Sampler};
use crate::catalog::LakeSchema;
use crate::table::LakeTable;

/// Name of the schema with a view per class of OCSF, and one of observables.
pub const OCSF: &str = "ocsf";

/// The views of all classes; those of classes that do not occur are not listed, and empty.
#[derive(Debug)]
pub(crate) struct OcsfSchema {
    lake: Arc<LakeSchema>,
    sampler: Sampler,
    /// Names as of the last [`OcsfSchema::refresh`].
    listed: Mutex<Vec<String>>,
}

impl OcsfSchema {
    pub(crate) fn new(lake: Arc<LakeSchema>) -> Self {
        Self { lake, sampler: Sampler::default(), listed: Mutex::default() }
    }

    /// Finds out which classes occur now, for lists of names.
    pub(crate) async fn refresh(&self) -> Result<()> {
        let mut names = Vec::new();
        if let Some(events) = self.events().await? {
            let catalogue = Version::NATIVE.catalogue();
            let classes = self.sampler.classes(&events).await?;
            let known = classes.into_iter().filter_map(|uid| catalogue.class(uid));
            names.extend(known.map(|class| class.name.clone()));
            names.push(OBSERVABLES.to_owned());
            names.sort();
        }
        *self.listed.lock().unwrap_or_else(PoisonError::into_inner) = names;
        Ok(())
    }

    /// The events, when their table has the columns of OCSF.
    async fn events(&self) -> Result<Option<LakeTable>> {
        let events = self.lake.events().await?;
        let has = |events: &LakeTable, name| events.columns().field_with_name(name).is_ok();
        Ok(events.filter(|events| has(events, CLASS) && has(events, OBJECT)))
    }
}

fn class_named(name: &str) -> Option<&'static Item> {
    Version::NATIVE.catalogue().classes().iter().find(|class| class.name == name)
}

#[async_trait]
impl SchemaProvider for OcsfSchema {
    fn table_names(&self) -> Vec<String> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if !self.table_exist(name) {
            return Ok(None);
        }
        let Some(events) = self.events().await? else { return Ok(None) };
        let Some(class) = class_named(name) else {
            let plan = observables(events)?;
            return Ok(plan.map(|plan| Arc::new(ViewTable::new(plan, None)) as _));
        };
        let attributes = self.sampler.attributes(&events, class).await?;
        Ok(Some(Arc::new(ViewTable::new(plan(events, class, attributes)?, None))))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::View))
    }

    fn table_exist(&self, name: &str) -> bool {
        let is_view = name == OBSERVABLES || class_named(name).is_some();
        is_view && self.lake.table_exist(EVENTS)
    }

    fn register_table(
        &self,
        name: String,
        _: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        let message = format!("`{OCSF}` holds the views of classes only: make `{name}` elsewhere");
        Err(DataFusionError::Plan(message))
    }
}
