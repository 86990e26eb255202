//! Microsoft Intune through Azure diagnostics: audit records are Entity Management, states of
//! devices Device Inventory Info. Contract: categories `AuditLogs` and `DeviceComplianceOrg` of
//! Intune's diagnostic settings.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::audit_log::{BY_VERB, ENTITY_MANAGEMENT, complete, open, os};
use super::well_known::{product, status};

const DEVICE_INVENTORY: i64 = 5001;

const FIELDS: &[(&str, &str)] = &[
    ("correlationId", "metadata.correlation_uid"),
    ("operationName", "metadata.event_code"),
    ("category", "metadata.log_name"),
    ("tenantId", "metadata.tenant_uid"),
    ("identity", "actor.user.name"),
    ("resultType", "status_code"),
    ("properties.AuditEventId", "metadata.uid"),
    ("properties.Actor.UPN", "actor.user.name"),
    ("properties.Actor.ObjectId", "actor.user.uid"),
    ("properties.Actor.ApplicationName", "actor.app_name"),
    ("properties.Actor.Application", "actor.app_uid"),
];

const DEVICE: &[(&str, &str)] = &[
    ("category", "metadata.log_name"),
    ("operationName", "metadata.event_code"),
    ("tenantId", "metadata.tenant_uid"),
    ("properties.BatchId", "metadata.correlation_uid"),
    ("properties.DeviceName", "device.hostname"),
    ("properties.DeviceId", "device.uid"),
    ("properties.OSVersion", "device.os.version"),
    ("properties.SerialNumber", "device.hw_info.serial_number"),
    ("properties.IMEI", "device.imei"),
    ("properties.LastContact", "device.last_seen_time"),
    ("properties.UPN", "actor.user.name"),
    ("properties.UserId", "actor.user.uid"),
    ("properties.UserEmail", "actor.user.email_addr"),
    ("properties.UserName", "actor.user.full_name"),
];

#[derive(Debug)]
pub(super) struct Intune;

impl Mapping for Intune {
    fn name(&self) -> &'static str {
        "microsoft_intune"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["category", "operationName", "properties", "time"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("properties.AuditEventId") || source.has("properties.IntuneAccountId")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        if mapper.source().has("properties.ComplianceState") {
            compliance(mapper);
            return;
        }
        let operation = mapper.source().text("operationName").map(Cow::into_owned);
        open(mapper, (ENTITY_MANAGEMENT, BY_VERB), &operation.unwrap_or_default());
        product(mapper, "Microsoft", "Microsoft Intune");
        mapper.time(&["time", "properties.ActivityDate"]);
        let named = mapper
            .source()
            .text("properties.TargetDisplayNames.0")
            .is_some_and(|name| name != "<null>");
        if named {
            mapper.copy("properties.TargetDisplayNames.0", "entity.name");
        }
        mapper.copy("properties.TargetObjectIds.0", "entity.uid");
        mapper.set("entity.type_id", 99_i64);
        mapper.copy("properties.Targets", "entity.data");
        // The portal writes a sentence where an application acted.
        if mapper.source().has("properties.Actor.UPN") {
            mapper.copy("properties.Actor.UPN", "actor.user.name");
        }
        mapper.table(FIELDS);
        match mapper.source().text("resultType").as_deref() {
            Some("Success") => status(mapper, true),
            Some("Failure" | "Error") => status(mapper, false),
            _ => {}
        }
        complete(mapper, ENTITY_MANAGEMENT, "Intune");
    }
}

fn compliance(mapper: &mut Mapper<'_>) {
    mapper.class(DEVICE_INVENTORY, 2);
    product(mapper, "Microsoft", "Microsoft Intune");
    mapper.time(&["time"]);
    mapper.set("device.type_id", 0_i64);
    mapper.set("device.is_managed", true);
    let is_compliant = mapper.source().is("properties.ComplianceState_loc", "Compliant");
    mapper.set("device.is_compliant", is_compliant);
    os(mapper, "properties.OS", "device");
    mapper.table(DEVICE);
    complete(mapper, DEVICE_INVENTORY, "Intune");
}
