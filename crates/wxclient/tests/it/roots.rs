//! Without CA certificates, as in an image that has none.

use std::process::Command;

use url::Url;
use wxclient::WechatClient;

#[test]
fn a_client_is_built_without_the_systems_ca_certificates() {
    // The place of the certificates is the process's, so that another process tries it.
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this)
        .args(["--exact", "roots::clients_are_built", "--nocapture"])
        .env("SSL_CERT_FILE", "/nowhere/cert.pem")
        .env("SSL_CERT_DIR", "/nowhere")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{stdout}"
    );
}

#[test]
fn clients_are_built() {
    for base in ["http://127.0.0.1:5001", "https://api.weixin.qq.com"] {
        let base = Url::parse(base).unwrap();
        WechatClient::builder().base_url(base).build().unwrap();
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
        let base = Url::parse(base).unwrap();
        assert!(WechatClient::builder().base_url(base).build().is_err());
    }
}
