//! `docs/metrics.md` is what the table of metrics says, in both languages.

use std::path::Path;

#[test]
fn the_pages_of_metrics_are_up_to_date() {
    for (name, is_chinese) in [("metrics.md", false), ("metrics.zh-CN.md", true)] {
        let page = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs")
            .join(name);
        let rendered = api::metrics_page(is_chinese);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&page, &rendered).unwrap();
        }
        let committed = std::fs::read_to_string(&page).unwrap_or_default();
        assert!(
            committed == rendered,
            "docs/{name} does not match the metrics; run UPDATE_DOCS=1 cargo test -p api metrics_page"
        );
    }
}
