//! Sentences of SSH servers: Authentication for who wants in, SSH Activity for connections that
//! get no further.

use super::sentence::{LOGOFF, LOGON, Meaning, REFUSED, Sentence, means, named};

const OPENED: Meaning = means(4007, 1, 0);
const CLOSED: Meaning = means(4007, 2, 0);
const RESET: Meaning = means(4007, 3, 0);
const FAILED: Meaning = means(4007, 4, 2);
const TURNED_AWAY: Meaning = means(4007, 5, 2);

pub(super) const SENTENCES: &[Sentence] = &[
    ("Accepted {method} for {user*} from {ip} port {port} {protocol}: {key*}", LOGON),
    ("Accepted {method} for {user*} from {ip} port {port} {protocol}", LOGON),
    ("Accepted {method} for {user*} from {ip} port {port}", LOGON),
    ("Failed {method} for invalid user {user*} from {ip} port {port} {protocol*}", REFUSED),
    ("Failed {method} for {user*} from {ip} port {port} {protocol*}", REFUSED),
    ("Invalid user {user*} from {ip} port {port}", REFUSED),
    ("Invalid user {user*} from {ip}", REFUSED),
    ("input_userauth_request: invalid user {user*} [preauth]", REFUSED),
    ("User {user*} from {ip} not allowed because {reason*}", REFUSED),
    ("User {user*} not allowed because {reason*}", REFUSED),
    ("ROOT LOGIN REFUSED FROM {ip} port {port}", REFUSED),
    (
        "maximum authentication attempts exceeded for invalid user {user*} from {ip} port {port} \
         {*}",
        REFUSED,
    ),
    ("maximum authentication attempts exceeded for {user*} from {ip} port {port} {*}", REFUSED),
    ("Disconnecting {state} user {user*} {ip} port {port}: {reason*}", REFUSED),
    ("Connection closed by {state} user {user*} {ip} port {port}{*}", REFUSED),
    ("Connection reset by {state} user {user*} {ip} port {port}{*}", REFUSED),
    ("Disconnected from user {user*} {ip} port {port}", LOGOFF),
    ("Disconnected from {state} user {user*} {ip} port {port}{*}", REFUSED),
    ("PAM {} more authentication failure; {pairs*}", REFUSED),
    ("PAM {} more authentication failures; {pairs*}", REFUSED),
    ("PAM: {reason*} for illegal user {user*} from {ip}", REFUSED),
    ("PAM: {reason*} for {user*} from {ip}", REFUSED),
    (
        "Postponed {method} for {user*} from {ip} port {port} {protocol*}",
        named(3002, "Postponed", 0),
    ),
    (
        "Partial {method} for {user*} from {ip} port {port} {protocol*}",
        named(3002, "Partially authenticated", 0),
    ),
    (
        "Starting session: {kind*} for {user*} from {ip} port {port} id {session}",
        named(3002, "Session started", 1),
    ),
    (
        "Close session: user {user*} from {ip} port {port} id {session}",
        named(3002, "Session closed", 1),
    ),
    ("subsystem request for {subsystem} by user {user*}", named(4007, "Subsystem request", 0)),
    ("Connection from {ip} port {port} on {local_ip} port {local_port}{*}", OPENED),
    ("Received disconnect from {ip} port {port}:{code}: {reason*}", CLOSED),
    ("Received disconnect from {ip}: {code}: {reason*}", CLOSED),
    ("Disconnected from {ip} port {port}{*}", CLOSED),
    ("Connection closed by {ip} port {port}{*}", CLOSED),
    ("Connection closed by {ip} [preauth]", CLOSED),
    ("Connection closed by {ip}", CLOSED),
    ("Connection reset by {ip} port {port}{*}", RESET),
    ("Did not receive identification string from {ip} port {port}{*}", FAILED),
    ("Did not receive identification string from {ip}", FAILED),
    ("Bad protocol version identification '{identification*}' from {ip} port {port}", FAILED),
    ("banner exchange: Connection from {ip} port {port}: {reason*}", FAILED),
    ("kex_exchange_identification: {reason*}", FAILED),
    ("Unable to negotiate with {ip} port {port}: {reason*}", FAILED),
    ("Timeout before authentication for connection from {ip} to {local_ip}, pid = {}", FAILED),
    ("Timeout before authentication for {ip} port {port}", FAILED),
    (
        "ssh_dispatch_run_fatal: Connection from {state} user {user*} {ip} port {port}: {reason*}",
        FAILED,
    ),
    ("ssh_dispatch_run_fatal: Connection from user {user*} {ip} port {port}: {reason*}", FAILED),
    ("ssh_dispatch_run_fatal: Connection from {ip} port {port}: {reason*}", FAILED),
    ("Magic value check failed ({value}) on obfuscated handshake from {ip} port {port}", FAILED),
    ("refused connect from {host*} ({ip})", TURNED_AWAY),
    (
        "drop connection #{number} from [{ip}]:{port} on [{local_ip}]:{local_port} {reason*}",
        TURNED_AWAY,
    ),
    ("beginning MaxStartups throttling", named(4007, "Throttled", 0)),
    (
        "reverse mapping checking getaddrinfo for {host*} [{ip}] failed{*}",
        named(4007, "Reverse mapping failed", 2),
    ),
    ("Server listening on {local_ip} port {local_port}.", means(4007, 7, 1)),
];

pub(super) const DROPBEAR: &[Sentence] = &[
    ("Password auth succeeded for '{user*}' from {ip}:{port}", LOGON),
    ("PAM password auth succeeded for '{user*}' from {ip}:{port}", LOGON),
    ("Pubkey auth succeeded for '{user*}' with key {key} from {ip}:{port}", LOGON),
    ("Pubkey auth succeeded for '{user*}' with {algorithm} key {key} from {ip}:{port}", LOGON),
    ("Bad password attempt for '{user*}' from {ip}:{port}", REFUSED),
    ("Bad PAM password attempt for '{user*}' from {ip}:{port}", REFUSED),
    ("Login attempt for nonexistent user from {ip}:{port}", REFUSED),
    ("Login attempt for nonexistent user '{user*}' from {ip}:{port}", REFUSED),
    ("Login attempt with wrong user {user*} from {ip}:{port}", REFUSED),
    ("Max auth tries reached - user '{user*}' from {ip}:{port}", REFUSED),
    ("Child connection from {ip}:{port}", OPENED),
    ("Exit before auth from <{ip}:{port}>: {reason*}", CLOSED),
    ("Exit before auth: {reason*}", CLOSED),
    ("Exit ({user*}) from <{ip}:{port}>: {reason*}", LOGOFF),
    ("Exit ({user*}): {reason*}", LOGOFF),
];
