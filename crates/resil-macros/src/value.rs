//! Values of settings. A literal is read here, so that its error points at it; anything else is an expression for the compiler.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, Expr, ExprLit, ExprUnary, Lit, Result, UnOp};

use crate::span_text;

/// An expression without what is around it and means nothing.
pub(crate) fn peeled(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => peeled(&group.expr),
        Expr::Paren(paren) => peeled(&paren.expr),
        _ => expr,
    }
}

/// A literal, and whether a minus stands before it.
fn literal(expr: &Expr) -> Option<(bool, &Lit)> {
    match peeled(expr) {
        Expr::Lit(ExprLit { lit, .. }) => Some((false, lit)),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => {
            literal(expr).map(|(minus, lit)| (!minus, lit))
        }
        _ => None,
    }
}

fn wrong<T>(expr: &Expr, message: impl std::fmt::Display) -> Result<T> {
    Err(Error::new_spanned(expr, message))
}

/// A whole number of 32 bits.
pub(crate) fn count(expr: &Expr) -> Result<TokenStream> {
    match literal(expr) {
        None => Ok(expr.to_token_stream()),
        Some((false, Lit::Int(number))) if number.base10_parse::<u32>().is_ok() => Ok(expr.to_token_stream()),
        Some(_) => wrong(expr, "expected a whole number, 0 to 4,294,967,295"),
    }
}

/// A whole number that is a literal.
pub(crate) fn known_count(expr: &Expr) -> Option<u32> {
    match literal(expr) {
        Some((false, Lit::Int(number))) => number.base10_parse().ok(),
        _ => None,
    }
}

