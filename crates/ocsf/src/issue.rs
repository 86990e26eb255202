//! What validation finds: data, never a rejection.

use std::fmt;

/// How bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something recommended is not there; told on request only.
    Note,
    /// The event can be used; a consumer may be surprised.
    Warning,
    /// The event breaks the schema.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Declares the codes with their texts and severities in one place.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $severity:ident;)*) => {
        /// What is wrong. Names follow the OCSF schema server.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name, such as `attribute_unknown`.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// How bad it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The event is not an object.
    EventWrongType = "event_wrong_type", Error;
    /// No class has this number.
    ClassUnknown = "class_uid_unknown", Error;
    /// The class should not be used any more.
    ClassDeprecated = "class_deprecated", Warning;
    /// The object should not be used any more.
    ObjectDeprecated = "object_deprecated", Warning;
    /// `metadata.profiles` names a profile that does not exist.
    ProfileUnknown = "profile_unknown", Error;
    /// A required attribute is missing.
    RequiredMissing = "attribute_required_missing", Error;
    /// A recommended attribute is missing.
    RecommendedMissing = "attribute_recommended_missing", Note;
    /// The class or object has no such attribute, or its profile is not declared.
    AttributeUnknown = "attribute_unknown", Error;
    /// The attribute should not be used any more.
    AttributeDeprecated = "attribute_deprecated", Warning;
    /// The value has another type.
    WrongType = "attribute_wrong_type", Error;
    /// The number is outside the type's range.
    ExceedsRange = "attribute_value_exceeds_range", Error;
    /// The text is longer than the type allows.
    ExceedsLength = "attribute_value_exceeds_max_len", Error;
    /// The text does not look as the type says.
    RegexNotMatched = "attribute_value_regex_not_matched", Warning;
    /// The value is not in the enumeration.
    EnumUnknown = "attribute_enum_value_unknown", Error;
    /// An element is not in the enumeration.
    EnumElementUnknown = "attribute_enum_array_value_unknown", Error;
    /// The value should not be used any more.
    EnumDeprecated = "attribute_enum_value_deprecated", Warning;
    /// An element should not be used any more.
    EnumElementDeprecated = "attribute_enum_array_value_deprecated", Warning;
    /// The sibling's text is not the caption of the number.
    SiblingIncorrect = "attribute_enum_sibling_incorrect", Warning;
    /// The number is 99 and the sibling has its caption instead of the source's own wording.
    SiblingOther = "attribute_enum_sibling_suspicious_other", Warning;
    /// The sibling array is shorter than that of the numbers.
    SiblingElementMissing = "attribute_enum_array_sibling_missing", Error;
    /// The sibling's element is not the caption of the number.
    SiblingElementIncorrect = "attribute_enum_array_sibling_incorrect", Error;
    /// `at_least_one` or `just_one` of several attributes does not hold.
    ConstraintFailed = "constraint_failed", Error;
    /// `type_uid` is not `class_uid * 100 + activity_id`.
    TypeIncorrect = "type_uid_incorrect", Error;
    /// `metadata.version` is not a version.
    VersionInvalid = "version_invalid_format", Error;
    /// The event was made for an earlier release.
    VersionEarlier = "version_earlier", Warning;
    /// The event was made for a later release.
    VersionLater = "version_incompatible_later", Error;
    /// The event was made for a release before 1.0.
    VersionInitial = "version_incompatible_initial_development", Error;
    /// The event was made for a pre-release.
    VersionPrerelease = "version_incompatible_prerelease", Error;
    /// An observable names no attribute of the class.
    ObservableName = "observable_name_invalid_reference", Error;
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// What is wrong.
    pub code: Code,
    /// Where: `actor.user.uid`, `observables[2].name`; empty for the event itself.
    pub path: String,
    /// The value at fault or what is missing; shortened.
    pub value: String,
}

impl Issue {
    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (severity, place) =
            (self.severity().text(), if self.path.is_empty() { "event" } else { &self.path });
        write!(formatter, "{severity}: {} at {place}", self.code)?;
        if self.value.is_empty() { Ok(()) } else { write!(formatter, ": {}", self.value) }
    }
}
