//! The shelf of mappings to OCSF: one file (or folder) per source, asked in this order. A mapping
//! that is more particular stands before one that would take its records too.
//!
//! Samples: `samples_ocsf/<name>/in` has one record per line, `…/expected` the OCSF objects
//! that they become.

mod aws_cloudtrail;

mod ocsf;
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
        // Already OCSF: no other format has these keys.
        Box::new(ocsf::Ocsf),
    ]
}

#[cfg(test)]
mod tests;
