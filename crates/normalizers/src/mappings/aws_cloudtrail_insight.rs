//! AWS CloudTrail Insights: unusual rates of calls or errors: Detection Finding. Contract:
//! "Insights events" of the CloudTrail user guide.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::required::complete;
use super::well_known::product;

const FIELDS: &[(&str, &str)] = &[
    ("eventID", "metadata.uid"),
    ("eventType", "metadata.event_code"),
    ("eventVersion", "metadata.product.version"),
    ("sharedEventID", "finding_info.uid"),
    ("insightDetails.insightType", "finding_info.types"),
    ("insightDetails.eventName", "evidences[0].api.operation"),
    ("insightDetails.eventSource", "evidences[0].api.service.name"),
    ("insightDetails.errorCode", "evidences[0].api.response.error"),
    ("insightDetails.insightContext", "evidences[0].data"),
    ("awsRegion", "cloud.region"),
    ("recipientAccountId", "cloud.account.uid"),
];

#[derive(Debug)]
pub(super) struct AwsCloudtrailInsight;

impl Mapping for AwsCloudtrailInsight {
    fn name(&self) -> &'static str {
        "aws_cloudtrail_insight"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["insightDetails", "eventID"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("sharedEventID").is_some() && source.has("insightDetails.insightType")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let is_end = mapper.source().is("insightDetails.state", "End");
        mapper.class(2004, if is_end { 3 } else { 1 });
        product(mapper, "AWS", "CloudTrail");
        mapper.set("metadata.product.feature.name", "Insight");
        mapper.set("cloud.provider", "AWS");
        mapper.set("severity_id", 2_i64);
        mapper.set("status_id", if is_end { 4_i64 } else { 1 });
        let source = mapper.source();
        let text = |name: &str| source.text(name).unwrap_or_default().into_owned();
        let title = [text("insightDetails.insightType"), text("insightDetails.eventName")];
        mapper.set("finding_info.title", title.join(": ").as_str());
        mapper.table(FIELDS);
        complete(mapper, 2004);
        mapper.time(&["eventTime"]);
    }
}
