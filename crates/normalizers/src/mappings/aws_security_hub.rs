//! Findings in the AWS Security Finding Format: Compliance, Vulnerability or Detection Finding, by
//! what they hold. Contract: ASFF 2018-10-08.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::required::complete;
use super::well_known::{length, product};

const FIELDS: &[(&str, &str)] = &[
    ("SchemaVersion", "metadata.log_version"),
    ("ProductArn", "metadata.product.uid"),
    ("ProcessedAt", "metadata.processed_time"),
    ("AwsAccountId", "cloud.account.uid"),
    ("AwsAccountName", "cloud.account.name"),
    ("Region", "cloud.region"),
    ("Id", "finding_info.uid"),
    ("Title", "finding_info.title"),
    ("Description", "finding_info.desc"),
    ("Types", "finding_info.types"),
    ("CreatedAt", "finding_info.created_time"),
    ("UpdatedAt", "finding_info.modified_time"),
    ("FirstObservedAt", "finding_info.first_seen_time"),
    ("LastObservedAt", "finding_info.last_seen_time"),
    ("SourceUrl", "finding_info.src_url"),
    ("Confidence", "confidence_score"),
    ("Note.Text", "comment"),
    ("Compliance.SecurityControlId", "compliance.control"),
    ("Compliance.RelatedRequirements", "compliance.requirements"),
    ("Remediation.Recommendation.Text", "remediation.desc"),
    ("Action.AwsApiCallAction.Api", "evidences[0].api.operation"),
    ("Action.AwsApiCallAction.ServiceName", "evidences[0].api.service.name"),
    ("Action.AwsApiCallAction.RemoteIpDetails.IpAddressV4", "evidences[0].src_endpoint.ip"),
    (
        "Action.AwsApiCallAction.RemoteIpDetails.Country.CountryName",
        "evidences[0].src_endpoint.location.country",
    ),
    (
        "Action.AwsApiCallAction.RemoteIpDetails.City.CityName",
        "evidences[0].src_endpoint.location.city",
    ),
    ("Network.SourceIpV4", "evidences[0].src_endpoint.ip"),
    ("Network.SourceIpV6", "evidences[0].src_endpoint.ip"),
    ("Network.SourcePort", "evidences[0].src_endpoint.port"),
    ("Network.SourceDomain", "evidences[0].src_endpoint.domain"),
    ("Network.DestinationIpV4", "evidences[0].dst_endpoint.ip"),
    ("Network.DestinationIpV6", "evidences[0].dst_endpoint.ip"),
    ("Network.DestinationPort", "evidences[0].dst_endpoint.port"),
    ("Network.DestinationDomain", "evidences[0].dst_endpoint.domain"),
];

/// Of a process that has a number.
const PROCESS_FIELDS: &[(&str, &str)] = &[
    ("Process.Name", "evidences[0].process.name"),
    ("Process.Path", "evidences[0].process.path"),
    ("Process.ParentPid", "evidences[0].process.parent_process.pid"),
    ("Process.LaunchedAt", "evidences[0].process.created_time"),
    ("Process.TerminatedAt", "evidences[0].process.terminated_time"),
];

/// What GuardDuty writes into the product's own fields.
const GUARDDUTY: &str = "ProductFields.aws/guardduty/service/action/awsApiCallAction/";

const GUARDDUTY_FIELDS: &[(&str, &str)] = &[
    ("api", "api.operation"),
    ("serviceName", "api.service.name"),
    ("remoteIpDetails/ipAddressV4", "src_endpoint.ip"),
    ("remoteIpDetails/country/countryName", "src_endpoint.location.country"),
    ("remoteIpDetails/city/cityName", "src_endpoint.location.city"),
    ("remoteIpDetails/organization/asn", "src_endpoint.autonomous_system.number"),
    ("remoteIpDetails/organization/asnOrg", "src_endpoint.autonomous_system.name"),
];

const RESOURCE_FIELDS: &[(&str, &str)] = &[
    ("Type", "type"),
    ("Region", "region"),
    ("Partition", "cloud_partition"),
    ("ResourceRole", "role"),
    ("Details", "data"),
];

