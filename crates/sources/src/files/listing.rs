//! From the texts on a command line to inputs: paths, folders, globs, `-` and URLs, in a
//! deterministic order, listed lazily so that a bucket with a million keys starts at once.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use glob::{MatchOptions, Pattern};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, path::Path as Key};
use percent_encoding::percent_decode_str;
use tokio::runtime::Handle;

use crate::error::SourceError;
use crate::files::inputs::{Input, object_url};
use crate::files::stores::{ObjectStores, SCHEMES};

/// One result of a listing.
#[derive(Debug, Clone)]
pub enum Listed {
    /// Something to read.
    Input(Input),
    /// Something that was left out on purpose.
    Skipped(Skipped),
}

/// A file, object or archive member that is not read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Path, URL or member name.
    pub name: String,
    /// Why, for a person: lower case, no full stop.
    pub reason: &'static str,
}

/// The inputs behind the texts of a command line, found one after the other.
///
/// Texts keep their order; what one text stands for is sorted by name (folders level by level,
/// objects as the store lists them, which is by key). An error does not end the listing.
pub struct Listing {
    texts: VecDeque<String>,
    stores: ObjectStores,
    current: Option<Branch>,
}

/// What one text stands for.
enum Branch {
    Folder(FolderWalk),
    Glob { text: String, paths: glob::Paths, found: bool, inside: Option<FolderWalk> },
    Objects(Box<ObjectWalk>),
}

/// Lists what `texts` stand for: a path, a folder (recursively; hidden and temporary files are
/// reported as skipped), a glob (`*`, `?`, `[a-z]`, `**`), `-` for standard input, `file://`,
/// `s3://`, `gs://` and `az://` URLs of an object, of a prefix or with a glob. Keys in URLs are
/// percent-decoded; a `+` stays a plus.
#[must_use]
pub fn list(texts: &[String], stores: &ObjectStores) -> Listing {
    Listing { texts: texts.iter().cloned().collect(), stores: stores.clone(), current: None }
}

impl Iterator for Listing {
    type Item = Result<Listed, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(branch) = &mut self.current {
                if let Some(item) = branch.next() {
                    return Some(item);
                }
                self.current = None;
            }
            let text = self.texts.pop_front()?;
            match self.begin(&text) {
                Ok(Begin::Input(input)) => return Some(Ok(Listed::Input(input))),
                Ok(Begin::Branch(branch)) => self.current = Some(branch),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

enum Begin {
    Input(Input),
    Branch(Branch),
}

impl Listing {
    fn begin(&self, text: &str) -> Result<Begin, SourceError> {
        if text == "-" {
            return Ok(Begin::Input(Input::standard(None)));
        }
        match split_url(text) {
            None => begin_local(text, Path::new(text)),
            Some(("file", rest)) => {
                let path = rest.strip_prefix("localhost").unwrap_or(rest);
                if !path.starts_with('/') {
                    return Err(SourceError::invalid(text, "file URLs start with file:///"));
                }
                let path = decode(text, path)?;
                begin_local(text, Path::new(&path))
            }
            Some((scheme, rest)) if SCHEMES.contains(&scheme) => {
                self.begin_remote(text, scheme, rest)
            }
            Some((scheme, _)) => Err(SourceError::invalid(
                text,
                format!("scheme `{scheme}` is not one of file, s3, gs, az, abfs, abfss"),
            )),
        }
    }

    fn begin_remote(&self, text: &str, scheme: &str, rest: &str) -> Result<Begin, SourceError> {
        let (authority, raw) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() {
            return Err(SourceError::invalid(text, "the bucket is missing"));
        }
        let runtime = self.stores.runtime(text)?.clone();
        let root = format!("{scheme}://{authority}");
        let store = self.stores.open(&root)?;
        let walk = |prefix: Key, pattern: Option<Pattern>| {
            let objects = store.list(Some(&prefix));
            ObjectWalk {
                text: text.to_owned(),
                root: root.clone(),
                runtime: runtime.clone(),
                objects,
                pattern,
                found: false,
            }
        };
        if let Some(glob_at) = raw.find(GLOB_CHARACTERS) {
            let literal = raw.get(..glob_at).and_then(|head| head.rsplit_once('/'));
            let prefix = parse_key(text, &decode(text, literal.map_or("", |(head, _)| head))?)?;
            let pattern = Pattern::new(&decode_pattern(text, raw)?)
                .map_err(|error| SourceError::invalid(text, error.to_string()))?;
            return Ok(Begin::Branch(Branch::Objects(Box::new(walk(prefix, Some(pattern))))));
        }
        let key = parse_key(text, &decode(text, raw)?)?;
        if !raw.is_empty()
            && !raw.ends_with('/')
            && let Some(meta) = find_object(&runtime, &store, text, raw, &key)?
        {
            return Ok(Begin::Input(Input::object(&root, meta)));
        }
        Ok(Begin::Branch(Branch::Objects(Box::new(walk(key, None)))))
    }
}

/// Looks for an object of exactly this name: first the decoded key, then the key as it was typed
/// (for buckets whose keys really contain `%20`).
fn find_object(
    runtime: &Handle,
    store: &Arc<dyn ObjectStore>,
    text: &str,
    raw: &str,
    key: &Key,
) -> Result<Option<ObjectMeta>, SourceError> {
    let typed = Key::parse(raw).ok().filter(|typed| typed != key);
    for candidate in std::iter::once(key.clone()).chain(typed) {
        match runtime.block_on(store.head(&candidate)) {
            Ok(meta) => return Ok(Some(meta)),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(SourceError::store(text, error)),
        }
    }
    Ok(None)
}

fn begin_local(text: &str, path: &Path) -> Result<Begin, SourceError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let walk = FolderWalk::new(path).map_err(|error| SourceError::io(text, error))?;
            Ok(Begin::Branch(Branch::Folder(walk)))
        }
        Ok(metadata) => Ok(Begin::Input(Input::local(path, &metadata))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && text.contains(GLOB_CHARACTERS) => {
            let pattern = path.to_string_lossy();
            let paths = glob::glob_with(&pattern, LOCAL_MATCH)
                .map_err(|error| SourceError::invalid(text, error.to_string()))?;
            let text = text.to_owned();
            Ok(Begin::Branch(Branch::Glob { text, paths, found: false, inside: None }))
        }
        Err(error) => Err(SourceError::io(text, error)),
    }
}

