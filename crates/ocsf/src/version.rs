//! Releases of the schema that are built in.

use std::fmt;
use std::sync::LazyLock;

use crate::Catalogue;

/// A release of OCSF that Headwater knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 1.1.0, which Amazon Security Lake speaks.
    V1_1,
    /// 1.3.0.
    V1_3,
    /// 1.8.0, the native one: what mappings write and columns hold.
    V1_8,
}

impl Version {
    /// What mappings write.
    pub const NATIVE: Self = Self::V1_8;

    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_1, Self::V1_3, Self::V1_8];

    /// As `metadata.version` has it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::V1_1 => "1.1.0",
            Self::V1_3 => "1.3.0",
            Self::V1_8 => "1.8.0",
        }
    }

    /// The release with this text.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.text() == text)
    }

    /// Its catalogue; read from the binary at the first use.
    #[must_use]
    pub fn catalogue(self) -> &'static Catalogue {
        static V1_1: LazyLock<Catalogue> =
            LazyLock::new(|| built_in(include_str!("../data/1.1.0.json")));
        static V1_3: LazyLock<Catalogue> =
            LazyLock::new(|| built_in(include_str!("../data/1.3.0.json")));
        static V1_8: LazyLock<Catalogue> =
            LazyLock::new(|| built_in(include_str!("../data/1.8.0.json")));
        match self {
            Self::V1_1 => &V1_1,
            Self::V1_3 => &V1_3,
            Self::V1_8 => &V1_8,
        }
    }
}

#[expect(clippy::expect_used, reason = "data of the binary, read by a test of this crate")]
fn built_in(text: &str) -> Catalogue {
    Catalogue::read(text).expect("a built-in catalogue is well-formed")
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}