const PACKAGE_FIELDS: &[(&str, &str)] = &[
    ("Name", "name"),
    ("Version", "version"),
    ("Epoch", "epoch"),
    ("Release", "release"),
    ("Architecture", "architecture"),
    ("PackageManager", "package_manager"),
    ("FilePath", "path"),
    ("FixedInVersion", "fixed_in_version"),
    ("Remediation", "remediation.desc"),
];

const SCORE_FIELDS: &[(&str, &str)] =
    &[("BaseScore", "base_score"), ("BaseVector", "vector_string"), ("Version", "version")];

#[derive(Debug)]
pub(super) struct AwsSecurityHub;

impl Mapping for AwsSecurityHub {
    fn name(&self) -> &'static str {
        "aws_security_hub"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["ProductArn", "AwsAccountId", "GeneratorId"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("ProductArn").is_some_and(|arn| arn.starts_with("arn:"))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let source = mapper.source();
        let is_closed = source.is("RecordState", "ARCHIVED");
        let is_new = source.text("CreatedAt") == source.text("UpdatedAt");
        let class = match (source.has("Vulnerabilities.0"), source.has("Compliance")) {
            (true, _) => 2002,
            (false, true) => 2003,
            (false, false) => 2004,
        };
        mapper.class(
            class,
            match (is_closed, is_new) {
                (true, _) => 3,
                (false, true) => 1,
                (false, false) => 2,
            },
        );
        product(mapper, "AWS", "Security Hub");
        mapper.copy_first(
            &["ProductName", "ProductFields.aws/securityhub/ProductName"],
            "metadata.product.feature.name",
        );
        mapper.set("cloud.provider", "AWS");
        if mapper.copy("GeneratorId", "finding_info.analytic.uid") {
            mapper.set("finding_info.analytic.type_id", 1_i64);
        }
        severity(mapper);
        workflow(mapper, is_closed);
        compliance(mapper);
        resources(mapper);
        (0..length(mapper, "Vulnerabilities")).for_each(|place| vulnerability(mapper, place));
        mapper.table(FIELDS);
        if mapper.copy("Process.Pid", "evidences[0].process.pid") {
            mapper.table(PROCESS_FIELDS);
        }
        if mapper.written("remediation.desc").is_some() {
            mapper.copy("Remediation.Recommendation.Url", "remediation.references");
        }
        mapper.time(&["UpdatedAt", "CreatedAt"]);
        for (from, to) in GUARDDUTY_FIELDS {
            mapper.copy(&format!("{GUARDDUTY}{from}"), &format!("evidences[0].{to}"));
        }
        complete(mapper, class);
        if mapper.source().text("Network.Direction").is_some() {
            let is_inbound = mapper.source().is("Network.Direction", "IN");
            let direction = if is_inbound { 1_i64 } else { 2 };
            mapper.set("evidences[0].connection_info.direction_id", direction);
            mapper.copy("Network.Protocol", "evidences[0].connection_info.protocol_name");
        }
    }
}

fn severity(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let label = source.text("Severity.Label").unwrap_or_default();
    let severity = match label.as_ref() {
        "INFORMATIONAL" => 1_i64,
        "LOW" => 2,
        "MEDIUM" => 3,
        "HIGH" => 4,
        "CRITICAL" => 5,
        _ => match source.integer("Severity.Normalized") {
            None => 0,
            Some(..1) => 1,
            Some(1..40) => 2,
            Some(40..70) => 3,
            Some(70..90) => 4,
            Some(90..) => 5,
        },
    };
    mapper.set("severity_id", severity);
}

fn workflow(mapper: &mut Mapper<'_>, is_archived: bool) {
    let status = match mapper.source().text("Workflow.Status").as_deref() {
        Some("SUPPRESSED") => 3_i64,
        Some("RESOLVED") => 4,
        _ if is_archived => 5,
        Some("NEW") => 1,
        Some("NOTIFIED") => 2,
        _ => return,
    };
    mapper.set("status_id", status);
}

