//! Whoever follows a page or a workflow finds the verb that it names.

use crate::tidy::file::File;

/// How a verb is called, here and in `.ci/run`.
const CALL: &str = "cargo xtask ";

/// Refuses a call of a verb that does not exist.
pub(crate) fn judge(file: &File) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    let called =
        lines.flat_map(|(at, line)| line.match_indices(CALL).map(move |(from, _)| (at + 1, &line[from..])));
    called
        .filter_map(|(line, call)| {
            // Options that stand before the verb are nobody's name; a word in capitals stands for any.
            let words = call[CALL.len()..].split('`').next()?;
            let word = words.split_whitespace().find(|word| !word.starts_with(['-', '[']))?;
            let word = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            let is_verb = crate::VERBS.iter().any(|verb| verb.name == word);
            let is_name = !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
            (is_name && !is_verb).then(|| format!("{line}: there is no verb `{word}`"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::tidy::file::File;

    #[test]
    fn a_call_names_a_verb() {
        let complaints = |text| judge(&File::new("a.md", text));
        for text in [
            "`cargo xtask test`",
            "- run: cargo xtask ci --strict",
            "cargo xtask --strict deep",
            "cargo xtask VERB",
            "`cargo xtask --help` lists the rest",
        ] {
            assert_eq!(complaints(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(complaints("first\ncargo xtask tset --models"), ["2: there is no verb `tset`"]);
        assert_eq!(complaints("`cargo xtask demo`, `cargo xtask dance`."), ["1: there is no verb `dance`"]);
    }
}
