//! What codes in Security events mean: message numbers, status codes, Kerberos and AD identifiers.
//!
//! A decoded text goes into a field of its own; the code stays (HELK writes the text of
//! `event_status` over the code).

/// The codes of one field.
#[derive(Debug)]
pub(crate) struct Dictionary {
    /// Events whose field it decodes.
    pub(crate) event_ids: &'static [u32],
    /// Field with the code, by its name after the renames.
    pub(crate) field: &'static str,
    /// Field for the text.
    pub(crate) decoded: &'static str,
    /// Codes without `%%`, and texts.
    pub(crate) entries: &'static [(&'static str, &'static str)],
}

/// What a code that is in no dictionary decodes to.
pub(crate) const UNKNOWN: &str = "Unknown";

impl Dictionary {
    /// The text of a code, or [`UNKNOWN`]. `%%1833`, `%{f30e3bc2-…}`, `0x17`, `0X00000017` are
    /// codes.
    pub(crate) fn text_of(&self, code: &str) -> &'static str {
        let code = code.trim().trim_start_matches('%');
        let code = code.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(code);
        let found = self.entries.iter().find(|(known, _)| {
            known.eq_ignore_ascii_case(code)
                || hexadecimal(known).is_some_and(|number| hexadecimal(code) == Some(number))
        });
        found.map_or(UNKNOWN, |(_, text)| text)
    }
}

/// The dictionaries of an event.
pub(crate) fn dictionaries(event_id: u32) -> impl Iterator<Item = &'static Dictionary> {
    DICTIONARIES.iter().filter(move |dictionary| dictionary.event_ids.contains(&event_id))
}

fn hexadecimal(code: &str) -> Option<u64> {
    let digits = code.strip_prefix("0x").or_else(|| code.strip_prefix("0X"))?;
    u64::from_str_radix(digits, 16).ok()
}

/// Bits of `ticket_options` in events 4768 to 4773, highest first; their names go into
/// `ticket_options_type_value`.
pub(crate) const TICKET_OPTIONS: &[(u32, &str)] = &[
    (0x4000_0000, "forwardable"),
    (0x2000_0000, "forwarded"),
    (0x1000_0000, "proxiable"),
    (0x0800_0000, "proxy"),
    (0x0400_0000, "allow-postdate"),
    (0x0200_0000, "postdated"),
    (0x0080_0000, "renewable"),
    (0x0040_0000, "initial"),
    (0x0020_0000, "pre-authent"),
    (0x0010_0000, "opt-hardware-auth"),
    (0x0004_0000, "ok-as-delegate"),
    (0x0002_0000, "request-anonymous"),
    (0x0001_0000, "name-canonicalize"),
    (0x0000_0020, "disable-transited-check"),
    (0x0000_0010, "renewable-ok"),
    (0x0000_0008, "enc-tkt-in-skey"),
    (0x0000_0002, "renew"),
    (0x0000_0001, "validate"),
];

macro_rules! dictionaries {
    ($($event_ids:expr, $field:literal => $decoded:literal, $entries:expr;)*) => {
        &[$(Dictionary {
            event_ids: $event_ids,
            field: $field,
            decoded: $decoded,
            entries: $entries,
        }),*]
    };
}

