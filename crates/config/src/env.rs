//! The environment of the process: read here and nowhere else, once, into a value that can be
//! passed around and made up in tests.
//!
//! | variable | meaning |
//! |---|---|
//! | `HEADWATER_LAKE` | the lake, as `--lake` |
//! | `HEADWATER_CONFIG` | the settings file, as `--config` |
//! | `HEADWATER_LOG_FORMAT` | form of log lines, as `--log-format` |
//! | `HEADWATER_TOKEN` | a token that `headwater serve` accepts with all scopes, and that clients send |
//! | `HEADWATER_SERVER` | the server that `headwater tail` asks, as `--server` |
//! | `AWS_*`, `AZURE_*`, `GOOGLE_*` | access to the object store, see [`Environment::storage_options`] |
//! | `AWS_LAMBDA_*` | set by AWS for `headwater lambda` |
//! | `NO_COLOR` | no colours, when not empty |
//! | `XDG_STATE_HOME`, `HOME` | where the SQL shell keeps its history |

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use crate::secret::Secret;

/// Name of the variable that names the lake.
pub(crate) const LAKE: &str = "HEADWATER_LAKE";
/// Name of the variable that names the settings file.
pub(crate) const CONFIG: &str = "HEADWATER_CONFIG";
/// Name of the variable that says how log lines look.
pub(crate) const LOG_FORMAT: &str = "HEADWATER_LOG_FORMAT";

/// Name of the variable with a token.
const TOKEN: &str = "HEADWATER_TOKEN";
/// Name of the variable that names a server.
const SERVER: &str = "HEADWATER_SERVER";

/// Variables that the runtime of AWS Lambda sets.
const LAMBDA: &[&str] = &[
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_RUNTIME_API",
];

/// Variables of Amazon S3 that the object store understands. Others with the prefix (`AWS_PROFILE`,
/// `AWS_PAGER`) belong to other programs.
const AWS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_ALLOW_HTTP",
    "AWS_CHECKSUM_ALGORITHM",
    "AWS_CONDITIONAL_PUT",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_COPY_IF_NOT_EXISTS",
    "AWS_DEFAULT_REGION",
    "AWS_DISABLE_TAGGING",
    "AWS_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IMDSV1_FALLBACK",
    "AWS_METADATA_ENDPOINT",
    "AWS_REGION",
    "AWS_REQUEST_PAYER",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_S3_EXPRESS",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SESSION_TOKEN",
    "AWS_SKIP_SIGNATURE",
    "AWS_SSE_BUCKET_KEY_ENABLED",
    "AWS_SSE_CUSTOMER_KEY_BASE64",
    "AWS_SSE_KMS_KEY_ID",
    "AWS_UNSIGNED_PAYLOAD",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

/// Variables of Azure storage that the object store understands.
const AZURE: &[&str] = &[
    "AZURE_ALLOW_HTTP",
    "AZURE_AUTHORITY_HOST",
    "AZURE_AUTHORITY_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_DISABLE_TAGGING",
    "AZURE_ENDPOINT",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_MSI_ENDPOINT",
    "AZURE_MSI_RESOURCE_ID",
    "AZURE_OBJECT_ID",
    "AZURE_SKIP_SIGNATURE",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCOUNT_NAME",
    "AZURE_STORAGE_AUTHORITY_HOST",
    "AZURE_STORAGE_AUTHORITY_ID",
    "AZURE_STORAGE_CLIENT_ID",
    "AZURE_STORAGE_CLIENT_SECRET",
    "AZURE_STORAGE_ENDPOINT",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_TENANT_ID",
    "AZURE_STORAGE_TOKEN",
    "AZURE_STORAGE_USE_EMULATOR",
    "AZURE_TENANT_ID",
    "AZURE_USE_AZURE_CLI",
    "AZURE_USE_FABRIC_ENDPOINT",
];

/// Variables of Google Cloud Storage that the object store understands.
const GOOGLE: &[&str] = &[
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_BASE_URL",
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SKIP_SIGNATURE",
];

