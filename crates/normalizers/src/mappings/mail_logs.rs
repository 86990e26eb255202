//! Logs of mail: Proofpoint Targeted Attack Protection (messages scanned, clicks) and Microsoft's
//! message trace are Email Activity. Contracts: the SIEM API of TAP, `MessageTrace` of Office 365's
//! reporting web service.

use headwater_pipeline::mapping::Mapper;

use super::audit_log::{AuditLog, EMAIL_ACTIVITY, no_outcome};
use super::sensor::HTTP_ACTIVITY;

pub(super) static PROOFPOINT: AuditLog = AuditLog {
    name: "proofpoint_message",
    vendor: "Proofpoint",
    product: "Targeted Attack Protection",
    keys: &[&["messageTime", "sender", "recipient", "senderIP"]],
    recognises: |source| source.text("sender").is_some(),
    time: &["messageTime"],
    operation: &[],
    rules: &[("*", EMAIL_ACTIVITY, 3)],
    fields: &[
        ("GUID", "metadata.uid"),
        ("QID", "message_trace_uid"),
        ("cluster", "metadata.tenant_uid"),
        ("fromAddress.0", "email.from"),
        ("sender", "from"),
        ("sender", "email.from"),
        ("toAddresses", "email.to"),
        ("recipient", "email.to"),
        ("ccAddresses", "email.cc"),
        ("headerFrom", "email.from_mailbox"),
        ("headerReplyTo", "email.reply_to"),
        ("replyToAddress.0", "email.reply_to"),
        ("subject", "email.subject"),
        ("messageID", "email.message_uid"),
        ("messageSize", "email.size"),
        ("senderIP", "src_endpoint.ip"),
        ("quarantineFolder", "status_detail"),
        ("quarantineRule", "policy.name"),
    ],
    outcome: no_outcome,
    more: proofpoint,
};

fn proofpoint(mapper: &mut Mapper<'_>, _: i64) {
    mapper.set("direction_id", 1_i64);
    if mapper.source().text("quarantineFolder").is_some() {
        mapper.set("action_id", 2_i64);
        mapper.set("disposition_id", 3_i64);
    }
    let highest = ["malwareScore", "phishScore", "impostorScore"]
        .iter()
        .filter_map(|score| mapper.source().integer(score))
        .max();
    if let Some(score) = highest.filter(|score| (1..=100).contains(score)) {
        mapper.set("risk_score", score);
    }
}

pub(super) static PROOFPOINT_CLICK: AuditLog = AuditLog {
    name: "proofpoint_click",
    vendor: "Proofpoint",
    product: "Targeted Attack Protection",
    keys: &[&["clickTime", "sender", "recipient", "url"]],
    recognises: |source| source.has("threatID") || source.has("clickIP"),
    time: &["clickTime"],
    operation: &[],
    rules: &[("*", HTTP_ACTIVITY, 3)],
    fields: &[
        ("id", "metadata.uid"),
        ("GUID", "metadata.correlation_uid"),
        ("clickIP", "src_endpoint.ip"),
        ("recipient", "actor.user.email_addr"),
        ("url", "http_request.url.url_string"),
        ("userAgent", "http_request.user_agent"),
    ],
    outcome: no_outcome,
    more: |_, _| {},
};

pub(super) static MESSAGE_TRACE: AuditLog = AuditLog {
    name: "microsoft_message_trace",
    vendor: "Microsoft",
    product: "Exchange Online",
    keys: &[&["MessageTraceId", "SenderAddress", "RecipientAddress"]],
    recognises: |source| source.text("MessageTraceId").is_some(),
    time: &["Received", "StartDate"],
    operation: &[],
    rules: &[("*", EMAIL_ACTIVITY, 4)],
    fields: &[
        ("MessageTraceId", "message_trace_uid"),
        ("MessageId", "email.message_uid"),
        ("SenderAddress", "email.from"),
        ("RecipientAddress", "email.to"),
        ("Subject", "email.subject"),
        ("Size", "email.size"),
        ("Status", "status_code"),
        ("FromIP", "src_endpoint.ip"),
        ("ToIP", "dst_endpoint.ip"),
        ("StartDate", "start_time"),
        ("EndDate", "end_time"),
        ("Organization", "metadata.tenant_uid"),
    ],
    outcome: |source| match &*source.text("Status")? {
        "Delivered" => Some(true),
        "Failed" | "FilteredAsSpam" | "Quarantined" => Some(false),
        _ => None,
    },
    more: |mapper, _| {
        mapper.set("direction_id", 0_i64);
    },
};
