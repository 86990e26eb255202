//! Incidents of Microsoft Sentinel: Incident Finding. Contract: `Incident` of the REST API, the
//! same as its client for Python names it, and the table `SecurityIncident`.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::audit_log::severity;
use super::well_known::product;

const TITLE: &[&str] = &["properties.title", "title", "Title"];
const STATUS: &[&str] = &["properties.status", "status", "Status"];
const SEVERITY: &[&str] = &["properties.severity", "severity", "Severity"];
const CLASSIFICATION: &[&str] = &["properties.classification", "classification", "Classification"];
const CREATED: &[&str] = &["properties.createdTimeUtc", "created_time_utc", "CreatedTime"];
const MODIFIED: &[&str] =
    &["properties.lastModifiedTimeUtc", "last_modified_time_utc", "LastModifiedTime"];

/// Names of a field in the three forms, and the attribute.
const FIELDS: &[(&[&str], &str)] = &[
    (&["name", "IncidentName"], "finding_info_list.uid"),
    (&["id"], "metadata.uid"),
    (
        &["properties.incidentNumber", "incident_number", "IncidentNumber"],
        "finding_info_list.uid_alt",
    ),
    (TITLE, "finding_info_list.title"),
    (&["properties.description", "description", "Description"], "finding_info_list.desc"),
    (CREATED, "finding_info_list.created_time"),
    (MODIFIED, "finding_info_list.modified_time"),
    (
        &["properties.firstActivityTimeUtc", "first_activity_time_utc", "FirstActivityTime"],
        "finding_info_list.first_seen_time",
    ),
    (
        &["properties.lastActivityTimeUtc", "last_activity_time_utc", "LastActivityTime"],
        "finding_info_list.last_seen_time",
    ),
    (
        &[
            "properties.additionalData.alertProductNames",
            "additional_data.alert_product_names",
            "AdditionalData.alertProductNames",
        ],
        "finding_info_list.data_sources",
    ),
    (
        &[
            "properties.additionalData.alertsCount",
            "additional_data.alerts_count",
            "AdditionalData.alertsCount",
        ],
        "finding_info_list.related_events_count",
    ),
    (&["properties.incidentUrl", "incident_url", "IncidentUrl"], "src_url"),
    (
        &["properties.classificationReason", "classification_reason", "ClassificationReason"],
        "status_detail",
    ),
    (
        &["properties.classificationComment", "classification_comment", "ClassificationComment"],
        "comment",
    ),
    (
        &[
            "properties.owner.userPrincipalName",
            "owner.user_principal_name",
            "Owner.userPrincipalName",
        ],
        "assignee.name",
    ),
    (
        &["properties.owner.assignedTo", "owner.assigned_to", "Owner.assignedTo"],
        "assignee.full_name",
    ),
    (&["properties.owner.email", "owner.email", "Owner.email"], "assignee.email_addr"),
    (&["properties.owner.objectId", "owner.object_id", "Owner.objectId"], "assignee.uid"),
    (&["TenantId"], "metadata.tenant_uid"),
];

#[derive(Debug)]
pub(super) struct MicrosoftSentinel;

impl Mapping for MicrosoftSentinel {
    fn name(&self) -> &'static str {
        "microsoft_sentinel"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["id", "name", "type", "properties"],
            &["incident_number", "incident_url", "created_time_utc"],
            &["IncidentNumber", "IncidentName", "IncidentUrl"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        ["incident_number", "IncidentNumber"].iter().any(|name| source.has(name))
            || source.is("type", "Microsoft.SecurityInsights/Incidents")
            || source.is("type", "Microsoft.SecurityInsights/incidents")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let status = first(mapper, STATUS).unwrap_or_default();
        let is_new = first(mapper, CREATED) == first(mapper, MODIFIED);
        let activity = match status.as_str() {
            "Closed" => 3,
            _ if is_new => 1,
            _ => 2,
        };
        mapper.class(2005, activity);
        product(mapper, "Microsoft", "Microsoft Sentinel");
        mapper.time(MODIFIED);
        mapper.time(CREATED);
        SEVERITY.iter().for_each(|from| severity(mapper, from));
        mapper.set("severity_id", 0_i64);
        number(mapper, STATUS, "status_id", &[("New", 1), ("Active", 2), ("Closed", 5)]);
        mapper.set("status_id", 0_i64);
        let verdicts = [("FalsePositive", 1), ("TruePositive", 2), ("BenignPositive", 5)];
        number(mapper, CLASSIFICATION, "verdict_id", &verdicts);
        for (from, to) in FIELDS {
            mapper.copy_first(from, to);
        }
        mapper.set("finding_info_list.uid", "Unknown");
        // Somebody has to be named also when nobody has taken it.
        if ["name", "uid"].iter().all(|part| mapper.written(&format!("assignee.{part}")).is_none())
        {
            mapper.set("assignee_group.name", "Unknown");
        }
        mapper.flatten("properties");
    }
}

fn first(mapper: &Mapper<'_>, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| mapper.source().text(path).map(Cow::into_owned))
}

/// The number of a word; words without one stay.
fn number(mapper: &mut Mapper<'_>, from: &[&str], to: &str, words: &[(&str, i64)]) {
    for path in from {
        let text = mapper.source().text(path).map(Cow::into_owned);
        let known = words.iter().find(|(word, _)| text.as_deref() == Some(*word));
        if let Some((_, number)) = known
            && mapper.set(to, *number)
        {
            mapper.done(path);
        }
    }
}
