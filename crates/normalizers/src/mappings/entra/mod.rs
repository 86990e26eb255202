//! Microsoft Entra: sign-ins, directory audit, risk detections and Graph activity. Contracts:
//! `signIn`, `directoryAudit` and `riskDetection` of Microsoft Graph; the same as `properties` of
//! Azure diagnostic records; the tables `SigninLogs` and `AuditLogs` of Log Analytics.

mod audit;
mod graph_activity;
mod risk;
mod sign_in;

use headwater_pipeline::mapping::{Mapper, Source};

pub(super) use audit::{DIRECTORY, EntraAudit};
pub(super) use graph_activity::EntraGraphActivity;
pub(super) use risk::EntraRisk;
pub(super) use sign_in::EntraSignIn;

use super::audit_log::table_of;

/// Fields of an Azure diagnostic record beside `properties`.
const ENVELOPE: &[(&str, &str)] = &[
    ("tenantId", "metadata.tenant_uid"),
    ("category", "metadata.log_name"),
    ("operationName", "metadata.event_code"),
    ("operationVersion", "metadata.log_version"),
    ("correlationId", "metadata.correlation_uid"),
    ("callerIpAddress", "src_endpoint.ip"),
    ("resultDescription", "status_detail"),
    ("AADTenantId", "metadata.tenant_uid"),
    ("time", "metadata.logged_time"),
    ("TimeGenerated", "metadata.logged_time"),
    ("CorrelationId", "metadata.correlation_uid"),
    ("Category", "metadata.log_name"),
    ("OperationVersion", "metadata.log_version"),
];

/// Where the record of Graph is: below `properties`, or at the top.
fn prefix(source: &Source<'_>) -> &'static str {
    if source.has("properties") && source.has("category") { "properties." } else { "" }
}

fn envelope(mapper: &mut Mapper<'_>) {
    let lowered = mapper.source().has("operationname");
    table_of(mapper, lowered, ENVELOPE);
}
