//! What was meant to be done later, switched off, or silenced.

use crate::source::Source;
use crate::tidy::file::File;

/// In comments and prose, as whole words.
const MARKS: [&str; 3] = ["TODO", "FIXME", "XXX"];

/// In code: the pattern, and what to do instead.
const CODE: [(&str, &str); 7] = [
    ("todo!", "write it"),
    ("unimplemented!", "write it"),
    ("#[ignore", "mend the test or remove it"),
    ("ignore = ", "mend the test or remove it"),
    ("#[allow(", "use #[expect(lint, reason = \"..\")]"),
    ("#![allow(", "use #[expect(lint, reason = \"..\")]"),
    (", allow(", "use #[expect(lint, reason = \"..\")]"),
];

/// Refuses open marks in any file, and unfinished or silenced code.
pub(crate) fn judge(file: &File) -> Vec<String> {
    if !file.is_rust() {
        return file.text.lines().enumerate().flat_map(|(at, text)| prose(at + 1, text)).collect();
    }
    let source = Source::read(&file.text);
    let comments = source.comment_lines().flat_map(|(line, text)| prose(line, text));
    let code = source.code_lines().flat_map(|(line, text)| code(line, text));
    comments.chain(code).collect()
}

fn prose(line: usize, text: &str) -> Vec<String> {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    let mark = words.find(|word| MARKS.contains(word)).map(|mark| format!("{line}: {mark} is open"));
    // A block of Rust that is neither compiled nor marked as another language proves nothing.
    let fence = text.trim_start_matches(['/', '!', ' ']).strip_prefix("```");
    let is_ignored = fence.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == "ignore"));
    mark.into_iter().chain(is_ignored.then(|| format!("{line}: a code block is never compiled"))).collect()
}

fn code(line: usize, text: &str) -> Vec<String> {
    CODE.iter()
        .filter(|(pattern, _)| text.contains(pattern))
        .map(|(pattern, instead)| format!("{line}: `{}`: {instead}", pattern.trim_matches([',', ' ', '='])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::tidy::file::File;

    fn complaints(path: &str, text: &str) -> usize {
        judge(&File::new(path, text)).len()
    }

    #[test]
    fn open_marks_are_found_in_comments_and_prose() {
        assert_eq!(complaints("a.rs", "// TODO: more"), 1);
        assert_eq!(complaints("a.rs", "/* FIXME */"), 1);
        assert_eq!(complaints("a.md", "one\nTODO(x) two"), 1);
        assert_eq!(complaints("a.toml", "# XXX"), 1);
        assert_eq!(complaints("a.rs", "const MASTODON: &str = \"TODO\"; // a TODOS list"), 0);
    }

    #[test]
    fn unfinished_and_silenced_code_is_found() {
        for text in [
            "fn f() { todo!() }",
            "fn f() { unimplemented!(\"x\") }",
            "#[ignore]",
            "#[ignore = \"slow\"]",
            "#[allow(dead_code)]",
            "#![allow(dead_code)]",
            "#[cfg_attr(test, allow(dead_code))]",
        ] {
            assert!(complaints("a.rs", text) >= 1, "{text}");
        }
        for text in [
            "#[expect(dead_code, reason = \"x\")]",
            "fn allow(x: u8) {}",
            "policy.allow(x)",
            "// #[allow(x)] is not ours",
        ] {
            assert_eq!(complaints("a.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn code_blocks_are_compiled() {
        assert_eq!(complaints("a.rs", "/// ```ignore"), 1);
        assert_eq!(complaints("a.md", "```rust,ignore"), 1);
        assert_eq!(complaints("a.md", "```text"), 0);
        assert_eq!(complaints("a.rs", "//! ```no_run"), 0);
    }
}
