//! Model invocation logs of Amazon Bedrock: API Activity. Contract: `ModelInvocationLog`, schema
//! version 1.0.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::network::plain_verdict;
use super::required::complete;
use super::well_known::{last_segment, product, status};

const FIELDS: &[(&str, &str)] = &[
    ("schemaVersion", "metadata.log_version"),
    ("schemaType", "metadata.event_code"),
    ("accountId", "cloud.account.uid"),
    ("region", "cloud.region"),
    ("requestId", "api.request.uid"),
    ("operation", "api.operation"),
    ("identity.arn", "actor.user.uid"),
    ("modelId", "ai_model.uid"),
    ("errorCode", "api.response.error"),
    ("input.inputBodyJson", "api.request.data"),
    ("input.inputTokenCount", "message_context.prompt_tokens"),
    ("output.outputBodyJson", "api.response.data"),
    ("output.outputTokenCount", "message_context.completion_tokens"),
    ("output.outputBodyJson.usage.totalTokens", "message_context.total_tokens"),
];

#[derive(Debug)]
pub(super) struct AwsBedrock;

impl Mapping for AwsBedrock {
    fn name(&self) -> &'static str {
        "aws_bedrock"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["schemaType", "modelId"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.is("schemaType", "ModelInvocationLog")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let operation = mapper.source().text("operation").unwrap_or_default().into_owned();
        // An answer is made new, a list is read.
        let is_reading = ["List", "Get"].iter().any(|verb| operation.starts_with(verb));
        mapper.class(6003, if is_reading { 2 } else { 1 });
        product(mapper, "AWS", "Amazon Bedrock");
        mapper.set("metadata.product.feature.name", "Model Invocation Logging");
        mapper.set("cloud.provider", "AWS");
        mapper.set("severity_id", 1_i64);
        mapper.time(&["timestamp"]);
        mapper.set("api.service.name", "bedrock.amazonaws.com");
        // The log does not say from where.
        mapper.set("src_endpoint.svc_name", "bedrock.amazonaws.com");
        let name = mapper.source().text("identity.arn").map(|arn| arn.into_owned());
        if let Some(arn) = name {
            mapper.set("actor.user.name", last_segment(&arn));
        }
        let model = mapper.source().text("modelId").unwrap_or_default().into_owned();
        let name = last_segment(&model);
        mapper.set("ai_model.name", name);
        let name = name.strip_prefix("us.").or(name.strip_prefix("eu.")).unwrap_or(name);
        let provider = name.split_once('.').map_or("Unknown", |(provider, _)| provider);
        mapper.set("ai_model.ai_provider", provider);
        mapper.set("message_context.service.name", "bedrock.amazonaws.com");
        let action = "output.outputBodyJson.amazon-bedrock-guardrailAction";
        let action = mapper.source().text(action).map(|action| action == "INTERVENED");
        let reason = mapper.source().is("output.outputBodyJson.stopReason", "guardrail_intervened");
        if reason || action == Some(true) {
            plain_verdict(mapper, false);
        } else if action == Some(false) {
            plain_verdict(mapper, true);
        }
        let has_failed = mapper.source().text("errorCode").is_some();
        status(mapper, !has_failed);
        mapper.copy("output.outputBodyJson.usage.totalTokens", "message_context.total_tokens");
        mapper.table(FIELDS);
        complete(mapper, 6003);
    }
}
