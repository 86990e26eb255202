//! `headwater serve`, seen from its senders and askers.

mod durability;
mod hec;
mod limits;
mod query_api;
mod tokens;
