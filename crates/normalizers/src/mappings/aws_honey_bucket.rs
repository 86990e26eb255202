//! Calls to bait buckets of S3, as HoneyBuckets exports them from CloudTrail: API Activity.
//! Contract: the columns of its CSV; identity and parameters are dictionaries as Python prints
//! them.

use std::borrow::Cow;
use std::sync::Arc;

use headwater_event::json::{Kind, ParseLimits, Tree};
use headwater_pipeline::mapping::{Mapper, Mapping};

use super::aws_cloudtrail::classify;
use super::required::complete;
use super::well_known::product;

const API_ACTIVITY: i64 = 6003;

const FIELDS: &[(&str, &str)] = &[
    ("Event Type", "metadata.event_code"),
    ("Event ID", "metadata.uid"),
    ("Event Name", "api.operation"),
    ("Request ID", "api.request.uid"),
    ("Alarm DateTime", "metadata.logged_time"),
    ("Source IP", "src_endpoint.ip"),
    ("Source IP", "src_endpoint.svc_name"),
    ("Request User Agent", "http_request.user_agent"),
    ("Repeated Attempts", "count"),
    ("identity.type", "actor.user.type"),
    ("identity.userName", "actor.user.name"),
    ("identity.arn", "actor.user.uid"),
    ("identity.principalId", "actor.user.uid_alt"),
    ("identity.accountId", "actor.user.account.uid"),
    ("identity.accessKeyId", "actor.user.credential_uid"),
    ("parameters.bucketName", "resources[0].name"),
    ("parameters", "api.request.data"),
    ("Request Parameters", "api.request.data"),
];

#[derive(Debug)]
pub(super) struct AwsHoneyBucket;

impl Mapping for AwsHoneyBucket {
    fn name(&self) -> &'static str {
        "aws_honey_bucket"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["Event Name", "Event DateTime", "Alarm DateTime", "Request Parameters"]]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let operation = mapper.source().text("Event Name").unwrap_or_default().into_owned();
        let activity = match classify(&operation) {
            (API_ACTIVITY, activity) => activity,
            _ => 99,
        };
        mapper.class(API_ACTIVITY, activity);
        if activity == 99 {
            mapper.other_activity(&operation);
        }
        product(mapper, "AWS", "CloudTrail");
        mapper.set("metadata.product.feature.name", "HoneyBuckets");
        mapper.set("cloud.provider", "AWS");
        mapper.set("api.service.name", "s3.amazonaws.com");
        mapper.set("severity_id", 1_i64);
        mapper.time(&["Event DateTime"]);
        dictionary(mapper, "User ID", "identity");
        dictionary(mapper, "Request Parameters", "parameters");
        mapper.table(FIELDS);
        complete(mapper, API_ACTIVITY);
    }
}

/// Reads a dictionary that Python printed; one that has more than plain values stays a text.
fn dictionary(mapper: &mut Mapper<'_>, from: &str, name: &str) {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return };
    if text.contains(['"', '\\']) {
        return;
    }
    let words = [(": None", ": null"), (": True", ": true"), (": False", ": false")];
    let json = words
        .iter()
        .fold(text.replace('\'', "\""), |json, (python, word)| json.replace(python, word));
    let mut tree = Tree::new(Arc::default());
    let is_read = tree.parse(json.as_bytes(), ParseLimits::default()).is_ok();
    if is_read && tree.kind(tree.root()) == Kind::Object {
        let extra = mapper.extra();
        extra.graft(extra.root(), name, &tree, tree.root());
        mapper.done(from);
    }
}