fn compliance(mapper: &mut Mapper<'_>) {
    let status = match mapper.source().text("Compliance.Status").as_deref() {
        Some("PASSED") => 1_i64,
        Some("WARNING") => 2,
        Some("FAILED") => 3,
        Some(_) => 0,
        None => return,
    };
    if !mapper.set("compliance.status_id", status) {
        return;
    }
    mapper.copy("Compliance.Status", "compliance.status_code");
    let standards = length(mapper, "Compliance.AssociatedStandards");
    let list = (0..standards).map(|at| format!("Compliance.AssociatedStandards.{at}.StandardsId"));
    collect(mapper, list, "standards", "compliance.standards");
    let reasons = length(mapper, "Compliance.StatusReasons");
    let list = (0..reasons).map(|at| format!("Compliance.StatusReasons.{at}.ReasonCode"));
    collect(mapper, list, "reasons", "compliance.status_details");
}

/// Texts from several places as one list.
fn collect(mapper: &mut Mapper<'_>, from: impl Iterator<Item = String>, name: &str, to: &str) {
    let texts: Vec<String> = from.filter_map(|from| mapper.take(&from)).collect();
    if texts.is_empty() {
        return;
    }
    let extra = mapper.extra();
    let root = extra.root();
    let list = extra.append(root, name, headwater_event::json::Scalar::Array);
    for text in &texts {
        extra.push(list, text.as_str());
    }
    mapper.copy(name, to);
}

fn resources(mapper: &mut Mapper<'_>) {
    let mut at = 0;
    for place in 0..length(mapper, "Resources") {
        if !mapper.copy(&format!("Resources.{place}.Id"), &format!("resources[{at}].uid")) {
            continue;
        }
        for (from, to) in RESOURCE_FIELDS {
            mapper.copy(&format!("Resources.{place}.{from}"), &format!("resources[{at}].{to}"));
        }
        at += 1;
    }
}

fn vulnerability(mapper: &mut Mapper<'_>, place: usize) {
    let from = |name: &str| format!("Vulnerabilities.{place}.{name}");
    let to = |name: &str| format!("vulnerabilities[{place}].{name}");
    let is_cve = mapper.source().text(&from("Id")).is_some_and(|id| id.starts_with("CVE-"));
    mapper.copy(&from("Id"), &to(if is_cve { "cve.uid" } else { "advisory.uid" }));
    mapper.copy(&from("ReferenceUrls"), &to("references"));
    mapper.copy(&from("Vendor.Name"), &to("vendor_name"));
    mapper.copy(&from("Vendor.VendorSeverity"), &to("severity"));
    mapper.copy(&from("FixAvailable"), &to("is_fix_available"));
    mapper.copy(&from("ExploitAvailable"), &to("is_exploit_available"));
    if is_cve {
        mapper.copy(&from("Vendor.VendorCreatedAt"), &to("cve.created_time"));
        mapper.copy(&from("Vendor.VendorUpdatedAt"), &to("cve.modified_time"));
        mapper.copy(&from("EpssScore"), &to("cve.epss.score"));
        for score in 0..length(mapper, &from("Cvss")) {
            let has = |name: &str| mapper.source().has(&from(&format!("Cvss.{score}.{name}")));
            if !has("BaseScore") || !has("Version") {
                break;
            }
            for (name, attribute) in SCORE_FIELDS {
                let attribute = to(&format!("cve.cvss[{score}].{attribute}"));
                mapper.copy(&from(&format!("Cvss.{score}.{name}")), &attribute);
            }
        }
    }
    let mut at = 0;
    for package in 0..length(mapper, &from("VulnerablePackages")) {
        let member = |name: &str| from(&format!("VulnerablePackages.{package}.{name}"));
        // Without a version it is no package of the schema.
        if ["Name", "Version"].iter().any(|name| mapper.source().text(&member(name)).is_none()) {
            continue;
        }
        for (name, attribute) in PACKAGE_FIELDS {
            mapper.copy(&member(name), &to(&format!("affected_packages[{at}].{attribute}")));
        }
        at += 1;
    }
}
