//! The places in a file where an ordering stronger than `Relaxed` is named.

use std::ops::Range;

use crate::seeded_bug::CALL;
use crate::source::Source;

const ORDERINGS: [&str; 4] = ["Acquire", "Release", "AcqRel", "SeqCst"];

/// One ordering in the code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Site {
    place: Range<usize>,
    pub(crate) line: usize,
    word: &'static str,
    /// The line of code, trimmed: it names the site when lines move.
    code: String,
}

impl Site {
    /// The site in words that stay the same when lines move.
    pub(crate) fn what(&self) -> String {
        format!("{} in {}", self.word, self.code)
    }

    /// The file with this one ordering weakened.
    pub(crate) fn weakened(&self, text: &str) -> String {
        format!("{}Relaxed{}", &text[..self.place.start], &text[self.place.end..])
    }
}

/// Finds every ordering, but for imports, tests, and bugs that are put in on purpose.
pub(crate) fn find(text: &str) -> Vec<Site> {
    let code = Source::read(text).code;
    let code = code
        .find("#[cfg(test)]")
        .or(code.find("#[cfg(all(test"))
        .map_or(code.as_str(), |tests| &code[..tests]);
    let skipped = seeded(code);
    let mut sites = Vec::new();
    for word in ORDERINGS {
        for (start, _) in code.match_indices(word) {
            let place = start..start + word.len();
            let is_seeded = skipped.iter().any(|range| range.contains(&start));
            if is_ordering(code, &place) && !is_seeded {
                let line = code[..start].matches('\n').count() + 1;
                let shown = text.lines().nth(line - 1).unwrap_or_default().trim();
                sites.push(Site { place, line, word, code: shown.into() });
            }
        }
    }
    sites.sort_by_key(|site| site.place.start);
    sites
}

/// Whether the word there is a value: a whole word, of `Ordering` or alone, and not in an import.
fn is_ordering(code: &str, place: &Range<usize>) -> bool {
    let (before, after) = (&code[..place.start], &code[place.end..]);
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    if before.ends_with(in_word) || after.starts_with(in_word) || after.starts_with("::") {
        return false;
    }
    let is_of_other = before.ends_with("::") && !before.ends_with("Ordering::") || before.ends_with('.');
    let statement = before.rsplit([';', '}']).next().unwrap_or_default();
    let words: Vec<_> = statement.split_whitespace().take(3).collect();
    let is_import = words.contains(&"use");
    !is_of_other && !is_import
}

/// What is wrong on purpose: the first block of each seeded bug.
fn seeded(code: &str) -> Vec<Range<usize>> {
    let block = |(at, call): (usize, &str)| {
        // The name of the bug is a string, which is blank in the code.
        let (_, after) = code[at + call.len()..].trim_start().strip_prefix('"')?.split_once('"')?;
        let block = after.trim_start().strip_prefix("=>")?;
        let start = code.len() - block.len();
        Some(start..start + braces(block))
    };
    code.match_indices(CALL).filter_map(block).collect()
}

/// The length of the block at the start, to the end of its braces.
fn braces(code: &str) -> usize {
    let mut depth = 0_i32;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::find;

    fn found(text: &str) -> Vec<(usize, &'static str)> {
        find(text).iter().map(|site| (site.line, site.word)).collect()
    }

    #[test]
    fn values_are_found_and_nothing_else() {
        let text = "use std::sync::atomic::Ordering::{Acquire, Release};\nuse x::{\n    AcqRel,\n};\n\
            fn f() {\n    a.load(Acquire); // Release\n    a.store(1, Ordering::Release);\n\
            a.cas(1, 2, AcqRel, Ordering::SeqCst);\n    g(\"Acquire\", Verdict::Release, Releases, Release::X, p.Release);\n}\n\
            #[cfg(test)]\nmod tests { fn f() { a.load(Acquire); } }\n";
        assert_eq!(found(text), [(6, "Acquire"), (7, "Release"), (8, "AcqRel"), (8, "SeqCst")]);
    }

    #[test]
    fn seeded_bugs_are_left_alone() {
        let text = "fn f() {\nseeded_bug!(\"x\" => { if b { a.store(1, Release); } a.load(Acquire); });\na.store(2, Release);\n\
            let order = seeded_bug!(\"y\" => { AcqRel } else { Release });\n\
            if seeded_bug!(\"z\") {}\na.load(Acquire);\n}\n";
        assert_eq!(found(text), [(3, "Release"), (4, "Release"), (6, "Acquire")]);
    }

    #[test]
    fn one_ordering_is_weakened_at_a_time() {
        let text = "fn ä() { a.cas(1, 2, AcqRel, Acquire) }\n";
        let sites = find(text);
        assert_eq!(sites[1].weakened(text), "fn ä() { a.cas(1, 2, AcqRel, Relaxed) }\n");
        assert_eq!(sites[0].weakened(text), "fn ä() { a.cas(1, 2, Relaxed, Acquire) }\n");
        assert_eq!(sites[0].what(), "AcqRel in fn ä() { a.cas(1, 2, AcqRel, Acquire) }");
    }
}
