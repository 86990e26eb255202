//! rsyslog and syslog-ng as they stand at the edge of real networks: they take messages of programs
//! and appliances and forward them by UDP, TCP and TLS in both forms; SQL finds every message with
//! the right columns.

use headwater_testkit::{Certificates, Headwater, RunningDaemon, SyslogDaemon};
use serde_json::{Value, json};

use crate::headwater;

/// In which form a daemon forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// RFC 5424.
    New,
    /// RFC 3164.
    Old,
}

/// How messages are forwarded. The host of a message says by which way it is to go.
#[derive(Debug, Clone, Copy)]
struct Way {
    name: &'static str,
    form: Form,
    /// What rsyslog needs to be told besides the address.
    rsyslog: &'static str,
    /// The destination of syslog-ng, with `ADDRESS` in place of address and port.
    syslog_ng: &'static str,
}

const PLAIN_WAYS: [Way; 5] = [
    Way {
        name: "udp-new",
        form: Form::New,
        rsyslog: r#"protocol="udp" template="RSYSLOG_SyslogProtocol23Format""#,
        syslog_ng: r#"syslog(ADDRESS transport("udp"));"#,
    },
    Way {
        name: "udp-old",
        form: Form::Old,
        rsyslog: r#"protocol="udp" template="RSYSLOG_TraditionalForwardFormat""#,
        syslog_ng: r#"network(ADDRESS transport("udp"));"#,
    },
    Way {
        name: "counted-new",
        form: Form::New,
        rsyslog: r#"protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format""#,
        syslog_ng: r#"syslog(ADDRESS transport("tcp"));"#,
    },
    Way {
        name: "lines-old",
        form: Form::Old,
        rsyslog: r#"protocol="tcp" template="RSYSLOG_TraditionalForwardFormat""#,
        syslog_ng: r#"network(ADDRESS transport("tcp"));"#,
    },
    Way {
        name: "lines-new",
        form: Form::New,
        rsyslog: r#"protocol="tcp" template="RSYSLOG_SyslogProtocol23Format""#,
        syslog_ng: r#"network(ADDRESS transport("tcp") flags(syslog-protocol));"#,
    },
];

const TLS_WAY: Way = Way {
    name: "tls-new",
    form: Form::New,
    rsyslog: r#"protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"
        StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name"
        StreamDriverPermittedPeers="localhost""#,
    syslog_ng: r#"syslog(ADDRESS transport("tls") tls(TLS));"#,
};

/// Settings of rsyslog that forward by these ways.
fn rsyslog_settings(ways: &[Way], address: &str, tls: Option<&Certificates>) -> String {
    let (host, port) = address.split_once(':').unwrap();
    let tls = tls.map_or_else(String::new, |tls| {
        format!(
            "DefaultNetstreamDriverCAFile=\"{}\" DefaultNetstreamDriverCertFile=\"{}\" \
             DefaultNetstreamDriverKeyFile=\"{}\"",
            tls.authority.display(),
            tls.client.display(),
            tls.client_key.display()
        )
    });
    let mut settings = format!(
        "global(workDirectory=\"FOLDER\" net.enableDNS=\"off\" preserveFQDN=\"on\" {tls})\n\
         module(load=\"imuxsock\" SysSock.Use=\"off\")\n"
    );
    for socket in ["old", "new"] {
        settings.push_str(&format!(
            "input(type=\"imuxsock\" Socket=\"FOLDER/{socket}\" useSpecialParser=\"off\" \
             parseHostname=\"on\" UseSysTimeStamp=\"off\" IgnoreTimestamp=\"off\")\n"
        ));
    }
    for Way { name, rsyslog, .. } in ways {
        settings.push_str(&format!(
            "if $hostname startswith '{name}' then \
             action(type=\"omfwd\" target=\"{host}\" port=\"{port}\" {rsyslog})\n"
        ));
    }
    settings
}

