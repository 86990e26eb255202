//! Amazon GuardDuty findings: Detection Finding. Contract: the `Finding` type of the GuardDuty API
//! with lower-case first letters, as it is exported, also wrapped by EventBridge (`detail`).

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::required::complete;
use super::well_known::{product, table_below};

const FIELDS: &[(&str, &str)] = &[
    ("schemaVersion", "metadata.log_version"),
    ("accountId", "cloud.account.uid"),
    ("region", "cloud.region"),
    ("partition", "cloud.cloud_partition"),
    ("id", "finding_info.uid"),
    ("arn", "finding_info.uid_alt"),
    ("type", "finding_info.types"),
    ("title", "finding_info.title"),
    ("description", "finding_info.desc"),
    ("createdAt", "finding_info.created_time"),
    ("updatedAt", "finding_info.modified_time"),
    ("service.eventFirstSeen", "finding_info.first_seen_time"),
    ("service.eventLastSeen", "finding_info.last_seen_time"),
    ("service.count", "count"),
    ("service.detectorId", "metadata.product.feature.uid"),
    ("service.featureName", "metadata.product.feature.name"),
    ("confidence", "confidence_score"),
    ("resource.accessKeyDetails.userName", "evidences[0].actor.user.name"),
    ("resource.accessKeyDetails.principalId", "evidences[0].actor.user.uid"),
    ("resource.accessKeyDetails.userType", "evidences[0].actor.user.type"),
    ("resource.accessKeyDetails.accessKeyId", "evidences[0].actor.user.credential_uid"),
    ("service.action.awsApiCallAction.api", "evidences[0].api.operation"),
    ("service.action.awsApiCallAction.userAgent", "evidences[0].http_request.user_agent"),
    ("service.action.awsApiCallAction.domainDetails.domain", "evidences[0].src_endpoint.domain"),
    ("service.action.dnsRequestAction.domain", "evidences[0].query.hostname"),
    (
        "service.action.networkConnectionAction.protocol",
        "evidences[0].connection_info.protocol_name",
    ),
    ("service.action.kubernetesApiCallAction.verb", "evidences[0].api.operation"),
    ("service.action.kubernetesApiCallAction.requestUri", "evidences[0].http_request.url.path"),
    ("service.action.kubernetesApiCallAction.userAgent", "evidences[0].http_request.user_agent"),
    ("service.runtimeDetails.process.name", "evidences[0].process.name"),
    ("service.runtimeDetails.process.pid", "evidences[0].process.pid"),
    ("service.runtimeDetails.process.uuid", "evidences[0].process.uid"),
    ("service.runtimeDetails.process.pwd", "evidences[0].process.working_directory"),
    ("service.runtimeDetails.process.user", "evidences[0].process.user.name"),
    ("service.runtimeDetails.process.executablePath", "evidences[0].process.path"),
];

/// Of a call that has a name.
const CALL_FIELDS: &[(&str, &str)] = &[
    ("service.action.awsApiCallAction.serviceName", "evidences[0].api.service.name"),
    ("service.action.awsApiCallAction.errorCode", "evidences[0].api.response.error"),
];

/// Kinds of action, each with the other side's address below.
const ACTIONS: [&str; 5] = [
    "awsApiCallAction",
    "networkConnectionAction",
    "kubernetesApiCallAction",
    "rdsLoginAttemptAction",
    "portProbeAction.portProbeDetails.0",
];

const REMOTE_FIELDS: &[(&str, &str)] = &[
    ("remoteIpDetails.ipAddressV4", "ip"),
    ("remoteIpDetails.ipAddressV6", "ip"),
    ("remoteIpDetails.city.cityName", "location.city"),
    ("remoteIpDetails.country.countryCode", "location.country"),
    ("remoteIpDetails.country.countryName", "location.country"),
    ("remoteIpDetails.geoLocation.lat", "location.lat"),
    ("remoteIpDetails.geoLocation.lon", "location.long"),
    ("remoteIpDetails.organization.asn", "autonomous_system.number"),
    ("remoteIpDetails.organization.asnOrg", "autonomous_system.name"),
    ("remoteIpDetails.organization.isp", "isp"),
    ("remoteIpDetails.organization.org", "isp_org"),
    ("remotePortDetails.port", "port"),
];

/// The side of the resource.
const LOCAL_ADDRESS_FIELDS: &[(&str, &str)] =
    &[("localIpDetails.ipAddressV4", "ip"), ("localIpDetails.ipAddressV6", "ip")];

const LOCAL_PORT_FIELDS: &[(&str, &str)] =
    &[("localPortDetails.port", "port"), ("localPortDetails.portName", "svc_name")];

/// Kinds of resources: where their id and name stand.
const RESOURCES: &[(&str, &str, &str)] = &[
    ("accessKeyDetails", "accessKeyId", "userName"),
    ("instanceDetails", "instanceId", "imageDescription"),
    ("s3BucketDetails.0", "arn", "name"),
    ("eksClusterDetails", "arn", "name"),
    ("ecsClusterDetails", "arn", "name"),
    ("rdsDbInstanceDetails", "dbInstanceArn", "dbInstanceIdentifier"),
    ("lambdaDetails", "functionArn", "functionName"),
    ("containerDetails", "id", "name"),
];

