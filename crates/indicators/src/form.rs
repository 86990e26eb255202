//! How an indicator's text is to be read, when whoever gave it says so.

/// What an indicator is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// An address or a network.
    Ip,
    /// A domain and all names below it; with `*.` only those below.
    Domain,
    /// One host, by its full or its bare name, or by its address.
    Host,
    /// A URL.
    Url,
    /// An e-mail address.
    Email,
    /// A digest.
    Hash,
    /// A user, by the whole or the bare name, or the identifier.
    User,
    /// A path, or a name in any folder.
    File,
    /// A hardware address.
    Mac,
    /// Any text: a command line, a user agent, the key of a registry, a CVE.
    Other,
}

/// Names in lower case, with what they mean: of this program, of STIX, and of what MISP, OTX and
/// abuse.ch export.
#[rustfmt::skip]
const NAMES: &[(&str, Form)] = {
    use Form::*;
    &[
        ("ip", Ip), ("ipv4", Ip), ("ipv6", Ip), ("cidr", Ip), ("address", Ip), ("subnet", Ip),
        ("ip-src", Ip), ("ip-dst", Ip), ("ip:port", Ip), ("ip address", Ip), ("ip_address", Ip),
        ("ipaddress", Ip), ("ipv4-addr", Ip), ("ipv6-addr", Ip), ("src_ip", Ip), ("dst_ip", Ip),
        ("domain", Domain), ("domain-name", Domain), ("domain_name", Domain), ("fqdn", Domain),
        ("hostname", Domain),
        ("host", Host), ("host name", Host), ("host_name", Host), ("computer", Host), ("target-machine", Host),
        ("url", Url), ("uri", Url), ("link", Url),
        ("email", Email), ("e-mail", Email), ("mail", Email), ("mailto", Email), ("email-addr", Email),
        ("email-src", Email), ("email-dst", Email), ("email-reply-to", Email), ("email_address", Email),
        ("envelope_from", Email), ("body_from", Email), ("target-email", Email),
        ("hash", Hash), ("md5", Hash), ("sha1", Hash), ("sha224", Hash), ("sha256", Hash),
        ("sha384", Hash), ("sha512", Hash), ("sha-1", Hash), ("sha-224", Hash), ("sha-256", Hash),
        ("sha-384", Hash), ("sha-512", Hash), ("md5_hash", Hash), ("sha1_hash", Hash),
        ("sha256_hash", Hash), ("filehash-md5", Hash), ("filehash-sha1", Hash),
        ("filehash-sha256", Hash), ("filehash-imphash", Hash), ("imphash", Hash),
        ("authentihash", Hash), ("x509-fingerprint-md5", Hash), ("x509-fingerprint-sha1", Hash),
        ("x509-fingerprint-sha256", Hash), ("ja3", Hash), ("ja3-fingerprint-md5", Hash),
        ("user", User), ("username", User), ("user-account", User), ("account", User),
        ("target-user", User), ("sid", User),
        ("file", File), ("filename", File), ("file name", File), ("file_name", File),
        ("filepath", File), ("file_path", File), ("path", File), ("process", File),
        ("directory", File),
        ("mac", Mac), ("mac-addr", Mac), ("mac-address", Mac), ("mac_address", Mac),
        ("other", Other), ("cve", Other), ("vulnerability", Other), ("user-agent", Other),
        ("useragent", Other), ("agent", Other), ("command", Other), ("command_line", Other),
        ("registry", Other), ("regkey", Other), ("windows-registry-key", Other),
    ]
};

impl Form {
    /// The form of a name, as in `host:ws01` or in the column `type` of a list; in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim();
        NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, form)| *form)
    }

    /// What to call it in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ip => "IP address or network",
            Self::Domain => "domain",
            Self::Host => "host",
            Self::Url => "URL",
            Self::Email => "e-mail address",
            Self::Hash => "hash",
            Self::User => "user",
            Self::File => "file",
            Self::Mac => "MAC address",
            Self::Other => "text",
        }
    }
}
