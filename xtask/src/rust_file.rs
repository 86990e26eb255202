//! A Rust source file as lines, with its test code told apart. No parser: the house style puts
//! tests last in a file (`#[cfg(test)] mod tests { … }`) or in files of their own.

/// The text of one file.
pub(crate) struct RustFile {
    /// Path from the root of the repository, with `/`.
    pub(crate) path: String,
    text: String,
    /// Lines before this one are shipped code.
    code_lines: usize,
}

impl RustFile {
    /// Takes the file apart.
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let code_lines = if is_test_path(&path) { 0 } else { lines_before_tests(&text) };
        Self { path, text, code_lines }
    }

    /// All lines with their numbers from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Lines that are shipped, comments included, with their numbers from 1.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().take(self.code_lines)
    }

    /// How many lines are not tests.
    pub(crate) fn code_length(&self) -> usize {
        self.code_lines
    }
}

/// Whether everything in the file is for tests: a file `tests.rs` or a file in a folder `tests`.
fn is_test_path(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|folder| folder == "tests")
}

fn lines_before_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let starts_tests = |&(index, line): &(usize, &&str)| {
        line.trim() == "#[cfg(test)]"
            && lines
                .iter()
                .skip(index + 1)
                .find(|next| !next.trim_start().starts_with("#["))
                .is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'))
    };
    lines.iter().enumerate().find(starts_tests).map_or(lines.len(), |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, code: usize) {
        assert_eq!(RustFile::new(path, text).code_length(), code, "{path}\n{text}");
    }

    #[test]
    fn tests_are_told_apart() {
        let text = "//! x\nfn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        check("crates/a/src/a.rs", text, 3);
        check("crates/a/src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests;\nfn b() {}\n", 4);
        check("crates/a/src/a.rs", "#[cfg(test)]\nuse x::y;\nfn b() {}\n", 3);
        check("crates/a/src/a/tests.rs", text, 0);
        check("crates/a/tests/cli/main.rs", text, 0);
    }
}