#[derive(Debug)]
pub(super) struct AwsGuardduty;

impl Mapping for AwsGuardduty {
    fn name(&self) -> &'static str {
        "aws_guardduty"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["accountId", "service", "severity", "type"], &["detail", "detail-type"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.is("detail-type", "GuardDuty Finding")
            || source.is("service.serviceName", "guardduty")
            || source.text("arn").is_some_and(|arn| arn.contains(":guardduty:"))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let is_wrapped = mapper.source().is("detail-type", "GuardDuty Finding");
        let prefix = if is_wrapped { "detail." } else { "" };
        let text = |mapper: &Mapper<'_>, name: &str| {
            mapper.source().text(&format!("{prefix}{name}")).map(|text| text.into_owned())
        };
        let is_new = text(mapper, "createdAt") == text(mapper, "updatedAt");
        mapper.class(2004, if is_new { 1 } else { 2 });
        product(mapper, "AWS", "GuardDuty");
        mapper.set("cloud.provider", "AWS");
        let score = text(mapper, "severity").and_then(|text| text.parse::<f64>().ok());
        let severity = match score.unwrap_or_default() {
            score if score >= 9.0 => 5_i64,
            score if score >= 7.0 => 4,
            score if score >= 4.0 => 3,
            score if score >= 1.0 => 2,
            _ => 1,
        };
        mapper.set("severity_id", severity);
        let status = match text(mapper, "service.archived").as_deref() {
            Some("true") => Some(5_i64),
            Some("false") => Some(1),
            _ => None,
        };
        if let Some(status) = status {
            mapper.set("status_id", status);
            mapper.done(&format!("{prefix}service.archived"));
        }
        sides(mapper, prefix);
        table_below(mapper, prefix, FIELDS);
        if mapper.written("evidences[0].api.operation").is_some() {
            table_below(mapper, prefix, CALL_FIELDS);
        }
        complete(mapper, 2004);
        resources(mapper, prefix);
        mapper.time(&[&format!("{prefix}updatedAt"), &format!("{prefix}createdAt")]);
        if is_wrapped {
            mapper.copy("id", "metadata.original_event_uid");
            mapper.copy("account", "cloud.account.uid");
            mapper.copy("region", "cloud.region");
            mapper
                .table(&[("detail-type", "metadata.event_code"), ("time", "metadata.logged_time")]);
            mapper.flatten("detail");
        }
    }
}

/// Who reached whom, of the action that the finding is about.
fn sides(mapper: &mut Mapper<'_>, prefix: &str) {
    for action in ACTIONS {
        let place = format!("{prefix}service.action.{action}");
        if !mapper.source().has(&place) {
            continue;
        }
        let direction = format!("{place}.connectionDirection");
        let is_outbound = mapper.source().is(&direction, "OUTBOUND");
        let (remote, local) = if is_outbound { ("dst", "src") } else { ("src", "dst") };
        let copy = |mapper: &mut Mapper<'_>, fields: &[(&str, &str)], side: &str| {
            for (from, to) in fields {
                let to = format!("evidences[0].{side}_endpoint.{to}");
                mapper.copy(&format!("{place}.{from}"), &to);
            }
        };
        let has = |mapper: &Mapper<'_>, side: &str| {
            let members = ["ip", "instance_uid"];
            members.iter().any(|name| {
                mapper.written(&format!("evidences[0].{side}_endpoint.{name}")).is_some()
            })
        };
        copy(mapper, REMOTE_FIELDS, remote);
        copy(mapper, LOCAL_ADDRESS_FIELDS, local);
        if mapper.source().has(&format!("{place}.localPortDetails.port")) && !has(mapper, local) {
            let instance = format!("{prefix}resource.instanceDetails.instanceId");
            mapper.copy(&instance, &format!("evidences[0].{local}_endpoint.instance_uid"));
        }
        // A port alone is no endpoint.
        if has(mapper, local) {
            copy(mapper, LOCAL_PORT_FIELDS, local);
        }
        if mapper.source().has(&direction) {
            let number = match mapper.source().text(&direction).as_deref() {
                Some("INBOUND") => 1_i64,
                Some("OUTBOUND") => 2,
                _ => 0,
            };
            mapper.set("evidences[0].connection_info.direction_id", number);
            if number > 0 {
                mapper.done(&direction);
            }
        }
        // Of a call to the cluster, the first address is the caller's.
        mapper.copy(&format!("{place}.sourceIPs.0"), "evidences[0].src_endpoint.ip");
    }
}

fn resources(mapper: &mut Mapper<'_>, prefix: &str) {
    let kind = format!("{prefix}resource.resourceType");
    let mut place = 0;
    for (details, uid, name) in RESOURCES {
        let from = |member: &str| format!("{prefix}resource.{details}.{member}");
        let to = |member: &str| format!("resources[{place}].{member}");
        let has_uid = mapper.copy(&from(uid), &to("uid"));
        let has_name = mapper.copy(&from(name), &to("name"));
        if has_uid || has_name {
            let details = details.trim_end_matches(".0").trim_end_matches("Details");
            mapper.set(&to("type"), details);
            place += 1;
        }
    }
    if place == 0 && mapper.source().text(&kind).is_some() {
        mapper.copy(&kind, "resources[0].type");
        mapper.copy(&kind, "resources[0].name");
    }
}
