//! AWS WAF web ACL traffic logs: HTTP Activity. Contract: "Log fields for web ACL traffic" of the
//! AWS WAF developer guide, format version 1.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::http_request;
use super::required::complete;
use super::well_known::{length, product};

const FIELDS: &[(&str, &str)] = &[
    ("formatVersion", "metadata.product.version"),
    ("webaclId", "metadata.product.feature.uid"),
    ("terminatingRuleId", "firewall_rule.uid"),
    ("terminatingRuleType", "firewall_rule.type"),
    ("terminatingRuleMatchDetails.0.conditionType", "firewall_rule.condition"),
    ("terminatingRuleMatchDetails.0.location", "firewall_rule.match_location"),
    ("terminatingRuleMatchDetails.0.sensitivityLevel", "firewall_rule.sensitivity"),
    ("terminatingRuleMatchDetails.0.matchedData", "firewall_rule.match_details"),
    ("rateBasedRuleList.0.maxRateAllowed", "firewall_rule.rate_limit"),
    ("httpSourceName", "src_endpoint.svc_name"),
    ("httpSourceId", "src_endpoint.uid"),
    ("httpRequest.clientIp", "src_endpoint.ip"),
    ("httpRequest.country", "src_endpoint.location.country"),
    ("httpRequest.uri", "http_request.url.path"),
    ("httpRequest.httpVersion", "http_request.version"),
    ("httpRequest.requestId", "http_request.uid"),
    ("httpRequest.host", "http_request.url.hostname"),
    ("httpRequest.scheme", "http_request.url.scheme"),
    ("requestBodySize", "http_request.body_length"),
    ("responseCodeSent", "http_response.code"),
];

#[derive(Debug)]
pub(super) struct AwsWaf;

impl Mapping for AwsWaf {
    fn name(&self) -> &'static str {
        "aws_waf"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["webaclId", "httpRequest", "terminatingRuleId"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("webaclId").is_some()
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let details = ["httpMethod", "uri", "headers", "requestId", "args"];
        let is_request =
            details.iter().any(|name| mapper.source().has(&format!("httpRequest.{name}")));
        if is_request {
            http_request(mapper, "httpRequest.httpMethod");
        } else {
            // Filtered logs may keep the address alone.
            mapper.class(4001, if mapper.source().is("action", "BLOCK") { 5 } else { 6 });
        }
        product(mapper, "AWS", "AWS WAF");
        mapper.set("cloud.provider", "AWS");
        mapper.set("severity_id", 1_i64);
        mapper.time(&["timestamp"]);
        // The account stands in the name of the resource that has the rules.
        let source = mapper.source();
        let arn = source.text("webaclId").unwrap_or_default().into_owned();
        let mut parts = arn.split(':').skip(3);
        if let (Some(region), Some(account)) = (parts.next(), parts.next())
            && account.len() == 12
        {
            mapper.set("cloud.region", region);
            mapper.set("cloud.account.uid", account);
        }
        let verdict = match mapper.source().text("action").as_deref() {
            Some("ALLOW") => Some((1_i64, 1_i64)),
            Some("BLOCK") => Some((2, 2)),
            Some("COUNT") => Some((3, 20)),
            Some("CAPTCHA") => Some((2, 22)),
            Some("CHALLENGE") => Some((2, 23)),
            _ => None,
        };
        if let Some((action, disposition)) = verdict {
            mapper.set("action_id", action);
            mapper.set("disposition_id", disposition);
        }
        headers(mapper);
        mapper.copy("httpRequest.args", "http_request.args");
        mapper.copy("httpRequest.args", "http_request.url.query_string");
        mapper.table(FIELDS);
        complete(mapper, if is_request { 4002 } else { 4001 });
    }
}

/// All headers, and the well known ones in their own attributes.
fn headers(mapper: &mut Mapper<'_>) {
    let mut at = 0;
    for place in 0..length(mapper, "httpRequest.headers") {
        let name = format!("httpRequest.headers.{place}.name");
        let value = format!("httpRequest.headers.{place}.value");
        let header = mapper.source().text(&name).unwrap_or_default().to_ascii_lowercase();
        match header.as_str() {
            "host" => {
                mapper.copy(&value, "http_request.url.hostname");
            }
            "user-agent" => {
                mapper.copy(&value, "http_request.user_agent");
            }
            "referer" => {
                mapper.copy(&value, "http_request.referrer");
            }
            "x-forwarded-for" => forwarded_for(mapper, &value),
            _ => {}
        }
        // An empty value is left out by the schema, and so is its name.
        if mapper.source().text(&name).is_some() && mapper.source().text(&value).is_some() {
            let to = format!("http_request.http_headers[{at}]");
            mapper.copy(&name, (&to, "name"));
            mapper.copy(&value, (&to, "value"));
            at += 1;
        }
    }
}

fn forwarded_for(mapper: &mut Mapper<'_>, value: &str) {
    let text = mapper.source().text(value).unwrap_or_default().into_owned();
    let extra = mapper.extra();
    let root = extra.root();
    let list = extra.append(root, "forwarded_for", headwater_event::json::Scalar::Array);
    for address in text.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        extra.push(list, address);
    }
    // The header itself is kept with the others.
    mapper.copy("forwarded_for", "http_request.x_forwarded_for");
    mapper.done("forwarded_for");
}
