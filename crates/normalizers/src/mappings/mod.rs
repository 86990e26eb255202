//! The shelf of mappings to OCSF: one file (or folder) per source, asked in this order. A mapping
//! that is more particular stands before one that would take its records too.
//!
//! Samples: `samples_ocsf/<name>/in` has one record per line, `…/expected` the OCSF objects
//! that they become.

mod audit_log;
mod aws_alb;
mod aws_bedrock;
mod aws_cloudfront;
mod aws_cloudtrail;
mod aws_cloudtrail_insight;
mod aws_guardduty;
mod aws_honey_bucket;
mod aws_route53;
mod aws_s3_access;
mod aws_security_hub;
mod aws_vpc_flow;
mod aws_waf;
mod azure_monitor;
mod bind;
mod carbon_black_alert;
mod cef;
mod cisco_asa;
mod cisco_umbrella;
mod cloudflare;
mod cloudflare_gateway;
mod collaboration_logs;
mod crowdstrike;
mod entra;
mod falco;
mod fortigate;
mod gcp_audit;
mod gcp_load_balancer;
mod gcp_vpc_flow;
mod github_audit;
mod gitlab;
mod google_workspace;
mod http;
mod identity_logs;
mod intune;
mod kubernetes_audit;
mod linux_auditd;
mod linux_firewall;
mod mail_logs;
mod meraki;
mod microsoft_365;
mod microsoft_defender;
mod microsoft_graph_alert;
mod microsoft_sentinel;
mod netskope;
mod network;
mod ocsf;
mod okta;
mod operation;
mod osquery;
mod palo_alto;
mod pf_filterlog;
mod platform_logs;
mod required;
mod sensor;
mod sentinel_one;
mod silk_flow;
mod sophos;
mod suricata;
mod syslog;
mod text_fields;
mod text_line;
mod web;
mod well_known;
mod windows;
mod zeek;
mod zscaler_zia;

use headwater_pipeline::mapping::Mapping;

/// Every built-in mapping.
#[must_use]
pub fn all() -> Vec<Box<dyn Mapping>> {
    let groups = [general(), systems(), applications(), clouds(), sensors(), linux()];
    groups.into_iter().flatten().collect()
}

/// Operating systems that write events of their own form.
fn systems() -> Vec<Box<dyn Mapping>> {
    vec![Box::new(windows::Windows)]
}

/// Applications, identities and endpoint sensors.
fn applications() -> Vec<Box<dyn Mapping>> {
    vec![
        Box::new(okta::Okta),
        Box::new(google_workspace::GoogleWorkspace),
        Box::new(intune::Intune),
        Box::new(entra::EntraSignIn),
        Box::new(entra::EntraRisk),
        Box::new(entra::EntraGraphActivity),
        Box::new(entra::EntraAudit),
        Box::new(microsoft_365::Microsoft365),
        Box::new(microsoft_graph_alert::MicrosoftGraphAlert),
        Box::new(microsoft_sentinel::MicrosoftSentinel),
        Box::new(microsoft_defender::MicrosoftDefender),
        Box::new(crowdstrike::CrowdstrikeSensor),
        Box::new(crowdstrike::CrowdstrikeStream),
        Box::new(sentinel_one::SentinelOneActivity),
        Box::new(sentinel_one::SentinelOneThreat),
        Box::new(sentinel_one::SentinelOneAlert),
        Box::new(sentinel_one::SentinelOneCloudFunnel),
        Box::new(&collaboration_logs::SLACK),
        Box::new(github_audit::GithubWebhook),
        Box::new(github_audit::GithubAudit),
        Box::new(gitlab::Gitlab),
        Box::new(&gitlab::GITLAB_AUDIT),
        Box::new(&identity_logs::AUTH0),
        Box::new(&identity_logs::DUO_ADMINISTRATOR),
        Box::new(&identity_logs::DUO_AUTHENTICATION),
        Box::new(&identity_logs::DUO_TELEPHONY),
        Box::new(&identity_logs::ONELOGIN),
        Box::new(&identity_logs::ONE_PASSWORD),
        Box::new(&identity_logs::TELEPORT),
        Box::new(&collaboration_logs::ASANA),
        Box::new(&collaboration_logs::BOX),
        Box::new(&platform_logs::CARBON_BLACK),
        Box::new(carbon_black_alert::CarbonBlackAlert),
        Box::new(&collaboration_logs::DROPBOX),
        Box::new(&collaboration_logs::NOTION),
        Box::new(&platform_logs::SALESFORCE),
        Box::new(&platform_logs::SNOWFLAKE_LOGIN),
        Box::new(&platform_logs::SNOWFLAKE_QUERY),
        Box::new(&platform_logs::TAILSCALE),
        Box::new(&platform_logs::WIZ),
        Box::new(&collaboration_logs::ZENDESK),
        Box::new(&collaboration_logs::ZOOM_OPERATION),
        Box::new(&mail_logs::PROOFPOINT),
        Box::new(&mail_logs::PROOFPOINT_CLICK),
        Box::new(&mail_logs::MESSAGE_TRACE),
    ]
}

