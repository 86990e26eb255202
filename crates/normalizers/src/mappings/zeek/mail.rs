//! smtp: a message, or a session in which none was sent.

use headwater_pipeline::mapping::Mapper;

use super::super::network::addresses;
use super::super::well_known::status;
use super::table;

const SMTP: &[(&str, &str)] = &[
    ("cc", "email.cc_mailboxes"),
    ("msg_id", "email.message_uid"),
    ("subject", "email.subject"),
    ("x_originating_ip", "email.x_originating_ip"),
    ("last_reply", "status_detail"),
];

/// Addresses, from the message's own lines or, where it was broken off, from the envelope: the
/// field, where its address goes and where its whole text goes.
const ADDRESSES: [(&str, &str, &str); 5] = [
    ("from", "email.from", "email.from_mailbox"),
    ("to", "email.to", "email.to_mailboxes"),
    ("reply_to", "email.reply_to", "email.reply_to_mailboxes"),
    ("mailfrom", "email.return_path", "email.from_mailbox"),
    ("rcptto", "email.delivered_to_list", "email.to_mailboxes"),
];

pub(super) fn smtp(mapper: &mut Mapper<'_>, _: &str) {
    let source = mapper.source();
    let has_message = ["from", "to", "mailfrom", "rcptto"].iter().any(|field| source.has(field));
    let code = source.text("last_reply").and_then(|text| text.get(..3)?.parse::<i64>().ok());
    if has_message {
        mapper.class(4009, 1);
        mapper.set("direction_id", 0_i64);
        mapper.set("protocol_name", "smtp");
    } else {
        mapper.class(4001, 6);
        mapper.set("app_protocol_name", "smtp");
    }
    if let Some(code) = code {
        status(mapper, code < 400);
    }
    table(mapper, SMTP);
    for (from, address, mailbox) in ADDRESSES {
        addresses(mapper, from, address, mailbox);
    }
    mapper.copy("mailfrom_addresses.0", "email.from");
    mapper.copy("rcptto_addresses", "email.to");
}
