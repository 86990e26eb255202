//! The shelf of built-in normalizers: each gives events a shape or a name, one file per job or per
//! log format. They know the tree and the plugin contract, not each other.

mod event_shell;
mod gsuite_login;
mod ip_addresses;
mod known_key;
mod lowercase_keys;
pub mod mappings;
mod ranked_keys;
mod timestamps;
mod windows_winlogbeat;

use headwater_pipeline::Plugin;

/// Every built-in normalizer, not yet bound to a vocabulary.
#[must_use]
pub fn all() -> Vec<Box<dyn Plugin>> {
    vec![
        Box::new(lowercase_keys::LowercaseKeys),
        Box::<event_shell::EventShell>::default(),
        Box::<timestamps::Timestamps>::default(),
        Box::new(gsuite_login::GsuiteLogin),
        Box::<windows_winlogbeat::WindowsWinlogbeat>::default(),
        Box::<ip_addresses::IpAddresses>::default(),
    ]
}

#[cfg(test)]
mod tests;