/// One line per field: the events, the code, the text, the codes that are known.
const DICTIONARIES: &[Dictionary] = dictionaries! {
    &[4624], "impersonation_level" => "impersonation_level_value", IMPERSONATION;
    &[4624], "logon_elevated_token" => "logon_elevated_token_value", YES_NO;
    &[4624], "logon_virtual_account" => "logon_virtual_account_value", YES_NO;
    &[4624, 4625], "logon_type" => "logon_type_value", LOGON_TYPE;
    &[4625], "event_status" => "event_status_value", LOGON_STATUS;
    &[4625], "event_sub_status" => "event_sub_status_value", LOGON_STATUS;
    &[4625], "logon_failure_reason" => "logon_failure_reason_value", FAILURE_REASON;
    &[4659], "object_access_list" => "object_access_list_value", ACCESS;
    &[4662], "object_type" => "object_type_value", DIRECTORY_CLASS;
    &[4688], "process_token_elevation_type" => "process_token_elevation_type_value", ELEVATION;
    &[4688], "process_mandatory_sid" => "process_mandatory_rid_label", INTEGRITY;
    KERBEROS, "ticket_encryption_type" => "ticket_encryption_type_value", ENCRYPTION;
    KERBEROS, "service_ticket_preauth_type" => "service_ticket_preauth_type_value", PREAUTH;
    KERBEROS, "ticket_failure_code" => "ticket_failure_code_value", KERBEROS_STATUS;
    KERBEROS, "ticket_status" => "ticket_status_value", KERBEROS_STATUS;
    &[4776], "event_status" => "event_status_value", LOGON_STATUS;
    &[5058, 5059, 5061], "key_type" => "key_type_value", KEY_TYPE;
    &[5058, 5059, 5061], "key_operation" => "key_operation_value", KEY_OPERATION;
    DIRECTORY_CHANGES, "dsobject_domain_type" => "dsobject_domain_type_value", DIRECTORY;
    CONNECTIONS, "network_layer_name" => "network_layer_name_value", LAYER;
    CONNECTIONS, "network_direction" => "network_direction_value", DIRECTION;
    &[5379], "object_operation_type" => "object_operation_type_value", CREDENTIAL_OPERATION;
};

const KERBEROS: &[u32] = &[4768, 4769, 4770, 4771, 4772, 4773];
const DIRECTORY_CHANGES: &[u32] = &[5136, 5137, 5138, 5139, 5141];
const CONNECTIONS: &[u32] = &[5152, 5154, 5156, 5157, 5158];

const KEY_TYPE: &[(&str, &str)] = &[("2499", "Machine key"), ("2500", "User key")];

const DIRECTORY: &[(&str, &str)] = &[("14676", "Active Directory Domain Services")];

const DIRECTION: &[(&str, &str)] = &[("14592", "Inbound"), ("14593", "Outbound")];

const CREDENTIAL_OPERATION: &[(&str, &str)] =
    &[("8099", "Read Credential"), ("8100", "Enumerate Credentials")];

const YES_NO: &[(&str, &str)] = &[("1842", "Yes"), ("1843", "No")];

const IMPERSONATION: &[(&str, &str)] = &[
    ("-", "Anonymous"),
    ("1832", "Identification"),
    ("1833", "Impersonation"),
    ("1840", "Delegation"),
    ("1841", "Denied by process trust label"),
    ("1842", "Yes"),
    ("1843", "No"),
    ("1844", "System"),
    ("1845", "Not available"),
    ("1846", "Default"),
    ("1847", "Disallow management configuration"),
    ("1848", "Off"),
    ("1849", "Auto"),
];

const LOGON_TYPE: &[(&str, &str)] = &[
    ("0", "System"),
    ("2", "Interactive"),
    ("3", "Network"),
    ("4", "Batch"),
    ("5", "Service"),
    ("7", "Unlock"),
    ("8", "NetworkCleartext"),
    ("9", "NewCredentials"),
    ("10", "RemoteInteractive"),
    ("11", "CachedInteractive"),
    ("12", "CachedRemoteInteractive"),
    ("13", "CachedUnlock"),
];

const LOGON_STATUS: &[(&str, &str)] = &[
    ("0x0", "OK"),
    ("0xc000005e", "No logon server available"),
    ("0xc0000064", "User name does not exist"),
    ("0xc000006a", "Wrong password"),
    ("0xc000006d", "Wrong user name or authentication information"),
    ("0xc000006e", "Unknown user name or wrong password"),
    ("0xc000006f", "Outside the permitted hours"),
    ("0xc0000070", "Not permitted from this workstation"),
    ("0xc0000071", "Password expired"),
    ("0xc0000072", "Account disabled"),
    ("0xc00000dc", "Account server in the wrong state"),
    ("0xc0000133", "Clocks too far apart"),
    ("0xc000015b", "Logon type not granted"),
    ("0xc000018c", "Trust relationship failed"),
    ("0xc0000192", "Netlogon service not started"),
    ("0xc0000193", "Account expired"),
    ("0xc0000224", "Password must be changed"),
    ("0xc0000225", "Defect in Windows, not a risk"),
    ("0xc0000234", "Account locked out"),
    ("0xc00002ee", "Error during logon"),
    ("0xc0000371", "No secret in the local account store"),
    ("0xc0000413", "Refused by the authentication firewall"),
];

