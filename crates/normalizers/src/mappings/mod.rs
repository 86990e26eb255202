//! The shelf of mappings to OCSF: one file (or folder) per source, asked in this order. A mapping
//! that is more particular stands before one that would take its records too.
//!
//! Samples: `samples_ocsf/<name>/in` has one record per line, `…/expected` the OCSF objects
//! that they become.

mod aws_cloudtrail;

mod bind;
mod falco;
mod linux_auditd;
mod linux_firewall;
mod osquery;
mod syslog;
mod text_line;
mod web;

mod ocsf;
mod well_known;

use headwater_pipeline::mapping::Mapping;

/// Every built-in mapping.
#[must_use]
pub fn all() -> Vec<Box<dyn Mapping>> {
    vec![
        // Network and cloud.
        Box::new(aws_cloudtrail::AwsCloudtrail),
        // Linux, its servers and the sentences of syslog.
        Box::new(linux_auditd::LinuxLaurel),
        Box::new(linux_auditd::LinuxAuditd),
        Box::new(linux_firewall::LinuxFirewall),
        Box::new(falco::Falco),
        Box::new(osquery::Osquery),
        Box::new(bind::Bind),
        Box::new(web::Caddy),
        Box::new(web::Haproxy),
        Box::new(web::WebAccess),
        Box::new(web::Squid),
        Box::new(web::NginxErrors),
        Box::new(web::ApacheErrors),
        Box::new(syslog::SyslogSentences),
        Box::new(syslog::ServerLogons),
        // Already OCSF: no other format has these keys.
        Box::new(ocsf::Ocsf),
        // What is only known to be syslog: last of all.
        Box::new(syslog::SyslogLine),
    ]
}

#[cfg(test)]
mod tests;
