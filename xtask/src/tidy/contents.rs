//! A `lib.rs` tells what is where, and holds nothing itself.

use crate::source::Source;
use crate::tidy::file::File;

/// Refuses every item of a `lib.rs` that is not a `mod name;` or a `use`, or an attribute macro, which can stand nowhere else.
pub(crate) fn judge(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    if !file.text.contains("#![doc = include_str!(\"../README.md\")]") {
        complaints.push("1: the crate's documentation is its README: #![doc = include_str!(..)]".into());
    }
    let code = Source::read(&file.text).code;
    let mut rest = code.as_str();
    let mut is_macro = false;
    while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
        let line = code[..code.len() - rest.len() + start].matches('\n').count() + 1;
        rest = &rest[start..];
        let is_attribute = rest.starts_with('#');
        let (item, after) = rest.split_at(if is_attribute { attribute(rest) } else { item(rest) });
        if is_attribute {
            is_macro |= item.starts_with("#[proc_macro");
        } else if !std::mem::take(&mut is_macro) && !belongs(item) {
            let first = item.lines().next().unwrap_or_default();
            complaints.push(format!("{line}: `{first}` belongs in a file of its own"));
        }
        rest = after;
    }
    complaints
}

fn belongs(item: &str) -> bool {
    let words: Vec<_> = item.split_whitespace().skip_while(|word| word.starts_with("pub")).collect();
    match words.as_slice() {
        ["use", ..] => true,
        ["mod", name] => name.ends_with(';'),
        _ => false,
    }
}

/// The length of the attribute at the start.
fn attribute(rest: &str) -> usize {
    closing(rest, '[', ']')
}

/// The length of the item at the start: to its semicolon, or to the end of its braces.
fn item(rest: &str) -> usize {
    let semicolon = rest.find(';').map_or(rest.len(), |at| at + 1);
    let brace = rest.find('{').unwrap_or(rest.len());
    let is_use = rest.split_whitespace().find(|word| !word.starts_with("pub")) == Some("use");
    if is_use || semicolon < brace { semicolon } else { closing(rest, '{', '}') }
}

/// The length up to the bracket that closes the first one.
fn closing(rest: &str, open: char, close: char) -> usize {
    let mut depth = 0_u32;
    for (at, c) in rest.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at + c.len_utf8();
            }
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::tidy::file::File;

    const GOOD: &str = "#![doc = include_str!(\"../README.md\")]\n#![cfg_attr(docsrs, feature(doc_cfg))]\n\n\
        mod call;\n#[cfg(feature = \"tower\")]\npub mod tower;\npub(crate) mod sync;\n\
        pub use call::{\n    A, // the first {\n    B,\n};\nuse core as _;\n";

    fn complaints(text: &str) -> Vec<String> {
        judge(&File::new("crates/a/src/lib.rs", text))
    }

    #[test]
    fn macros_stand_where_they_have_to() {
        let text = format!("{GOOD}#[proc_macro_attribute]\npub fn guard(a: T) -> T {{ a }}\n");
        assert_eq!(complaints(&text), Vec::<String>::new());
        let more = format!("{text}fn helper() {{}}\n");
        assert_eq!(complaints(&more).len(), 1);
    }

    #[test]
    fn a_table_of_contents_is_fine() {
        assert_eq!(complaints(GOOD), Vec::<String>::new());
    }

    #[test]
    fn everything_else_is_named_with_its_line() {
        for item in [
            "fn f() { g(); }",
            "pub struct S;",
            "pub struct S { a: u8 }",
            "const _: () = assert!(true);",
            "macro_rules! m { () => {}; }",
            "mod inline { pub fn f() {} }",
            "impl S { fn f() {} }",
            "pub type T = u8;",
            "pub fn f<T>(t: T)\nwhere\n    T: Copy,\n{\n}",
        ] {
            let found = complaints(&format!("{GOOD}{item}\nmod last;\n"));
            assert_eq!(found.len(), 1, "{item}: {found:?}");
            assert!(found[0].starts_with("13:"), "{found:?}");
        }
    }

    #[test]
    fn the_readme_is_the_documentation() {
        assert_eq!(complaints("//! Documentation of another kind.\nmod a;\n").len(), 1);
    }
}
