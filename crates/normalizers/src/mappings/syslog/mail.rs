//! Sentences of mail servers: Email Activity, Authentication, Network Activity.

use super::sentence::{LOGOFF, LOGON, REFUSED, Sentence, means, named};

pub(super) const POSTFIX: &[Sentence] = &[
    ("connect from {host*}[{ip}]", means(4001, 1, 0)),
    ("disconnect from {host*}[{ip}]{*}", means(4001, 2, 0)),
    ("lost connection after {stage*} from {host*}[{ip}]", means(4001, 4, 0)),
    ("timeout after {stage*} from {host*}[{ip}]", means(4001, 4, 0)),
    ("too many errors after {stage*} from {host*}[{ip}]", means(4001, 4, 0)),
    ("SSL_accept error from {host*}[{ip}]: {reason*}", means(4001, 4, 2)),
    (
        "{host*}[{ip}]: SASL {method} authentication failed: {reason*}, sasl_username={user*}",
        REFUSED,
    ),
    ("{host*}[{ip}]: SASL {method} authentication failed: {reason*}", REFUSED),
    ("{queue}: client={host*}[{ip}], sasl_method={method}, sasl_username={user*}", LOGON),
    ("non-SMTP command from {host*}[{ip}]: {command*}", named(4001, "Non-SMTP command", 2)),
    (
        "{queue}: reject: {stage} from {host~}[{ip}]: {reason~}; from=<{from~}> to=<{to~}> \
         proto={protocol} helo=<{helo*}>",
        means(4009, 2, 2),
    ),
    (
        "{queue}: reject: {stage} from {host~}[{ip}]: {reason~}; from=<{from~}> proto={protocol} \
         helo=<{helo*}>",
        means(4009, 2, 2),
    ),
    ("{queue}: from=<{from~}>, size={size}, {*}", means(4009, 4, 0)),
    ("{queue}: to=<{to~}>, {pairs~}, status=sent ({reason*})", means(4009, 1, 1)),
    ("{queue}: to=<{to~}>, {pairs~}, status={status} ({reason*})", means(4009, 1, 2)),
];

pub(super) const DOVECOT: &[Sentence] = &[
    ("{service}: Login: {pairs*}", LOGON),
    ("{service}: Disconnected: Inactivity{*}: {pairs*}", means(4001, 2, 0)),
    ("{service}: Disconnected (no auth attempts{reason~}): {pairs*}", means(4001, 2, 0)),
    ("{service}: Disconnected ({reason~}): {pairs*}", REFUSED),
    ("{service}: Aborted login ({reason~}): {pairs*}", REFUSED),
    ("{service}: Login aborted: {reason~}: {pairs*}", REFUSED),
    ("auth: passwd-file({user*},{ip}): {reason*}", REFUSED),
    ("auth-worker({}): {}({user*},{ip}): {reason*}", REFUSED),
    ("{service}({user~})<{}><{session}>: Disconnected: {reason*}", LOGOFF),
    ("{service}({user~})<{}><{session}>: Logged out {*}", LOGOFF),
    ("{service}({user~}): Logged out {*}", LOGOFF),
    ("{service}({user~}): Disconnected: {reason*}", LOGOFF),
];
