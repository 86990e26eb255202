//! Certificates for tests over TLS: an authority and what it signed for a server and a client, both
//! of the host `localhost`.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// PEM files in one folder.
#[derive(Debug)]
pub struct Certificates {
    /// Certificate of the authority.
    pub authority: PathBuf,
    /// Certificate that a server shows.
    pub server: PathBuf,
    /// Key of the server.
    pub server_key: PathBuf,
    /// Certificate that a client shows.
    pub client: PathBuf,
    /// Key of the client.
    pub client_key: PathBuf,
}

impl Certificates {
    /// Makes them in a folder.
    ///
    /// # Panics
    /// When they cannot be made or written.
    #[must_use]
    pub fn make(folder: &Path) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = parameters("Authority of the test");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let authority = write(folder, "authority.pem", "CERTIFICATE", certificate.der());
        let issuer = Issuer::new(parameters, key);
        let (server, server_key) = sign(folder, "server", &issuer);
        let (client, client_key) = sign(folder, "client", &issuer);
        Self { authority, server, server_key, client, client_key }
    }
}

fn parameters(name: &str) -> CertificateParams {
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let mut parameters = CertificateParams::new(names).expect("names of a host");
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

fn sign(folder: &Path, name: &str, issuer: &Issuer<'_, KeyPair>) -> (PathBuf, PathBuf) {
    let key = KeyPair::generate().expect("a key");
    let certificate = parameters("localhost").signed_by(&key, issuer).expect("a certificate");
    let certificate = write(folder, &format!("{name}.pem"), "CERTIFICATE", certificate.der());
    let key = write(folder, &format!("{name}-key.pem"), "PRIVATE KEY", &key.serialize_der());
    (certificate, key)
}

/// Writes a file in PEM form, with lines of 64 characters as OpenSSL wants them.
fn write(folder: &Path, name: &str, label: &str, der: &[u8]) -> PathBuf {
    let path = folder.join(name);
    let base64 = STANDARD.encode(der);
    let lines = base64.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines = lines.collect::<Vec<_>>().join("\n");
    let text = format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n");
    std::fs::write(&path, text).expect("a file");
    path
}
