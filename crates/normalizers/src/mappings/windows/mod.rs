//! Windows event logs, in every shape that carries them: Winlogbeat 6 to 8, NXLog, exporters with
//! the same flat names, event XML inside a text, its JSON forms, Log Analytics.
//!
//! `shape` says where a shape keeps things, `record` writes them: so the tables of the families
//! (Security, Sysmon, PowerShell …) name the data as Microsoft does and serve all shapes.
//! What no table uses is at the top of `unmapped` under the same plain name.
//!
//! Contract: Microsoft's event schema (`http://schemas.microsoft.com/win/2004/08/events/event`).

mod defender;
mod general;
mod powershell;
mod record;
mod security;
mod shape;
mod sysmon;
mod system;
mod task_scheduler;
mod values;
mod xml;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use record::Record;

#[derive(Debug)]
pub(super) struct Windows;

impl Mapping for Windows {
    fn name(&self) -> &'static str {
        "windows"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        shape::KEYS
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        shape::of(source).is_some()
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let Some(mut record) = Record::open(mapper) else { return };
        let family = [
            sysmon::map,
            security::map,
            powershell::map,
            system::map,
            task_scheduler::map,
            defender::map,
        ]
        .into_iter()
        .find_map(|family| family(&mut record));
        let product = family.unwrap_or_else(|| general::map(&mut record));
        record.finish(product);
    }
}

#[cfg(test)]
mod tests;
