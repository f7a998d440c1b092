//! `docs`: the reference without a warning, the book's code as tests.

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::tool::Tool;
use crate::workspace::Workspace;

/// The package that includes every page of the book as documentation, so that its code is compiled and run.
pub(crate) const BOOK: &str = "resil-book";

/// Builds the reference, runs the book's code, and builds the book where mdbook is installed.
pub(crate) fn run(workspace: &Workspace, arguments: Arguments, ledger: &mut Ledger) -> Result<(), String> {
    arguments.finish()?;
    let mut reference = workspace.cargo(&["doc", "--no-deps", "--all-features"]);
    for package in workspace.published() {
        reference.args(["--package", &package.name]);
    }
    ledger.run("reference", reference.env("RUSTDOCFLAGS", "-D warnings"));
    if workspace.package(BOOK).is_some() {
        ledger.run_tests(
            "the book's code",
            &mut workspace.cargo(&["test", "--doc", "--package", BOOK, "--no-fail-fast"]),
        );
    } else {
        ledger.skip("the book's code", "there is no package `resil-book`");
    }
    if !workspace.root.join("docs/book.toml").is_file() {
        ledger.skip("the book", "there is no docs/book.toml");
    } else if Tool::MdBook.is_present() {
        let mut book = std::process::Command::new("mdbook");
        book.current_dir(&workspace.root)
            .args(["build", "docs", "--dest-dir"])
            .arg(workspace.target.join("book"));
        ledger.run("the book", &mut book);
    } else {
        ledger.lacks("the book", Tool::MdBook);
    }
    Ok(())
}
