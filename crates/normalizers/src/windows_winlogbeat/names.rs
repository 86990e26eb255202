//! Every name that the tables know, each with a number, and what has to be done with a field that
//! arrives under it.
//!
//! The names have a vocabulary of their own: in the pipeline's they would be indexed in every
//! event of every format, and most of them (`name`, `type`, `path`) are common words.

use headwater_event::json::{Token, Vocabulary};

use super::channels;
use super::every_channel::{
    CASELESS_VALUES, DASH_MEANS_ABSENT, DESTINATION_ADDRESSES, DESTINATION_HOSTS, FLAT_HEADER,
    GUIDS, HEX_LOGON_IDS, HEX_PROCESS_FIELDS, LATE, MACHINE_ACCOUNTS, NAMES_OF_PATHS, NUMBERS,
    SOURCE_ADDRESSES, YIELDING_HEADER,
};
use super::rules::Rename;
use super::sysmon::{ACCOUNT, ACCOUNTS, HASH_PREFIXES, RULE_FIELD, TIME_FIELD, TIMES};

/// What has to be done with the value of a field.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Treatment {
    /// `-` means that the field is absent.
    pub(crate) dash_is_absent: bool,
    /// The case of the value has no meaning.
    pub(crate) is_caseless: bool,
    /// Hexadecimal text is a logon id.
    pub(crate) is_logon_id: bool,
    /// In events without nested data: the field belongs to the envelope.
    pub(crate) is_header: bool,
}

/// The names and their treatments, made once.
#[derive(Debug)]
pub(crate) struct Names {
    vocabulary: Vocabulary,
    /// By the index of the name's token.
    treatments: Vec<Treatment>,
}

impl Default for Names {
    fn default() -> Self {
        let vocabulary = Vocabulary::new(all_names());
        let treatments = vocabulary.words().map(treatment_of).collect();
        Self { vocabulary, treatments }
    }
}

impl Names {
    /// How many names there are.
    pub(crate) fn count(&self) -> usize {
        self.treatments.len()
    }

    /// The number of a name.
    pub(crate) fn token(&self, name: &str) -> Option<Token> {
        self.vocabulary.token(name)
    }

    /// What has to be done with a field of this name.
    pub(crate) fn treatment(&self, token: Token) -> Treatment {
        self.treatments.get(token.index()).copied().unwrap_or_default()
    }
}

fn treatment_of(name: &str) -> Treatment {
    Treatment {
        dash_is_absent: DASH_MEANS_ABSENT.contains(&name),
        is_caseless: CASELESS_VALUES.contains(&name),
        is_logon_id: HEX_LOGON_IDS.contains(&name),
        is_header: FLAT_HEADER.contains(&name),
    }
}

fn all_names() -> impl Iterator<Item = &'static str> {
    let rules = channels::all_rules();
    let of_events = rules.flat_map(|rules| rules.all_renames().chain(rules.copies));
    let of_all = [LATE, MACHINE_ACCOUNTS, NAMES_OF_PATHS, HASH_PREFIXES, TIMES];
    let renames = of_events.chain(of_all.into_iter().flatten());
    let accounts = ACCOUNTS.iter().flat_map(|(account, domain, name)| [*account, *domain, *name]);
    let lists: [&[&str]; 10] = [
        CASELESS_VALUES,
        DASH_MEANS_ABSENT,
        &DESTINATION_ADDRESSES,
        &DESTINATION_HOSTS,
        &FLAT_HEADER,
        &GUIDS,
        &HEX_LOGON_IDS,
        &HEX_PROCESS_FIELDS,
        &NUMBERS,
        &SOURCE_ADDRESSES,
    ];
    renames
        .flat_map(|Rename { from, to }| [*from, *to])
        .chain(lists.into_iter().flatten().copied())
        .chain(YIELDING_HEADER.iter().map(|rename| rename.from))
        .chain(accounts)
        .chain([ACCOUNT.to, RULE_FIELD, TIME_FIELD, "src_ip_addr", "dst_ip_addr"])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::Names;

    #[test]
    fn treats_a_field_as_the_tables_say() {
        let names = Names::default();
        let treatment = |name: &str| names.treatment(names.token(name).expect(name));
        assert!(treatment("ipaddress").dash_is_absent && !treatment("ipaddress").is_caseless);
        assert!(treatment("commandline").is_caseless && !treatment("commandline").dash_is_absent);
        assert!(treatment("targetlogonid").is_logon_id && !treatment("logontype").is_logon_id);
        assert!(treatment("eventid").is_header && !treatment("image").is_header);
        assert_eq!(names.token("no such name"), None);
        for name in ["process_path", "utctime", "hashes", "wmi_query", "reporter_logon_id"] {
            assert!(names.token(name).is_some(), "{name}");
        }
    }
}
