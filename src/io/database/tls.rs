//! Which certificates of a server are taken, by the names that libpq gives the choices.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// How much of a certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing: the line is secret, the other end is not proven (libpq's `prefer` and `require`).
    Nothing,
    /// Signed by a given authority (`verify-ca`).
    Authority,
    /// And for this host (`verify-full`).
    Host,
}

/// A TLS configuration.
///
/// # Errors
/// The file of root certificates cannot be read, in words.
pub(super) fn config(check: Check, roots: Option<&Path>) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?;
    let store = || -> Result<Arc<RootCertStore>, String> {
        let path = roots.map_or_else(default_roots, Path::to_owned);
        let unreadable = |why: String| format!("the root certificates in {}: {why}", path.display());
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(&path).map_err(|e| unreadable(e.to_string()))? {
            let certificate = certificate.map_err(|e| unreadable(e.to_string()))?;
            store.add(certificate).map_err(|e| unreadable(e.to_string()))?;
        }
        Ok(Arc::new(store))
    };
    if check == Check::Host {
        return Ok(builder.with_root_certificates(store()?).with_no_client_auth());
    }
    let signed = if check == Check::Authority {
        let verifier = WebPkiServerVerifier::builder_with_provider(store()?, Arc::clone(&provider))
            .build()
            .map_err(|e| e.to_string())?;
        Some(verifier)
    } else {
        None
    };
    let lenient = Lenient { provider, signed };
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(lenient))
        .with_no_client_auth())
}

/// Where libpq looks for them.
pub(super) fn default_roots() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    home.join(".postgresql").join("root.crt")
}

/// Takes any certificate, or any that `signed` finds well signed whatever host it is for.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    signed: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(signed) = &self.signed else {
            return Ok(ServerCertVerified::assertion());
        };
        match signed.verify_server_cert(end_entity, intermediates, server_name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