/// The variables of the process at one moment.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Copies the variables of the process.
    #[must_use]
    pub fn read() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// An environment of these variables and no other.
    pub fn from_pairs<K: Into<OsString>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let own = |(name, value): (K, V)| (name.into(), value.into());
        Self { variables: pairs.into_iter().map(own).collect() }
    }

    /// The value of a variable when it is set, not empty and text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.value(name)?.to_str().map(str::to_owned)
    }

    /// The value of a variable as a path, when it is set and not empty.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.value(name).map(PathBuf::from)
    }

    fn value(&self, name: &str) -> Option<&OsStr> {
        let value = self.variables.get(OsStr::new(name))?;
        (!value.is_empty()).then_some(value)
    }

    /// What the environment says about access to the object store at `url`: the variables of its
    /// kind (`AWS_*` for `s3://`), named in lower case as the object store names its options. Empty
    /// for local folders.
    #[must_use]
    pub fn storage_options(&self, url: &str) -> BTreeMap<String, Secret> {
        let names = match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("s3" | "s3a") => AWS,
            Some("az" | "adl" | "azure" | "abfs" | "abfss") => AZURE,
            Some("gs") => GOOGLE,
            _ => &[],
        };
        let option = |name: &&str| Some((name.to_ascii_lowercase(), Secret::new(self.text(name)?)));
        names.iter().filter_map(option).collect()
    }

    /// The token in `HEADWATER_TOKEN`.
    #[must_use]
    pub fn token(&self) -> Option<Secret> {
        self.text(TOKEN).map(Secret::new)
    }

    /// The server in `HEADWATER_SERVER`.
    #[must_use]
    pub fn server(&self) -> Option<String> {
        self.text(SERVER)
    }

    /// Whether the process is a function of AWS Lambda: everything is set that its runtime sets.
    #[must_use]
    pub fn is_lambda(&self) -> bool {
        LAMBDA.iter().all(|name| self.value(name).is_some())
    }

    /// Whether output must have no colours (`NO_COLOR`).
    #[must_use]
    pub fn no_color(&self) -> bool {
        self.value("NO_COLOR").is_some()
    }

    /// Where the SQL shell keeps its history, when there is a home: the folder `headwater` of
    /// `XDG_STATE_HOME` or of `~/.local/state`.
    #[must_use]
    pub fn history_file(&self) -> Option<PathBuf> {
        let state = self
            .path("XDG_STATE_HOME")
            .or_else(|| self.path("HOME").map(|home| home.join(".local/state")))?;
        Some(state.join("headwater").join("history"))
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.variables.keys()).finish()
    }
}

/// Where the SQL shell of this process keeps its history; the folder is made. `None` without a home
/// or when the folder cannot be made.
#[must_use]
pub fn history_file() -> Option<PathBuf> {
    let path = Environment::read().history_file()?;
    std::fs::create_dir_all(path.parent()?).ok()?;
    Some(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_object_store_knows_every_variable() {
        for name in AWS {
            name.to_ascii_lowercase().parse::<object_store::aws::AmazonS3ConfigKey>().unwrap();
        }
        for name in AZURE {
            name.to_ascii_lowercase().parse::<object_store::azure::AzureConfigKey>().unwrap();
        }
        for name in GOOGLE {
            name.to_ascii_lowercase().parse::<object_store::gcp::GoogleConfigKey>().unwrap();
        }
    }

    fn check(url: &str, expected: &[(&str, &str)]) {
        let environment = Environment::from_pairs([
            ("AWS_REGION", "eu-central-1"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_ENDPOINT_URL", ""),
            ("AWS_PROFILE", "work"),
            ("AZURE_STORAGE_ACCOUNT_NAME", "acme"),
            ("GOOGLE_SERVICE_ACCOUNT", "account.json"),
        ]);
        let options = environment.storage_options(url);
        let actual: Vec<(&str, &str)> =
            options.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(actual, expected, "{url}");
    }

    #[test]
    fn storage_options_are_those_of_the_kind_of_store() {
        check(
            "s3://bucket/lake",
            &[("aws_region", "eu-central-1"), ("aws_secret_access_key", "hunter2")],
        );
        check("az://container/lake", &[("azure_storage_account_name", "acme")]);
        check("gs://bucket/lake", &[("google_service_account", "account.json")]);
        check("./lake", &[]);
        check("file:///lake", &[]);
    }

    #[test]
    fn values_are_never_printed() {
        let environment = Environment::from_pairs([("TOKEN", "hunter2")]);
        assert_eq!(format!("{environment:?}"), r#"{"TOKEN"}"#);
    }

    #[test]
    fn history_lies_in_the_state_folder() {
        let history =
            |pairs: &[(&str, &str)]| Environment::from_pairs(pairs.iter().copied()).history_file();
        let state = [("XDG_STATE_HOME", "/state"), ("HOME", "/me")];
        assert_eq!(history(&state), Some("/state/headwater/history".into()));
        let home = [("XDG_STATE_HOME", ""), ("HOME", "/me")];
        assert_eq!(history(&home), Some("/me/.local/state/headwater/history".into()));
        assert_eq!(history(&[]), None);
    }
}
