//! Figures as they stand in the tables.

use crate::row::OURS;

/// What is said of a promise whose figure must not be above `at_most`.
pub(super) fn verdict(reached: Option<f64>, at_most: f64, stretch: Option<f64>) -> &'static str {
    match (reached, stretch) {
        (None, _) => "not measured",
        (Some(reached), Some(stretch)) if reached <= stretch => "met, and the stretch",
        (Some(reached), _) if reached <= at_most => "met",
        _ => "**missed**",
    }
}

/// The larger of two figures, when both are there.
pub(super) fn worse(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.zip(other).map(|(one, other)| one.max(other))
}

pub(super) fn bold(name: &str) -> String {
    if name.starts_with(OURS) { format!("**{name}**") } else { name.to_owned() }
}

pub(super) fn figure(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) if value < 1_000.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.0}"),
    }
}

pub(super) fn ratio(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) => format!("{value:.0}"),
    }
}

pub(super) fn whole(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// A whole number with a comma after each thousand.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_judged_by_the_promise_and_the_stretch() {
        assert_eq!(verdict(Some(0.5), 0.5, None), "met");
        assert_eq!(verdict(Some(0.51), 0.5, None), "**missed**");
        assert_eq!(verdict(Some(0.4), 0.5, Some(0.3)), "met");
        assert_eq!(verdict(Some(0.3), 0.5, Some(0.3)), "met, and the stretch");
        assert_eq!(verdict(None, 0.5, Some(0.3)), "not measured");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([999, 1_000, 1_234_567].map(grouped), ["999", "1,000", "1,234,567"]);
    }

    #[test]
    fn half_a_pair_is_no_figure() {
        assert_eq!(worse(Some(1.0), Some(2.0)), Some(2.0));
        assert_eq!(worse(Some(1.0), None), None);
    }
}
