//! The committed page of error codes is the catalogue's.

use std::path::Path;

#[test]
fn the_page_of_error_codes_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let rendered = wxclient::catalogue::render();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&page, &rendered).unwrap();
    }
    let committed = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        committed == rendered,
        "docs/errors.md does not match the catalogue; run UPDATE_DOCS=1 cargo test -p wxclient"
    );
}
