//! Risk detections of Identity Protection: Detection Finding.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::super::audit_log::{DETECTION_FINDING, complete, severity, unpack};
use super::super::well_known::product;
use super::super::well_known::table_below;
use super::{envelope, prefix};

const FIELDS: &[(&str, &str)] = &[
    ("id", "finding_info.uid"),
    ("requestId", "finding_info.uid_alt"),
    ("correlationId", "metadata.correlation_uid"),
    ("riskEventType", "finding_info.title"),
    ("riskType", "finding_info.types"),
    ("riskDetail", "finding_info.desc"),
    ("detectedDateTime", "finding_info.created_time"),
    ("lastUpdatedDateTime", "finding_info.modified_time"),
    ("riskLastUpdatedDateTime", "finding_info.modified_time"),
    ("source", "finding_info.data_sources"),
    ("mitreTechniqueId", "finding_info.attacks.technique.uid"),
    ("ipAddress", "evidences.src_endpoint.ip"),
    ("location.city", "evidences.src_endpoint.location.city"),
    ("location.state", "evidences.src_endpoint.location.region"),
    ("location.countryOrRegion", "evidences.src_endpoint.location.country"),
    ("userPrincipalName", "evidences.user.name"),
    ("userId", "evidences.user.uid"),
    ("userDisplayName", "evidences.user.full_name"),
];

#[derive(Debug)]
pub(in super::super) struct EntraRisk;

impl Mapping for EntraRisk {
    fn name(&self) -> &'static str {
        "entra_risk"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["category", "properties", "time"], &["riskEventType", "detectedDateTime"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        let categories = ["UserRiskEvents", "ServicePrincipalRiskEvents", "RiskyUsers"];
        source.text("category").is_some_and(|category| categories.contains(&&*category))
            || source.has("riskEventType") && !source.has("category")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let prefix = prefix(&mapper.source());
        let field = |name: &str| format!("{prefix}{name}");
        let is_over = ["dismissed", "remediated", "confirmedSafe"]
            .iter()
            .any(|state| mapper.source().is(&field("riskState"), state));
        mapper.class(DETECTION_FINDING, if is_over { 3 } else { 1 });
        product(mapper, "Microsoft", "Microsoft Entra ID Protection");
        mapper.time(&[&field("activityDateTime"), &field("detectedDateTime"), "time"]);
        mapper.copy(&field("id"), "metadata.uid");
        mapper.copy(&field("id"), "finding_info.uid");
        severity(mapper, &field("riskLevel"));
        unpack(mapper, &field("additionalInfo"));
        mapper.set("is_alert", true);
        table_below(mapper, prefix, FIELDS);
        mapper.copy("operationName", "finding_info.title");
        envelope(mapper);
        complete(mapper, DETECTION_FINDING, "Microsoft Entra ID");
    }
}
