//! Which CA certificates are trusted: without any, as in an image that has none, and those of a company.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use url::Url;

use crate::server::ok;
use crate::wechat::{SESSION, client, exchange, named};

/// Where the test that runs in another process writes the certificate of its CA.
const CA_FILE: &str = "WXCLIENT_TEST_CA_FILE";

#[test]
fn a_client_is_built_without_the_systems_ca_certificates() {
    run_alone(
        "roots::clients_are_built",
        &[
            ("SSL_CERT_FILE", OsStr::new("/nowhere/cert.pem")),
            ("SSL_CERT_DIR", OsStr::new("/nowhere")),
        ],
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_ca_that_ssl_cert_file_names_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    run_alone(
        "roots::a_ca_is_trusted_only_if_the_environment_names_it",
        &[
            ("SSL_CERT_FILE", file.as_os_str()),
            (CA_FILE, file.as_os_str()),
        ],
    );
}

/// Runs a test in another process, because where the certificates are is the process's.
fn run_alone(test: &str, environment: &[(&str, &OsStr)]) {
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this)
        .args(["--exact", test, "--nocapture"])
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{stdout}"
    );
}

#[tokio::test]
async fn a_ca_is_trusted_only_if_the_environment_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::env::var_os(CA_FILE);
    let is_named = file.is_some();
    let file = file.map_or_else(|| folder.path().join("ca.pem"), Into::into);
    let tls = acceptor(&file);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = tls.accept(stream).await else {
            return;
        };
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut request).await.unwrap();
        }
        stream.write_all(ok(SESSION).as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
    });
    let exchanged = exchange(client(&url).build().unwrap()).await;
    if is_named {
        exchanged.unwrap();
    } else {
        assert_eq!(named(&exchanged.unwrap_err()).0, "unavailable");
    }
}

/// Accepts TLS on 127.0.0.1 with a certificate of a new CA, whose own is written to `ca`.
fn acceptor(ca: &Path) -> TlsAcceptor {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(ca, authority.pem()).unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key);
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

#[test]
fn clients_are_built() {
    for base in ["http://127.0.0.1:5001", "https://api.weixin.qq.com"] {
        client(&Url::parse(base).unwrap()).build().unwrap();
    }
}

#[test]
fn a_base_url_that_is_none_is_refused() {
    for base in [
        "ftp://x",
        "file:///x",
        "https://a:b@x",
        "https://x/?a=b",
        "data:x",
    ] {
        assert!(client(&Url::parse(base).unwrap()).build().is_err());
    }
}
