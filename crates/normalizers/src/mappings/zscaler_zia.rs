//! Zscaler Internet Access, as its streaming service writes it (`sourcetype`, `event`): HTTP, DNS,
//! Network and Tunnel Activity; for the audit log Account Change, Authentication and API Activity.
//! Contract: the feed formats of the Nanolog Streaming Service for JSON.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_request, http_response, url};
use super::network::{plain_verdict, response_code};
use super::required::complete;
use super::well_known::{product, status, table_below};

const PREFIX: &str = "event.";

const SHARED_FIELDS: &[(&str, &str)] = &[
    ("recordid", "metadata.uid"),
    ("event_id", "metadata.uid"),
    ("user", "actor.user.name"),
    ("deviceowner", "actor.user.display_name"),
    ("devicehostname", "src_endpoint.hostname"),
    ("location", "src_endpoint.zone"),
    ("reason", "status_detail"),
];

const WEB_FIELDS: &[(&str, &str)] = &[
    ("ClientIP", "src_endpoint.ip"),
    ("clientpublicIP", "src_endpoint.intermediate_ips"),
    ("serverip", "dst_endpoint.ip"),
    ("hostname", "dst_endpoint.hostname"),
    ("hostname", "http_request.url.hostname"),
    ("refererURL", "http_request.referrer"),
    ("urlcategory", "http_request.url.categories"),
    ("requestsize", "http_request.length"),
    ("protocol", "app_protocol_name"),
    ("appname", "app_name"),
    ("transactionsize", "traffic.bytes"),
    ("pagerisk", "risk_score"),
    ("urlfilterrulelabel", "firewall_rule.name"),
    ("rulelabel", "firewall_rule.name"),
];

const RESPONSE_FIELDS: &[(&str, &str)] = &[
    ("event.responsesize", "http_response.length"),
    ("event.contenttype", "http_response.content_type"),
];

const DNS_FIELDS: &[(&str, &str)] = &[
    ("clt_sip", "src_endpoint.ip"),
    ("srv_dip", "dst_endpoint.ip"),
    ("srv_dport", "dst_endpoint.port"),
    ("dns_req", "query.hostname"),
    ("dns_reqtype", "query.type"),
    ("reqrulelabel", "firewall_rule.name"),
    ("durationms", "duration"),
];

const FIREWALL_FIELDS: &[(&str, &str)] = &[
    ("csip", "src_endpoint.ip"),
    ("tsip", "src_endpoint.intermediate_ips"),
    ("csport", "src_endpoint.port"),
    ("cdip", "dst_endpoint.ip"),
    ("sdip", "dst_endpoint.ip"),
    ("cdport", "dst_endpoint.port"),
    ("sdport", "dst_endpoint.port"),
    ("cdfqdn", "dst_endpoint.hostname"),
    ("dstcountry", "dst_endpoint.location.country"),
    ("destcountry", "dst_endpoint.location.country"),
    ("inbytes", "traffic.bytes_in"),
    ("outbytes", "traffic.bytes_out"),
    ("nwapp", "app_name"),
    ("rulelabel", "firewall_rule.name"),
    ("durationms", "duration"),
];

const TUNNEL_FIELDS: &[(&str, &str)] = &[
    ("sourceip", "src_endpoint.ip"),
    ("sourceport", "src_endpoint.port"),
    ("destinationip", "dst_endpoint.ip"),
    ("destinationport", "dst_endpoint.port"),
    ("tunneltype", "protocol_name"),
    ("txbytes", "traffic.bytes_out"),
    ("rxbytes", "traffic.bytes_in"),
];

const AUDIT_FIELDS: &[(&str, &str)] = &[
    ("action", "api.operation"),
    ("interface", "api.service.name"),
    ("errorcode", "api.response.error"),
    ("adminid", "actor.user.name"),
    ("adminid", "actor.user.email_addr"),
    ("clientip", "src_endpoint.ip"),
    ("resource", "resources[0].name"),
    ("subcategory", "resources[0].type"),
    ("category", "metadata.event_code"),
    ("auditlogtype", "metadata.log_name"),
];

#[derive(Debug)]
pub(super) struct ZscalerZia;

