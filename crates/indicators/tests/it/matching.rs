//! Which observed values an indicator matches, and which it must not.

use headwater_indicators::{Indicator, Keys, Matcher};

const HOST: i64 = 1;
const IP: i64 = 2;
const MAC: i64 = 3;
const USER: i64 = 4;
const EMAIL: i64 = 5;
const URL: i64 = 6;
const FILE: i64 = 7;
const HASH: i64 = 8;
const PROCESS: i64 = 9;
const SUBNET: i64 = 12;
const COMMAND: i64 = 13;
const AGENT: i64 = 16;
const CVE: i64 = 18;
const USER_ID: i64 = 31;
const PATH: i64 = 45;
const REGISTRY: i64 = 46;

/// Whether the indicator matches, by its ranges and by a matcher, which must agree.
fn matches(text: &str, type_id: i64, value: &str) -> bool {
    let indicator = Indicator::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    let mut found = false;
    Keys::default().each(type_id, value, |kind, _, key| {
        found |= indicator.ranges().any(|range| range.contains(kind, key));
    });
    let matched = !Matcher::new([&indicator]).matches(type_id, value).is_empty();
    assert_eq!(found, matched, "{text:?} and type {type_id}, {value:?}: {indicator:?}");
    found
}

#[track_caller]
fn check(text: &str, yes: &[(i64, &str)], no: &[(i64, &str)]) {
    for (type_id, value) in yes {
        assert!(matches(text, *type_id, value), "{text:?} misses {value:?} of type {type_id}");
    }
    for (type_id, value) in no {
        assert!(!matches(text, *type_id, value), "{text:?} matches {value:?} of type {type_id}");
    }
}

#[test]
fn addresses() {
    check(
        "203.0.113.7",
        &[
            (IP, "203.0.113.7"),
            (IP, "::ffff:203.0.113.7"),
            (IP, "203.0.113.7:443"),
            (IP, "10.0.0.1, 203.0.113.7"),
            (IP, "203.0.113.7/32"),
            (SUBNET, "203.0.113.7/32"),
            (HOST, "203.0.113.7"),
            (URL, "http://203.0.113.7/a"),
            (URL, "203.0.113.7:8080/a"),
            (URL, "https://user:pass@203.0.113.7:8443/?q=1"),
            (URL, "http://0xcb007107/"),
        ],
        &[
            (IP, "203.0.113.70"),
            (IP, "1.203.0.113"),
            (IP, "203.0.113.6"),
            (IP, "203.0.113.8"),
            (IP, "2001:db8::203.0.113.7"),
            (SUBNET, "203.0.113.0/24"),
            (HOST, "203.0.113.7.example.com"),
            (URL, "http://203.0.113.70/"),
            (URL, "http://evil.example/203.0.113.7"),
            (COMMAND, "ping 203.0.113.7"),
            (USER, "203.0.113.70"),
        ],
    );
    check(
        "2001:DB8::1",
        &[
            (IP, "2001:db8:0:0::1"),
            (IP, "2001:db8::1%eth0"),
            (IP, "[2001:db8::1]:443"),
            (URL, "https://[2001:db8::1]/x"),
        ],
        &[(IP, "2001:db8::11"), (IP, "2001:db8::")],
    );
    check("[2001:db8::1]", &[(IP, "2001:db8::1")], &[(IP, "2001:db8::2")]);
    check(
        "203.0.113.7:8080",
        &[(IP, "203.0.113.7"), (IP, "203.0.113.7:1")],
        &[(IP, "203.0.113.8")],
    );
}

