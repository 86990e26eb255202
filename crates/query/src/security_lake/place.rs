//! Names of folders: source, region, account.

use super::ExportError;

/// Digits of an account of AWS.
const ACCOUNT_DIGITS: usize = 12;

/// Longest name of a folder.
const NAME_BYTES_MAX: usize = 64;

/// What accounts that are not of AWS begin with, so that they are not taken for one.
const EXTERNAL: &str = "external";

fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

/// Whether a name can be that of a source.
///
/// # Errors
/// `Invalid`: it is empty, too long, or has other characters than Security Lake takes.
pub fn check_source(name: &str) -> Result<(), ExportError> {
    let is_right = (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.chars().all(is_plain)
        && name.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    if is_right {
        return Ok(());
    }
    let rule = "1 to 64 letters, digits, `-`, `_` and `.`, a letter or digit first";
    Err(ExportError::Name { what: "source", name: name.to_owned(), rule })
}

/// The folder of a region, such as `eu-central-1`.
#[must_use]
pub fn region_folder(region: &str) -> String {
    plain(region)
}

/// The folder of an account: its 12 digits; accounts of others begin with `external`.
#[must_use]
pub fn account_folder(account: &str) -> String {
    let is_of_aws =
        account.len() == ACCOUNT_DIGITS && account.bytes().all(|byte| byte.is_ascii_digit());
    if is_of_aws || account.starts_with(EXTERNAL) {
        plain(account)
    } else {
        plain(&format!("{EXTERNAL}_{account}"))
    }
}

/// Characters that paths are safe with. What is in `cloud` stays as it is.
fn plain(text: &str) -> String {
    let letters = text.chars().map(|letter| if is_plain(letter) { letter } else { '_' });
    letters.take(NAME_BYTES_MAX).collect()
}
