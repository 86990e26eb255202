//! The shelf of mappings to OCSF: one file (or folder) per source, asked in this order. A mapping
//! that is more particular stands before one that would take its records too.
//!
//! Samples: `samples_ocsf/<name>/in` has one record per line, `…/expected` the OCSF objects
//! that they become.

mod aws_cloudtrail;
mod cef;
mod cisco_asa;
mod fortigate;

mod meraki;
mod network;
mod ocsf;
mod palo_alto;
mod sophos;
mod suricata;
mod text_fields;
mod well_known;
mod zeek;

use headwater_pipeline::mapping::Mapping;

/// Every built-in mapping.
#[must_use]
pub fn all() -> Vec<Box<dyn Mapping>> {
    vec![
        // Network and cloud.
        Box::new(aws_cloudtrail::AwsCloudtrail),
        // Network sensors and firewalls.
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
        // Already OCSF: no other format has these keys.
        Box::new(ocsf::Ocsf),
    ]
}

#[cfg(test)]
mod tests;