/// A number that may be a fraction.
pub(crate) fn number(expr: &Expr) -> Result<TokenStream> {
    match literal(expr) {
        None => Ok(expr.to_token_stream()),
        Some((false, Lit::Int(_) | Lit::Float(_))) => {
            let number = literal_number(expr)?;
            Ok(quote!(#number))
        }
        Some(_) => wrong(expr, "expected a number"),
    }
}

fn literal_number(expr: &Expr) -> Result<f64> {
    match literal(expr) {
        Some((false, Lit::Int(number))) => number.base10_parse(),
        Some((false, Lit::Float(number))) => number.base10_parse(),
        _ => wrong(expr, "expected a number"),
    }
}

/// A span of time: a number of seconds, a text like "500ms", or a `Duration`.
pub(crate) fn duration(expr: &Expr) -> Result<TokenStream> {
    match known_duration(expr)? {
        Some(span) => Ok(duration_tokens(span)),
        None => Ok(expr.to_token_stream()),
    }
}

pub(crate) fn duration_tokens(span: Duration) -> TokenStream {
    let (seconds, nanos) = (span.as_secs(), span.subsec_nanos());
    quote!(::core::time::Duration::new(#seconds, #nanos))
}

/// A span of time that is a literal.
pub(crate) fn known_duration(expr: &Expr) -> Result<Option<Duration>> {
    let Some((minus, literal)) = literal(expr) else { return Ok(None) };
    if minus {
        return wrong(expr, "a duration is not negative");
    }
    match literal {
        Lit::Int(_) | Lit::Float(_) => match Duration::try_from_secs_f64(literal_number(expr)?) {
            Ok(span) => Ok(Some(span)),
            Err(_) => wrong(expr, "more seconds than a duration holds"),
        },
        Lit::Str(text) => match span_text::parse(&text.value()) {
            Ok(span) => Ok(Some(span)),
            Err(why) => wrong(expr, why),
        },
        _ => {
            wrong(expr, "expected a duration: a number of seconds, or a text like \"500ms\", \"30s\", \"5m\"")
        }
    }
}

/// Whether a literal could be a duration.
pub(crate) fn is_literal(expr: &Expr) -> bool {
    literal(expr).is_some()
}

/// A share in whole percent: "50%", or 0.5.
pub(crate) fn percent(expr: &Expr) -> Result<TokenStream> {
    let Some((minus, literal)) = literal(expr) else { return Ok(expr.to_token_stream()) };
    let percent = match literal {
        Lit::Str(text) => text.value().strip_suffix('%').and_then(|digits| digits.trim().parse::<u8>().ok()),
        Lit::Int(_) | Lit::Float(_) if !minus => whole_percent(literal_number(expr)?),
        _ => None,
    };
    match percent {
        Some(percent) => Ok(quote!(#percent)),
        None => wrong(expr, "expected a share in whole percent: \"50%\", or 0.5"),
    }
}

fn whole_percent(share: f64) -> Option<u8> {
    if !(0.0..=1.0).contains(&share) {
        return None;
    }
    let percent = (share * 100.0).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
    let whole = percent as u8;
    ((share * 100.0 - percent).abs() < 1e-9).then_some(whole)
}

/// `true` or `false`: what the attribute expands to depends on it.
pub(crate) fn flag(expr: &Expr) -> Result<bool> {
    match literal(expr) {
        Some((false, Lit::Bool(flag))) => Ok(flag.value),
        _ => wrong(expr, "expected `true` or `false`"),
    }
}

/// A text that is a literal.
pub(crate) fn text(expr: &Expr) -> Option<String> {
    match literal(expr) {
        Some((false, Lit::Str(text))) => Some(text.value()),
        _ => None,
    }
}

/// A rate: so many permits in so many periods, for "2.5" five in two.
pub(crate) fn ratio(expr: &Expr) -> Result<Option<(u32, u32)>> {
    let Some((minus, literal)) = literal(expr) else { return Ok(None) };
    let ratio = match literal {
        Lit::Int(number) if !minus => number.base10_parse().ok().map(|permits| (permits, 1)),
        Lit::Float(number) if !minus => decimal(number.base10_digits()),
        _ => None,
    };
    match ratio {
        Some(ratio) => Ok(Some(ratio)),
        None => wrong(expr, "expected a number of permits, such as 100 or 2.5"),
    }
}

/// The simplest ratio that equals a decimal fraction.
fn decimal(digits: &str) -> Option<(u32, u32)> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let permits = format!("{whole}{fraction}").parse::<u64>().ok()?;
    let divisor = greatest_common_divisor(permits, scale);
    Some((u32::try_from(permits / divisor).ok()?, u32::try_from(scale / divisor).ok()?))
}

const fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::{count, decimal, duration, known_duration, percent, ratio};
    use std::time::Duration;
    use syn::parse_str;

    #[test]
    fn a_number_is_seconds_and_a_text_has_its_unit() {
        let span = |text: &str| known_duration(&parse_str(text).expect("an expression"));
        assert_eq!(span("30").ok().flatten(), Some(Duration::from_secs(30)));
        assert_eq!(span("0.5").ok().flatten(), Some(Duration::from_millis(500)));
        assert_eq!(span("\"250ms\"").ok().flatten(), Some(Duration::from_millis(250)));
        assert_eq!(span("LIMIT").ok().flatten(), None);
        for wrong in ["-1", "true", "\"soon\"", "1e300", "'s'"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
        assert!(duration(&parse_str("LIMIT").expect("an expression")).is_ok());
    }

    #[test]
    fn a_rate_that_is_a_fraction_is_an_exact_ratio() {
        assert_eq!(decimal("2.5"), Some((5, 2)));
        assert_eq!(decimal("0.1"), Some((1, 10)));
        assert_eq!(decimal("3.0"), Some((3, 1)));
        assert_eq!(decimal("0.00000000000001"), None);
        assert!(ratio(&parse_str("-1").expect("an expression")).is_err());
    }

    #[test]
    fn a_share_is_whole_percent() {
        let share =
            |text: &str| percent(&parse_str(text).expect("an expression")).map(|share| share.to_string());
        assert_eq!(share("\"50%\"").ok().as_deref(), Some("50u8"));
        assert_eq!(share("0.07").ok().as_deref(), Some("7u8"));
        for wrong in ["50", "0.125", "\"50\"", "-0.5", "\"300%\""] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
        assert!(count(&parse_str("4294967296").expect("an expression")).is_err());
    }
}
