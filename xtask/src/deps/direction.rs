//! The arrows of ARCHITECTURE.md, as rules about manifests.

use crate::workspace::{Dependency, Kind, Package};

const CORE: &str = "resil-core";
/// What `resil-core` always carries.
const CORE_NEEDS: &str = "pin-project-lite";
/// The crates above the patterns. Every other published crate is a pattern, and is held to the strictest rule.
const ABOVE: [&str; 7] =
    ["resil", "resil-cli", "resil-config", "resil-macros", "resil-pipeline", "resil-redis", "resil-store"];
/// What the attributes are made of: tokens and nothing else.
const MACROS: &str = "resil-macros";
const MACROS_NEED: [&str; 3] = ["proc-macro2", "quote", "syn"];
/// The one crate that reads YAML, and the names under which a YAML parser goes.
const YAML_READER: &str = "resil-config";
const YAML: [&str; 3] = ["saphyr-parser", "serde_yaml", "yaml_serde"];

/// Every sentence says which package breaks which rule.
pub(crate) fn broken_rules(packages: &[Package]) -> Vec<String> {
    let mut broken = Vec::new();
    for package in packages {
        if package.name == CORE {
            core(package, packages, &mut broken);
        } else if is_pattern(package) {
            pattern(package, packages, &mut broken);
        }
        if package.name == MACROS {
            let others = package.dependencies.iter().filter(|d| d.kind != Kind::Dev);
            for other in others.filter(|d| !MACROS_NEED.contains(&d.name.as_str())) {
                broken.push(format!("{MACROS} depends on {}; it may know tokens only", other.name));
            }
        }
        if package.is_published {
            published(package, packages, &mut broken);
        }
        if package.name != YAML_READER
            && package.dependencies.iter().any(|d| YAML.iter().any(|yaml| is_called(d, yaml)))
        {
            broken.push(format!("{} names a YAML parser; only {YAML_READER} may", package.name));
        }
    }
    broken
}

/// The core stands on one crate and on none of ours, not even in its tests.
fn core(package: &Package, packages: &[Package], broken: &mut Vec<String>) {
    // Its tests may name it once more, with the features that they need.
    for dependency in package.dependencies.iter().filter(|d| d.name != CORE) {
        if is_member(dependency, packages) {
            broken.push(format!(
                "{CORE} depends on {}; it may know no crate of this workspace",
                dependency.name
            ));
        } else if dependency.is_required() && dependency.name != CORE_NEEDS {
            broken.push(format!("{CORE} requires {}; only {CORE_NEEDS} may be required", dependency.name));
        }
    }
}

/// A pattern stands on the core alone.
fn pattern(package: &Package, packages: &[Package], broken: &mut Vec<String>) {
    for dependency in package
        .dependencies
        .iter()
        .filter(|d| is_member(d, packages) && d.name != CORE && d.name != package.name)
    {
        broken
            .push(format!("{} depends on {}; a pattern may know {CORE} only", package.name, dependency.name));
    }
}

/// A published crate that needs one that is not published cannot be published.
fn published(package: &Package, packages: &[Package], broken: &mut Vec<String>) {
    for dependency in package.dependencies.iter().filter(|d| d.kind != Kind::Dev) {
        if packages.iter().any(|other| other.name == dependency.name && !other.is_published) {
            broken.push(format!("{} depends on {}, which is never published", package.name, dependency.name));
        }
    }
}

fn is_pattern(package: &Package) -> bool {
    package.is_published && package.name != CORE && !ABOVE.contains(&package.name.as_str())
}

fn is_member(dependency: &Dependency, packages: &[Package]) -> bool {
    packages.iter().any(|package| package.name == dependency.name)
}

