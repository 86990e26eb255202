//! Conditions of filters: three-valued, and they never fail. What cannot be evaluated or compared
//! is unknown; in lax mode the first match settles it, in strict mode any error makes it unknown.

use std::cmp::Ordering;

use super::evaluate::{PathFailure, Run, Scope};
use super::item::{Item, compare_scalars};
use super::parse::{Comparison, Node, Predicate};

/// Whether the condition holds; `None` is unknown.
pub(super) fn holds<'a>(
    run: &mut Run<'a>,
    predicate: &'a Predicate,
    scope: Scope<'_, 'a>,
) -> Option<bool> {
    match predicate {
        Predicate::And(left, right) => {
            let left = holds(run, left, scope);
            if left == Some(false) {
                return left;
            }
            match holds(run, right, scope) {
                Some(true) => left,
                other => other,
            }
        }
        Predicate::Or(left, right) => {
            let left = holds(run, left, scope);
            if left == Some(true) {
                return left;
            }
            match holds(run, right, scope) {
                Some(false) => left,
                other => other,
            }
        }
        Predicate::Not(inner) => holds(run, inner, scope).map(|truth| !truth),
        Predicate::IsUnknown(inner) => Some(holds(run, inner, scope).is_none()),
        Predicate::Exists(path) => run.node(path, scope).ok().map(|items| !items.is_empty()),
        Predicate::Compare(comparison, left, right) => {
            let left = operand(run, left, scope).ok()?;
            let right = operand(run, right, scope).ok()?;
            compare(run.strict, *comparison, &left, &right)
        }
        Predicate::StartsWith(text, prefix) => {
            let texts = operand(run, text, scope).ok()?;
            let prefix = operand(run, prefix, scope).ok()?;
            let [Item::Text(prefix)] = prefix.as_slice() else { return None };
            any(
                run.strict,
                texts.iter().map(|item| match item {
                    Item::Text(text) => Some(text.starts_with(prefix.as_ref())),
                    _ => None,
                }),
            )
        }
        Predicate::Matches(text, regex) => {
            let texts = operand(run, text, scope).ok()?;
            any(
                run.strict,
                texts.iter().map(|item| match item {
                    Item::Text(text) => Some(regex.is_match(text)),
                    _ => None,
                }),
            )
        }
    }
}

fn operand<'a>(
    run: &mut Run<'a>,
    node: &'a Node,
    scope: Scope<'_, 'a>,
) -> Result<Vec<Item<'a>>, PathFailure> {
    let items = run.node(node, scope)?;
    run.unwrapped(items)
}

/// Whether any of the tests succeeds. An error ends it as unknown; so does, in strict mode, an
/// error after a success.
fn any(strict: bool, tests: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut found = false;
    for test in tests {
        found |= test?;
        if found && !strict {
            return Some(true);
        }
    }
    Some(found)
}

/// Compares every item of the left with every item of the right sequence.
fn compare(
    strict: bool,
    comparison: Comparison,
    left: &[Item<'_>],
    right: &[Item<'_>],
) -> Option<bool> {
    let is_container = |item: &Item<'_>| matches!(item, Item::Container(_) | Item::Member { .. });
    let is_scalar = |item: &Item<'_>| !is_container(item) && *item != Item::Null;
    let incomparable = left.iter().any(is_container)
        && right.iter().any(|item| *item != Item::Null)
        || left.iter().any(is_scalar) && right.iter().any(is_container);
    if incomparable {
        return None;
    }
    let pairs = left.iter().flat_map(|one| right.iter().map(move |other| (one, other)));
    any(strict, pairs.map(|(one, other)| compare_pair(comparison, one, other)))
}

/// Null equals null and differs from everything else, and has no order.
fn compare_pair(comparison: Comparison, left: &Item<'_>, right: &Item<'_>) -> Option<bool> {
    let nulls = usize::from(*left == Item::Null) + usize::from(*right == Item::Null);
    match nulls {
        2 => return Some(comparison == Comparison::Equal),
        1 => return Some(comparison == Comparison::NotEqual),
        _ => {}
    }
    let ordering = compare_scalars(left, right)?;
    Some(match comparison {
        Comparison::Equal => ordering == Ordering::Equal,
        Comparison::NotEqual => ordering != Ordering::Equal,
        Comparison::Less => ordering == Ordering::Less,
        Comparison::LessOrEqual => ordering != Ordering::Greater,
        Comparison::Greater => ordering == Ordering::Greater,
        Comparison::GreaterOrEqual => ordering != Ordering::Less,
    })
}
