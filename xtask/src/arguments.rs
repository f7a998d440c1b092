//! The words after a verb.

/// Takes known words out of the command line, so that what is left over can be refused.
#[derive(Debug)]
pub(crate) struct Arguments(Vec<String>);

impl Arguments {
    /// Wraps the words that followed the verb.
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self(words)
    }

    /// Removes `flag` and tells whether it was there.
    pub(crate) fn flag(&mut self, flag: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != flag);
        self.0.len() != before
    }

    /// Removes `option` and the word after it, and returns that word.
    pub(crate) fn value(&mut self, option: &str) -> Result<Option<String>, String> {
        let Some(at) = self.0.iter().position(|word| word == option) else { return Ok(None) };
        self.0.remove(at);
        if self.0.get(at).is_none_or(|word| word.starts_with('-')) {
            return Err(format!("{option} needs a value"));
        }
        Ok(Some(self.0.remove(at)))
    }

    /// Removes and returns the first word that is not an option.
    pub(crate) fn word(&mut self) -> Option<String> {
        let at = self.0.iter().position(|word| !word.starts_with('-'))?;
        Some(self.0.remove(at))
    }

    /// Everything that is left, to be handed to another program.
    pub(crate) fn rest(self) -> Vec<String> {
        self.0
    }

    /// Fails when a word is left that nobody asked for.
    pub(crate) fn finish(self) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(format!("unknown arguments: {}", self.0.join(" "))) }
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn arguments(line: &str) -> Arguments {
        Arguments::new(line.split_whitespace().map(String::from).collect())
    }

    #[test]
    fn flags_values_and_words_are_taken_in_any_order() {
        let mut given = arguments("--versus breaker --save main");
        assert!(given.flag("--versus"));
        assert!(!given.flag("--versus"));
        assert_eq!(given.value("--save"), Ok(Some("main".into())));
        assert_eq!(given.word().as_deref(), Some("breaker"));
        assert_eq!(given.finish(), Ok(()));
    }

    #[test]
    fn what_nobody_asked_for_is_an_error() {
        assert!(arguments("--modles").finish().is_err());
        assert!(arguments("--save").value("--save").is_err());
        assert!(arguments("--save --check").value("--save").is_err());
    }
}