impl Branch {
    fn next(&mut self) -> Option<Result<Listed, SourceError>> {
        match self {
            Self::Folder(walk) => walk.next(),
            Self::Objects(walk) => walk.next(),
            Self::Glob { text, paths, found, inside } => loop {
                if let Some(walk) = inside {
                    if let Some(item) = walk.next() {
                        *found = true;
                        return Some(item);
                    }
                    *inside = None;
                }
                match paths.next() {
                    // The walk of a single file yields that file, the walk of a folder its content.
                    Some(Ok(path)) => *inside = Some(FolderWalk { pending: vec![path] }),
                    Some(Err(error)) => {
                        *found = true;
                        let name = error.path().to_string_lossy().into_owned();
                        return Some(Err(SourceError::io(&name, error.into())));
                    }
                    None if !*found => {
                        *found = true;
                        return Some(Err(SourceError::NotFound { input: text.clone() }));
                    }
                    None => return None,
                }
            },
        }
    }
}

/// Depth-first walk of a folder, each level sorted by name.
struct FolderWalk {
    /// Next path at the end.
    pending: Vec<PathBuf>,
}

impl FolderWalk {
    fn new(folder: &Path) -> io::Result<Self> {
        let mut walk = Self { pending: Vec::new() };
        walk.push_children(folder)?;
        Ok(walk)
    }

    fn push_children(&mut self, folder: &Path) -> io::Result<()> {
        let mut children = Vec::new();
        for entry in fs::read_dir(folder)? {
            children.push(entry?.path());
        }
        children.sort_unstable_by(|left, right| right.file_name().cmp(&left.file_name()));
        self.pending.append(&mut children);
        Ok(())
    }

    fn next(&mut self) -> Option<Result<Listed, SourceError>> {
        loop {
            let path = self.pending.pop()?;
            let name = path.to_string_lossy().into_owned();
            let skipped =
                |reason| Some(Ok(Listed::Skipped(Skipped { name: name.clone(), reason })));
            if let Some(reason) =
                path.file_name().and_then(|file| skip_reason(&file.to_string_lossy()))
            {
                return skipped(reason);
            }
            let is_link = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink());
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() && is_link => return skipped("link to a folder"),
                Ok(metadata) if metadata.is_dir() => {
                    if let Err(error) = self.push_children(&path) {
                        return Some(Err(SourceError::io(&name, error)));
                    }
                }
                Ok(metadata) if metadata.is_file() => {
                    return Some(Ok(Listed::Input(Input::local(&path, &metadata))));
                }
                Ok(_) => return skipped("not a regular file"),
                Err(error) if is_link && error.kind() == io::ErrorKind::NotFound => {
                    return skipped("link to nothing");
                }
                Err(error) => return Some(Err(SourceError::io(&name, error))),
            }
        }
    }
}

