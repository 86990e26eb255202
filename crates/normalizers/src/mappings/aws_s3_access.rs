//! Amazon S3 server access logs: API Activity. Contract: "Amazon S3 server access log format" of
//! the S3 user guide; as objects and as lines in `message`.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_method, http_response, url};
use super::required::complete;
use super::text_line::{add_fields, split_line};
use super::well_known::product;

const NAMES: &[&str] = &[
    "bucketowner",
    "bucket",
    "time",
    "remoteip",
    "requester",
    "requestid",
    "operation",
    "key",
    "requesturi",
    "httpstatus",
    "errorcode",
    "bytessent",
    "objectsize",
    "totaltime",
    "turnaroundtime",
    "referrer",
    "useragent",
    "versionid",
    "hostid",
    "signatureversion",
    "ciphersuite",
    "authenticationtype",
    "hostheader",
    "tlsversion",
    "accesspointarn",
    "aclrequired",
    "sourceregion",
];

/// Fields of the first published form.
const FIELDS_MIN: usize = 17;

const FIELDS: &[(&str, &str)] = &[
    ("requestid", "api.request.uid"),
    ("hostid", "metadata.uid"),
    ("operation", "api.operation"),
    ("requester", "actor.user.uid"),
    ("remoteip", "src_endpoint.ip"),
    ("useragent", "http_request.user_agent"),
    ("referrer", "http_request.referrer"),
    ("errorcode", "api.response.error"),
    ("totaltime", "duration"),
    ("hostheader", "http_request.url.hostname"),
    ("hostheader", "dst_endpoint.hostname"),
    ("versionid", "resources[0].version"),
    ("bucketowner", "resources[0].owner.account.uid"),
    ("sourceregion", "cloud.region"),
];

/// What a request does, by the last but one word of the operation: `REST.GET.OBJECT`.
const VERBS: [(&str, i64); 7] =
    [("GET", 2), ("HEAD", 2), ("OPTIONS", 2), ("COPY", 1), ("PUT", 1), ("POST", 1), ("DELETE", 4)];

const INTERFACES: [&str; 5] = ["REST.", "SOAP.", "S3.", "WEBSITE.", "BATCH."];

#[derive(Debug)]
pub(super) struct AwsS3Access;

impl Mapping for AwsS3Access {
    fn name(&self) -> &'static str {
        "aws_s3_access"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["bucket", "remoteip"], &["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        if let Some(message) = source.text("message")
            && message.contains(" [")
        {
            let fields = split_line(&message);
            let operation = fields.get(6).copied().unwrap_or_default();
            return fields.len() >= FIELDS_MIN && is_operation(operation);
        }
        source.has("bucket")
            && (source.text("operation").is_some_and(|text| is_operation(&text))
                || source.has("bucketowner")
                || source.has("tlsVersion"))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        if !mapper.source().has("bucket") {
            let Some(line) = mapper.take("message") else { return };
            add_fields(mapper, NAMES, &split_line(&line));
        }
        let operation = mapper.source().text("operation").unwrap_or_default().into_owned();
        let verb = operation.split('.').nth(1).unwrap_or_default();
        let activity = match VERBS.iter().find(|(name, _)| *name == verb) {
            Some((_, activity)) => *activity,
            None if operation.is_empty() => 0,
            None => 99,
        };
        mapper.class(6003, activity);
        if activity == 99 {
            mapper.other_activity(&operation);
        }
        product(mapper, "AWS", "Amazon S3");
        mapper.set("metadata.product.feature.name", "Server Access Logs");
        mapper.set("cloud.provider", "AWS");
        mapper.set("severity_id", 1_i64);
        mapper.set("api.service.name", "s3.amazonaws.com");
        mapper.time(&["time"]);
        resource(mapper);
        request(mapper);
        http_response(mapper, "httpstatus", &[("bytessent", "http_response.length")]);
        // Nobody is named when the request was not signed.
        if mapper.source().text("requester").is_none() {
            mapper.set("actor.user.name", "Anonymous");
        }
        mapper.table(FIELDS);
        complete(mapper, 6003);
    }
}

fn is_operation(text: &str) -> bool {
    INTERFACES.iter().any(|interface| text.starts_with(interface))
}

/// Bucket and key: the object, or the bucket alone.
fn resource(mapper: &mut Mapper<'_>) {
    let bucket = mapper.take("bucket").unwrap_or_default();
    match mapper.take("key") {
        Some(key) => {
            mapper.set("resources[0].uid", format!("arn:aws:s3:::{bucket}/{key}").as_str());
            mapper.set("resources[0].type", "AWS::S3::Object");
            mapper.set("resources[0].name", key.as_str());
            mapper.set("resources[0].namespace", bucket.as_str());
        }
        None => {
            mapper.set("resources[0].uid", format!("arn:aws:s3:::{bucket}").as_str());
            mapper.set("resources[0].type", "AWS::S3::Bucket");
            mapper.set("resources[0].name", bucket.as_str());
        }
    }
}

fn request(mapper: &mut Mapper<'_>) {
    let text = mapper.source().text("requesturi").unwrap_or_default().into_owned();
    let mut words = text.split(' ');
    let (Some(method), Some(address), version) = (words.next(), words.next(), words.next()) else {
        return;
    };
    if words.next().is_some() {
        return;
    }
    mapper.done("requesturi");
    if let Some(version) = version {
        mapper.set("http_request.version", version);
    }
    let extra = mapper.extra();
    let root = extra.root();
    extra.append(root, "method", method);
    extra.append(root, "url", address);
    http_method(mapper, "method", "http_request");
    url(mapper, "url", "http_request.url");
}
