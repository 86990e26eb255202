//! Settings: from a YAML file, the environment and the command line to one valid [`Config`].
//!
//! Three steps. *Parse*: the file becomes the types of [`mod@file`], where an unknown field is an
//! error with its path, line and the nearest known name. *Validate*: pure, finds every bad value at
//! once. *Resolve*: secrets are read where they are needed, so neither the file nor `Config` ever
//! holds one. Flag wins over environment, environment over file, file over default. Without a file
//! everything has a default. No other crate reads the environment.

mod config;
mod env;
mod error;
pub mod file;
mod load;
mod outline;
mod parse;
mod reference;
mod secret;
mod units;
mod validate;
mod validate_serve;

pub use config::{
    Config, IngestSettings, KafkaSettings, LakeSettings, LogSettings, PluginSettings,
    QuerySettings, ServeSettings, TlsSettings,
};
pub use env::{Environment, history_file};
pub use error::{ConfigError, Place, Problem, ValueError};
pub use file::{Acknowledge, Durability, KafkaStart, LogFormat, LogLevel};
pub use load::{DEFAULT_FILE, FILE_BYTES_MAX, Overrides};
pub use reference::default_yaml;
pub use secret::{Secret, SecretRef, StorageValue};
pub use units::{ByteSize, TimeSpan, parse_duration};
pub use validate_serve::check_address;