impl Mapping for ZscalerZia {
    fn name(&self) -> &'static str {
        "zscaler_zia"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["sourcetype", "event"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("sourcetype").is_some_and(|text| text.starts_with("zscalernss-"))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let feed = mapper.take("sourcetype").unwrap_or_default();
        let feed = feed.trim_start_matches("zscalernss-");
        let class = match feed {
            "web" => web(mapper),
            "dns" => dns(mapper),
            "fw" | "firewall" => firewall(mapper),
            "tunnel" => {
                mapper.class(4014, 99);
                let kind =
                    mapper.source().text("event.Recordtype").unwrap_or_default().into_owned();
                mapper.other_activity(if kind.is_empty() { "Tunnel" } else { &kind });
                table_below(mapper, PREFIX, TUNNEL_FIELDS);
                4014
            }
            "audit" => audit(mapper),
            _ => {
                mapper.class(0, 0);
                0
            }
        };
        product(mapper, "Zscaler", "Internet Access");
        mapper.set("metadata.product.feature.name", feed);
        mapper.set("severity_id", 1_i64);
        mapper.set("cloud.provider", "Zscaler");
        mapper.time(&["event.datetime", "event.time"]);
        table_below(mapper, PREFIX, SHARED_FIELDS);
        complete(mapper, class);
        mapper.flatten("event");
    }
}

/// Whether an action lets something through: `Allowed`, `Allow`, `Block`, `Drop`.
fn judge(mapper: &mut Mapper<'_>, from: &str) {
    let action = mapper.source().text(from).unwrap_or_default().to_ascii_lowercase();
    if action.starts_with("allow") {
        plain_verdict(mapper, true);
    } else if ["block", "drop", "deny"].iter().any(|word| action.starts_with(word)) {
        plain_verdict(mapper, false);
    }
}

fn web(mapper: &mut Mapper<'_>) -> i64 {
    http_request(mapper, "event.requestmethod");
    url(mapper, "event.url", "http_request.url");
    http_response(mapper, "event.status", RESPONSE_FIELDS);
    judge(mapper, "event.action");
    if let Some(agent) = mapper.take("event.useragent") {
        mapper.set("http_request.user_agent", super::http::percent_decode(&agent).as_str());
    }
    table_below(mapper, PREFIX, WEB_FIELDS);
    4002
}

fn dns(mapper: &mut Mapper<'_>) -> i64 {
    mapper.class(4003, 2);
    judge(mapper, "event.reqaction");
    // An answer is an address, a name, or the word for having none.
    match mapper.source().text("event.dns_resp").as_deref() {
        Some("NotFound") => {
            mapper.set("rcode_id", 3_i64);
        }
        Some(answer) if answer.contains(['.', ':']) => {
            mapper.copy("event.dns_resp", "answers[0].rdata");
            mapper.set("rcode_id", 0_i64);
        }
        _ => {
            response_code(mapper, "event.dns_resp");
        }
    }
    table_below(mapper, PREFIX, DNS_FIELDS);
    4003
}

fn firewall(mapper: &mut Mapper<'_>) -> i64 {
    let action = mapper.source().text("event.action").unwrap_or_default().to_ascii_lowercase();
    let is_allowed = action.is_empty() || action.starts_with("allow");
    mapper.class(4001, if is_allowed { 6 } else { 5 });
    judge(mapper, "event.action");
    if mapper.copy("event.proto", "connection_info.protocol_name") {
        mapper.set("connection_info.direction_id", 0_i64);
    }
    table_below(mapper, PREFIX, FIREWALL_FIELDS);
    4001
}

fn audit(mapper: &mut Mapper<'_>) -> i64 {
    let source = mapper.source();
    let action = source.text("event.action").unwrap_or_default().into_owned();
    let subject = source.text("event.subcategory").unwrap_or_default().into_owned();
    let is_account = matches!(subject.as_str(), "USER" | "ADMINISTRATOR_ADMIN_USER");
    let (class, activity) = match (is_account, action.as_str()) {
        (_, "SIGN_IN") => (3002, 1),
        (_, "SIGN_OUT") => (3002, 2),
        (true, "CREATE") => (3001, 1),
        (true, "DELETE") => (3001, 6),
        (true, _) => (3001, 99),
        (_, "CREATE" | "IMPORT") => (6003, 1),
        (_, "READ" | "DOWNLOAD") => (6003, 2),
        (_, "UPDATE" | "PATCH" | "ACTIVATION") => (6003, 3),
        (_, "DELETE") => (6003, 4),
        _ => (6003, 99),
    };
    mapper.class(class, activity);
    if activity == 99 {
        mapper.other_activity(&action);
    }
    match class {
        3001 => {
            mapper.copy("event.resource", "user.name");
        }
        3002 => {
            mapper.copy("event.adminid", "user.name");
            mapper.set("service.name", "Zscaler Internet Access");
        }
        _ => {}
    }
    let result = mapper.source().text("event.result").map(|result| result == "SUCCESS");
    if let Some(is_success) = result {
        status(mapper, is_success);
    }
    table_below(mapper, PREFIX, AUDIT_FIELDS);
    class
}
