//! What a caller should do about an error. One table gives the exit code, the HTTP status and
//! whether a retry makes sense; every error type of the workspace answers `kind()`.

use std::error::Error;
use std::fmt;

/// The reaction an error asks for, independent of the component that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request, file or setting is wrong: change it and try again.
    Invalid,
    /// The caller may not do this: change the credentials or the permissions.
    Denied,
    /// The thing named does not exist: check the name.
    NotFound,
    /// Someone else changed the same thing: read it again and repeat.
    Conflict,
    /// A dependency does not answer, or a limit is reached: wait and retry.
    Unavailable,
    /// Stored data is damaged: a person has to look.
    Corrupt,
    /// A defect in Headwater: report it.
    Internal,
}

impl ErrorKind {
    /// All kinds, in the order in which help texts list them.
    pub const ALL: [Self; 7] = [
        Self::Invalid,
        Self::Denied,
        Self::NotFound,
        Self::Conflict,
        Self::Unavailable,
        Self::Corrupt,
        Self::Internal,
    ];

    /// Process exit code: 2 and 4 to 9. 0 is success, 1 is left to the shell and the runtime, 3
    /// says "done, but there were rejects".
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Invalid => 2,
            Self::Denied => 4,
            Self::NotFound => 5,
            Self::Conflict => 6,
            Self::Unavailable => 7,
            Self::Corrupt => 8,
            Self::Internal => 9,
        }
    }

    /// HTTP status code of an answer that carries this error.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Denied => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Unavailable => 503,
            Self::Corrupt | Self::Internal => 500,
        }
    }

    /// Whether the same call may succeed later without any change by the caller.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Conflict | Self::Unavailable)
    }

    /// Stable lower-case name, as it appears in JSON and in help texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::Corrupt => "corrupt",
            Self::Internal => "internal",
        }
    }

    /// One sentence for help texts: what happened and what to do.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Invalid => "the command, a setting or an input is wrong: correct it",
            Self::Denied => "access was refused: check credentials and permissions",
            Self::NotFound => "a named file, table or object does not exist",
            Self::Conflict => "another process changed the same data: run the command again",
            Self::Unavailable => "a service did not answer or a limit was reached: retry later",
            Self::Corrupt => "stored data is damaged: see the message for the object",
            Self::Internal => "a defect in headwater: please report it",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// An error and its causes as one text, each once: some libraries repeat the cause in their own.
#[must_use]
pub fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        let message = current.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = current.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::ErrorKind;

    #[test]
    fn exit_codes_are_distinct_and_leave_0_1_and_3_free() {
        let mut codes: Vec<u8> = ErrorKind::ALL.iter().map(|kind| kind.exit_code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes, [2, 4, 5, 6, 7, 8, 9]);
    }
}
