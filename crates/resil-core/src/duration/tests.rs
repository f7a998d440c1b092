use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn read(value: impl Into<Value>) -> Result<Duration, String> {
    let text: Result<Text, _> = serde_json::from_value(value.into());
    text.map(|text| text.0).map_err(|error| error.to_string())
}

/// JSON has no NaN.
fn read_float(seconds: f64) -> Result<Duration, serde::de::value::Error> {
    Text::deserialize(serde::de::value::F64Deserializer::new(seconds)).map(|text| text.0)
}

#[test]
fn every_form_is_read() {
    let millis = |millis| Ok(Duration::from_millis(millis));
    for (value, span) in [
        (json!(0), millis(0)),
        (json!(60), millis(60_000)),
        (json!(0.25), millis(250)),
        (json!("500ms"), millis(500)),
        (json!("30s"), millis(30_000)),
        (json!(" 30 s "), millis(30_000)),
        (json!("1.5s"), millis(1_500)),
        (json!("5m"), millis(300_000)),
        (json!("1h 30m"), millis(5_400_000)),
        (json!("1h30min"), millis(5_400_000)),
        (json!("2days"), millis(172_800_000)),
        (json!("60"), millis(60_000)),
        (json!("0.25"), millis(250)),
        (json!({ "secs": 2, "nanos": 500_000_000 }), millis(2_500)),
        (json!({ "secs": 2 }), millis(2_000)),
        (json!(u64::MAX), Ok(Duration::from_secs(u64::MAX))),
        (json!("7us"), Ok(Duration::from_micros(7))),
        (json!("7ns"), Ok(Duration::from_nanos(7))),
    ] {
        assert_eq!(read(value.clone()), span, "{value}");
        let option = option::deserialize(value).map(|span| span.expect("said"));
        assert_eq!(option.map_err(|error| error.to_string()), span);
    }
    assert_eq!(option::deserialize(Value::Null).expect("unsaid"), None);
}

#[test]
fn what_is_no_duration_is_named_with_the_reason() {
    let floats = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.5, 1e20, f64::MAX];
    let floats = floats.map(|seconds| read_float(seconds).expect_err("no duration").to_string());
    insta::assert_snapshot!(floats.join("\n"), @r"
    NaN is no duration: it is not finite
    inf is no duration: it is not finite
    -inf is no duration: it is not finite
    -0.5 is no duration: it is negative
    1e20 is no duration: it is too long
    1.7976931348623157e308 is no duration: it is too long
    ");
    let others = [
        json!(-1),
        json!("-1s"),
        json!("-0.5"),
        json!(""),
        json!("soon"),
        json!("5 parsecs"),
        json!("nan"),
        json!("inf"),
        json!("1e30"),
        json!("99999999999999999999s"),
        json!("0.1ns"),
        json!("1 2"),
        json!("5,5s"),
        json!("x".repeat(100)),
        json!(true),
        json!([1]),
        json!({ "secs": 1, "nanos": 1_000_000_000 }),
        json!({ "secs": 1, "hours": 1 }),
        json!({ "nanos": 1 }),
        json!({ "secs": -1 }),
    ];
    let others = others.map(|value| read(value).expect_err("no duration"));
    insta::assert_snapshot!(others.join("\n"), @r#"
    -1 is no duration: it is negative
    "-1s" is no duration: it is negative
    "-0.5" is no duration: it is negative
    "" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    "soon" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    "5 parsecs" is no duration: no unit is called "parsecs"
    "nan" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    "inf" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    1e30 is no duration: it is too long
    "99999999999999999999s" is no duration: it is too long, or finer than a nanosecond
    "0.1ns" is no duration: it is too long, or finer than a nanosecond
    "1 2" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    "5,5s" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"... is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    invalid type: boolean `true`, expected a duration: a number of seconds, a text such as "500ms", "30s" or "5m", or { secs, nanos }
    invalid type: sequence, expected a duration: a number of seconds, a text such as "500ms", "30s" or "5m", or { secs, nanos }
    1000000000 nanos are a second or more
    unknown field `hours`, expected `secs` or `nanos`
    missing field `secs`
    invalid value: integer `-1`, expected u64
    "#);
}

#[test]
fn none_is_a_word_where_it_makes_sense() {
    for word in ["none", "Never", " UNLIMITED "] {
        assert_eq!(serde_json::from_value::<OrNone>(json!(word)).expect("a word"), OrNone(None));
        assert!(read(word).is_err());
    }
    for value in [json!(2), json!(2.0), json!("2s"), json!({ "secs": 2 })] {
        let read: OrNone = serde_json::from_value(value).expect("a duration");
        assert_eq!(read, OrNone(Some(Duration::from_secs(2))));
        assert_eq!(read.to_string(), "2s");
    }
    let errors = [json!(-2), json!("nothing"), json!(true)]
        .map(|value| serde_json::from_value::<OrNone>(value).expect_err("neither").to_string());
    insta::assert_snapshot!(errors.join("\n"), @r#"
    -2 is no duration: it is negative
    "nothing" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    invalid type: boolean `true`, expected a duration: a number of seconds, a text such as "500ms", "30s" or "5m", or { secs, nanos }, or none
    "#);
}

#[test]
fn durations_are_written_as_short_texts() {
    let texts = [0, 1, 1_500, 60_000, 5_400_000, 86_400_000]
        .map(|millis| Text(Duration::from_millis(millis)).to_string());
    assert_eq!(texts, ["0s", "1ms", "1s 500ms", "1m", "1h 30m", "1day"]);
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(secs in prop_oneof![0..100_u64, any::<u64>()], nanos in 0..1_000_000_000_u32) {
        let span = Duration::new(secs, nanos);
        let written = serde_json::to_value(Text(span)).expect("a text");
        prop_assert_eq!(read(written), Ok(span));
        let written = serde_json::to_value(OrNone(Some(span))).expect("a text");
        prop_assert_eq!(serde_json::from_value::<OrNone>(written).expect("the same").0, Some(span));
        let standard = serde_json::to_value(span).expect("parts");
        prop_assert_eq!(read(standard), Ok(span));
    }

    #[test]
    fn no_text_panics(text in ".{0,60}", unit in "[0-9]{0,25}(\\.[0-9]{0,25})?[ a-zA-Zµ%.+-]{0,8}") {
        let _ = parse(&text);
        let _ = parse(&unit);
    }
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_has_every_form() {
    let schemas = [schemars::schema_for!(Text), schemars::schema_for!(OrNone)].map(|schema| {
        let schema = serde_json::to_value(schema).expect("a schema");
        let forms = schema["anyOf"].as_array().expect("forms");
        forms
            .iter()
            .map(|form| form["type"].as_str().expect("a type").to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    });
    assert_eq!(schemas, ["number string object", "number string object string"]);
}
