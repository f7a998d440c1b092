//! What cargo knows about the packages here, in the few words that the verbs need.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::process;

/// The workspace: where it is, and its members.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) folder: PathBuf,
    pub(crate) is_published: bool,
    pub(crate) features: Vec<String>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
    /// The fields without which a registry page is bare, and that this package lacks.
    pub(crate) missing_fields: Vec<&'static str>,
}

/// One line of a `[dependencies]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) rename: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) is_optional: bool,
    pub(crate) has_path: bool,
    /// The `cfg(..)` or the platform that it is limited to.
    pub(crate) only_for: Option<String>,
}

/// What a dependency is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Normal,
    Build,
    Dev,
}

/// Something that cargo builds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: String,
}

impl Workspace {
    /// Asks cargo about the workspace that this program was built in.
    pub(crate) fn load() -> Result<Self, String> {
        // Set by `cargo run`; the other is for a binary that was started by hand.
        let here = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = here.parent().ok_or("xtask has no parent folder")?;
        let mut ask = cargo_in(root);
        ask.args(["metadata", "--no-deps", "--format-version", "1"]);
        let answer = process::capture(&mut ask, Duration::from_secs(600))?;
        if !answer.success() {
            return Err(format!("cargo metadata failed: {}", answer.stderr));
        }
        Self::from_metadata(&answer.stdout)
    }

    /// Reads the output of `cargo metadata --no-deps`.
    pub(crate) fn from_metadata(text: &str) -> Result<Self, String> {
        let metadata: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut packages: Vec<_> = list(&metadata["packages"]).map(Package::from_metadata).collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        let root = path(&metadata["workspace_root"]);
        Ok(Self { root, target: path(&metadata["target_directory"]), packages })
    }

    /// A cargo command that runs in the root of the workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo_in(&self.root);
        command.args(arguments);
        command
    }

    /// The packages that go to a registry.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_published)
    }

    /// The package of that name, if it is a member.
    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// Whether the benchmarks, a workspace of their own, are there.
    pub(crate) fn has_bench(&self) -> bool {
        self.root.join("bench/Cargo.toml").is_file()
    }

    /// Reads one of the tables beside xtask's manifest.
    pub(crate) fn table(&self, file: &str) -> Result<toml::Table, String> {
        let path = self.root.join("xtask").join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        text.parse().map_err(|error| format!("{}: {error}", path.display()))
    }
}

impl Package {
    fn from_metadata(value: &Value) -> Self {
        let missing = |field: &&'static str| value[*field].as_str().is_none_or(str::is_empty);
        Self {
            name: text(&value["name"]),
            version: text(&value["version"]),
            folder: path(&value["manifest_path"]).parent().map(Path::to_path_buf).unwrap_or_default(),
            is_published: value["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
            features: value["features"]
                .as_object()
                .map(|all| all.keys().cloned().collect())
                .unwrap_or_default(),
            dependencies: list(&value["dependencies"]).map(Dependency::from_metadata).collect(),
            targets: list(&value["targets"]).map(Target::from_metadata).collect(),
            missing_fields: ["description", "license", "readme", "documentation", "rust_version"]
                .into_iter()
                .filter(missing)
                .collect(),
        }
    }

    /// Whether it has an integration test of that name.
    pub(crate) fn has_test(&self, name: &str) -> bool {
        self.targets.iter().any(|target| target.kind == "test" && target.name == name)
    }
}

impl Dependency {
    fn from_metadata(value: &Value) -> Self {
        Self {
            name: text(&value["name"]),
            rename: value["rename"].as_str().map(String::from),
            kind: match value["kind"].as_str() {
                Some("dev") => Kind::Dev,
                Some("build") => Kind::Build,
                _ => Kind::Normal,
            },
            is_optional: value["optional"].as_bool().unwrap_or(false),
            has_path: value["path"].is_string(),
            only_for: value["target"].as_str().map(String::from),
        }
    }

    /// Whether a user's build always carries it: not optional, not for tests, not for a model checker.
    pub(crate) fn is_required(&self) -> bool {
        let is_checker = matches!(
            self.only_for.as_deref(),
            Some("cfg(loom)" | "cfg(shuttle)" | "cfg(any(loom, shuttle))")
        );
        self.kind != Kind::Dev && !self.is_optional && !is_checker
    }
}

impl Target {
    fn from_metadata(value: &Value) -> Self {
        Self { name: text(&value["name"]), kind: list(&value["kind"]).next().map(text).unwrap_or_default() }
    }
}

fn cargo_in(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    // What the outer `cargo run` said about xtask is not true of what we start.
    for (key, _) in std::env::vars_os() {
        if key.to_string_lossy().starts_with("CARGO_PKG_") || key == "CARGO_MANIFEST_DIR" {
            command.env_remove(key);
        }
    }
    command
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn path(value: &Value) -> PathBuf {
    value.as_str().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::{Kind, Workspace};

    const METADATA: &str = r#"{
        "workspace_root": "/w", "target_directory": "/w/target",
        "packages": [
            {"name": "tool", "publish": [], "manifest_path": "/w/tool/Cargo.toml", "features": {}, "dependencies": [], "targets": []},
            {"name": "core", "publish": null, "manifest_path": "/w/crates/core/Cargo.toml", "description": "x",
             "license": "MIT", "readme": null, "documentation": "d", "rust_version": "1.88",
             "features": {"default": [], "serde": ["dep:serde"]},
             "dependencies": [
                {"name": "serde", "kind": null, "optional": true, "rename": null, "target": null},
                {"name": "loom", "kind": null, "optional": false, "rename": null, "target": "cfg(loom)"},
                {"name": "libc", "kind": null, "optional": false, "rename": "c", "target": "cfg(unix)"},
                {"name": "proptest", "kind": "dev", "optional": false, "rename": null, "target": null},
                {"name": "other", "kind": "build", "optional": false, "rename": null, "target": null, "path": "/w/other"}],
             "targets": [{"name": "models", "kind": ["test"], "src_path": "/w/crates/core/tests/models.rs"}]}
        ]}"#;

    #[test]
    fn packages_are_read_as_cargo_tells_them() {
        let workspace = Workspace::from_metadata(METADATA).unwrap();
        let published: Vec<_> = workspace.published().map(|package| package.name.as_str()).collect();
        assert_eq!(published, ["core"]);
        let core = workspace.package("core").unwrap();
        assert_eq!(core.features, ["default", "serde"]);
        assert_eq!(core.missing_fields, ["readme"]);
        assert!(core.has_test("models") && !core.has_test("model"));
        assert_eq!(core.folder, std::path::Path::new("/w/crates/core"));
    }

    #[test]
    fn required_is_what_every_user_builds() {
        let workspace = Workspace::from_metadata(METADATA).unwrap();
        let core = workspace.package("core").unwrap();
        let required: Vec<_> =
            core.dependencies.iter().filter(|d| d.is_required()).map(|d| (d.name.as_str(), d.kind)).collect();
        assert_eq!(required, [("libc", Kind::Normal), ("other", Kind::Build)]);
    }

    #[test]
    fn text_that_is_not_metadata_is_an_error() {
        assert!(Workspace::from_metadata("error: no such command").is_err());
    }
}
