//! "Did you mean".

/// The known word that is nearest to `word`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// A longer word is no slip of the hand, and comparing it would take long.
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    known
        .into_iter()
        .filter(|known| known.len() <= LONGEST)
        .map(|known| (strsim::osa_distance(&word, &known.to_lowercase()), known))
        .filter(|(distance, known)| *distance <= (known.chars().count() / 3).min(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The end of a sentence about an unknown `word`: what was probably meant, or what there is.
pub(crate) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    /// More than a line can tell.
    const MANY: usize = 16;
    let mut known: Vec<_> = known.into_iter().collect();
    if let Some(near) = nearest(word, known.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    known.sort_unstable();
    match known.as_slice() {
        [] => "there are none".into(),
        known if known.len() > MANY => "no word that is known is like it".into(),
        known => format!("known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{hint, nearest};

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["failure_threshold", "reset_timeout", "window", "rate"];
        assert_eq!(nearest("failure_treshold", known), Some("failure_threshold"));
        assert_eq!(nearest("Window", known), Some("window"));
        assert_eq!(nearest("rtae", known), Some("rate"));
        assert_eq!(nearest("half_open", known), None);
        assert_eq!(nearest(&"w".repeat(100_000), known), None);
    }

    #[test]
    fn where_nothing_is_near_all_are_named() {
        assert_eq!(hint("abd", ["b", "abc"]), "did you mean `abc`?");
        assert_eq!(hint("xyz", ["abc", "aaa"]), "known are aaa, abc");
        assert_eq!(hint("xyz", []), "there are none");
    }
}
