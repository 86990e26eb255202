//! Names of files and domains look alike; their endings tell most of them apart.

/// What a name's ending says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Files end so, and no domain does.
    File,
    /// Files and domains end so.
    Both,
    /// A domain's, or nothing known.
    Other,
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
/// so none is a file.
const OF_BOTH: &[&str] =
    &["app", "cab", "md", "mov", "one", "pl", "ps", "pub", "py", "rs", "sh", "so", "zip"];

impl Ending {
    pub(super) fn of(name: &str) -> Self {
        let Some((before, ending)) = name.rsplit_once('.') else { return Self::Other };
        let is = |known: &&str| ending.eq_ignore_ascii_case(known);
        if before.is_empty() {
            Self::Other
        } else if OF_FILES.iter().any(|known| is(&known)) {
            Self::File
        } else if OF_BOTH.iter().any(|known| is(&known)) {
            Self::Both
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OF_BOTH, OF_FILES};

    #[test]
    fn no_ending_is_in_both_lists() {
        assert!(OF_FILES.is_sorted() && OF_BOTH.is_sorted());
        assert!(!OF_FILES.iter().any(|ending| OF_BOTH.contains(ending)));
    }
}
