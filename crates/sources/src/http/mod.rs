//! What all listeners over HTTP need: bodies within limits, credentials, the sender's address.

mod aside;
mod body;
mod credentials;
mod parameters;
mod refused;

pub(crate) use aside::aside;
pub use body::{BodyFault, BodyLimits, read_body};
pub(crate) use body::{decompress, gunzip};
pub use credentials::{Credentials, credentials, token};
pub(crate) use parameters::{Parameters, peer_name};
pub(crate) use refused::Refused;

use std::net::SocketAddr;

/// Address of the peer, put into the extensions of every request by the server.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);
