//! The shape of the tables: which fields of which event get which name.

/// A field as it arrives, in lower case, and the name by which hunts know it.
///
/// In a copy the original stays, and `from` may be a name that a rename has just given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rename {
    /// Name before: event keys are in lower case when the tables are applied.
    pub(crate) from: &'static str,
    /// Name after, as HELK spells it.
    pub(crate) to: &'static str,
}

/// What happens to events of some ids.
#[derive(Debug)]
pub(crate) struct EventRules {
    /// The event ids, each in one set of rules of its channel only.
    pub(crate) ids: &'static [u16],
    /// Value of the field `action`, where HELK sets one.
    pub(crate) action: Option<&'static str>,
    /// Renames that several sets share.
    pub(crate) shared: &'static [&'static [Rename]],
    /// Renames of these events.
    pub(crate) renames: &'static [Rename],
    /// Copies, applied after the renames in their order.
    pub(crate) copies: &'static [Rename],
}

impl EventRules {
    /// All renames: the shared ones, then those of these events.
    pub(crate) fn all_renames(&self) -> impl Iterator<Item = &'static Rename> + use<> {
        self.shared.iter().copied().flatten().chain(self.renames)
    }
}

/// An event id and its rules.
pub(crate) type IndexEntry = (u16, &'static EventRules);

/// How many ids the sets of rules of all tables name together.
pub(crate) const fn count_ids(tables: &[&[EventRules]]) -> usize {
    let (mut count, mut table) = (0, 0);
    while table < tables.len() {
        let mut set = 0;
        while set < tables[table].len() {
            count += tables[table][set].ids.len();
            set += 1;
        }
        table += 1;
    }
    count
}

/// The rules of all tables by event id, in ascending order. Runs in the compiler.
pub(crate) const fn index_by_id<const COUNT: usize>(
    tables: &[&'static [EventRules]],
) -> [IndexEntry; COUNT] {
    let mut index = [(0, &tables[0][0]); COUNT];
    let (mut filled, mut table) = (0, 0);
    while table < tables.len() {
        let sets = tables[table];
        let mut set = 0;
        while set < sets.len() {
            let mut position = 0;
            while position < sets[set].ids.len() {
                let id = sets[set].ids[position];
                let mut place = filled;
                while place > 0 && index[place - 1].0 > id {
                    index[place] = index[place - 1];
                    place -= 1;
                }
                index[place] = (id, &sets[set]);
                filled += 1;
                position += 1;
            }
            set += 1;
        }
        table += 1;
    }
    index
}

/// The rules of an event id.
pub(crate) fn find(index: &[IndexEntry], event_id: u32) -> Option<&'static EventRules> {
    let position = index.binary_search_by_key(&event_id, |entry| u32::from(entry.0)).ok()?;
    index.get(position).map(|entry| entry.1)
}

/// `renames! { "from" => "to", … }`: a slice of [`Rename`].
macro_rules! renames {
    ($($from:literal => $to:literal),* $(,)?) => {
        &[$($crate::windows_winlogbeat::rules::Rename { from: $from, to: $to }),*]
    };
}

/// `on [ids] does "action" with [SHARED] rename { … } copy { … }`, repeated: a slice of
/// [`EventRules`]. Only `on` and `rename` are required.
macro_rules! event_rules {
    (@action) => { None };
    (@action $action:literal) => { Some($action) };
    ($(
        on [$($id:literal),+ $(,)?]
        $(does $action:literal)?
        $(with [$($shared:ident),+])?
        rename { $($renames:tt)* }
        $(copy { $($copies:tt)* })?
    )*) => {
        &[$($crate::windows_winlogbeat::rules::EventRules {
            ids: &[$($id),+],
            action: event_rules!(@action $($action)?),
            shared: &[$($($shared),+)?],
            renames: renames! { $($renames)* },
            copies: renames! { $($($copies)*)? },
        }),*]
    };
}

pub(crate) use {event_rules, renames};

#[cfg(test)]
pub(crate) mod suite {
    //! What every table of rules must satisfy.

    use super::{IndexEntry, Rename};

    /// Names before are in lower case and unique, names after are not empty.
    pub(crate) fn check_renames<'a>(of: &str, renames: impl Iterator<Item = &'a Rename>) {
        let mut names = Vec::new();
        for Rename { from, to } in renames {
            assert_eq!(*from, from.to_lowercase(), "{of}: event keys arrive in lower case");
            assert!(!to.is_empty() && !to.contains(' ') && from != to, "{of}: {from} to {to:?}");
            names.push(*from);
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{of}: a name is renamed twice");
    }

    /// Ids ascend and are unique, and the renames of each event are sound.
    pub(crate) fn check_index(index: &[IndexEntry]) {
        for pair in index.windows(2) {
            assert!(pair[0].0 < pair[1].0, "event {} is in two sets", pair[1].0);
        }
        for (id, rules) in index {
            assert!(rules.ids.contains(id));
            check_renames(&format!("event {id}"), rules.all_renames());
            for copy in rules.copies {
                let renamed = rules.all_renames().any(|rename| rename.to == copy.from);
                let arrives = copy.from == copy.from.to_lowercase();
                assert!(renamed || arrives, "event {id}: nothing gives {}", copy.from);
                assert_ne!(copy.from, copy.to, "event {id}");
            }
        }
    }
}
