//! The READMEs of the crates have the same headings, so that who knows one knows all.

use crate::tidy::file::File;

/// The sections that each has, in this order; others may stand between them.
pub(crate) const SECTIONS: [&str; 5] = ["Example", "Features", "Guarantees", "Cost", "License"];

/// Refuses a README without its title or a section, or with sections in another order.
pub(crate) fn judge(file: &File) -> Vec<String> {
    let headings: Vec<(usize, &str)> = headings(&file.text);
    let name = file.path.split('/').nth(1).unwrap_or_default();
    let mut complaints = Vec::new();
    if headings.first().is_none_or(|(_, heading)| *heading != format!("# {name}")) {
        complaints.push(format!("1: the first heading is not `# {name}`"));
    }
    let mut last = 0;
    for section in SECTIONS {
        let found = headings.iter().find(|(_, heading)| heading.strip_prefix("## ") == Some(section));
        match found {
            None => complaints.push(format!("1: there is no `## {section}`")),
            Some((line, _)) if *line < last => {
                complaints.push(format!("{line}: `## {section}` is out of order: {}", SECTIONS.join(", ")));
            }
            Some((line, _)) => last = *line,
        }
    }
    complaints
}

/// The headings outside code blocks, in which `#` starts a hidden line.
fn headings(text: &str) -> Vec<(usize, &str)> {
    let mut is_code = false;
    let mut headings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code && line.starts_with('#') {
            headings.push((at + 1, line.trim_end()));
        }
    }
    headings
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::tidy::file::File;

    const GOOD: &str = "# resil-x\n\nText.\n\n## Example\n\n```\n# fn main() {}\n```\n\n## Features\n## More\n## Guarantees\n## Cost\n## License\n";

    fn complaints(text: &str) -> Vec<String> {
        judge(&File::new("crates/resil-x/README.md", text))
    }

    #[test]
    fn all_sections_in_order_are_fine() {
        assert_eq!(complaints(GOOD), Vec::<String>::new());
    }

    #[test]
    fn a_missing_title_or_section_is_named() {
        assert_eq!(complaints(&GOOD.replace("# resil-x", "# other")).len(), 1);
        assert!(complaints(&GOOD.replace("## Cost", "## Price"))[0].contains("## Cost"));
        let hidden = GOOD.replace("## Cost\n", "").replace("# fn main() {}", "## Cost");
        assert_eq!(complaints(&hidden).len(), 1, "a line of code is no heading");
    }

    #[test]
    fn another_order_is_refused() {
        let swapped = GOOD.replace("## Cost\n", "").replace("## Features", "## Cost\n## Features");
        assert_eq!(complaints(&swapped).len(), 1);
    }
}
