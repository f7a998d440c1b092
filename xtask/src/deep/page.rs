//! `docs/verification.md`: one section per part, and one that people write.

use std::collections::BTreeMap;
use std::fmt::Write as _;

const INTRODUCTION: &str = "# Verification\n\n\
    What the long checks found. `cargo xtask deep` writes this page; only the section between the two\n\
    `explained` marks is written by hand, and it stays.\n";

/// The page as its pieces.
#[derive(Debug)]
pub(crate) struct Page {
    sections: BTreeMap<String, String>,
    explained: String,
}

impl Page {
    /// Takes the pieces of an older page.
    pub(crate) fn read(text: &str) -> Self {
        let mut sections = BTreeMap::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("<!-- part: ") {
            let Some((name, after)) = after.split_once(" -->") else { break };
            let Some((section, after)) = after.split_once("<!-- /part -->") else { break };
            sections.insert(name.to_owned(), section.trim().to_owned());
            rest = after;
        }
        let explained = text
            .split_once("<!-- explained -->")
            .and_then(|(_, after)| after.split_once("<!-- /explained -->"))
            .map_or("## Explained\n\nNothing is left to explain.", |(explained, _)| explained);
        Self { sections, explained: explained.trim().to_owned() }
    }

    /// Replaces the body of one section.
    pub(crate) fn put(&mut self, name: &str, body: &str) {
        let mut title = name.to_owned();
        title[..1].make_ascii_uppercase();
        self.sections.insert(name.into(), format!("## {title}\n\n{body}"));
    }

    /// The whole page, its sections in the given order.
    pub(crate) fn text(&self, order: &[&str]) -> String {
        let mut text = String::from(INTRODUCTION);
        for name in order {
            if let Some(section) = self.sections.get(*name) {
                // A string takes any text, so this cannot fail.
                let _ = write!(text, "\n<!-- part: {name} -->\n\n{section}\n\n<!-- /part -->\n");
            }
        }
        let _ = write!(text, "\n<!-- explained -->\n\n{}\n\n<!-- /explained -->\n", self.explained);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    const ORDER: [&str; 2] = ["mutants", "coverage"];

    #[test]
    fn a_new_section_leaves_the_others_alone() {
        let mut page = Page::read("");
        page.put("coverage", "90 %");
        let first = page.text(&ORDER);
        let mut page = Page::read(&first);
        page.put("mutants", "3 of 4");
        let second = page.text(&ORDER);
        assert!(second.contains("## Coverage\n\n90 %\n"), "{second}");
        assert!(second.find("## Mutants") < second.find("## Coverage"), "{second}");
        let mut page = Page::read(&second);
        page.put("mutants", "4 of 4");
        assert!(!page.text(&ORDER).contains("3 of 4"));
    }

    #[test]
    fn what_people_wrote_survives() {
        let mut page = Page::read("old\n<!-- explained -->\n## Why\n\nBecause.\n<!-- /explained -->\n");
        page.put("mutants", "x");
        let text = page.text(&ORDER);
        assert!(text.contains("<!-- explained -->\n\n## Why\n\nBecause.\n\n<!-- /explained -->"), "{text}");
        assert_eq!(Page::read(&text).text(&ORDER), text, "reading and writing changes nothing");
    }
}
