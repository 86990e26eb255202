//! Where each setting stands in a YAML text: from a position to its path and back, so that every
//! error, of the parser and of the validation, has path, line and column.

use serde_saphyr::granit_parser::{Event, Marker, Parser};

/// Line and column, counted from 1.
pub(crate) type Position = (usize, usize);

/// Paths of a text with their positions, in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    path: String,
    /// Where its key stands; `None` for the root and for items of lists.
    key: Option<Position>,
    value: Position,
}

/// An open list or mapping.
struct Level {
    path: String,
    state: State,
}

enum State {
    /// Number of the next item.
    List(usize),
    /// The next node is a key.
    Key,
    /// The next node is the value of this key.
    Value(String, Position),
}

impl Outline {
    /// Reads the outline as far as the text can be parsed.
    pub(crate) fn of(text: &str) -> Self {
        let mut outline = Self::default();
        let mut levels: Vec<Level> = Vec::new();
        let mut parser = Parser::new_from_str(text);
        while let Some(Ok((event, span))) = parser.next_event() {
            let at = position(span.start);
            match event {
                Event::Scalar(text, ..) => outline.node(&mut levels, Some(&text), at, None),
                Event::Alias(_) => outline.node(&mut levels, None, at, None),
                Event::SequenceStart(..) => {
                    outline.node(&mut levels, None, at, Some(State::List(0)));
                }
                Event::MappingStart(..) => outline.node(&mut levels, None, at, Some(State::Key)),
                Event::SequenceEnd | Event::MappingEnd => {
                    levels.pop();
                }
                _ => {}
            }
        }
        outline
    }

    /// Takes a node: a key of the open mapping, or a value, which may open a level itself.
    fn node(
        &mut self,
        levels: &mut Vec<Level>,
        text: Option<&str>,
        at: Position,
        opens: Option<State>,
    ) {
        let (path, key) = match levels.last_mut() {
            None => (String::new(), None),
            Some(level) => match std::mem::replace(&mut level.state, State::Key) {
                State::List(index) => {
                    level.state = State::List(index + 1);
                    (format!("{}[{index}]", level.path), None)
                }
                State::Key => {
                    // Lists and mappings as keys are not settings; the parser refuses them.
                    let path = join(&level.path, text.unwrap_or("?"));
                    level.state = State::Value(path, at);
                    if let Some(state) = opens {
                        levels.push(Level { path: String::new(), state });
                    }
                    return;
                }
                State::Value(path, key) => (path, Some(key)),
            },
        };
        if let Some(state) = opens {
            levels.push(Level { path: path.clone(), state });
        }
        self.entries.push(Entry { path, key, value: at });
    }

    /// The path of what stands at a position: a key, a value, or what began last before it.
    pub(crate) fn path_at(&self, at: Position) -> &str {
        let by_key = || self.entries.iter().find(|entry| entry.key == Some(at));
        // A mapping begins where its first key begins: the outer one is meant.
        let by_value = || self.entries.iter().find(|entry| entry.value == at);
        let before =
            || self.entries.iter().rev().find(|entry| entry.key.unwrap_or(entry.value) <= at);
        by_key().or_else(by_value).or_else(before).map_or("", |entry| entry.path.as_str())
    }

    /// Where the value of a path stands, or the nearest setting above it; `None` when the text has
    /// neither.
    pub(crate) fn position_of(&self, path: &str) -> Option<Position> {
        let mut path = path;
        loop {
            if let Some(entry) = self.entries.iter().find(|entry| entry.path == path) {
                // The name of a section stands above what it holds.
                return (!path.is_empty()).then(|| entry.key.unwrap_or(entry.value));
            }
            path = path.get(..path.rfind(['.', '['])?)?;
        }
    }

    /// Whether the text sets this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.entries.iter().any(|entry| entry.path == path)
    }
}

/// The path of a setting in a section.
pub(crate) fn join(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

/// The section of a path: all but its last part.
pub(crate) fn section_of(path: &str) -> &str {
    path.rfind('.').and_then(|dot| path.get(..dot)).unwrap_or_default()
}

fn position(marker: Marker) -> Position {
    (marker.line(), marker.col() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
lake:
  url: ./lake
  storage: {a: 1, b: env:X}
aliases:
  - one
  - two
log: {level: info}
";

    fn check(path: &str, position: Position) {
        let outline = Outline::of(TEXT);
        assert_eq!(outline.position_of(path), Some(position), "{path}");
        assert_eq!(outline.path_at(position), path, "{position:?}");
    }

    #[test]
    fn paths_and_positions_belong_together() {
        check("lake", (1, 1));
        check("lake.url", (2, 3));
        check("lake.storage", (3, 3));
        check("lake.storage.a", (3, 13));
        check("lake.storage.b", (3, 19));
        check("aliases", (4, 1));
        check("aliases[0]", (5, 5));
        check("aliases[1]", (6, 5));
        check("log.level", (7, 7));
    }

    #[test]
    fn values_and_gaps_have_a_path() {
        let outline = Outline::of(TEXT);
        assert_eq!(outline.path_at((2, 8)), "lake.url");
        assert_eq!(outline.path_at((3, 16)), "lake.storage.a");
        assert_eq!(outline.path_at((7, 13)), "log.level");
        assert_eq!(outline.path_at((7, 30)), "log.level");
    }

    #[test]
    fn a_missing_setting_is_at_its_section() {
        let outline = Outline::of(TEXT);
        assert_eq!(outline.position_of("lake.durability"), Some((1, 1)));
        assert_eq!(outline.position_of("aliases[7]"), Some((4, 1)));
        assert_eq!(outline.position_of("query.timeout"), None);
        assert!(outline.has("lake.url") && !outline.has("lake.durability"));
    }

    #[test]
    fn broken_text_gives_what_comes_before() {
        let outline = Outline::of("lake:\n  url: x\n bad: [\n");
        assert_eq!(outline.position_of("lake.url"), Some((2, 3)));
    }
}
