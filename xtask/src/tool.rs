//! Programs from outside that a verb can do without, visibly.

use std::process::{Command, Stdio};

/// A program that may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Clippy,
    Deny,
    MdBook,
    Msrv,
    Mutants,
    Nextest,
    Rustfmt,
    SemverChecks,
    Valgrind,
}

/// The oldest toolchain that the published crates promise to build with.
pub(crate) const MSRV: &str = "1.88.0";

impl Tool {
    /// The name to show.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Clippy => "clippy",
            Self::Deny => "cargo-deny",
            Self::MdBook => "mdbook",
            Self::Msrv => "the Rust 1.88 toolchain",
            Self::Mutants => "cargo-mutants",
            Self::Nextest => "cargo-nextest",
            Self::Rustfmt => "rustfmt",
            Self::SemverChecks => "cargo-semver-checks",
            Self::Valgrind => "valgrind",
        }
    }

    /// The line that installs it.
    pub(crate) fn install(self) -> &'static str {
        match self {
            Self::Clippy => "rustup component add clippy",
            Self::Deny => "cargo install --locked cargo-deny",
            Self::MdBook => "cargo install --locked mdbook",
            Self::Msrv => "rustup toolchain install 1.88.0 --profile minimal",
            Self::Mutants => "cargo install --locked cargo-mutants",
            Self::Nextest => "cargo install --locked cargo-nextest",
            Self::Rustfmt => "rustup component add rustfmt",
            Self::SemverChecks => "cargo install --locked cargo-semver-checks",
            Self::Valgrind => "apt-get install valgrind (or your system's package manager)",
        }
    }

    /// Whether it answers on this machine.
    pub(crate) fn is_present(self) -> bool {
        let probe: &[&str] = match self {
            Self::Clippy => &["cargo", "clippy", "--version"],
            Self::Deny => &["cargo", "deny", "--version"],
            Self::MdBook => &["mdbook", "--version"],
            Self::Msrv => &["rustup", "run", MSRV, "rustc", "--version"],
            Self::Mutants => &["cargo", "mutants", "--version"],
            Self::Nextest => &["cargo", "nextest", "--version"],
            Self::Rustfmt => &["cargo", "fmt", "--version"],
            Self::SemverChecks => &["cargo", "semver-checks", "--version"],
            Self::Valgrind => &["valgrind", "--version"],
        };
        let mut question = Command::new(probe[0]);
        question.args(&probe[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        question.status().is_ok_and(|status| status.success())
    }
}

#[cfg(test)]
mod tests {
    use super::MSRV;

    #[test]
    fn the_oldest_toolchain_is_the_one_in_the_manifest() {
        let manifest = include_str!("../../Cargo.toml").parse::<toml::Table>().unwrap();
        let promised = manifest["workspace"]["package"]["rust-version"].as_str().unwrap();
        assert_eq!(MSRV.strip_suffix(".0").unwrap(), promised);
    }
}
