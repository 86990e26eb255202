//! Sentences of the tools that change accounts and groups (shadow): Account Change, Group
//! Management.

use super::sentence::{Meaning, Sentence, means, named};

const CREATED: Meaning = means(3001, 1, 1);
const REMOVED: Meaning = means(3001, 6, 1);
const CHANGED: Meaning = named(3001, "Update", 1);
const JOINED: Meaning = means(3006, 3, 1);
const LEFT: Meaning = means(3006, 4, 1);
const GROUP_CREATED: Meaning = means(3006, 6, 1);
const GROUP_REMOVED: Meaning = means(3006, 5, 1);
const GROUP_CHANGED: Meaning = named(3006, "Update", 1);

pub(super) const SENTENCES: &[Sentence] = &[
    ("new user: {pairs*}", CREATED),
    ("new account: {pairs*}", CREATED),
    ("failed adding user '{user*}', {reason*}", means(3001, 1, 2)),
    ("failed adding user `{user*}', {reason*}", means(3001, 1, 2)),
    ("delete user '{user*}'", REMOVED),
    ("delete user `{user*}'", REMOVED),
    ("lock user '{user*}' password", means(3001, 9, 1)),
    ("unlock user '{user*}' password", means(3001, 12, 1)),
    ("change user '{user*}' password", means(3001, 4, 1)),
    ("change user '{user*}' {attribute} from '{old*}' to '{new*}'", CHANGED),
    ("change user name '{old*}' to '{user*}'", CHANGED),
    ("change user '{user*}' {attribute*}", CHANGED),
    ("changed user '{user*}' {attribute*}", CHANGED),
    ("changed password expiry for {user*}", CHANGED),
    ("password for '{user*}' changed by '{by*}'", means(3001, 3, 1)),
    ("password for {user*} changed by {by*}", means(3001, 3, 1)),
    ("can't view or modify password information for {user*}", means(3001, 3, 2)),
    ("new group: name={group*}, GID={group_id}", GROUP_CREATED),
    ("group added to {file}: name={group*}, GID={group_id}", GROUP_CREATED),
    ("group added to {file}: name={group*}", GROUP_CREATED),
    ("add '{user*}' to group '{group*}'", JOINED),
    ("add '{user*}' to shadow group '{group*}'", JOINED),
    ("user {user*} added by {by*} to group {group*}", JOINED),
    ("delete '{user*}' from group '{group*}'", LEFT),
    ("delete '{user*}' from shadow group '{group*}'", LEFT),
    ("user {user*} removed by {by*} from group {group*}", LEFT),
    ("removed group '{group*}' owned by '{owner*}'", GROUP_REMOVED),
    ("removed shadow group '{group*}' owned by '{owner*}'", GROUP_REMOVED),
    ("group '{group*}' removed from {file}", GROUP_REMOVED),
    ("group '{group*}' removed", GROUP_REMOVED),
    ("remove group '{group*}'", GROUP_REMOVED),
    ("group changed in {file} (group {group*}/{group_id}, {attribute*})", GROUP_CHANGED),
    ("group changed in {file} (group {group*}, {attribute*})", GROUP_CHANGED),
    ("set members of {group} to {members*}", GROUP_CHANGED),
    ("members of group {group} set by {by} to {members*}", GROUP_CHANGED),
    ("set administrators of {group} to {members*}", GROUP_CHANGED),
    ("administrators of group {group} set by {by} to {members*}", GROUP_CHANGED),
    ("password of group {group} changed by {by}", GROUP_CHANGED),
];
