//! `tidy`: the house rules that no other tool knows.

mod contents;
pub(crate) mod file;
mod leftovers;
mod links;
mod manifest;
mod readme;
mod size;
mod sleeps;
mod verbs;

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::tidy::file::File;
use crate::workspace::Workspace;

/// A rule about one file at a time.
struct Rule {
    name: &'static str,
    applies: fn(&File) -> bool,
    /// Each complaint is `line: what is wrong`.
    judge: fn(&File) -> Vec<String>,
}

const RULES: [Rule; 9] = [
    Rule { name: "files are short", applies: File::is_counted_source, judge: size::judge },
    Rule { name: "examples fit on a page", applies: File::is_example, judge: size::judge_example },
    Rule { name: "lib.rs is a table of contents", applies: File::is_library_root, judge: contents::judge },
    Rule { name: "no test sleeps", applies: File::is_library_code, judge: sleeps::judge },
    Rule { name: "nothing is left open", applies: File::is_text, judge: leftovers::judge },
    Rule { name: "READMEs are alike", applies: File::is_crate_readme, judge: readme::judge },
    Rule { name: "manifests inherit the lints", applies: File::is_member_manifest, judge: manifest::judge },
    Rule { name: "links lead somewhere", applies: File::is_markdown, judge: links::judge },
    Rule { name: "verbs exist", applies: File::is_read_by_people, judge: verbs::judge },
];

/// Holds every file against every rule.
pub(crate) fn run(workspace: &Workspace, arguments: Arguments, ledger: &mut Ledger) -> Result<(), String> {
    arguments.finish()?;
    let files = file::read_all(&workspace.root)?;
    for rule in &RULES {
        ledger.check(rule.name, || rule.check(&files));
    }
    Ok(())
}

impl Rule {
    fn check(&self, files: &[File]) -> Result<String, String> {
        let files: Vec<_> = files.iter().filter(|file| (self.applies)(file)).collect();
        let complaints: Vec<String> = files
            .iter()
            .flat_map(|file| {
                (self.judge)(file).into_iter().map(|complaint| format!("{}:{complaint}", file.path))
            })
            .collect();
        if !complaints.is_empty() {
            return Err(format!("{} complaints\n{}", complaints.len(), complaints.join("\n")));
        }
        Ok(format!("{} files", files.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::{File, RULES};

    #[test]
    fn complaints_of_a_rule_turn_it_red() {
        let rule = &RULES[0];
        let short = File::new("crates/a/src/b.rs", "fn f() {}\n");
        let long = File::new("crates/a/src/c.rs", &"\n".repeat(500));
        assert!(rule.check(&[short]).is_ok());
        let complaint = rule.check(&[long]).unwrap_err();
        assert!(complaint.contains("crates/a/src/c.rs:500"), "{complaint}");
    }
}