const FAILURE_REASON: &[(&str, &str)] = &[
    ("2304", "Error during logon"),
    ("2305", "Account expired"),
    ("2306", "Netlogon not active"),
    ("2307", "Account locked out"),
    ("2308", "Logon type not granted"),
    ("2309", "Password expired"),
    ("2310", "Account disabled"),
    ("2311", "Outside the permitted hours"),
    ("2312", "Not permitted on this computer"),
    ("2313", "Unknown user name or wrong password"),
];

const ACCESS: &[(&str, &str)] = &[
    ("1537", "DELETE"),
    ("1538", "READ_CONTROL"),
    ("1539", "WRITE_DAC"),
    ("1540", "WRITE_OWNER"),
    ("1541", "SYNCHRONIZE"),
    ("1542", "ACCESS_SYS_SEC"),
];

const DIRECTORY_CLASS: &[(&str, &str)] = &[
    ("f30e3bc2-9ff0-11d1-b603-0000f80367c1", "Group policy container"),
    ("19195a5b-6da0-11d0-afd3-00c04fd930c9", "Domain DNS"),
    ("bf967aa5-0de6-11d0-a285-00aa003049e2", "Organizational unit"),
    ("bf967a8b-0de6-11d0-a285-00aa003049e2", "Container"),
    ("bf967a86-0de6-11d0-a285-00aa003049e2", "Computer"),
    ("2628a46a-a6ad-4ae0-b854-2b12d9fe6f9e", "Account"),
    ("bf967a9c-0de6-11d0-a285-00aa003049e2", "Group"),
    ("bf967aba-0de6-11d0-a285-00aa003049e2", "User"),
];

const ELEVATION: &[(&str, &str)] = &[("1936", "Default"), ("1937", "Full"), ("1938", "Limited")];

const INTEGRITY: &[(&str, &str)] = &[
    ("S-1-16-0", "SECURITY_MANDATORY_UNTRUSTED_RID"),
    ("S-1-16-4096", "SECURITY_MANDATORY_LOW_RID"),
    ("S-1-16-8192", "SECURITY_MANDATORY_MEDIUM_RID"),
    ("S-1-16-8448", "SECURITY_MANDATORY_MEDIUM_PLUS_RID"),
    ("S-1-16-12288", "SECURITY_MANDATORY_HIGH_RID"),
    ("S-1-16-16384", "SECURITY_MANDATORY_SYSTEM_RID"),
    ("S-1-16-20480", "SECURITY_MANDATORY_PROTECTED_PROCESS_RID"),
];

const ENCRYPTION: &[(&str, &str)] = &[
    ("0x1", "DES-CBC-CRC"),
    ("0x3", "DES-CBC-MD5"),
    ("0x11", "AES128-CTS-HMAC-SHA1-96"),
    ("0x12", "AES256-CTS-HMAC-SHA1-96"),
    ("0x17", "RC4-HMAC"),
    ("0x18", "RC4-HMAC-EXP"),
    ("0xffffffff", "Failure"),
];

const PREAUTH: &[(&str, &str)] = &[
    ("0", "None"),
    ("2", "PA-ENC-TIMESTAMP"),
    ("11", "PA-ETYPE-INFO"),
    ("15", "PA-PK-AS-REP_OLD"),
    ("16", "PA-PK-AS-REQ"),
    ("17", "PA-PK-AS-REP"),
    ("19", "PA-ETYPE-INFO2"),
    ("20", "PA-SVR-REFERRAL-INFO"),
    ("138", "PA-ENCRYPTED-CHALLENGE"),
];

