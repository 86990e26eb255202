//! Sentences about logons: PAM, su, login, sessions, and servers of which only the logons matter.

use super::sentence::{LOGOFF, LOGON, Meaning, REFUSED, Sentence, means, named};

const SWITCHED: Meaning = means(3002, 7, 1);
const NOT_SWITCHED: Meaning = means(3002, 7, 2);

/// PAM writes into the log of the program that asks it: `module(service:type): text`.
pub(super) const PAM: &[Sentence] = &[
    ("{module}({service}:auth): authentication failure; {pairs*}", REFUSED),
    ("{module}({service}:auth): authentication success; {pairs*}", LOGON),
    ("{module}({service}:auth): check pass; user unknown", REFUSED),
    ("{module}({service}:auth): user {user*} ({user_id}) tally {tally}, deny {limit}", REFUSED),
    ("{module}({service}:auth): user {user*} tally {tally}, deny {limit}", REFUSED),
    ("{module}({service}:auth): auth could not identify password for [{user*}]", REFUSED),
    ("{module}({service}:auth): requirement {rule*} not met by user \"{user*}\"", REFUSED),
    ("{module}({service}:auth): received for user {user*}: {code} ({reason*})", REFUSED),
    ("{module}({service}:auth): conversation failed", REFUSED),
    (
        "{module}({service}:auth): Consecutive login failures for user {user*} account \
         temporarily locked",
        means(3001, 9, 1),
    ),
    (
        "{module}({service}:session): session opened for user {user*}(uid={user_id}) by \
         {by*}(uid={by_id})",
        LOGON,
    ),
    ("{module}({service}:session): session opened for user {user*} by {by*}(uid={by_id})", LOGON),
    ("{module}({service}:session): session closed for user {user*}", LOGOFF),
    ("{module}({service}:account): account {user*} has expired{reason*}", REFUSED),
    ("{module}({service}:account): expired password for user {user*} ({reason*})", REFUSED),
    ("{module}({service}:account): access denied for user {user*} from {ip}", REFUSED),
    ("{module}({service}:account): Access denied for user {user*}: {code} ({reason*})", REFUSED),
    ("{module}({service}:chauthtok): password changed for {user*}", means(3001, 3, 1)),
    ("{module}({service}:chauthtok): {reason*}", means(3001, 3, 2)),
];

pub(super) const SU: &[Sentence] = &[
    ("(to {user}) {by*} on {terminal}", SWITCHED),
    ("FAILED SU (to {user}) {by*} on {terminal}", NOT_SWITCHED),
    ("Successful su for {user} by {by*}", SWITCHED),
    ("FAILED su for {user} by {by*}", NOT_SWITCHED),
    ("+ {terminal} {by}:{user}", SWITCHED),
    ("- {terminal} {by}:{user}", NOT_SWITCHED),
    ("'su {user}' failed for {by*} on {terminal}", NOT_SWITCHED),
    ("'su {user}' succeeded for {by*} on {terminal}", SWITCHED),
    ("BAD SU {by} to {user} on {terminal}", NOT_SWITCHED),
];

pub(super) const LOGIN: &[Sentence] = &[
    ("ROOT LOGIN ON {terminal} FROM {ip}", LOGON),
    ("ROOT LOGIN  on '{terminal}' from '{ip}'", LOGON),
    ("ROOT LOGIN  on '{terminal}'", LOGON),
    ("ROOT LOGIN on '{terminal}'", LOGON),
    ("ROOT LOGIN ON {terminal}", LOGON),
    ("LOGIN ON {terminal} BY {user} FROM {ip}", LOGON),
    ("LOGIN ON {terminal} BY {user}", LOGON),
    ("FAILED LOGIN ({}) on '{terminal}' from '{ip}' FOR '{user*}', {reason*}", REFUSED),
    ("FAILED LOGIN ({}) on '{terminal}' FOR '{user*}', {reason*}", REFUSED),
    ("FAILED LOGIN {} FROM {ip} FOR {user*}, {reason*}", REFUSED),
    ("FAILED LOGIN SESSION FROM {ip} FOR {user*}, {reason*}", REFUSED),
    ("TOO MANY LOGIN TRIES ({}) on '{terminal}' FOR '{user*}', {reason*}", REFUSED),
    ("TOO MANY LOGIN TRIES ({}) FROM {ip} FOR {user*}, {reason*}", REFUSED),
];

pub(super) const SESSIONS: &[Sentence] = &[
    ("New session {session} of user {user*}.", LOGON),
    ("New session '{session}' of user '{user*}' with class '{}' and type '{}'.", LOGON),
    ("Session {session} logged out. {*}", LOGOFF),
    ("Removed session {session}.", LOGOFF),
];

pub(super) const PROXMOX: &[Sentence] = &[
    ("authentication failure; rhost={ip} user={user*} msg={reason*}", REFUSED),
    ("<{by}> successful auth for user '{user*}'", LOGON),
];

pub(super) const MYSQL: &[Sentence] = &[
    (
        "{} {} [{level}] Access denied for user '{user*}'@'{ip}' (using password: {with_password})",
        REFUSED,
    ),
    (
        "{} {} [{level}] {*} Access denied for user '{user*}'@'{ip}' (using password: \
         {with_password})",
        REFUSED,
    ),
];

pub(super) const VSFTPD: &[Sentence] = &[
    ("[{user*}] OK LOGIN: Client \"{ip}\"{*}", LOGON),
    ("[{user*}] FAIL LOGIN: Client \"{ip}\"", REFUSED),
    ("CONNECT: Client \"{ip}\"", means(4008, 99, 0)),
];

pub(super) const POLKIT: &[Sentence] = &[
    (
        "Operator of {session*} successfully authenticated as unix-user:{user} to gain {*}",
        named(3002, "Authorization", 1),
    ),
    (
        "Operator of {session*} FAILED to authenticate to gain authorization for {*}",
        named(3002, "Authorization", 2),
    ),
];
