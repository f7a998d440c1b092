//! Files that include others.
#![cfg(feature = "breaker")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::fs;
use std::path::{Path, PathBuf};

use resil_config::{Config, LoadError};

/// A folder of files, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("resil-includes-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        for (name, text) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn load(&self, name: &str) -> Result<Config, LoadError> {
        Config::loader().file(self.0.join(name)).load()
    }

    /// The messages, with the folder's name left out.
    fn complaints(&self, name: &str) -> String {
        self.load(name).unwrap_err().to_string().replace(&format!("{}/", self.0.display()), "")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn said(config: &Config, path: &str) -> (String, String) {
    let explained = config.explain().get(path).unwrap();
    let source = explained.source().to_string();
    (explained.value().into(), Path::new(&source).file_name().unwrap().to_string_lossy().into_owned())
}

fn breaker(include: &str, settings: &str) -> String {
    format!("resilience:\n  include: {include}\n  circuit_breaker: {{ {settings} }}\n")
}

/// K3
#[test]
fn the_including_file_wins_and_of_the_included_the_later() {
    let folder = Folder::new(
        "order",
        &[
            ("a.yaml", &breaker("[b.yaml, sub/c.yaml]", "failure_threshold: 1")),
            (
                "b.yaml",
                &breaker(
                    "[]",
                    "failure_threshold: 2, reset_timeout: 2, half_open_max_calls: 1, success_threshold: 2",
                ),
            ),
            ("sub/c.yaml", &breaker("d.yaml", "failure_threshold: 3, reset_timeout: 3")),
            ("sub/d.yaml", &breaker("[]", "reset_timeout: 4, half_open_max_calls: 4")),
        ],
    );
    let config = folder.load("a.yaml").unwrap();
    assert_eq!(said(&config, "circuit_breaker.failure_threshold"), ("1".into(), "a.yaml:3:41".into()));
    assert_eq!(said(&config, "circuit_breaker.reset_timeout"), ("3s".into(), "c.yaml:3:59".into()));
    assert_eq!(said(&config, "circuit_breaker.half_open_max_calls"), ("4".into(), "d.yaml:3:61".into()));
    assert_eq!(said(&config, "circuit_breaker.success_threshold").0, "2");
    assert_eq!(config.files().count(), 4);
}

/// K3
#[test]
fn an_instance_of_an_included_file_still_wins_over_the_defaults_of_the_including_one() {
    let folder = Folder::new(
        "instance",
        &[
            ("a.yaml", &breaker("b.yaml", "reset_timeout: 1")),
            ("b.yaml", &breaker("[]", "instances: { payments: { reset_timeout: 2 } }")),
        ],
    );
    let config = folder.load("a.yaml").unwrap();
    assert_eq!(said(&config, "circuit_breaker.payments.reset_timeout").0, "2s");
}

/// K3
#[test]
fn a_diamond_is_read_once_below_all_that_include_it() {
    let folder = Folder::new(
        "diamond",
        &[
            ("a.yaml", &breaker("[b.yaml, c.yaml]", "")),
            ("b.yaml", &breaker("d.yaml", "reset_timeout: 2")),
            ("c.yaml", &breaker("d.yaml", "half_open_max_calls: 3, success_threshold: 1")),
            ("d.yaml", &breaker("[]", "reset_timeout: 4, half_open_max_calls: 4")),
        ],
    );
    let config = folder.load("a.yaml").unwrap();
    assert_eq!(
        said(&config, "circuit_breaker.reset_timeout").0,
        "2s",
        "c brings d again, which is still below b"
    );
    assert_eq!(said(&config, "circuit_breaker.half_open_max_calls").0, "3");
    assert_eq!(config.files().count(), 4);
}

/// K3
#[test]
fn a_cycle_is_refused_with_its_chain() {
    let folder = Folder::new(
        "cycle",
        &[
            ("a.yaml", &breaker("b.yaml", "")),
            ("b.yaml", &breaker("sub/c.yaml", "")),
            ("sub/c.yaml", &breaker("../b.yaml", "")),
            ("self.yaml", &breaker("./self.yaml", "")),
        ],
    );
    insta::assert_snapshot!(folder.complaints("a.yaml"), @"sub/c.yaml:2:12: include: `../b.yaml` includes itself: b.yaml -> sub/c.yaml -> b.yaml");
    insta::assert_snapshot!(folder.complaints("self.yaml"), @"self.yaml:2:12: include: `./self.yaml` includes itself: self.yaml -> self.yaml");
}

/// K3
#[test]
fn nothing_outside_of_the_folder_is_read() {
    let folder = Folder::new(
        "escape",
        &[
            (
                "root/a.yaml",
                &breaker("[../secret.yaml, /etc/passwd, link.yaml, sub/b.yaml, missing.yaml, 5, {}]", ""),
            ),
            ("root/sub/b.yaml", &breaker("../../secret.yaml", "")),
            ("secret.yaml", "resilience: { preset: production }"),
        ],
    );
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret.yaml", folder.0.join("root/link.yaml")).unwrap();
    insta::assert_snapshot!(folder.complaints("root/a.yaml"), @r"
    root/a.yaml:2:13: include: `../secret.yaml` is outside of the folder of the first file
    root/a.yaml:2:29: include: `/etc/passwd` is an absolute path; included files are named relative to the one that includes them
    root/a.yaml:2:42: include: `link.yaml` is outside of the folder of the first file
    root/a.yaml:2:65: include: `missing.yaml` cannot be read: No such file or directory (os error 2)
    root/a.yaml:2:79: include: `5` cannot be read: No such file or directory (os error 2)
    root/a.yaml:2:82: include: a mapping is no path of a file
    root/sub/b.yaml:2:12: include: `../../secret.yaml` is outside of the folder of the first file
    ");
}

/// K3
#[cfg(unix)]
#[test]
fn a_link_within_the_folder_is_followed() {
    let folder = Folder::new(
        "link",
        &[("a.yaml", &breaker("link.yaml", "")), ("real.yaml", &breaker("[]", "reset_timeout: 4"))],
    );
    std::os::unix::fs::symlink("real.yaml", folder.0.join("link.yaml")).unwrap();
    assert_eq!(said(&folder.load("a.yaml").unwrap(), "circuit_breaker.reset_timeout").0, "4s");
}

#[test]
fn what_is_wrong_in_any_file_is_told_in_their_order() {
    let folder = Folder::new(
        "mistakes",
        &[
            ("a.yaml", &breaker("[b.yaml, c.yaml]", "failure_threshold: 0")),
            ("b.yaml", &breaker("[]", "reset_timeout: 0")),
            ("c.yaml", "resilience: ["),
        ],
    );
    insta::assert_snapshot!(folder.complaints("a.yaml"), @r"
    a.yaml:3:41: circuit_breaker.failure_threshold: 0 is out of range, allowed is 1 or more
    b.yaml:3:37: circuit_breaker.reset_timeout: 0ns is out of range, allowed is 1ns to 100 years
    c.yaml:2:1: is not YAML: while parsing a node, did not find expected node content
    ");
}

#[test]
fn there_are_64_files_at_most() {
    let names: Vec<_> = (0..70).map(|n| (format!("{n}.yaml"), breaker("[]", ""))).collect();
    let list: Vec<_> = names.iter().map(|(name, _)| name.as_str()).collect();
    let first = breaker(&format!("[{}]", list.join(", ")), "");
    let mut files: Vec<_> = names.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.push(("a.yaml", &first));
    let folder = Folder::new("many", &files);
    assert_eq!(
        folder.complaints("a.yaml").lines().filter(|line| line.contains("one file too many")).count(),
        7
    );
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let folder = Folder::new("none", &[("sub/a", "")]);
    insta::assert_snapshot!(folder.complaints("a.yaml"), @"a.yaml: cannot be read: No such file or directory (os error 2)");
    assert!(folder.complaints("sub").contains("cannot be read"));
}

#[test]
fn a_text_has_no_folder_to_include_from() {
    let error = Config::from_yaml(breaker("b.yaml", "")).unwrap_err();
    insta::assert_snapshot!(error, @"<yaml>:2:12: include: is not possible here: the text is in no file, so there is no folder to look in");
}