const KEY_OPERATION: &[(&str, &str)] = &[
    ("2458", "Read persisted key from file"),
    ("2464", "Export of persistent key"),
    ("2480", "Open key"),
];

const LAYER: &[(&str, &str)] = &[
    ("14608", "Resource Assignment"),
    ("14609", "Listen"),
    ("14610", "Receive/Accept"),
    ("14611", "Connect"),
];

/// Error codes of RFC 4120.
#[rustfmt::skip]
const KERBEROS_STATUS: &[(&str, &str)] = &[
    ("0x0", "KDC_ERR_NONE"), ("0x1", "KDC_ERR_NAME_EXP"), ("0x2", "KDC_ERR_SERVICE_EXP"),
    ("0x3", "KDC_ERR_BAD_PVNO"), ("0x4", "KDC_ERR_C_OLD_MAST_KVNO"),
    ("0x5", "KDC_ERR_S_OLD_MAST_KVNO"), ("0x6", "KDC_ERR_C_PRINCIPAL_UNKNOWN"),
    ("0x7", "KDC_ERR_S_PRINCIPAL_UNKNOWN"), ("0x8", "KDC_ERR_PRINCIPAL_NOT_UNIQUE"),
    ("0x9", "KDC_ERR_NULL_KEY"), ("0xa", "KDC_ERR_CANNOT_POSTDATE"),
    ("0xb", "KDC_ERR_NEVER_VALID"), ("0xc", "KDC_ERR_POLICY"), ("0xd", "KDC_ERR_BADOPTION"),
    ("0xe", "KDC_ERR_ETYPE_NOSUPP"), ("0xf", "KDC_ERR_SUMTYPE_NOSUPP"),
    ("0x10", "KDC_ERR_PADATA_TYPE_NOSUPP"), ("0x11", "KDC_ERR_TRTYPE_NOSUPP"),
    ("0x12", "KDC_ERR_CLIENT_REVOKED"), ("0x13", "KDC_ERR_SERVICE_REVOKED"),
    ("0x14", "KDC_ERR_TGT_REVOKED"), ("0x15", "KDC_ERR_CLIENT_NOTYET"),
    ("0x16", "KDC_ERR_SERVICE_NOTYET"), ("0x17", "KDC_ERR_KEY_EXPIRED"),
    ("0x18", "KDC_ERR_PREAUTH_FAILED"), ("0x19", "KDC_ERR_PREAUTH_REQUIRED"),
    ("0x1a", "KDC_ERR_SERVER_NOMATCH"), ("0x1b", "KDC_ERR_MUST_USE_USER2USER"),
    ("0x1c", "KDC_ERR_PATH_NOT_ACCEPTED"), ("0x1d", "KDC_ERR_SVC_UNAVAILABLE"),
    ("0x1f", "KRB_AP_ERR_BAD_INTEGRITY"), ("0x20", "KRB_AP_ERR_TKT_EXPIRED"),
    ("0x21", "KRB_AP_ERR_TKT_NYV"), ("0x22", "KRB_AP_ERR_REPEAT"), ("0x23", "KRB_AP_ERR_NOT_US"),
    ("0x24", "KRB_AP_ERR_BADMATCH"), ("0x25", "KRB_AP_ERR_SKEW"), ("0x26", "KRB_AP_ERR_BADADDR"),
    ("0x27", "KRB_AP_ERR_BADVERSION"), ("0x28", "KRB_AP_ERR_MSG_TYPE"),
    ("0x29", "KRB_AP_ERR_MODIFIED"), ("0x2a", "KRB_AP_ERR_BADORDER"),
    ("0x2c", "KRB_AP_ERR_BADKEYVER"), ("0x2d", "KRB_AP_ERR_NOKEY"),
    ("0x2e", "KRB_AP_ERR_MUT_FAIL"), ("0x2f", "KRB_AP_ERR_BADDIRECTION"),
    ("0x30", "KRB_AP_ERR_METHOD"), ("0x31", "KRB_AP_ERR_BADSEQ"),
    ("0x32", "KRB_AP_ERR_INAPP_CKSUM"), ("0x33", "KRB_AP_PATH_NOT_ACCEPTED"),
    ("0x34", "KRB_ERR_RESPONSE_TOO_BIG"), ("0x3c", "KRB_ERR_GENERIC"),
    ("0x3d", "KRB_ERR_FIELD_TOOLONG"), ("0x3e", "KDC_ERR_CLIENT_NOT_TRUSTED"),
    ("0x3f", "KDC_ERR_KDC_NOT_TRUSTED"), ("0x40", "KDC_ERR_INVALID_SIG"),
    ("0x41", "KDC_ERR_KEY_TOO_WEAK"), ("0x42", "KDC_ERR_CERTIFICATE_MISMATCH"),
    ("0x43", "KRB_AP_ERR_NO_TGT"), ("0x44", "KDC_ERR_WRONG_REALM"),
    ("0x45", "KRB_AP_ERR_USER_TO_USER_REQUIRED"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::super::security;
    use super::{DICTIONARIES, TICKET_OPTIONS, dictionaries, hexadecimal};

    fn check(event_id: u32, field: &str, code: &str, text: &str) {
        let dictionary = dictionaries(event_id).find(|dictionary| dictionary.field == field);
        let found = dictionary.map(|dictionary| dictionary.text_of(code));
        assert_eq!(found, Some(text), "{code} in {field} of {event_id}");
    }

    #[test]
    fn codes_are_known_however_they_are_written() {
        check(4624, "impersonation_level", "%%1833", "Impersonation");
        check(4624, "impersonation_level", "-", "Anonymous");
        check(4624, "logon_elevated_token", "%%1842", "Yes");
        check(4625, "event_status", "0xc000006d", "Wrong user name or authentication information");
        check(4625, "event_sub_status", "0xC000006A", "Wrong password");
        check(4625, "event_sub_status", "0x00000000", "OK");
        check(4662, "object_type", "%{bf967a86-0de6-11d0-a285-00aa003049e2}", "Computer");
        check(4662, "object_type", "%{BF967ABA-0DE6-11D0-A285-00AA003049E2}", "User");
        check(4688, "process_token_elevation_type", "%%1937", "Full");
        check(4688, "process_mandatory_sid", "S-1-16-12288", "SECURITY_MANDATORY_HIGH_RID");
        check(4769, "ticket_encryption_type", "0x17", "RC4-HMAC");
        check(4769, "ticket_encryption_type", "0xFFFFFFFF", "Failure");
        check(4771, "ticket_failure_code", "0x18", "KDC_ERR_PREAUTH_FAILED");
        check(5156, "network_direction", "%%14593", "Outbound");
        check(5156, "network_direction", "%%1", "Unknown");
        check(5156, "network_direction", "", "Unknown");
    }

    #[test]
    fn no_code_has_two_texts() {
        for dictionary in DICTIONARIES {
            for (position, (code, _)) in dictionary.entries.iter().enumerate() {
                let first = dictionary.entries.iter().position(|(known, _)| {
                    known.eq_ignore_ascii_case(code)
                        || (hexadecimal(known).is_some() && hexadecimal(known) == hexadecimal(code))
                });
                assert_eq!(first, Some(position), "{code} in {}", dictionary.field);
            }
        }
    }

    #[test]
    fn decodes_fields_that_the_rules_give_without_touching_the_code() {
        for dictionary in DICTIONARIES {
            assert_ne!(dictionary.field, dictionary.decoded);
            for event_id in dictionary.event_ids {
                let rules = security::rules(*event_id).expect("a known event");
                let given = rules.all_renames().any(|rename| rename.to == dictionary.field)
                    || dictionary.field == "logon_type";
                assert!(given, "nothing gives {} in {event_id}", dictionary.field);
            }
        }
    }

    #[test]
    fn ticket_options_are_single_bits() {
        assert!(TICKET_OPTIONS.windows(2).all(|pair| pair[0].0 > pair[1].0));
        assert!(TICKET_OPTIONS.iter().all(|(bit, _)| bit.is_power_of_two()));
    }
}
