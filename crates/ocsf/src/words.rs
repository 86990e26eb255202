//! The attributes that completion and validation ask every event for.

use headwater_event::json::{Token, Vocabulary};

macro_rules! words {
    ($($name:ident = $key:literal),* $(,)?) => {
        /// Keys of a catalogue's vocabulary.
        #[derive(Debug)]
        pub(crate) struct Words {
            $(pub(crate) $name: Token,)*
        }

        impl Words {
            /// The words, or the first one that the vocabulary lacks.
            pub(crate) fn of(vocabulary: &Vocabulary) -> Result<Self, &'static str> {
                Ok(Self { $($name: vocabulary.token($key).ok_or($key)?,)* })
            }
        }
    };
}

words! {
    activity_id = "activity_id",
    activity_name = "activity_name",
    category_name = "category_name",
    category_uid = "category_uid",
    class_name = "class_name",
    class_uid = "class_uid",
    metadata = "metadata",
    name = "name",
    observables = "observables",
    profiles = "profiles",
    severity = "severity",
    severity_id = "severity_id",
    kind = "type",
    type_id = "type_id",
    type_name = "type_name",
    type_uid = "type_uid",
    value = "value",
    version = "version",
}
