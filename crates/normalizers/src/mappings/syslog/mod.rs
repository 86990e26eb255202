//! What Linux programs write to syslog in plain words: logons, commands, accounts, scheduled jobs,
//! services, mail and names. Contract: the sources of the programs, because nobody documents
//! these sentences; a table of them per group of programs.
//!
//! [`SyslogSentences`] knows the sentences, [`ServerLogons`] those of servers that need no syslog,
//! [`SyslogLine`] takes what is left of syslog as an event without a class.

mod accounts;
mod jobs;
mod logons;
mod mail;
mod names;
mod openssh;
mod sentence;
mod servers;
mod sudo;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use self::sentence::{Sentence, speak};
pub(super) use self::servers::ServerLogons;
use super::text_line::{header, keep, line_text, program};
use super::well_known::product;

/// Programs that share their sentences, with vendor and name of the product.
struct Program {
    names: &'static [&'static str],
    vendor: &'static str,
    product: &'static str,
    sentences: &'static [&'static [Sentence]],
}

static PROGRAMS: [Program; 19] = [
    Program {
        names: &["sshd", "sshd-session", "sshd-auth"],
        vendor: "OpenBSD",
        product: "OpenSSH",
        sentences: &[openssh::SENTENCES, logons::PAM],
    },
    Program { names: &["sudo"], vendor: "Linux", product: "sudo", sentences: &[logons::PAM] },
    Program {
        names: &["su"],
        vendor: "Linux",
        product: "su",
        sentences: &[logons::SU, logons::PAM],
    },
    Program {
        names: &["login"],
        vendor: "Linux",
        product: "login",
        sentences: &[logons::LOGIN, logons::PAM],
    },
    Program {
        names: &["systemd-logind"],
        vendor: "Linux",
        product: "systemd",
        sentences: &[logons::SESSIONS],
    },
    Program {
        names: &["systemd"],
        vendor: "Linux",
        product: "systemd",
        sentences: &[jobs::SERVICES, logons::PAM],
    },
    Program {
        names: &["CRON", "cron", "crond", "CROND", "crontab", "anacron", "atd"],
        vendor: "Linux",
        product: "cron",
        sentences: &[jobs::JOBS, logons::PAM],
    },
    Program {
        names: &["useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "adduser"],
        vendor: "Linux",
        product: "shadow",
        sentences: &[accounts::SENTENCES],
    },
    Program {
        names: &["passwd", "chage", "chpasswd", "chsh", "chfn", "gpasswd", "newusers", "vipw"],
        vendor: "Linux",
        product: "shadow",
        sentences: &[accounts::SENTENCES, logons::PAM],
    },
    Program {
        names: &["dropbear"],
        vendor: "Dropbear",
        product: "Dropbear SSH",
        sentences: &[openssh::DROPBEAR],
    },
    Program {
        names: &["dovecot"],
        vendor: "Dovecot",
        product: "Dovecot",
        sentences: &[mail::DOVECOT],
    },
    Program {
        names: &["dnsmasq"],
        vendor: "Simon Kelley",
        product: "dnsmasq",
        sentences: &[names::DNSMASQ],
    },
    Program {
        names: &["dnsmasq-dhcp", "dhcpd"],
        vendor: "Linux",
        product: "DHCP server",
        sentences: &[names::LEASES],
    },
    Program {
        names: &["pvedaemon", "pveproxy"],
        vendor: "Proxmox",
        product: "Proxmox VE",
        sentences: &[logons::PROXMOX],
    },
    Program {
        names: &["mysql", "mysqld", "mariadb", "mariadbd"],
        vendor: "Oracle",
        product: "MySQL",
        sentences: &[logons::MYSQL],
    },
    Program {
        names: &["vsftpd"],
        vendor: "vsftpd",
        product: "vsftpd",
        sentences: &[logons::VSFTPD, logons::PAM],
    },
    Program {
        names: &["smb", "smbd", "smbd_audit"],
        vendor: "Samba",
        product: "Samba",
        sentences: &[servers::SAMBA, logons::PAM],
    },
    Program {
        names: &["cowrie"],
        vendor: "Cowrie",
        product: "Cowrie",
        sentences: &[servers::COWRIE],
    },
    Program {
        names: &["polkitd"],
        vendor: "Linux",
        product: "polkit",
        sentences: &[logons::POLKIT],
    },
];

/// Postfix has many programs; all begin with its name, and an instance may add to it.
static POSTFIX: Program = Program {
    names: &["postfix"],
    vendor: "Postfix",
    product: "Postfix",
    sentences: &[mail::POSTFIX],
};

/// Every other program that lets people in through PAM.
static OTHERS: Program =
    Program { names: &[], vendor: "Linux", product: "PAM", sentences: &[logons::PAM] };

fn program_of(name: &str, text: &str) -> Option<&'static Program> {
    if let Some(known) = PROGRAMS.iter().find(|one| one.names.contains(&name)) {
        return Some(known);
    }
    if name.starts_with("postfix") && name.contains('/') {
        return Some(&POSTFIX);
    }
    (text.starts_with("pam_") && !name.is_empty()).then_some(&OTHERS)
}

#[derive(Debug)]
pub(super) struct SyslogSentences;

impl Mapping for SyslogSentences {
    fn name(&self) -> &'static str {
        "syslog_sentences"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message", "program"], &["summary", "details", "utctimestamp"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        if let Some(program) = source.text("details.program") {
            return program_of(&program, "").is_some();
        }
        let text = source.text("message").unwrap_or_default();
        program_of(&program(source), text.trim_start()).is_some()
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        if mapper.source().has("details.program") {
            lift(mapper);
        }
        let (text, name) = (line_text(mapper), program(&mapper.source()));
        let text = text.trim();
        let Some(known) = program_of(&name, text) else { return };
        if speak(mapper, known.sentences, text) || name == "sudo" && sudo::command(mapper, text) {
            product(mapper, known.vendor, known.product);
        }
    }
}

/// MozDef keeps the parts of a syslog line elsewhere.
fn lift(mapper: &mut Mapper<'_>) {
    for (from, to) in [
        ("summary", "message"),
        ("utctimestamp", "timestamp"),
        ("details.program", "program"),
        ("details.hostname", "hostname"),
        ("details.processid", "processid"),
    ] {
        if let Some(text) = mapper.take(from) {
            keep(mapper, to, &text);
        }
    }
}

#[derive(Debug)]
pub(super) struct SyslogLine;

/// Members that the reader of syslog lines makes.
const MEMBERS: [&str; 9] = [
    "message",
    "timestamp",
    "hostname",
    "program",
    "processid",
    "facility",
    "severity",
    "msgid",
    "structured_data",
];

impl Mapping for SyslogLine {
    fn name(&self) -> &'static str {
        "syslog_line"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["message", "timestamp", "hostname"],
            &["message", "timestamp", "program"],
            &["message", "facility", "severity"],
        ]
    }

    /// A record with other members is of a product that only has some names in common.
    fn recognises(&self, source: &Source<'_>) -> bool {
        source.find("message").is_some_and(|message| {
            let tree = source.tree(message);
            tree.children(tree.root()).all(|member| MEMBERS.contains(&&*tree.key(member)))
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        mapper.class(0, 0);
        let name = program(&mapper.source());
        let known = program_of(&name, "");
        match known {
            Some(known) => product(mapper, known.vendor, known.product),
            None if name.is_empty() => product(mapper, "Unknown", "syslog"),
            None => product(mapper, "Unknown", &name),
        }
        header(mapper);
    }
}
