//! Alerts of Microsoft Graph security, version 2: Detection Finding. Contract: `alert` of
//! `security/alerts_v2`, with `@odata.type` or its renamed form.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::audit_log::{DETECTION_FINDING, complete, severity};
use super::well_known::product;

const FIELDS: &[(&str, &str)] = &[
    ("providerAlertId", "finding_info.uid_alt"),
    ("title", "finding_info.title"),
    ("description", "finding_info.desc"),
    ("category", "finding_info.types"),
    ("createdDateTime", "finding_info.created_time"),
    ("lastUpdateDateTime", "finding_info.modified_time"),
    ("firstActivityDateTime", "finding_info.first_seen_time"),
    ("lastActivityDateTime", "finding_info.last_seen_time"),
    ("alertWebUrl", "finding_info.src_url"),
    ("detectorId", "finding_info.analytic.uid"),
    ("serviceSource", "metadata.product.feature.name"),
    ("detectionSource", "finding_info.data_sources"),
    ("incidentId", "metadata.correlation_uid"),
    ("incidentWebUrl", "src_url"),
    ("tenantId", "metadata.tenant_uid"),
    ("assignedTo", "assignee.name"),
    ("recommendedActions", "remediation.desc"),
];

/// Members of one piece of evidence and their places in an evidence.
const EVIDENCE: &[(&str, &str)] = &[
    ("userAccount.userPrincipalName", "user.name"),
    ("userAccount.accountName", "user.name"),
    ("userAccount.displayName", "user.full_name"),
    ("userAccount.domainName", "user.domain"),
    ("userAccount.azureAdUserId", "user.uid"),
    ("userAccount.userSid", "user.uid"),
    ("ipAddress", "src_endpoint.ip"),
    ("countryLetterCode", "src_endpoint.location.country"),
    ("deviceDnsName", "device.hostname"),
    ("mdeDeviceId", "device.uid"),
    ("fileDetails.fileName", "file.name"),
    ("fileDetails.filePath", "file.path"),
    ("fileDetails.fileSize", "file.size"),
    ("imageFile.fileName", "file.name"),
    ("imageFile.filePath", "file.path"),
    ("processId", "process.pid"),
    ("url", "url.url_string"),
    ("senderIp", "src_endpoint.ip"),
    ("subject", "email.subject"),
    ("p1Sender.emailAddress", "email.from"),
    ("recipientEmailAddress", "email.to"),
    ("verdict", "verdict"),
];

#[derive(Debug)]
pub(super) struct MicrosoftGraphAlert;

impl Mapping for MicrosoftGraphAlert {
    fn name(&self) -> &'static str {
        "microsoft_graph_alert"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["serviceSource", "title", "severity", "createdDateTime"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("serviceSource") && source.has("id")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let status = mapper.source().text("status").map(Cow::into_owned).unwrap_or_default();
        let is_new = mapper.source().text("createdDateTime")
            == mapper.source().text("lastUpdateDateTime")
            || status == "new";
        let activity = match &*status {
            "resolved" => 3,
            _ if is_new => 1,
            _ => 2,
        };
        mapper.class(DETECTION_FINDING, activity);
        product(mapper, "Microsoft", "Microsoft Graph Security");
        mapper.time(&["createdDateTime", "lastUpdateDateTime"]);
        mapper.set("is_alert", true);
        severity(mapper, "severity");
        state(mapper, &status);
        mapper.copy("id", "metadata.uid");
        mapper.copy("id", "finding_info.uid");
        mapper.table(FIELDS);
        evidence(mapper);
        mapper.copy("mitreTechniques.0", "finding_info.attacks.technique.uid");
        complete(mapper, DETECTION_FINDING, "");
    }
}

/// The words that are not captions stay.
fn state(mapper: &mut Mapper<'_>, status: &str) {
    match status {
        "new" | "resolved" => {
            mapper.copy("status", "status_id");
        }
        "inProgress" => {
            mapper.set("status_id", 2_i64);
        }
        _ => {}
    }
}

fn evidence(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let count = source.find("evidence").map_or(0, |list| source.elements(list).len());
    for place in 0..count {
        for (from, to) in EVIDENCE {
            let from = format!("evidence.{place}.{from}");
            mapper.table(&[(&from, &format!("evidences[{place}].{to}"))]);
        }
        let process = format!("evidences[{place}].process");
        if mapper.written((&process, "pid")).is_some() {
            let line = format!("evidence.{place}.processCommandLine");
            mapper.copy(&line, (&process, "cmd_line"));
        }
        let file = format!("evidences[{place}].file");
        if mapper.written((&file, "name")).is_some() {
            mapper.set((&file, "type_id"), 1_i64);
        }
        let device = format!("evidences[{place}].device");
        let has_device =
            ["hostname", "uid"].iter().any(|member| mapper.written((&device, *member)).is_some());
        if has_device {
            mapper.set((&device, "type_id"), 0_i64);
        }
    }
}
