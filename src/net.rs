//! The shared HTTP layer: one TLS provider, one way to build a client, limits that every call has. It knows no system.

use std::time::Duration;

/// How long one call may take, connection included.
pub const CALL: Duration = Duration::from_secs(10);

/// How often a call is made at the most.
pub const ATTEMPTS: u32 = 2;

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
    builder.build().map_err(|_| "the HTTP client cannot be built".to_owned())
}
