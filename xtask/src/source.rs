//! A Rust file, split into what the compiler reads and what people read.

/// The code and the comments of a file. Both have the lines of the file; what is not theirs is blank.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) code: String,
    pub(crate) comments: String,
}

/// What the reader is in the middle of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    LineComment,
    BlockComment(u32),
    Text,
    RawText(usize),
}

/// Which half a character belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Code,
    Comments,
    Neither,
}

/// The next few characters: what they are, and what follows them.
struct Piece {
    width: usize,
    half: Half,
    next: Inside,
}

impl Source {
    /// Splits a file. String and character literals are in neither half, but for a string's outer quotes.
    pub(crate) fn read(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut source =
            Self { code: String::with_capacity(text.len()), comments: String::with_capacity(text.len()) };
        let mut inside = Inside::Code;
        let mut at = 0;
        while at < chars.len() {
            let begins_word = !at.checked_sub(1).is_some_and(|before| is_in_word(chars[before]));
            let piece = piece(inside, &chars[at..], begins_word);
            for &c in chars[at..].iter().take(piece.width) {
                source.push(c, piece.half);
            }
            inside = piece.next;
            at += piece.width;
        }
        source
    }

    /// The code's lines, numbered from 1.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(line, text)| (line + 1, text))
    }

    /// The comments' lines, numbered from 1.
    pub(crate) fn comment_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.comments.lines().enumerate().map(|(line, text)| (line + 1, text))
    }

    /// Blanks are as wide as what they stand for, so that positions in a half are positions in the file.
    fn push(&mut self, c: char, half: Half) {
        let blank = std::iter::repeat_n(if c == '\n' { '\n' } else { ' ' }, c.len_utf8());
        for (text, ours) in [(&mut self.code, Half::Code), (&mut self.comments, Half::Comments)] {
            if half == ours {
                text.push(c);
            } else {
                text.extend(blank.clone());
            }
        }
    }
}

fn piece(inside: Inside, rest: &[char], begins_word: bool) -> Piece {
    use Half::{Code, Comments, Neither};
    let starts = |what: &str| what.chars().enumerate().all(|(i, c)| rest.get(i) == Some(&c));
    let make = |width, half, next| Piece { width, half, next };
    match inside {
        Inside::Code if starts("//") => make(2, Comments, Inside::LineComment),
        Inside::Code if starts("/*") => make(2, Comments, Inside::BlockComment(1)),
        Inside::Code if starts("\"") => make(1, Code, Inside::Text),
        Inside::Code => {
            if let Some(hashes) = raw_text(rest).filter(|_| begins_word) {
                let width = rest.iter().position(|&c| c == '"').map_or(1, |quote| quote + 1);
                return make(width, Neither, Inside::RawText(hashes));
            }
            character(rest).map_or(make(1, Code, inside), |width| make(width, Neither, inside))
        }
        Inside::LineComment if starts("\n") => make(1, Comments, Inside::Code),
        Inside::BlockComment(depth) if starts("/*") => make(2, Comments, Inside::BlockComment(depth + 1)),
        Inside::BlockComment(1) if starts("*/") => make(2, Comments, Inside::Code),
        Inside::BlockComment(depth) if starts("*/") => make(2, Comments, Inside::BlockComment(depth - 1)),
        Inside::LineComment | Inside::BlockComment(_) => make(1, Comments, inside),
        Inside::Text if starts("\\") => make(2, Neither, inside),
        Inside::Text if starts("\"") => make(1, Code, Inside::Code),
        Inside::RawText(hashes) if starts(&format!("\"{}", "#".repeat(hashes))) => {
            make(1 + hashes, Neither, Inside::Code)
        }
        Inside::Text | Inside::RawText(_) => make(1, Neither, inside),
    }
}

/// The number of hashes, when a raw string such as `r"..` or `br#"..` begins here.
fn raw_text(rest: &[char]) -> Option<usize> {
    let rest = if rest.first() == Some(&'b') { &rest[1..] } else { rest };
    let rest = rest.strip_prefix(&['r'])?;
    let hashes = rest.iter().take_while(|&&c| c == '#').count();
    (rest.get(hashes) == Some(&'"')).then_some(hashes)
}

/// The width of a character literal, when one begins here; `'a` alone is a lifetime.
fn character(rest: &[char]) -> Option<usize> {
    match rest {
        ['\'', '\\', _, after @ ..] => after.iter().position(|&c| c == '\'').map(|closing| closing + 4),
        ['\'', _, '\'', ..] => Some(3),
        _ => None,
    }
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::Source;

    fn code(text: &str) -> String {
        Source::read(text).code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn comments(text: &str) -> String {
        Source::read(text).comments.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_code_part() {
        let text = "let a = 1; // one\n/* two /* deep */ */ let b;\n/// doc\nfn f() {}";
        assert_eq!(code(text), "let a = 1; let b; fn f() {}");
        assert_eq!(comments(text), "// one /* two /* deep */ */ /// doc");
    }

    #[test]
    fn the_insides_of_strings_are_in_neither() {
        assert_eq!(code(r#"f("todo!() // no \" still");g"#), r#"f(" ");g"#);
        assert!(!code(r##"f(r#"a " // b"#);"##).contains('a'));
        assert_eq!(comments(r#"f("// no");"#), "");
        assert!(code(r##"f(br#"x"#); tail"##).ends_with("; tail"));
    }

    #[test]
    fn quotes_in_characters_open_no_string() {
        assert_eq!(code("let q = '\"'; let r = 1; // c"), "let q = ; let r = 1;");
        assert_eq!(code("let q = '{'; let r = 1;"), "let q = ; let r = 1;");
        assert!(code("let q = '\\''; let r = 1;").contains("let r = 1;"));
        assert!(code("let q = '\\u{1b}'; let r = 1;").contains("let r = 1;"));
        assert!(code("fn f<'a>(x: &'a str) -> &'a str { x } // end").contains("{ x }"));
    }

    #[test]
    fn names_that_end_in_r_are_no_raw_strings() {
        assert_eq!(code("let var = number; let r#type = 1;"), "let var = number; let r#type = 1;");
    }

    #[test]
    fn lines_keep_their_numbers() {
        let source = Source::read("a\n\"x\ny\"\n// c\nb\n");
        let lines: Vec<_> = source.code_lines().filter(|(_, text)| text.contains('b')).collect();
        assert_eq!(lines, [(5, "b")]);
        assert!(source.comment_lines().any(|(line, text)| line == 4 && text.contains("// c")));
    }
}