/// Settings of syslog-ng that forward by these ways.
fn syslog_ng_settings(ways: &[Way], address: &str, tls: Option<&Certificates>) -> String {
    let (host, port) = address.split_once(':').unwrap();
    let address = format!("\"{host}\" port({port})");
    let tls = tls.map_or_else(String::new, |tls| {
        format!(
            "ca-file(\"{}\") cert-file(\"{}\") key-file(\"{}\") peer-verify(required-trusted)",
            tls.authority.display(),
            tls.client.display(),
            tls.client_key.display()
        )
    });
    let mut settings = "@version: 3.38\n\
        options { stats-freq(0); keep-hostname(yes); use-dns(no); dns-cache(no); \
        frac-digits(6); };\n\
        source new { unix-dgram(\"FOLDER/new\" flags(syslog-protocol)); };\n\
        source old { unix-dgram(\"FOLDER/old\" flags(expect-hostname)); };\n"
        .to_owned();
    for Way { name, syslog_ng, .. } in ways {
        let address = format!("{address} persist-name(\"{name}\")");
        let destination = syslog_ng.replace("ADDRESS", &address).replace("TLS", &tls);
        settings.push_str(&format!(
            "destination \"{name}\" {{ {destination} }};\n\
             filter \"{name}\" {{ host(\"^{name}\"); }};\n\
             log {{ source(new); source(old); filter(\"{name}\"); destination(\"{name}\"); }};\n"
        ));
    }
    settings
}

fn start(
    daemon: SyslogDaemon,
    ways: &[Way],
    address: &str,
    tls: Option<&Certificates>,
) -> RunningDaemon {
    let settings = match daemon {
        SyslogDaemon::Rsyslog => rsyslog_settings(ways, address, tls),
        SyslogDaemon::SyslogNg => syslog_ng_settings(ways, address, tls),
    };
    daemon.start(&settings, &["old", "new"])
}

/// What programs and appliances log, for one way.
fn log_all(daemon: &RunningDaemon, way: &str) {
    daemon.log(
        "new",
        &format!(
            "<165>1 2024-03-01T10:20:30.123456Z {way}-new app 4711 ID47 \
             [ex@32473 k=\"a \\\"b\\\" \\]\"] text of it"
        ),
    );
    daemon.log("old", &format!("<38>Mar  1 10:20:31 {way}-old sshd[99]: old text"));
    let cef = "CEF:0|Acme|Wall|1.0|100|name|5|src=10.0.0.1 msg=four five";
    daemon.log("old", &format!("<134>Mar  1 10:20:32 {way}-cef {cef}"));
    daemon.log("new", &format!("<134>1 2024-03-01T10:20:33Z {way}-wall wall - - - {cef}"));
    let leef = "LEEF:2.0|Acme|Wall|1.0|42|^|src=10.0.0.2^msg=six seven";
    daemon.log("old", &format!("<134>Mar  1 10:20:34 {way}-leef {leef}"));
}

/// Messages that `log_all` logs.
const LOGGED: usize = 5;

const COLUMNS: &str = "SELECT host, utctimestamp AS time, sourcetype, \
    json_extract_scalar(details, '$.program') AS program, \
    json_extract_scalar(details, '$.processid') AS processid, \
    json_extract_scalar(details, '$.facility') AS facility, \
    severity, \
    json_extract_scalar(details, '$.msgid') AS msgid, \
    json_extract_scalar(details, '$.structured_data[\"ex@32473\"].k') AS data, \
    json_extract_scalar(details, '$.message') AS message, \
    json_extract_scalar(details, '$.cef.device_product') AS cef, \
    json_extract_scalar(details, '$.cef.extension.msg') AS cef_msg, \
    json_extract_scalar(details, '$.leef.product') AS leef, \
    json_extract_scalar(details, '$.leef.attributes.msg') AS leef_msg, \
    json_extract_scalar(details, '$.sourceipaddress') AS ip \
    FROM events ORDER BY host";

/// Checks what arrived by a way.
fn assert_arrived(rows: &[Value], way: Way) {
    let row = |kind: &str| {
        let host = format!("{}-{kind}", way.name);
        let mut found = rows.iter().filter(|row| row["host"] == host.as_str());
        match (found.next(), found.next()) {
            (Some(row), None) => row,
            _ => panic!("{host} is not there once: {rows:#?}"),
        }
    };
    let check = |row: &Value, expected: Value| {
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(row[name], *value, "{name} of {row:#}");
        }
    };
    let new = row("new");
    check(
        new,
        json!({"program": "app", "processid": "4711", "facility": "local4",
            "severity": "NOTICE", "message": "text of it", "sourcetype": "syslog"}),
    );
    if way.form == Form::New {
        check(
            new,
            json!({"time": "2024-03-01T10:20:30.123456Z", "msgid": "ID47", "data": "a \"b\" ]"}),
        );
    }
    let old = row("old");
    check(
        old,
        json!({"program": "sshd", "processid": "99", "facility": "auth", "severity": "INFO",
            "message": "old text"}),
    );
    // The older form has no year.
    for (row, time) in [(new, "-03-01T10:20:30"), (old, "-03-01T10:20:31")] {
        assert!(row["time"].as_str().unwrap().contains(time), "{row:#}");
    }
    let cef = json!({"cef": "Wall", "cef_msg": "four five", "ip": "10.0.0.1"});
    check(row("cef"), cef.clone());
    check(row("wall"), cef);
    check(row("wall"), json!({"program": "wall"}));
    check(row("leef"), json!({"leef": "Wall", "leef_msg": "six seven", "ip": "10.0.0.2"}));
}