fn is_called(dependency: &Dependency, name: &str) -> bool {
    dependency.name == name || dependency.rename.as_deref() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::broken_rules;
    use crate::workspace::{Dependency, Kind, Package};

    fn needs(name: &str) -> Dependency {
        Dependency { name: name.into(), ..Dependency::default() }
    }

    fn optional(name: &str) -> Dependency {
        Dependency { is_optional: true, ..needs(name) }
    }

    fn for_tests(name: &str) -> Dependency {
        Dependency { kind: Kind::Dev, ..needs(name) }
    }

    fn package(name: &str, dependencies: &[Dependency]) -> Package {
        Package {
            name: name.into(),
            is_published: true,
            dependencies: dependencies.to_vec(),
            ..Package::default()
        }
    }

    /// A workspace that keeps every rule, with `package` in place of the one of its name.
    fn broken_with(changed: Package) -> Vec<String> {
        let mut packages = vec![
            package("resil-core", &[needs("pin-project-lite"), optional("serde"), for_tests("proptest")]),
            package("resil-breaker", &[needs("resil-core"), needs("crossbeam-utils")]),
            package("resil-retry", &[needs("resil-core")]),
            package("resil", &[needs("resil-core"), optional("resil-breaker"), optional("resil-retry")]),
            package("resil-config", &[needs("yaml_serde")]),
            Package { is_published: false, ..package("xtask", &[needs("toml")]) },
        ];
        packages.retain(|package| package.name != changed.name);
        packages.push(changed);
        broken_rules(&packages)
    }

    #[test]
    fn a_good_workspace_breaks_no_rule() {
        assert_eq!(broken_with(package("resil-timeout", &[needs("resil-core")])), Vec::<String>::new());
    }

    #[test]
    fn patterns_know_the_core_only() {
        for edge in [needs("resil-retry"), optional("resil-retry"), for_tests("resil-retry")] {
            let broken = broken_with(package("resil-breaker", &[needs("resil-core"), edge]));
            assert_eq!(broken, ["resil-breaker depends on resil-retry; a pattern may know resil-core only"]);
        }
        assert_eq!(
            broken_with(package("resil-new", &[needs("resil")])).len(),
            1,
            "an unknown crate is a pattern"
        );
    }

    #[test]
    fn the_core_requires_one_crate_and_knows_none_of_ours() {
        assert_eq!(broken_with(package("resil-core", &[needs("pin-project-lite"), needs("serde")])).len(), 1);
        assert_eq!(broken_with(package("resil-core", &[for_tests("resil-breaker")])).len(), 1);
        let itself = Dependency { kind: Kind::Dev, ..needs("resil-core") };
        assert!(broken_with(package("resil-core", &[itself])).is_empty());
        let checker = Dependency { only_for: Some("cfg(loom)".into()), ..needs("loom") };
        assert!(broken_with(package("resil-core", &[checker])).is_empty());
        let platform = Dependency { only_for: Some("cfg(unix)".into()), ..needs("libc") };
        assert_eq!(broken_with(package("resil-core", &[platform])).len(), 1);
        let build = Dependency { kind: Kind::Build, ..needs("cc") };
        assert_eq!(broken_with(package("resil-core", &[build])).len(), 1);
    }

    #[test]
    fn only_the_configuration_reads_yaml() {
        assert_eq!(broken_with(package("resil", &[optional("serde_yaml")])).len(), 1);
        let renamed = Dependency { rename: Some("serde_yaml".into()), ..needs("another") };
        assert_eq!(broken_with(package("resil", &[renamed])).len(), 1);
    }

    #[test]
    fn attributes_are_made_of_tokens() {
        let fine = package("resil-macros", &[needs("syn"), needs("quote"), for_tests("resil")]);
        assert_eq!(broken_with(fine), Vec::<String>::new());
        assert_eq!(broken_with(package("resil-macros", &[optional("resil-core")])).len(), 1);
    }

    #[test]
    fn a_published_crate_needs_published_ones() {
        assert_eq!(
            broken_with(package("resil", &[needs("xtask")])),
            ["resil depends on xtask, which is never published"]
        );
        assert!(broken_with(package("resil", &[for_tests("xtask")])).is_empty());
    }
}
