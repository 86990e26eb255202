//! Finding the plugins of a folder: every file `*.vrl` directly in it, in the order of its name.
//! Hidden files (editors leave them), sub-folders and other extensions are not looked at.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::compile::compile_file;
use super::{Diagnostic, VrlError, VrlPlugin};
use crate::Plugin;

/// Longest plugin file in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Loads all plugins of a folder; an empty folder has none.
///
/// # Errors
/// The folder cannot be read, or files are wrong: all faults of all files are reported together.
pub fn load_folder(folder: &Path) -> Result<Vec<Box<dyn Plugin>>, VrlError> {
    let plugins = compile_folder(folder)?;
    Ok(plugins.into_iter().map(|plugin| Box::new(plugin) as Box<dyn Plugin>).collect())
}

/// Compiles all plugins of a folder without using them; what `headwater config check` shows.
///
/// # Errors
/// As [`load_folder`].
pub fn compile_folder(folder: &Path) -> Result<Vec<VrlPlugin>, VrlError> {
    let mut plugins = Vec::new();
    let mut diagnostics = Vec::new();
    for path in plugin_files(folder)? {
        match compile_path(&path) {
            Ok(plugin) => plugins.push(plugin),
            Err(faults) => diagnostics.extend(faults),
        }
    }
    VrlError::check(diagnostics)?;
    Ok(plugins)
}

fn plugin_files(folder: &Path) -> Result<Vec<PathBuf>, VrlError> {
    let fail = |source: io::Error| VrlError::folder(folder, source);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        // Follows links: a mounted configuration is a folder of them.
        if !hidden && path.extension() == Some(OsStr::new("vrl")) && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn compile_path(path: &Path) -> Result<VrlPlugin, Vec<Diagnostic>> {
    let label = path.display().to_string();
    let Some(name) = path.file_stem().and_then(OsStr::to_str) else {
        return Err(vec![Diagnostic::of_file(&label, "file name is not UTF-8".to_owned())]);
    };
    match read_text(path) {
        Ok(text) => compile_file(&label, name, &text),
        Err(fault) => Err(vec![Diagnostic::of_file(&label, fault)]),
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("longer than {FILE_BYTES_MAX} bytes"));
    }
    String::from_utf8(bytes)
        .map_err(|error| format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
}
