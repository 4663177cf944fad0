//! What the Compose file repeats of the code.

use secrecy::ExposeSecret;
use wxsandbox::SandboxConfig;

#[test]
fn the_compose_file_names_the_sandboxs_apps_as_the_sandbox_does() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docker-compose.yml");
    let compose = std::fs::read_to_string(file).unwrap();
    for app in SandboxConfig::default().apps() {
        assert!(compose.contains(&app.app_id), "{} is not there", app.app_id);
        assert!(
            compose.contains(app.secret.expose_secret()),
            "the secret of {} is not there",
            app.app_id
        );
    }
}
