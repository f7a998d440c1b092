//! The page, `docs/benchmarks.md`: what holds for all patterns, and one part per pattern between markers.

mod figures;
mod promises;
mod section;
mod stops;
mod waits;

pub use section::Section;

use crate::pattern::{self, Pattern};

/// Where the text begins that a new part keeps from the old one.
const NOTES: &str = "<!-- notes -->";
/// Where it ends.
const END_OF_NOTES: &str = "<!-- /notes -->";

/// The page with the given parts in place of the old ones; the parts of other patterns stay as they are.
pub fn renewed(old: &str, parts: &[(&Pattern, String)]) -> String {
    let mut page = String::from(HEAD);
    for &pattern in pattern::ALL {
        let new = parts.iter().find(|(of, _)| of.name == pattern.name).map(|(_, text)| text.as_str());
        if let Some(text) = new.or_else(|| part_of(old, pattern)) {
            let (begin, end) = markers(pattern);
            page.extend(["\n", &begin, "\n\n", text.trim(), "\n\n", &end, "\n"]);
        }
    }
    page
}

/// The text that the old part of a pattern keeps for the new one.
pub fn notes_of(page: &str, pattern: &Pattern) -> String {
    let kept = part_of(page, pattern).and_then(|part| between(part, NOTES, END_OF_NOTES));
    kept.unwrap_or("\n\n").to_owned()
}

fn part_of<'a>(page: &'a str, pattern: &Pattern) -> Option<&'a str> {
    let (begin, end) = markers(pattern);
    between(page, &begin, &end)
}

fn markers(pattern: &Pattern) -> (String, String) {
    (format!("<!-- {} -->", pattern.name), format!("<!-- /{} -->", pattern.name))
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(begin)?.1.split_once(end)?.0)
}

const HEAD: &str = "# Benchmarks

Written by `cargo xtask bench --report`: every figure of a part comes from one run of it, none by hand. Nanoseconds belong
to the machine; the ratios are what counts.

## How it is measured

- The contenders of a row run in turn in one process and one binary (A B C, B C A, ...), in short batches. The median
  and the minimum of the batches are quoted; a ratio is the median of the ratios round by round.
- A batch during which the kernel took the processor away is thrown away. On two threads each one stamps its own start
  and end, and a round counts only when both ran for at least 90 % of it; the figure is what one thread waits for
  one call.
- All contenders of a row do the same and are checked: each batch must have seen the outcomes that its load promises, and
  afterwards each must show itself: the breaker trips, the limiter refuses when its permits are used up, the token
  tells all below it.
- A peer with dashes has no such operation.
";

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "# Old\n\n<!-- breaker -->\n\n## Circuit breaker\n\n<!-- notes -->\nkept\n<!-- /notes -->\n\n\
                       <!-- /breaker -->\n\n<!-- limiter -->\n\n## Limiter\n\nas it was\n\n<!-- /limiter -->\n";

    #[test]
    fn renewing_one_part_leaves_the_other_as_it_was() {
        let page = renewed(OLD, &[(Pattern::named("breaker").expect("it is there"), "new".to_owned())]);
        assert!(page.contains("<!-- breaker -->\n\nnew\n\n<!-- /breaker -->"), "{page}");
        assert!(
            page.ends_with("<!-- limiter -->\n\n## Limiter\n\nas it was\n\n<!-- /limiter -->\n"),
            "{page}"
        );
        assert!(!page.contains("# Old"), "{page}");
    }

    #[test]
    fn notes_belong_to_a_pattern() {
        let notes = |name| notes_of(OLD, Pattern::named(name).expect("it is there"));
        assert_eq!(notes("breaker"), "\nkept\n");
        assert_eq!(notes("limiter"), "\n\n");
    }
}
