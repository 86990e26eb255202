//! Windows events as HELK names their fields, from winlogbeat 6 and 7 and from NXLog.
//!
//! The tables are facts: which field of which event of which channel has which name. Event keys are
//! in lower case when they are applied; the names that they get are those of HELK, on which hunts
//! rely. Order: envelope (`every_channel`), clean-up of values, rules of the channel (`channels`,
//! `security`, `sysmon`), dictionaries (`values`), late names (`every_channel`).

mod channels;
mod every_channel;
mod rules;
mod security;
mod sysmon;
mod values;
