//! The shelf of mappings to OCSF: one file (or folder) per source, asked in this order. A mapping
//! that is more particular stands before one that would take its records too.
//!
//! Samples: `samples_ocsf/<name>/in` has one record per line, `…/expected` the OCSF objects
//! that they become.

mod audit_log;
mod aws_cloudtrail;
mod collaboration_logs;
mod crowdstrike;
mod entra;
mod github_audit;
mod gitlab;
mod google_workspace;
mod identity_logs;
mod intune;
mod mail_logs;
mod microsoft_365;
mod microsoft_defender;
mod microsoft_graph_alert;
mod okta;
mod operation;
mod platform_logs;
mod sensor;
mod sentinel_one;

mod ocsf;
mod well_known;

use headwater_pipeline::mapping::Mapping;

/// Every built-in mapping.
#[must_use]
pub fn all() -> Vec<Box<dyn Mapping>> {
    vec![
        // Network and cloud.
        Box::new(aws_cloudtrail::AwsCloudtrail),
        // Applications, identities and sensors.
        Box::new(okta::Okta),
        Box::new(google_workspace::GoogleWorkspace),
        Box::new(intune::Intune),
        Box::new(entra::EntraSignIn),
        Box::new(entra::EntraRisk),
        Box::new(entra::EntraGraphActivity),
        Box::new(entra::EntraAudit),
        Box::new(microsoft_365::Microsoft365),
        Box::new(microsoft_graph_alert::MicrosoftGraphAlert),
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
        // Already OCSF: no other format has these keys.
        Box::new(ocsf::Ocsf),
    ]
}

#[cfg(test)]
mod tests;
