//! The shared HTTP layer: one TLS provider, one way to build a client, limits that every call has. It knows no system.

pub mod api;
#[cfg(feature = "aws")]
pub mod aws;
pub mod cache;
mod pause;

use std::net::SocketAddr;
use std::time::Duration;

/// How long one call may take, connection included.
pub const CALL: Duration = Duration::from_secs(10);

/// How often a call is made at the most.
pub const ATTEMPTS: u32 = 2;

/// How long an answer may be that is read as a whole, in bytes after decompression: no answer that a look-up waits for comes near.
pub const MOST_BYTES: usize = 64 * 1024;

/// Installs the process' TLS provider (aws-lc-rs). Safe to call more than once.
pub fn install_crypto() {
    // An error only says that one is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// What driftgate calls itself.
#[must_use]
pub fn user_agent() -> String {
    format!("driftgate/{}", env!("CARGO_PKG_VERSION"))
}

/// A client with a deadline on every call, no redirect to another place, and roots from the platform; `ca` is the PEM text of
/// further roots.
///
/// # Errors
/// Where the roots cannot be read; the error names no content.
pub fn client(timeout: Duration, plain: bool, ca: Option<&[u8]>) -> Result<reqwest::Client, String> {
    build(builder(timeout, plain, ca)?)
}

/// The same, for one host whose addresses are known already: the name is not looked up again.
///
/// # Errors
/// As [`client`].
pub fn pinned(
    timeout: Duration,
    plain: bool,
    ca: Option<&[u8]>,
    host: &str,
    addresses: &[SocketAddr],
) -> Result<reqwest::Client, String> {
    build(builder(timeout, plain, ca)?.resolve_to_addrs(host, addresses))
}

fn builder(timeout: Duration, plain: bool, ca: Option<&[u8]>) -> Result<reqwest::ClientBuilder, String> {
    install_crypto();
    let mut builder = reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout)
        .user_agent(user_agent())
        .redirect(reqwest::redirect::Policy::none());
    if plain {
        // Plain HTTP needs no roots, and a machine without any must not fail here.
        builder = builder.tls_certs_only(Vec::new());
    } else if let Some(pem) = ca {
        let certificates =
            reqwest::Certificate::from_pem_bundle(pem).map_err(|_| "the CA file is no PEM bundle".to_owned())?;
        builder = builder.tls_certs_merge(certificates);
    }
    Ok(builder)
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, String> {
    builder.build().map_err(|_| "the HTTP client cannot be built".to_owned())
}

/// What is said of an answer longer than its limit.
const TOO_LONG: &str = "the answer is too long";

/// An answer's body, of at most [`MOST_BYTES`].
///
/// # Errors
/// Where it breaks off, comes too slowly or is longer; the error holds none of it.
pub async fn body(answer: reqwest::Response) -> Result<Vec<u8>, String> {
    body_of(answer, MOST_BYTES).await
}

async fn body_of(mut answer: reqwest::Response, most: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| reason(&error).to_owned())? {
        if body.len() + chunk.len() > most {
            return Err(TOO_LONG.to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why there is no answer. An error's own text would name the URL.
#[must_use]
pub fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "no answer"
    }
}
