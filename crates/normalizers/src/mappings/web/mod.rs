//! Lines of web servers and proxies: HTTP Activity for requests, and what their error logs tell.

mod access;
mod apache_errors;
mod caddy;
mod haproxy;
mod modsecurity;
mod nginx_errors;
mod request;
mod squid;

pub(super) use self::access::WebAccess;
pub(super) use self::apache_errors::ApacheErrors;
pub(super) use self::caddy::Caddy;
pub(super) use self::haproxy::Haproxy;
pub(super) use self::nginx_errors::NginxErrors;
pub(super) use self::squid::Squid;
