//! Indicators from outside: what they match, how lists are read, and that keys and matcher agree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agreement;
mod lists;
mod matching;
