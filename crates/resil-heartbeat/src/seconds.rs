//! Spans of time as numbers of seconds, the way that the file carries them.

use std::time::Duration;

use serde_json::Value;

/// Whole seconds are a whole number.
pub(crate) fn to_json(span: Duration) -> Value {
    if span.subsec_nanos() == 0 { span.as_secs().into() } else { span.as_secs_f64().into() }
}

/// `None` for what is no number of seconds that can be.
pub(crate) fn from_json(value: &Value) -> Option<Duration> {
    match value.as_u64() {
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => Duration::try_from_secs_f64(value.as_f64()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_seconds_are_whole_numbers_and_what_is_written_is_read_again() {
        for (span, number) in [
            (Duration::ZERO, json!(0)),
            (Duration::from_secs(10), json!(10)),
            (Duration::from_millis(250), json!(0.25)),
            (Duration::from_micros(1_234_567_890_123), json!(1_234_567.890_123)),
            (Duration::from_secs(u64::MAX), json!(u64::MAX)),
        ] {
            assert_eq!(to_json(span), number);
            assert_eq!(from_json(&number), Some(span));
        }
    }

    #[test]
    fn what_is_no_span_is_none() {
        for value in
            [json!(-1), json!(-0.5), json!(1e300), json!("10"), json!(null), json!([10]), json!(true)]
        {
            assert_eq!(from_json(&value), None, "{value}");
        }
        assert_eq!(from_json(&json!(10.0)), Some(Duration::from_secs(10)));
    }
}
