//! Which crate may know which: the arrows of the architecture.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Each crate, and those of ours it may know.
const ARROWS: [(&str, &[&str]); 9] = [
    ("domain", &[]),
    ("wxcrypto", &["domain"]),
    ("wxclient", &["domain"]),
    ("persistence", &["domain"]),
    ("avatars", &["domain"]),
    ("wxsandbox", &[]),
    ("testpg", &[]),
    ("wxbench", &["testpg", "wxcrypto"]),
    (
        "api",
        &[
            "domain",
            "wxcrypto",
            "wxclient",
            "persistence",
            "avatars",
            "wxsandbox",
        ],
    ),
];

/// What the domain may not know, because it is somebody's framework.
const FRAMEWORKS: [&str; 6] = [
    "serde",
    "tokio",
    "actix-web",
    "diesel",
    "reqwest",
    "tracing",
];

#[test]
fn every_arrow_points_where_it_may() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let ours: BTreeSet<&str> = metadata
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let named: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours, named, "a crate without its arrows");
    for (name, allowed) in ARROWS {
        let package = metadata
            .packages
            .iter()
            .find(|package| package.name.as_str() == name)
            .unwrap();
        let known = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development);
        for dependency in known.filter(|dependency| ours.contains(dependency.name.as_str())) {
            assert!(
                allowed.contains(&dependency.name.as_str()),
                "{name} must not know {}",
                dependency.name
            );
        }
    }
}

#[test]
fn the_domain_knows_no_framework() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let domain = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == "domain")
        .unwrap();
    let known = domain
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development);
    for dependency in known {
        assert!(
            !FRAMEWORKS.contains(&dependency.name.as_str()),
            "domain must not know {}",
            dependency.name
        );
    }
}
