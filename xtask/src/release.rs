//! `release`: every crate to the registry, those first that others need.

use std::collections::BTreeSet;

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::workspace::{Kind, Package, Workspace};

/// Rehearses a release, or makes it with `--publish`: then the tag of `--tag` and the changelog must name the version.
pub(crate) fn run(
    workspace: &Workspace,
    mut arguments: Arguments,
    ledger: &mut Ledger,
) -> Result<(), String> {
    let (publishes, tag) = (arguments.flag("--publish"), arguments.value("--tag")?);
    arguments.finish()?;
    let packages: Vec<_> = workspace.published().collect();
    let mut order = Vec::new();
    let is_ordered = ledger.check("the order of the crates", || {
        order = in_order(&packages)?;
        let order = order.join(", ");
        println!("{order}");
        Ok(order)
    });
    let is_named = ledger.check("one version, in tag and changelog", || {
        let version = version(&packages)?;
        let changelog = std::fs::read_to_string(workspace.root.join("CHANGELOG.md"));
        let changelog = changelog.map_err(|error| format!("CHANGELOG.md: {error}"))?;
        names(version, tag.as_deref(), &changelog, publishes)?;
        Ok(version.to_owned())
    });
    if !is_ordered || !is_named {
        return Ok(());
    }
    // That each builds from its archive is what `package` is for.
    let mut publish = workspace.cargo(&["publish", "--no-verify"]);
    if !publishes {
        publish.args(["--dry-run", "--allow-dirty"]);
    }
    for name in &order {
        publish.args(["--package", name]);
    }
    ledger.run(if publishes { "publish" } else { "rehearsal" }, &mut publish);
    Ok(())
}

/// The names of the packages, each after all that it is built from.
fn in_order(packages: &[&Package]) -> Result<Vec<String>, String> {
    let names: BTreeSet<_> = packages.iter().map(|package| package.name.as_str()).collect();
    let needs = |package: &Package, ready: &[String]| {
        let built_from = package.dependencies.iter().filter(|dependency| dependency.kind != Kind::Dev);
        built_from
            .into_iter()
            .any(|dependency| names.contains(&*dependency.name) && !ready.contains(&dependency.name))
    };
    let mut ready: Vec<String> = Vec::new();
    let mut left = packages.to_vec();
    while !left.is_empty() {
        let next = left.iter().position(|package| !needs(package, &ready)).ok_or_else(|| {
            let left: Vec<_> = left.iter().map(|package| package.name.as_str()).collect();
            format!("these need each other: {}", left.join(", "))
        })?;
        ready.push(left.remove(next).name.clone());
    }
    Ok(ready)
}

/// The version that all of them have.
fn version<'a>(packages: &[&'a Package]) -> Result<&'a str, String> {
    let first = packages.first().ok_or("there is nothing to publish")?;
    match packages.iter().find(|package| package.version != first.version) {
        Some(other) => {
            Err(format!("{} is {}, and {} is {}", first.name, first.version, other.name, other.version))
        }
        None => Ok(&first.version),
    }
}

/// Whether tag and changelog name the version; a rehearsal may have none of both yet.
fn names(version: &str, tag: Option<&str>, changelog: &str, publishes: bool) -> Result<(), String> {
    let has_heading = |words: &str| changelog.lines().any(|line| line.strip_prefix("## ") == Some(words));
    let has_version = changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .any(|heading| heading.split_whitespace().next() == Some(version));
    match tag {
        Some(tag) if tag != format!("v{version}") => {
            return Err(format!("the tag is {tag}, the version {version}"));
        }
        None if publishes => return Err("--publish needs the --tag that names the version".into()),
        _ => {}
    }
    if !has_version && (publishes || !has_heading("Unreleased")) {
        return Err(format!("CHANGELOG.md has no `## {version}`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{in_order, names, version};
    use crate::workspace::{Dependency, Kind, Package};

    fn package(name: &str, needs: &[(&str, Kind)]) -> Package {
        let dependency = |(name, kind): &(&str, Kind)| Dependency {
            name: (*name).into(),
            kind: *kind,
            ..Dependency::default()
        };
        Package {
            name: name.into(),
            version: "0.1.0".into(),
            dependencies: needs.iter().map(dependency).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn a_crate_comes_after_all_that_it_is_built_from() {
        let all = [
            package("a", &[("c", Kind::Normal), ("serde", Kind::Normal)]),
            package("b", &[("a", Kind::Build)]),
            package("c", &[("b", Kind::Dev)]),
        ];
        let order = in_order(&all.iter().collect::<Vec<_>>());
        assert_eq!(order.unwrap(), ["c", "a", "b"], "what tests need is no matter");
        let ring = [package("a", &[("b", Kind::Normal)]), package("b", &[("a", Kind::Normal)])];
        let error = in_order(&ring.iter().collect::<Vec<_>>()).unwrap_err();
        assert_eq!(error, "these need each other: a, b");
    }

    #[test]
    fn all_have_one_version() {
        let (one, mut other) = (package("a", &[]), package("b", &[]));
        assert_eq!(version(&[&one, &other]), Ok("0.1.0"));
        other.version = "0.2.0".into();
        assert_eq!(version(&[&one, &other]).unwrap_err(), "a is 0.1.0, and b is 0.2.0");
        assert!(version(&[]).is_err());
    }

    #[test]
    fn a_release_is_named_by_its_tag_and_in_the_changelog() {
        let (open, made) = ("# Changelog\n\n## Unreleased\n", "# Changelog\n\n## 0.1.0 (2026-12-01)\n");
        assert!(names("0.1.0", None, open, false).is_ok());
        assert!(names("0.1.0", Some("v0.1.0"), made, true).is_ok());
        for (tag, changelog, publishes) in [
            (None, made, true),
            (Some("v0.2.0"), made, true),
            (Some("v0.2.0"), made, false),
            (Some("v0.1.0"), open, true),
            (None, "# Changelog\n", false),
            (None, "## 0.1.00\n", false),
        ] {
            assert!(names("0.1.0", tag, changelog, publishes).is_err(), "{tag:?} {changelog} {publishes}");
        }
    }
}
