//! Who may depend on whom, and on which of the great libraries.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Our crates and which of ours each may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("meter", &[]),
    ("migrations", &[]),
    ("store", &["domain", "meter", "migrations"]),
    ("egress", &["domain"]),
    ("dispatch", &["domain", "egress", "meter", "store"]),
    ("mail", &["domain", "store"]),
    ("api", &["domain", "egress", "meter", "store"]),
    ("hookferry", &["api", "dispatch", "domain", "egress", "mail", "meter", "migrations", "store"]),
];

/// What tests and measures with whatever it takes; nothing that is shipped depends on them.
const EXEMPT: &[&str] = &["bench", "testkit", "tests"];

/// Great libraries and the only crates that may use them.
const KEPT: &[(&str, &[&str])] = &[
    ("sea-orm", &["store"]),
    ("sea-orm-migration", &["migrations", "store"]),
    ("sqlx", &["store"]),
    ("reqwest", &["egress"]),
    ("lettre", &["mail"]),
    ("actix-web", &["api"]),
    ("prometheus-client", &["hookferry"]),
];

fn metadata() -> Metadata {
    let manifest = testkit::files::root().join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo tells")
}

fn ours(metadata: &Metadata) -> Vec<&Package> {
    let exempt = |package: &Package| EXEMPT.contains(&package.name.as_str());
    metadata.workspace_packages().into_iter().filter(|package| !exempt(package)).collect()
}

/// What a package is shipped with: its tests may use what they like.
fn shipped(package: &Package) -> BTreeSet<&str> {
    let shipped =
        package.dependencies.iter().filter(|depend| depend.kind != DependencyKind::Development);
    shipped.map(|depend| depend.name.as_str()).collect()
}

#[test]
fn every_crate_is_named_here() {
    let metadata = metadata();
    let named: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let there: BTreeSet<&str> =
        ours(&metadata).iter().map(|package| package.name.as_str()).collect();
    assert_eq!(there, named);
}

#[test]
fn imports_point_down() {
    let metadata = metadata();
    let all: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    for package in ours(&metadata) {
        let (_, may) = ARROWS
            .iter()
            .find(|(name, _)| *name == package.name.as_str())
            .expect("every crate is named here");
        let wrong: Vec<&str> = shipped(package)
            .into_iter()
            .filter(|name| all.contains(name) && !may.contains(name))
            .collect();
        assert!(wrong.is_empty(), "{} must not depend on {wrong:?}", package.name);
    }
}

#[test]
fn great_libraries_stay_in_their_crates() {
    let metadata = metadata();
    for package in ours(&metadata) {
        for (library, homes) in KEPT {
            let is_home = homes.contains(&package.name.as_str());
            let uses = shipped(package).contains(library);
            assert!(is_home || !uses, "{library} is used in {}", package.name);
        }
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let (_, lints) = manifest
            .split_once("[lints]\n")
            .unwrap_or_else(|| panic!("{} has no [lints]", package.name));
        assert!(lints.starts_with("workspace = true\n"), "{}", package.name);
    }
}
