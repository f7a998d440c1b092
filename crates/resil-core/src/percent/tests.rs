use proptest::prelude::*;
use serde::de::value::F64Deserializer;
use serde_json::{Value, json};

use super::*;

fn read(value: impl Into<Value>) -> Result<u8, String> {
    let text: Result<Text, _> = serde_json::from_value(value.into());
    text.map(|text| text.0).map_err(|error| error.to_string())
}

#[test]
fn every_form_is_read() {
    for (value, percent) in [
        (json!("50%"), 50),
        (json!(" 50 % "), 50),
        (json!("50.0%"), 50),
        (json!(0.5), 50),
        (json!("0.5"), 50),
        (json!(0.29), 29),
        (json!(0), 0),
        (json!(1), 100),
        (json!(1.0), 100),
        (json!("100%"), 100),
    ] {
        assert_eq!(read(value.clone()), Ok(percent), "{value}");
        assert_eq!(option::deserialize(value).expect("said"), Some(percent));
    }
    assert_eq!(option::deserialize(Value::Null).expect("unsaid"), None);
    for (value, share) in [(json!("12.5%"), 0.125), (json!(0.125), 0.125), (json!(1), 1.0)] {
        assert_eq!(serde_json::from_value::<Share>(value).expect("a share"), Share(share));
    }
}

#[test]
fn what_is_no_percentage_is_named_with_the_reason() {
    let floats = [f64::NAN, f64::INFINITY, -0.1, 1.5, 100.5, 0.125].map(|number| {
        let read: Result<Text, serde::de::value::Error> = Text::deserialize(F64Deserializer::new(number));
        read.expect_err("no percentage").to_string()
    });
    insta::assert_snapshot!(floats.join("\n"), @r"
    NaN is no share: write a share from 0% to 100%, or from 0.0 to 1.0
    inf is more than the whole: write a share from 0% to 100%, or from 0.0 to 1.0
    -0.1 is negative: write a share from 0% to 100%, or from 0.0 to 1.0
    1.5 is more than the whole: write 1.5% or 0.015
    100.5 is more than the whole: write a share from 0% to 100%, or from 0.0 to 1.0
    12.5% is not a whole number of percents
    ");
    let others = [
        json!(50),
        json!(2),
        json!(150),
        json!(-1),
        json!("50"),
        json!("101%"),
        json!("-1%"),
        json!("12.5%"),
        json!("nan%"),
        json!("half"),
        json!("%"),
        json!(""),
        json!(true),
        json!([0.5]),
    ];
    let others = others.map(|value| read(value).expect_err("no percentage"));
    insta::assert_snapshot!(others.join("\n"), @r#"
    50 is more than the whole: write 50% or 0.5
    2 is more than the whole: write 2% or 0.02
    150 is more than the whole: write a share from 0% to 100%, or from 0.0 to 1.0
    -1 is negative: write a share from 0% to 100%, or from 0.0 to 1.0
    50.0 is more than the whole: write 50% or 0.5
    101% is more than the whole: write a share from 0% to 100%, or from 0.0 to 1.0
    -1% is negative: write a share from 0% to 100%, or from 0.0 to 1.0
    12.5% is not a whole number of percents
    invalid value: string "nan%", expected a share such as 50% or 0.5
    invalid value: string "half", expected a share such as 50% or 0.5
    invalid value: string "%", expected a share such as 50% or 0.5
    invalid value: string "", expected a share such as 50% or 0.5
    invalid type: boolean `true`, expected a share such as 50% or 0.5
    invalid type: sequence, expected a share such as 50% or 0.5
    "#);
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(percent in 0..=100_u8, share in 0.0..=1.0_f64) {
        prop_assert_eq!(read(serde_json::to_value(Text(percent)).expect("a text")), Ok(percent));
        prop_assert_eq!(read(f64::from(percent) / 100.0), Ok(percent));
        let written = serde_json::to_value(Share(share)).expect("a number");
        prop_assert_eq!(serde_json::from_value::<Share>(written).expect("the same"), Share(share));
    }

    #[test]
    fn no_text_panics(text in ".{0,60}", number in "[-+]?[0-9]{0,25}(\\.[0-9]{0,25})?e?[0-9]{0,3}%?") {
        let _ = (read(text), read(number));
    }
}
