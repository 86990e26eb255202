//! What the lake that Headwater replaces made of its own five samples, row by row. The samples are
//! not part of this repository: they are read from `$HEADWATER_TEST_DATA` or from `../shared/data`
//! beside it.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::{at, event_of, worker};

/// The folder of the samples, if this machine has them.
fn samples() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let given = env::var_os("HEADWATER_TEST_DATA").map(PathBuf::from);
    let roots = given.into_iter().chain([beside]);
    let folders = roots.flat_map(|root| [root.join("real/defenda"), root.join("defenda"), root]);
    folders.into_iter().find(|folder| folder.join("sample_gsuite_login_event.json").is_file())
}

fn check_sample(name: &str, expected: &[(&str, Option<&str>)]) {
    let Some(folder) = samples() else {
        eprintln!("skipped: no sample data in $HEADWATER_TEST_DATA or ../shared/data");
        return;
    };
    let record = fs::read_to_string(folder.join(name)).unwrap();
    let event = event_of(&mut worker(Vec::new()), &record);
    for (path, value) in expected {
        assert_eq!(at(&event, path).as_deref(), *value, "`{path}` of {name}");
    }
    let id = event.owned_text(event.lookup("eventid").unwrap()).unwrap();
    assert!(uuid::Uuid::parse_str(&id).is_ok_and(|id| id.get_version_num() == 7), "{id}");
}

#[test]
fn cloudfront_probe_takes_its_time_from_date_and_time() {
    check_sample(
        "sample_cloudfront_wordpress_probe.json",
        &[
            ("utctimestamp", Some(r#""2020-09-01T17:48:18+00:00""#)),
            ("details.sourceipaddress", Some(r#""139.59.66.23""#)),
            ("details._ipaddresses", Some(r#"["139.59.66.23"]"#)),
            ("details.x-forwarded-for", Some(r#""-""#)),
        ],
    );
}

#[test]
fn cloudtrail_call_keeps_its_own_id_in_details() {
    check_sample(
        "sample_cloudtrail_create_log_stream.json",
        &[
            ("utctimestamp", Some(r#""2019-09-04T17:54:59+00:00""#)),
            ("source", Some(r#""cloudtrail""#)),
            ("details._ipaddresses", Some(r#"["54.21.12.27"]"#)),
            ("details.eventid", Some(r#""2163d086-baa4-4203-a267-97b3a872c651""#)),
        ],
    );
}

#[test]
fn vpc_flow_has_both_ends() {
    check_sample(
        "sample_vpc_flow_log.json",
        &[
            ("utctimestamp", Some(r#""2014-12-14T04:06:50+00:00""#)),
            ("details.sourceipaddress", Some(r#""198.51.100.1""#)),
            ("details.destinationipaddress", Some(r#""192.0.2.1""#)),
            ("details._ipaddresses", Some(r#"["198.51.100.1","192.0.2.1"]"#)),
        ],
    );
}

#[test]
fn syslog_sudo_stays_in_its_shell_and_gets_the_current_year() {
    check_sample(
        "sample_syslog_sudo.json",
        &[
            ("utctimestamp", Some(r#""2020-04-17T06:10:54+00:00""#)),
            ("summary", Some(SUDO)),
            ("category", Some(r#""monitoring""#)),
            ("source", Some(r#""syslog""#)),
            ("tags", Some(r#"["sample"]"#)),
        ],
    );
}

const SUDO: &str = concat!(
    r#""  nagios : TTY=unknown ; PWD=/ ; USER=root ; "#,
    r#"COMMAND=/usr/lib64/nagios/plugins/custom/check_auditd.sh\n""#,
);

#[test]
fn gsuite_login_is_told_in_one_line() {
    check_sample(
        "sample_gsuite_login_event.json",
        &[
            ("utctimestamp", Some(r#""2020-03-02T17:54:33.253000+00:00""#)),
            ("summary", Some(r#""someone@somewhere.com login_success from IP 123.456.253.226""#)),
            ("source", Some(r#""gsuite""#)),
            ("category", Some(r#""authentication""#)),
            ("tags", Some(r#"["gsuite"]"#)),
            ("details.success", Some("true")),
            ("details.suspicious", None),
            ("details.user", Some(r#""someone@somewhere.com""#)),
            ("details.sourceipaddress", Some(r#""123.456.253.226""#)),
            ("details.ipaddress", None),
            ("details._ipaddresses", None),
            ("plugins", Some(GSUITE_PLUGINS)),
        ],
    );
}

const GSUITE_PLUGINS: &str = concat!(
    r#"["normalization_lowercase_keys","normalization_event_shell","normalization_timestamps","#,
    r#""normalization_gsuite_login","normalization_ip_addresses","enrichment_ensure_eventid"]"#,
);