#[test]
fn networks() {
    check(
        "198.51.100.0/23",
        &[
            (IP, "198.51.100.0"),
            (IP, "198.51.101.255"),
            (IP, "::ffff:198.51.100.7"),
            (URL, "http://198.51.101.1/"),
            (SUBNET, "198.51.100.0/23"),
            (SUBNET, "198.51.101.0/24"),
            (SUBNET, "198.51.101.255/32"),
        ],
        &[
            (IP, "198.51.99.255"),
            (IP, "198.51.102.0"),
            (IP, "2001:db8::1"),
            (SUBNET, "198.51.100.0/22"),
            (SUBNET, "198.51.102.0/24"),
            (SUBNET, "0.0.0.0/0"),
            (SUBNET, "::/0"),
        ],
    );
    check("198.51.100.77/24", &[(IP, "198.51.100.1")], &[(IP, "198.51.101.1")]);
    check("198.51.100.0/255.255.255.0", &[(IP, "198.51.100.1")], &[(IP, "198.51.101.1")]);
    check(
        "2001:db8:1::/48",
        &[(IP, "2001:db8:1:ffff::1"), (SUBNET, "2001:db8:1:2::/64")],
        &[(IP, "2001:db8:2::1"), (SUBNET, "2001:db8::/32")],
    );
    check(
        "0.0.0.0/0",
        &[(IP, "8.8.8.8"), (IP, "255.255.255.255"), (IP, "0.0.0.0")],
        &[(IP, "::1"), (IP, "2001:db8::1")],
    );
    check(
        "::/0",
        &[(IP, "::1"), (IP, "ffff::1"), (SUBNET, "2001:db8::/32")],
        &[(IP, "8.8.8.8"), (IP, "0.0.0.0"), (SUBNET, "10.0.0.0/8")],
    );
    for text in ["1.2.3.4/33", "::1/129", "1.2.3.4/", "1.2.3.4/255.0.255.0"] {
        assert!(Indicator::parse(text).is_err(), "{text}");
    }
}

#[test]
fn domains() {
    check(
        "Example.com.",
        &[
            (HOST, "example.com"),
            (HOST, "EXAMPLE.COM."),
            (HOST, "a.b.example.com"),
            (HOST, "example.com:443"),
            (HOST, "*.example.com"),
            (HOST, "_dmarc.example.com"),
            (URL, "https://www.example.com/x"),
            (URL, "www.example.com/x"),
            (URL, "ldap://ns.EXAMPLE.com:389/o"),
            (EMAIL, "bob@mail.example.com"),
            (USER, "bob@example.com"),
        ],
        &[
            (HOST, "notexample.com"),
            (HOST, "example.com.evil.net"),
            (HOST, "example.co"),
            (HOST, "example.comm"),
            (HOST, "example"),
            (HOST, "example-com"),
            (HOST, "com"),
            (URL, "https://evil.net/example.com"),
            (URL, "https://evil.net/?u=https://example.com/"),
            (URL, "https://example.com@evil.net/"),
            (EMAIL, "example.com@evil.net"),
            (COMMAND, "curl example.com"),
            (FILE, "example.com"),
            (PATH, "/var/www/example.com"),
        ],
    );
    check(
        "*.example.com",
        &[(HOST, "a.example.com"), (HOST, "a.b.example.com"), (URL, "http://a.example.com")],
        &[(HOST, "example.com"), (HOST, "notexample.com"), (URL, "http://example.com")],
    );
    check(
        "bücher.example",
        &[
            (HOST, "xn--bcher-kva.example"),
            (HOST, "www.BÜCHER.example"),
            (URL, "http://bücher.example/"),
        ],
        &[(HOST, "bucher.example")],
    );
    check("XN--BCHER-KVA.example", &[(HOST, "bücher.example")], &[]);
    check(
        "domain:ru",
        &[(HOST, "mail.ru"), (HOST, "a.mail.ru"), (HOST, "ru")],
        &[(HOST, "ru.example.com"), (HOST, "guru"), (HOST, "a.guru")],
    );
    check("evil.example:8443", &[(HOST, "evil.example"), (URL, "http://evil.example:1/")], &[]);
}

