//! `headwater serve`, seen from its senders and askers.

mod clients;
mod crash;
mod durability;
mod hec;
mod limits;
mod query_api;
mod tokens;