/// Clouds and what stands in front of them.
fn clouds() -> Vec<Box<dyn Mapping>> {
    vec![
        Box::new(aws_cloudtrail::AwsCloudtrail),
        Box::new(aws_alb::AwsAlb),
        Box::new(aws_bedrock::AwsBedrock),
        Box::new(aws_cloudtrail_insight::AwsCloudtrailInsight),
        Box::new(aws_cloudfront::AwsCloudfront),
        Box::new(aws_guardduty::AwsGuardduty),
        Box::new(aws_honey_bucket::AwsHoneyBucket),
        Box::new(aws_route53::AwsRoute53),
        Box::new(aws_s3_access::AwsS3Access),
        Box::new(aws_security_hub::AwsSecurityHub),
        Box::new(aws_vpc_flow::AwsVpcFlow),
        Box::new(aws_waf::AwsWaf),
        Box::new(azure_monitor::AzureMonitor),
        Box::new(cisco_umbrella::CiscoUmbrella),
        Box::new(cloudflare::Cloudflare),
        Box::new(cloudflare_gateway::CloudflareGateway),
        Box::new(gcp_audit::GcpAudit),
        Box::new(gcp_load_balancer::GcpLoadBalancer),
        Box::new(gcp_vpc_flow::GcpVpcFlow),
        Box::new(kubernetes_audit::KubernetesAudit),
        Box::new(netskope::Netskope),
        Box::new(zscaler_zia::ZscalerZia),
    ]
}

/// Network sensors and firewalls.
fn sensors() -> Vec<Box<dyn Mapping>> {
    vec![
        Box::new(zeek::Zeek),
        Box::new(suricata::Suricata),
        Box::new(cef::Cef),
        Box::new(cef::Leef),
        Box::new(cisco_asa::CiscoAsa),
        Box::new(meraki::Meraki),
        Box::new(fortigate::Fortigate),
        Box::new(palo_alto::PaloAlto),
        Box::new(sophos::Firewall),
        Box::new(sophos::Central),
        Box::new(silk_flow::SilkFlow),
    ]
}

/// Linux, its servers and the sentences of syslog.
fn linux() -> Vec<Box<dyn Mapping>> {
    vec![
        Box::new(linux_auditd::LinuxLaurel),
        Box::new(linux_auditd::LinuxAuditd),
        Box::new(linux_firewall::LinuxFirewall),
        Box::new(pf_filterlog::PfFilterlog),
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
        // What is only known to be syslog: last of all.
        Box::new(syslog::SyslogLine),
    ]
}

/// What is OCSF already: no other format has its keys.
fn general() -> Vec<Box<dyn Mapping>> {
    vec![Box::new(ocsf::Ocsf)]
}

#[cfg(test)]
mod tests;