#[test]
fn hosts_and_users() {
    check(
        "WS01",
        &[
            (HOST, "ws01"),
            (HOST, "WS01.corp.example"),
            (HOST, "\\\\WS01"),
            (USER, "ws01"),
            (USER, "CORP\\WS01"),
        ],
        &[
            (HOST, "ws011"),
            (HOST, "corp.ws01"),
            (HOST, "a.ws01.corp.example"),
            (USER, "ws01$"),
            (FILE, "ws01"),
            (PATH, "/srv/ws01"),
            (URL, "http://ws01.evil.example/"),
            (EMAIL, "ws01@corp.example"),
        ],
    );
    check(
        "host:ws01.corp.example",
        &[(HOST, "WS01.corp.example")],
        &[(HOST, "ws01"), (HOST, "a.ws01.corp.example"), (HOST, "ws01.corp.example.org")],
    );
    check("host:203.0.113.7", &[(HOST, "203.0.113.7"), (IP, "203.0.113.7")], &[]);
    check(
        "user:Alice",
        &[(USER, "alice"), (USER, "CORP\\alice"), (USER, "alice@corp.example"), (USER_ID, "ALICE")],
        &[
            (USER, "alice2"),
            (USER, "alice\\bob"),
            (USER, "malice"),
            (HOST, "alice"),
            (EMAIL, "alice@corp.example"),
        ],
    );
    check(
        "CORP\\alice",
        &[(USER, "corp\\Alice")],
        &[(USER, "alice"), (USER, "OTHER\\alice"), (USER, "corp\\alice2")],
    );
    check(
        "john.doe",
        &[(USER, "CORP\\john.doe"), (USER, "John.Doe@corp.example")],
        &[(USER, "john.doe2"), (FILE, "john.doe.txt")],
    );
    check("user:Jane Doe", &[(USER, "jane doe")], &[(USER, "jane")]);
    check(
        "S-1-5-21-1-2-3-1001",
        &[(USER_ID, "S-1-5-21-1-2-3-1001")],
        &[(USER_ID, "S-1-5-21-1-2-3-10011")],
    );
    check("host:ŠKODA", &[(HOST, "škoda")], &[(HOST, "skoda")]);
}

#[test]
fn emails() {
    for text in [
        "bob@evil.example",
        "BOB@EVIL.example",
        "bob[@]evil[.]example",
        "bob(at)evil(dot)example",
        "mailto:bob@evil.example",
        "email:bob@evil.example",
    ] {
        check(
            text,
            &[
                (EMAIL, "Bob@Evil.Example"),
                (EMAIL, "\"Bob, B.\" <bob@evil.example>"),
                (EMAIL, "a@b.example; bob@evil.example"),
                (USER, "bob@evil.example"),
            ],
            &[
                (EMAIL, "bob@notevil.example"),
                (EMAIL, "bob@mail.evil.example"),
                (EMAIL, "rebob@evil.example"),
                (EMAIL, "bob@evil.example.com"),
                (USER, "bob"),
            ],
        );
    }
}

#[test]
fn urls() {
    for text in [
        "hxxps://Evil.example:443/A/%7eb?x=1#frag",
        "https[:]//evil[.]example/A/~b?x=1",
        "url:https://evil.example/A/./c/../%7Eb?x=1",
    ] {
        check(
            text,
            &[
                (URL, "https://evil.example/A/~b?x=1"),
                (URL, "HTTPS://EVIL.example/A/~b?x=1#other"),
                (URL, "evil.example/A/~b?x=1"),
                (URL, "evil.example:443/A/~b?x=1"),
            ],
            &[
                (URL, "http://evil.example/A/~b?x=1"),
                (URL, "https://evil.example/a/~b?x=1"),
                (URL, "https://evil.example/A/~b?x=12"),
                (URL, "https://evil.example/A/~b"),
                (URL, "https://evil.example:8443/A/~b?x=1"),
                (URL, "https://www.evil.example/A/~b?x=1"),
                (URL, "https://evil.example/"),
                (HOST, "evil.example"),
            ],
        );
    }
    check(
        "url:evil.example/a b",
        &[
            (URL, "http://evil.example/a%20b"),
            (URL, "https://evil.example/a b"),
            (URL, "evil.example/a%20b"),
        ],
        &[(URL, "http://evil.example/a%20bc"), (URL, "http://evil.example/a")],
    );
    check(
        "http://evil.example",
        &[(URL, "http://evil.example/")],
        &[(URL, "http://evil.example/a")],
    );
    check(
        "url:/wp-login.php",
        &[(URL, "/wp-login.php")],
        &[(URL, "http://evil.example/wp-login.php")],
    );
    check(
        "http://evil.example/%zz%",
        &[(URL, "http://evil.example/%zz%")],
        &[(URL, "http://evil.example/")],
    );
    check("http://[bad/x", &[(URL, "http://[bad/x")], &[(URL, "https://[bad/x")]);
    let long = format!("http://evil.example/{}", "a".repeat(5000));
    check(&long, &[(URL, &long), (URL, &long[7..])], &[(URL, &long[..5000])]);
}

