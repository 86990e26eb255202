//! Names of files and domains look alike; their endings tell most of them apart.

/// What a name's ending says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Files end so, and no domain does.
    File,
    /// Files and domains end so.
    Both,
    /// Domains end so, and hardly a file.
    Domain,
    /// None, or one that is not known.
    Unknown,
}

/// Endings of files that are no top-level domains, as of 2025.
const OF_FILES: &[&str] = &[
    "7z", "apk", "asp", "aspx", "avi", "bak", "bash", "bat", "bin", "bmp", "bz2", "cer", "cfg",
    "chm", "class", "cmd", "conf", "cpl", "crt", "csv", "dat", "db", "deb", "dll", "dmg", "doc",
    "docm", "docx", "dotm", "elf", "eml", "evtx", "exe", "gif", "gz", "hta", "htm", "html", "ico",
    "img", "inf", "ini", "ipa", "iso", "jar", "jpeg", "jpg", "js", "jse", "json", "jsp", "jspx",
    "key", "lnk", "log", "lua", "lzh", "mht", "mp3", "mp4", "msg", "msi", "msix", "msp", "mst",
    "ocx", "odt", "ost", "p12", "pcap", "pdb", "pdf", "pem", "pfx", "php", "png", "ppt", "pptm",
    "pptx", "ps1", "psd1", "psm1", "pst", "pyc", "rar", "rb", "reg", "rpm", "rtf", "scr", "sct",
    "sql", "sqlite", "svg", "swf", "sys", "tar", "tgz", "tmp", "txt", "url", "vbe", "vbs", "vhd",
    "vhdx", "war", "wll", "wsf", "wsh", "xhtml", "xll", "xls", "xlsb", "xlsm", "xlsx", "xml",
    "xsl", "xz", "yaml", "yml",
];

/// Endings of files that are top-level domains too. `com` is not here: of a hundred names that end
/// so hardly one is a file.
const OF_BOTH: &[&str] =
    &["app", "cab", "md", "mov", "one", "pl", "ps", "pub", "py", "rs", "sh", "so", "zip"];

/// Endings of most domains that are longer than the two letters of a country, with those of
/// networks of one's own.
const OF_DOMAINS: &[&str] = &[
    "academy",
    "agency",
    "arpa",
    "art",
    "asia",
    "biz",
    "blog",
    "blue",
    "bond",
    "business",
    "buzz",
    "cam",
    "center",
    "cfd",
    "click",
    "cloud",
    "club",
    "com",
    "company",
    "corp",
    "cyou",
    "design",
    "dev",
    "digital",
    "edu",
    "email",
    "example",
    "expert",
    "finance",
    "fit",
    "fun",
    "gdn",
    "global",
    "gov",
    "group",
    "guru",
    "help",
    "home",
    "host",
    "icu",
    "info",
    "int",
    "internal",
    "invalid",
    "ink",
    "lan",
    "life",
    "link",
    "live",
    "local",
    "localhost",
    "lol",
    "ltd",
    "media",
    "mil",
    "mobi",
    "monster",
    "museum",
    "name",
    "net",
    "network",
    "news",
    "ninja",
    "onion",
    "online",
    "org",
    "page",
    "party",
    "pics",
    "press",
    "pro",
    "quest",
    "rest",
    "review",
    "rocks",
    "run",
    "sale",
    "sbs",
    "services",
    "shop",
    "site",
    "social",
    "solutions",
    "space",
    "store",
    "stream",
    "studio",
    "support",
    "systems",
    "team",
    "tech",
    "tel",
    "test",
    "today",
    "tokyo",
    "tools",
    "top",
    "trade",
    "uno",
    "vip",
    "wang",
    "website",
    "wiki",
    "win",
    "work",
    "world",
    "wtf",
    "xyz",
    "zone",
];

impl Ending {
    pub(super) fn of(name: &str) -> Self {
        let Some((before, ending)) = name.rsplit_once('.') else { return Self::Unknown };
        let is = |known: &&str| ending.eq_ignore_ascii_case(known);
        let is_country =
            || ending.len() == 2 && ending.bytes().all(|byte| byte.is_ascii_alphabetic());
        if before.is_empty() {
            Self::Unknown
        } else if OF_FILES.iter().any(is) {
            Self::File
        } else if OF_BOTH.iter().any(is) {
            Self::Both
        } else if is_country()
            || !ending.is_ascii()
            || OF_DOMAINS.iter().any(is)
            || is_punycode(ending)
        {
            Self::Domain
        } else {
            Self::Unknown
        }
    }
}

fn is_punycode(label: &str) -> bool {
    label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"))
}

#[cfg(test)]
mod tests {
    use super::{OF_BOTH, OF_DOMAINS, OF_FILES};

    #[test]
    fn no_ending_is_in_two_lists() {
        let lists = [OF_FILES, OF_BOTH, OF_DOMAINS].concat();
        let endings: std::collections::BTreeSet<_> = lists.iter().collect();
        assert_eq!(endings.len(), lists.len());
    }
}
