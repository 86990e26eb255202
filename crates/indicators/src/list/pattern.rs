//! Patterns of STIX 2: the comparisons in them. How they are joined is not evaluated; each is
//! looked for on its own.

/// What a pattern compares.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) comparisons: Vec<Comparison>,
    /// Whether some of it has to hold together (`AND`, `FOLLOWEDBY`).
    pub(super) is_joined: bool,
}

/// One comparison.
#[derive(Debug)]
pub(super) struct Comparison {
    /// Type and property: `ipv4-addr:value`.
    pub(super) path: String,
    /// As it is written, with `NOT` before it if it is negated.
    pub(super) operator: String,
    pub(super) values: Vec<String>,
    /// For people.
    pub(super) text: String,
}

#[derive(Debug, PartialEq)]
enum Token<'a> {
    /// A bracket, a parenthesis, a comma.
    Mark(char),
    Operator(&'a str),
    /// A keyword, a path or a number.
    Word(&'a str),
    /// What is between quotes.
    Text(String),
}

/// Reads a pattern; nothing if it is not one.
pub(super) fn read(text: &str) -> Option<Pattern> {
    let tokens = tokens(text)?;
    let mut pattern = Pattern { comparisons: Vec::new(), is_joined: false };
    let mut open = Vec::new();
    let mut rest = tokens.as_slice();
    while let [token, after @ ..] = rest {
        rest = after;
        match token {
            Token::Mark(mark @ ('[' | '(')) => open.push(*mark),
            Token::Mark(']') => (open.pop()? == '[').then_some(())?,
            Token::Mark(')') => (open.pop()? == '(').then_some(())?,
            Token::Word(word) if word.contains(':') && open.contains(&'[') => {
                let (comparison, after) = comparison(word, after)?;
                pattern.comparisons.push(comparison);
                rest = after;
            }
            Token::Word(word) => {
                pattern.is_joined |= is_keyword(word, "AND") || is_keyword(word, "FOLLOWEDBY");
                if is_keyword(word, "EXISTS")
                    && let [Token::Word(path), after @ ..] = after
                {
                    pattern.comparisons.push(Comparison {
                        path: (*path).to_owned(),
                        operator: "EXISTS".to_owned(),
                        values: Vec::new(),
                        text: format!("EXISTS {path}"),
                    });
                    rest = after;
                }
            }
            // Times of `START` and `STOP`.
            Token::Text(_) if !open.contains(&'[') => {}
            _ => return None,
        }
    }
    open.is_empty().then_some(pattern)
}

/// Reads what follows a path: operator, and a value or a set of them.
fn comparison<'t, 'a>(
    path: &str,
    mut rest: &'t [Token<'a>],
) -> Option<(Comparison, &'t [Token<'a>])> {
    let mut operator = String::new();
    if let [Token::Word(word), after @ ..] = rest
        && is_keyword(word, "NOT")
    {
        operator.push_str("NOT ");
        rest = after;
    }
    let [Token::Operator(name) | Token::Word(name), after @ ..] = rest else { return None };
    operator.push_str(&name.to_ascii_uppercase());
    let mut values = Vec::new();
    let rest = match after {
        [Token::Mark('('), after @ ..] => {
            let end = after.iter().position(|token| *token == Token::Mark(')'))?;
            let (items, after) = after.split_at(end);
            for item in items.iter().filter(|item| **item != Token::Mark(',')) {
                values.push(value(item)?);
            }
            after.get(1..)?
        }
        [one, after @ ..] => {
            values.push(value(one)?);
            after
        }
        [] => return None,
    };
    let text = format!("{path} {operator} {}", values.join(", "));
    Some((Comparison { path: path.to_owned(), operator, values, text }, rest))
}

fn value(token: &Token<'_>) -> Option<String> {
    match token {
        Token::Text(text) => Some(text.clone()),
        Token::Word(word) => Some((*word).to_owned()),
        _ => None,
    }
}

fn is_keyword(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '[' | ']' | '(' | ')' | ',' => (Token::Mark(first), rest.get(1..)?),
            '=' | '!' | '<' | '>' => {
                let end = rest.find(|character| !"=!<>".contains(character)).unwrap_or(rest.len());
                let (operator, after) = rest.split_at(end);
                (Token::Operator(operator), after)
            }
            '\'' => quoted(rest)?,
            // A time, bytes in hexadecimal digits or in base 64.
            't' | 'h' | 'b' if rest.get(1..).is_some_and(|after| after.starts_with('\'')) => {
                quoted(rest.get(1..)?)?
            }
            _ => {
                let end = word_end(rest)?;
                let (word, after) = rest.split_at(end);
                (Token::Word(word), after)
            }
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Some(tokens)
}

/// Reads a text in single quotes, in which a backslash takes the next character as it is.
fn quoted(text: &str) -> Option<(Token<'_>, &str)> {
    let mut out = String::new();
    let mut characters = text.get(1..)?.chars();
    loop {
        match characters.next()? {
            '\'' => return Some((Token::Text(out), characters.as_str())),
            '\\' => out.push(characters.next()?),
            other => out.push(other),
        }
    }
}

/// Where a word ends. A path may have keys in quotes and places in brackets.
fn word_end(text: &str) -> Option<usize> {
    let mut end = 0;
    let mut is_path = false;
    while let Some(next) = text.get(end..).and_then(|rest| rest.chars().next()) {
        match next {
            '\'' if is_path => end += 2 + text.get(end + 1..)?.find('\'')?,
            '[' if is_path => end += 1 + text.get(end..)?.find(']')?,
            _ if next.is_whitespace() || "=!<>()[],'".contains(next) => break,
            _ => {
                is_path |= next == ':';
                end += next.len_utf8();
            }
        }
    }
    (end > 0).then_some(end)
}