#[test]
fn hashes() {
    let md5 = "d41d8cd98f00b204e9800998ecf8427e";
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for text in [md5.to_owned(), md5.to_uppercase(), format!("md5:{md5}"), format!("hash:{md5}")] {
        check(
            &text,
            &[(HASH, md5), (HASH, &md5.to_uppercase()), (HASH, &format!("SHA1=00,MD5={md5}"))],
            &[(HASH, &md5[1..]), (HASH, &format!("{md5}00000000")), (HASH, sha256), (FILE, md5)],
        );
    }
    check(&format!("sha256:{sha256}"), &[(HASH, sha256)], &[(HASH, &sha256[..40]), (HASH, md5)]);
    for digits in [32, 40, 56, 64, 96, 128] {
        check(&"a1".repeat(digits / 2), &[(HASH, &"A1".repeat(digits / 2))], &[]);
    }
    assert!(Indicator::parse("sha256:abc").is_err());
}

#[test]
fn files() {
    check(
        "C:\\Windows\\Temp\\Evil.exe",
        &[
            (PATH, "c:/windows/temp/evil.exe"),
            (PATH, "\\\\?\\C:\\Windows\\Temp\\evil.exe"),
            (PROCESS, "C:\\WINDOWS\\TEMP\\EVIL.EXE"),
            (PATH, "\"C:\\Windows\\Temp\\evil.exe\""),
            (PATH, "C:\\\\Windows\\\\Temp\\\\evil.exe"),
        ],
        &[
            (PATH, "C:\\Windows\\Temp"),
            (PATH, "C:\\Windows\\Temp\\evil.exe.bak"),
            (PATH, "C:\\Windows\\Temp\\evil.exe\\x"),
            (PATH, "D:\\Windows\\Temp\\evil.exe"),
            (FILE, "evil.exe"),
        ],
    );
    for text in ["evil.exe", "file:EVIL.exe"] {
        check(
            text,
            &[
                (FILE, "Evil.EXE"),
                (PATH, "C:\\x\\evil.exe"),
                (PROCESS, "evil.exe"),
                (PATH, "/opt/evil.exe"),
            ],
            &[
                (FILE, "notevil.exe"),
                (PATH, "C:\\evil.exe\\x"),
                (HOST, "evil.exe"),
                (FILE, "evil.exe.txt"),
            ],
        );
    }
    check(
        "\\\\srv\\share\\a.txt",
        &[(PATH, "//SRV/share/a.txt"), (PATH, "\\\\?\\UNC\\srv\\share\\a.txt")],
        &[(PATH, "/srv/share/a.txt")],
    );
    check(
        "/tmp/.x/miner",
        &[(PATH, "/tmp/.x/miner"), (PATH, "/tmp//.x/miner/")],
        &[(PATH, "/tmp/.x/miner2"), (FILE, "miner")],
    );
    check("C:\\.ssh\\id.key", &[(PATH, "C:\\.ssh\\id.key")], &[(PATH, "C:.ssh\\id.key")]);
    check("file:sshd", &[(PROCESS, "/usr/sbin/sshd"), (PROCESS, "sshd")], &[(USER, "sshd")]);
    check("file:///tmp/x", &[(PATH, "/tmp/x")], &[]);
    check("temp\\evil.exe", &[(PATH, "temp/evil.exe")], &[(USER, "temp\\evil.exe")]);
    check("Invoice 1.pdf.exe", &[(PATH, "C:\\a\\invoice 1.pdf.exe")], &[]);
    check(
        "dropper.enc",
        &[(FILE, "dropper.enc"), (PATH, "C:\\x\\dropper.enc"), (HOST, "a.dropper.enc")],
        &[(FILE, "dropper.enc.txt")],
    );
    check(
        "AROAEXAMPLE:alice@corp.example",
        &[(USER_ID, "AROAEXAMPLE:alice@corp.example")],
        &[(USER_ID, "AROAEXAMPLE:malice@corp.example")],
    );
    check("setup.zip", &[(FILE, "setup.zip"), (HOST, "www.setup.zip")], &[]);
}

