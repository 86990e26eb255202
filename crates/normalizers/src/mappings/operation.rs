//! What the words of an operation's name say about the activity.

use super::audit_log::{ACCOUNT_CHANGE, ENTITY_MANAGEMENT, GROUP_MANAGEMENT, WEB_RESOURCES};

/// A word of an operation's name, with the activity in API Activity, Entity Management, Web
/// Resources Activity, Account Change and Group Management (99 where the class has none).
type Verb = (&'static str, [i64; 5]);

const VERBS: &[Verb] = &[
    ("create", [1, 1, 1, 1, 6]),
    ("add", [1, 1, 1, 1, 3]),
    ("new", [1, 1, 1, 1, 6]),
    ("insert", [1, 1, 1, 1, 3]),
    ("register", [1, 6, 1, 1, 99]),
    ("install", [1, 1, 1, 99, 99]),
    ("invite", [1, 1, 1, 1, 99]),
    ("upload", [1, 1, 6, 99, 99]),
    ("import", [1, 1, 6, 99, 99]),
    ("enroll", [1, 6, 1, 99, 99]),
    ("assign", [3, 3, 3, 99, 1]),
    ("grant", [3, 3, 3, 7, 1]),
    ("read", [2, 2, 2, 99, 99]),
    ("get", [2, 2, 2, 99, 99]),
    ("list", [2, 2, 2, 99, 99]),
    ("view", [2, 2, 2, 99, 99]),
    ("preview", [2, 2, 2, 99, 99]),
    ("access", [2, 2, 2, 99, 99]),
    ("fetch", [2, 2, 2, 99, 99]),
    ("clone", [2, 2, 2, 99, 99]),
    ("search", [2, 2, 5, 99, 99]),
    ("query", [2, 2, 5, 99, 99]),
    ("download", [2, 2, 7, 99, 99]),
    ("export", [2, 2, 7, 99, 99]),
    ("share", [3, 3, 8, 99, 99]),
    ("update", [3, 3, 3, 99, 99]),
    ("edit", [3, 3, 3, 99, 99]),
    ("modify", [3, 3, 3, 99, 99]),
    ("modified", [3, 3, 3, 99, 99]),
    ("change", [3, 3, 3, 99, 99]),
    ("set", [3, 3, 3, 99, 99]),
    ("patch", [3, 3, 3, 99, 99]),
    ("rotate", [3, 3, 3, 99, 99]),
    ("reset", [3, 3, 3, 4, 99]),
    ("rename", [3, 3, 3, 99, 99]),
    ("transfer", [3, 5, 3, 99, 99]),
    ("move", [3, 5, 3, 99, 99]),
    ("push", [3, 3, 3, 99, 99]),
    ("enable", [3, 8, 3, 2, 99]),
    ("disable", [3, 9, 3, 5, 99]),
    ("activate", [3, 10, 3, 2, 99]),
    ("reactivate", [3, 10, 3, 2, 99]),
    ("deactivate", [3, 11, 3, 5, 99]),
    ("suspend", [3, 12, 3, 5, 99]),
    ("unsuspend", [3, 13, 3, 2, 99]),
    ("lock", [3, 3, 3, 9, 99]),
    ("unlock", [3, 3, 3, 12, 99]),
    ("delete", [4, 4, 4, 6, 5]),
    ("remove", [4, 4, 4, 6, 4]),
    ("destroy", [4, 4, 4, 6, 5]),
    ("revoke", [4, 4, 4, 8, 2]),
    ("trash", [4, 4, 4, 99, 99]),
    ("uninstall", [4, 4, 4, 99, 99]),
    ("unenroll", [4, 7, 4, 99, 99]),
    ("purge", [4, 4, 4, 99, 99]),
];

/// The activity by the first word that says one.
pub(super) fn activity_of(class: i64, operation: &str) -> i64 {
    let place = match class {
        ENTITY_MANAGEMENT => 1,
        WEB_RESOURCES => 2,
        ACCOUNT_CHANGE => 3,
        GROUP_MANAGEMENT => 4,
        _ => 0,
    };
    let found = words(operation).into_iter().find_map(|word| {
        let verb = VERBS.iter().find(|(verb, _)| is_form_of(&word, verb));
        verb.and_then(|(_, activities)| activities.get(place).copied())
    });
    found.unwrap_or(99)
}

/// The words of `createUser`, `CREATE_USER`, `user.create`, `Create user`, in lower case.
fn words(operation: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for character in operation.chars() {
        if !character.is_alphanumeric() || (was_lower && character.is_uppercase()) {
            words.push(String::new());
        }
        was_lower = character.is_lowercase();
        if let (true, Some(word)) = (character.is_alphanumeric(), words.last_mut()) {
            word.extend(character.to_lowercase());
        }
    }
    words
}

/// `created`, `creates` and `creating` are forms of `create`.
fn is_form_of(word: &str, verb: &str) -> bool {
    let stem = verb.strip_suffix('e').unwrap_or(verb);
    let Some(ending) = word.strip_prefix(stem) else { return false };
    word == verb || ["ed", "es", "s", "ing"].contains(&ending) && (ending != "s" || stem == verb)
}