fn forwards_by_every_plain_way(make: SyslogDaemon) {
    let lake = headwater();
    let server = lake.serve(&["syslog", "api"], &[]);
    let daemon = start(make, &PLAIN_WAYS, server.address("syslog"), None);
    for way in PLAIN_WAYS {
        log_all(&daemon, way.name);
    }
    let expected = i64::try_from(PLAIN_WAYS.len() * LOGGED).unwrap();
    // Nobody tells a syslog sender that its message arrived.
    while server.number("SELECT count(*) FROM events") < expected {
        std::thread::yield_now();
    }
    let rows = server.query(COLUMNS);
    for way in PLAIN_WAYS {
        assert_arrived(&rows, way);
    }
    assert_eq!(server.number("SELECT count(*) FROM rejects"), 0);
    assert_eq!(rows.len() as i64, expected, "{}", daemon.said());
}

#[test]
fn rsyslog_forwards_by_every_plain_way() {
    forwards_by_every_plain_way(SyslogDaemon::Rsyslog);
}

#[test]
fn syslog_ng_forwards_by_every_plain_way() {
    forwards_by_every_plain_way(SyslogDaemon::SyslogNg);
}

/// A lake whose server speaks TLS and lets only those in who show a certificate.
fn lake_with_tls() -> (Headwater, Certificates) {
    let lake = headwater();
    let certificates = Certificates::make(lake.folder());
    let settings = format!(
        "serve: {{commit_age: 50ms, tls: {{certificate: '{}', key: '{}', \
         client_authorities: '{}'}}}}",
        certificates.server.display(),
        certificates.server_key.display(),
        certificates.authority.display()
    );
    lake.file("headwater.yaml", settings);
    (lake, certificates)
}

#[test]
fn both_daemons_forward_over_tls_with_a_certificate_of_their_own() {
    let (lake, certificates) = lake_with_tls();
    let server = lake.serve(&["syslog"], &[]);
    for make in SyslogDaemon::ALL {
        let address = server.address("syslog");
        let daemon = start(make, &[TLS_WAY], address, Some(&certificates));
        let name = format!("{}-{make:?}", TLS_WAY.name).to_lowercase();
        log_all(&daemon, &name);
        let count = format!("SELECT count(*) FROM events WHERE host LIKE '{name}%'");
        let mut found = 0;
        // Nobody tells a syslog sender that its message arrived.
        while found < LOGGED as i64 {
            found = lake.number(&count);
        }
    }
    server.stop();
    let rows = lake.query(COLUMNS);
    assert_arrived(&rows, Way { name: "tls-new-rsyslog", ..TLS_WAY });
    assert_arrived(&rows, Way { name: "tls-new-syslogng", ..TLS_WAY });
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), 0);
}

#[test]
fn over_tls_nobody_is_let_in_without_a_certificate() {
    let (lake, certificates) = lake_with_tls();
    let server = lake.serve(&["syslog"], &[]);
    let address = server.address("syslog");
    // The authority's certificate is not one that a client can show for itself.
    let script = "import socket,ssl,sys\n\
        host,port=sys.argv[1].split(':')\n\
        c=ssl.create_default_context(cafile=sys.argv[2])\n\
        s=c.wrap_socket(socket.create_connection((host,int(port))),server_hostname='localhost')\n\
        try:\n  s.sendall(b'<13>1 - h a - - - x\\n'); s.recv(1)\n\
        except (ssl.SSLError,ConnectionError) as e: print('refused')\n";
    let output = std::process::Command::new(headwater_testkit::python())
        .args(["-c", script, address])
        .arg(&certificates.authority)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "refused", "{}", String::from_utf8_lossy(&output.stderr));
    server.stop();
    assert_eq!(lake.number("SELECT count(*) FROM events"), 0);
}