/// The objects under a prefix, filtered by a pattern.
struct ObjectWalk {
    text: String,
    root: String,
    runtime: Handle,
    objects: BoxStream<'static, object_store::Result<ObjectMeta>>,
    pattern: Option<Pattern>,
    found: bool,
}

impl ObjectWalk {
    fn next(&mut self) -> Option<Result<Listed, SourceError>> {
        loop {
            let meta = match self.runtime.block_on(self.objects.next()) {
                Some(Ok(meta)) => meta,
                Some(Err(error)) => {
                    self.found = true;
                    return Some(Err(SourceError::store(&self.text, error)));
                }
                None if self.found => return None,
                None => {
                    self.found = true;
                    return Some(Err(SourceError::NotFound { input: self.text.clone() }));
                }
            };
            let key = meta.location.as_ref();
            if self.pattern.as_ref().is_some_and(|pattern| !pattern.matches_with(key, KEY_MATCH)) {
                continue;
            }
            self.found = true;
            let name = object_url(&self.root, meta.location.as_ref());
            // A key that ends in `/` arrives here without it: such a folder marker is always empty.
            let reason = if meta.size == 0 {
                Some("empty object")
            } else {
                meta.location.filename().and_then(skip_reason)
            };
            return Some(Ok(match reason {
                Some(reason) => Listed::Skipped(Skipped { name, reason }),
                None => Listed::Input(Input::object(&self.root, meta)),
            }));
        }
    }
}

const GLOB_CHARACTERS: [char; 3] = ['*', '?', '['];

const LOCAL_MATCH: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

const KEY_MATCH: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Why a file found in a folder, bucket or by a glob is not read; files named in full always are.
pub(super) fn skip_reason(name: &str) -> Option<&'static str> {
    const TEMPORARY: [&str; 5] = [".tmp", ".part", ".swp", ".crdownload", "~"];
    if name.starts_with('.') {
        return Some("hidden file");
    }
    let lower = name.to_ascii_lowercase();
    TEMPORARY.iter().any(|suffix| lower.ends_with(suffix)).then_some("temporary file")
}

/// Scheme (lower case) and rest of `scheme://rest`; `None` when the text is a path.
fn split_url(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    is_scheme.then_some((scheme, rest))
}

fn decode(text: &str, raw: &str) -> Result<String, SourceError> {
    let decoded = percent_decode_str(raw).decode_utf8();
    Ok(decoded
        .map_err(|_| SourceError::invalid(text, "the decoded name is not UTF-8"))?
        .into_owned())
}

/// Percent-decodes a pattern; an encoded `%2A` stands for a star in the name, not for a wildcard.
fn decode_pattern(text: &str, raw: &str) -> Result<String, SourceError> {
    let mut pattern = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((literal, encoded)) = rest.split_once('%') {
        pattern.push_str(literal);
        // One escape, or a run of them: multi-byte characters are encoded byte by byte.
        let run = encoded_run(encoded);
        let (escapes, after) = encoded.split_at_checked(run).unwrap_or((encoded, ""));
        if run == 0 {
            pattern.push('%');
        } else {
            pattern.push_str(&Pattern::escape(&decode(text, &format!("%{escapes}"))?));
        }
        rest = after;
    }
    pattern.push_str(rest);
    Ok(pattern)
}

/// Length of the run of `XX%XX%XX…` at the start of a text that follows a percent sign.
fn encoded_run(text: &str) -> usize {
    let is_hex = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    let mut length = 0;
    while is_hex(length) && is_hex(length + 1) {
        length += 2;
        if text.as_bytes().get(length) != Some(&b'%') || !is_hex(length + 1) || !is_hex(length + 2)
        {
            break;
        }
        length += 1;
    }
    length
}

fn parse_key(text: &str, key: &str) -> Result<Key, SourceError> {
    Key::parse(key).map_err(|error| SourceError::invalid(text, error.to_string()))
}
