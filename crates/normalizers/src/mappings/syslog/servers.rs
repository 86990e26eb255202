//! Servers that write their logons to files of their own, without the header of syslog, and a few
//! whose sentences in syslog are as simple.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::super::text_line::{line_text, program};
use super::super::well_known::product;
use super::openssh::DROPBEAR;
use super::sentence::{LOGON, REFUSED, Sentence, means, speak};

/// A server: words that all its sentences have one of, vendor, product, sentences.
type Server = (&'static [&'static str], &'static str, &'static str, &'static [Sentence]);

const SERVERS: &[Server] = &[
    (
        &[" LOGIN: Client \""],
        "vsftpd",
        "vsftpd",
        &[
            ("{time*} [pid {pid}] [{user*}] FAIL LOGIN: Client \"{ip}\"", REFUSED),
            ("{time*} [pid {pid}] [{user*}] OK LOGIN: Client \"{ip}\"{*}", LOGON),
        ],
    ),
    (
        &[" proftpd["],
        "ProFTPD",
        "ProFTPD",
        &[
            (
                "{time*} {} proftpd[{pid}] {}: USER {user*}: no such user found from {} [{ip}] to \
                 {}",
                REFUSED,
            ),
            (
                "{time*} {} proftpd[{pid}] {} {}: USER {user*}: no such user found from {} [{ip}] \
                 to {}",
                REFUSED,
            ),
            (
                "{time*} {} proftpd[{pid}] {} ({}[{ip}]): USER {user*} (Login failed): {reason*}",
                REFUSED,
            ),
        ],
    ),
    (
        &["Access denied for user '"],
        "Oracle",
        "MySQL",
        &[(
            "{time*} {} [{level}] Access denied for user '{user*}'@'{ip}' (using password: {})",
            REFUSED,
        )],
    ),
    (
        &["authentication failed for user \""],
        "PostgreSQL",
        "PostgreSQL",
        &[("{ip} {time*} [{pid}] {}@{database} FATAL:  {reason~} for user \"{user*}\"", REFUSED)],
    ),
    (
        &[" authenticator failed for ", " rejected RCPT <"],
        "Exim",
        "Exim",
        &[
            (
                "{time*} {method} authenticator failed for {helo*} [{ip}]:{port}: {code} {reason~} \
             (set_id={user*})",
                REFUSED,
            ),
            (
                "{time*} {method} authenticator failed for {helo*} [{ip}]: {code} {reason~} \
             (set_id={user*})",
                REFUSED,
            ),
            (
                "{time~} H={helo~} [{ip}]:{port} {~}F=<{from~}> rejected RCPT <{to~}>: {reason*}",
                means(4009, 2, 2),
            ),
        ],
    ),
    (
        &["][vaultwarden::api::"],
        "Vaultwarden",
        "Vaultwarden",
        &[
            (
                "[{time~}][{module}][{level}] {reason~}. Try again. IP: {ip}. Username: {user*}.",
                REFUSED,
            ),
            ("[{time~}][{module}][{level}] {reason*} IP: {ip}", REFUSED),
        ],
    ),
    (
        &[" FAILED LOGIN "],
        "cPanel",
        "cPanel",
        &[(
            "[{time~}] info [{service}] {ip} - {user~} \"{request~}\" FAILED LOGIN {}: {reason*}",
            REFUSED,
        )],
    ),
    (
        &[" login failure for user ", " logged in from "],
        "MikroTik",
        "RouterOS",
        &[
            ("{topics} login failure for user {user*} from {ip} via {service}", REFUSED),
            ("{topics} user {user*} logged in from {ip} via {service}", LOGON),
        ],
    ),
    (
        &[
            "assword attempt for '",
            "Exit before auth from <",
            "Login attempt for nonexistent user",
            " auth succeeded for '",
        ],
        "Dropbear",
        "Dropbear SSH",
        DROPBEAR,
    ),
];

/// Samba's audit of authentication.
pub(super) const SAMBA: &[Sentence] = &[
    (
        "Auth: [{application~}] user [{domain~}]\\[{user~}] at [{~}] with [{method~}] status \
         [NT_STATUS_OK] workstation [{workstation~}] remote host [ipv4:{ip}:{port}]{*}",
        LOGON,
    ),
    (
        "Auth: [{application~}] user [{domain~}]\\[{user~}] at [{~}] with [{method~}] status \
         [{code}] workstation [{workstation~}] remote host [ipv4:{ip}:{port}]{*}",
        REFUSED,
    ),
    (
        "Auth: [{application~}] user [{domain~}]\\[{user~}] at [{~}] with [{method~}] status \
         [{code}] workstation [{workstation~}] remote host [ipv6:{ip}:{port}]{*}",
        REFUSED,
    ),
];

/// The honeypot Cowrie.
pub(super) const COWRIE: &[Sentence] = &[
    (
        "{time} [{module~}] New connection: {ip}:{port} ({local_ip}:{local_port}) [session: \
         {session}]",
        means(4007, 1, 0),
    ),
    ("{time} [{module~}] login attempt [b'{user~}'/b'{password~}'] failed", REFUSED),
    ("{time} [{module~}] login attempt [b'{user~}'/b'{password~}'] succeeded", LOGON),
];

#[derive(Debug)]
pub(in super::super) struct ServerLogons;

impl Mapping for ServerLogons {
    fn name(&self) -> &'static str {
        "server_logons"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        program(source).is_empty()
            && source.text("message").is_some_and(|text| server_of(&text).is_some())
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = line_text(mapper);
        let Some((_, vendor, name, sentences)) = server_of(&text) else { return };
        if speak(mapper, &[sentences], text.trim()) {
            product(mapper, vendor, name);
            mapper.set("service.name", *name);
        }
    }
}

fn server_of(text: &str) -> Option<&'static Server> {
    SERVERS.iter().find(|(words, ..)| words.iter().any(|word| text.contains(word)))
}
