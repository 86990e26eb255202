//! Certificates are renewed while a server runs.

use std::process::Command;

use headwater_testkit::{RunningServer, python, repository};

use crate::headwater;

/// The certificate that a listener shows, in PEM.
fn shown(address: &str) -> String {
    let script = "import ssl,sys\nhost,port=sys.argv[1].split(':')\n\
                  print(ssl.get_server_certificate((host,int(port))))";
    let output = Command::new(python()).args(["-c", script, address]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn hang_up(server: &RunningServer) {
    let status = Command::new("kill").args(["-HUP", &server.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_new_certificate_is_shown_after_sighup_on_every_listener() {
    let lake = headwater();
    let renew = || {
        let maker = repository().join("tests/counterparts/certificate.py");
        let status = Command::new(python()).arg(maker).arg(lake.folder()).status();
        assert!(status.unwrap().success());
        std::fs::read_to_string(lake.folder().join("tls.crt")).unwrap()
    };
    let first = renew();
    lake.file("headwater.yaml", "serve: {tls: {certificate: tls.crt, key: tls.key}}");
    let protocols = ["hec", "syslog", "flight"];
    let server = lake.serve(&protocols, &[]);
    for protocol in protocols {
        assert_eq!(shown(server.address(protocol)).trim(), first.trim(), "{protocol}");
    }
    let second = renew();
    assert_ne!(first, second);
    hang_up(&server);
    for protocol in protocols {
        while shown(server.address(protocol)).trim() != second.trim() {}
    }
    // A file that cannot be used leaves the old one in place.
    lake.file("tls.crt", "no certificate");
    hang_up(&server);
    assert_eq!(shown(server.address("hec")).trim(), second.trim());
    server.stop();
}
