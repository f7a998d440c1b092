//! What is refused before any parser sees it, so that a hostile file costs little.

use crate::source::Mark;

/// The longest text that is read: 1 MiB.
pub(crate) const LONGEST: usize = 1 << 20;

/// How deep lists and mappings may lie in each other. Parsers take a time that grows with the square of it.
pub(crate) const DEEPEST: usize = 64;

/// How many commas and colons there may be in all. Between brackets a parser has to remember everything that these part.
const MOST_SEPARATORS: usize = 65_536;

/// Why a text was not read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) mark: Mark,
    pub(crate) reason: String,
}

impl Unreadable {
    pub(crate) fn new(mark: Mark, reason: impl Into<String>) -> Self {
        Self { mark, reason: reason.into() }
    }
}

/// The text of `bytes` without its byte order mark, if it is short, UTF-8, and not nested too deep.
pub(crate) fn checked(bytes: &[u8]) -> Result<&str, Unreadable> {
    if bytes.len() > LONGEST {
        return Err(Unreadable::new(Mark::default(), "is longer than 1 MiB"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(Unreadable::new(mark(bytes, at), "holds a NUL byte, so it is not text"));
    }
    let text = str::from_utf8(bytes)
        .map_err(|error| Unreadable::new(mark(bytes, error.valid_up_to()), "is not UTF-8"))?;
    if let Some(at) = too_deep(bytes) {
        return Err(Unreadable::new(mark(bytes, at), format!("has more than {DEEPEST} open brackets")));
    }
    let mut separators = bytes.iter().enumerate().filter(|(_, byte)| matches!(byte, b',' | b':'));
    match separators.nth(MOST_SEPARATORS) {
        Some((at, _)) => Err(Unreadable::new(
            mark(bytes, at),
            format!("has more than {MOST_SEPARATORS} commas and colons"),
        )),
        None => Ok(text),
    }
}

/// Where one bracket too many opens. Also those in quotes and comments count: this is a bound, not a parser.
fn too_deep(bytes: &[u8]) -> Option<usize> {
    let mut open = 0_usize;
    bytes.iter().position(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > DEEPEST
    })
}

/// Line and column of a byte.
fn mark(bytes: &[u8], at: usize) -> Mark {
    let before = &bytes[..at];
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    let line = before.split(|byte| *byte == b'\n').count();
    Mark { line: count(line), column: count(column) }
}

/// A count of lines or columns of a text that is not longer than [`LONGEST`].
pub(crate) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What is probably wrong at or before a line that no parser understands: `max_failures:5`.
pub(crate) fn missing_space(text: &str, line: u32) -> Option<String> {
    let line = usize::try_from(line).ok()?;
    let found = text.lines().take(line).skip(line.saturating_sub(2)).find_map(|text| {
        let (word, value) = text.trim_start_matches([' ', '-', '{', ',']).split_once(':')?;
        joined(word, value)
    });
    found.or_else(|| text.lines().nth(line.saturating_sub(1)).and_then(missing_space_in))
}

/// The same in a part of a line that was taken for one word.
pub(crate) fn missing_space_in(text: &str) -> Option<String> {
    text.split([' ', ',', '{', '}']).find_map(|part| {
        let (word, value) = part.split_once(':')?;
        joined(word, value)
    })
}

fn joined(word: &str, value: &str) -> Option<String> {
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let is_value = value.starts_with(|c: char| c.is_ascii_alphanumeric());
    let value = value.split([' ', ',', '}']).next().unwrap_or_default();
    (is_word && is_value).then(|| format!("a space is missing after the colon: `{word}: {value}`"))
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, checked, missing_space, missing_space_in};

    fn refusal(bytes: &[u8]) -> (u32, u32, String) {
        let error = checked(bytes).unwrap_err();
        (error.mark.line, error.mark.column, error.reason)
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_place() {
        assert_eq!(refusal(b"a: b\nc: \0"), (2, 4, "holds a NUL byte, so it is not text".into()));
        assert_eq!(refusal(b"a: \xC3\xA9\xFF"), (1, 5, "is not UTF-8".into()));
        assert_eq!(refusal(&vec![b' '; LONGEST + 1]), (0, 0, "is longer than 1 MiB".into()));
        assert!(checked(&vec![b' '; LONGEST]).is_ok());
        assert_eq!(checked(b"\xEF\xBB\xBFa: b").unwrap(), "a: b");
    }

    #[test]
    fn brackets_may_be_64_deep() {
        assert!(checked("[".repeat(64).as_bytes()).is_ok());
        assert!(checked("[]{}".repeat(1_000).as_bytes()).is_ok());
        let text = format!("a:\n  {}", "[{".repeat(33));
        assert_eq!(refusal(text.as_bytes()), (2, 67, "has more than 64 open brackets".into()));
    }

    #[test]
    fn a_missing_space_is_seen() {
        let hint = Some("a space is missing after the colon: `max_failures: 5`".into());
        assert_eq!(missing_space("a:\n  max_failures:5\n  reset_timeout: 6\n", 3), hint);
        assert_eq!(missing_space("a: { max_failures:5, b: 6 }", 1), hint);
        assert_eq!(missing_space_in("max_failures:5"), hint);
        assert_eq!(missing_space_in("http://example.org"), None);
        assert_eq!(missing_space_in("10:30"), None);
    }
}