#[test]
fn other_texts() {
    check(
        "00-11-22-AA-BB-CC",
        &[(MAC, "00:11:22:aa:bb:cc"), (MAC, "0011.22aa.bbcc")],
        &[(MAC, "00:11:22:aa:bb:cd")],
    );
    check("CVE-2021-44228", &[(CVE, "cve-2021-44228")], &[(CVE, "CVE-2021-442280")]);
    check(
        "HKLM\\Software\\Run\\x",
        &[(REGISTRY, "hklm\\software\\run\\X")],
        &[(REGISTRY, "HKLM\\Software\\Run")],
    );
    check(
        "other:sqlmap/1.7 (https://sqlmap.org)",
        &[(AGENT, "SQLMAP/1.7 (https://sqlmap.org)")],
        &[(AGENT, "sqlmap/1.7")],
    );
    check("AKIAIOSFODNN7EXAMPLE", &[(19, "AKIAIOSFODNN7EXAMPLE")], &[(19, "AKIAIOSFODNN7EXAMPL")]);
    check("443", &[(HOST, "443")], &[(11, "443"), (15, "443")]);
    let long = "x ".repeat(3000);
    check(&format!("other:{long}"), &[(COMMAND, &long)], &[(COMMAND, &long[..5990])]);
}

#[test]
fn refuses_what_is_nothing() {
    for text in [
        "",
        " ",
        "\"\"",
        "two words",
        "a@",
        "@evil.example",
        "evil..example",
        "1.2.3.999",
        "ip:evil",
        "user:",
        "hash:xyz",
        "-a b-",
        "a\\b: c",
        "one\ntwo\\x",
        ".text",
        "a@b.example;c@d.example",
    ] {
        assert!(Indicator::parse(text).is_err(), "{text:?}: {:?}", Indicator::parse(text));
    }
}

#[test]
fn defanged_text_is_understood() {
    for (text, plain) in [
        ("203[.]0[.]113[.]7", "203.0.113.7"),
        ("203\\.0\\.113\\.7", "203.0.113.7"),
        ("203(.)0(.)113(.)7", "203.0.113.7"),
        ("203.0.113[.]0/24", "203.0.113.0/24"),
        ("2001[:]db8[:][:]1", "2001:db8::1"),
        ("evil[dot]com", "evil.com"),
        ("evil(DOT)com", "evil.com"),
        ("evil{.}com", "evil.com"),
        ("evil [.] com", "evil.com"),
        ("evil\\.com", "evil.com"),
        ("domain:evil[.]com", "evil.com"),
        ("hxxp://evil[.]com/a", "http://evil.com/a"),
        ("hXXps[:]//evil.com/a", "https://evil.com/a"),
        ("hxxp[://]evil.com/a", "http://evil.com/a"),
        ("a[@]evil.com", "a@evil.com"),
        ("a[at]evil[dot]com", "a@evil.com"),
    ] {
        assert_eq!(Indicator::parse(text).unwrap().text(), plain, "{text}");
    }
}
