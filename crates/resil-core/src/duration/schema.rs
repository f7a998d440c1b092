use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{OrNone, Text};

/// Numbers with units, as humantime reads them, or a number of seconds.
const PATTERN: &str = r"^\s*([0-9]+(\.[0-9]+)?\s*(ns|nsecs?|nanos?|us|µs|usecs?|micros?|ms|msecs?|millis?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?|M|months?|y|yrs?|years?)?\s*)+$";

const PATTERN_OR_NONE: &str =
    r"^\s*([Nn][Oo][Nn][Ee]|[Nn][Ee][Vv][Ee][Rr]|[Uu][Nn][Ll][Ii][Mm][Ii][Tt][Ee][Dd])\s*$";

fn forms() -> [Schema; 3] {
    [
        json_schema!({ "type": "number", "minimum": 0, "description": "seconds" }),
        json_schema!({ "type": "string", "pattern": PATTERN, "examples": ["500ms", "30s", "5m"] }),
        json_schema!({
            "type": "object",
            "properties": {
                "secs": { "type": "integer", "minimum": 0 },
                "nanos": { "type": "integer", "minimum": 0, "maximum": 999_999_999 },
            },
            "required": ["secs"],
            "additionalProperties": false,
        }),
    ]
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": forms() })
    }
}

impl JsonSchema for OrNone {
    fn schema_name() -> Cow<'static, str> {
        "DurationOrNone".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let none = json_schema!({ "type": "string", "pattern": PATTERN_OR_NONE, "examples": ["none"] });
        let forms: Vec<_> = forms().into_iter().chain([none]).collect();
        json_schema!({ "anyOf": forms })
    }
}
