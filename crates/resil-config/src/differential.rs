//! Two parsers read each text, and a decoder of ours stands between: all of them must mean the same.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use serde::Deserialize;

use crate::node::{self, Node, Scalar, Value};
use crate::yaml;

/// Texts that parsers are known to stumble over, beside usual ones.
const SCALARS: [&str; 56] = [
    "null",
    "~",
    "",
    "true",
    "False",
    "yes",
    "0",
    "-0",
    "7",
    "012",
    "0x1F",
    "0o17",
    "0b1",
    "1_000",
    "+5",
    "-5",
    "1e3",
    "1.0",
    "1.10",
    ".5",
    "5.",
    ".inf",
    "-.INF",
    ".nan",
    "12:30",
    "2001-01-01",
    "18446744073709551616",
    "-9223372036854775809",
    "340282366920938463463374607431768211456",
    "50%",
    "0.5",
    "500ms",
    "30s",
    "a b",
    "a-b",
    "-b",
    "a:b",
    "http://x",
    "a#b",
    "é",
    "😀",
    "x ",
    " x",
    "a: b",
    "a #b",
    "- x",
    "? x",
    "&a",
    "*a",
    "!a",
    "%a",
    "@a",
    "[",
    "{",
    "it's",
    "say \"it\"",
];

/// A value, and how it is to be written.
#[derive(Clone, Debug)]
enum Shape {
    Scalar(&'static str, Style),
    List(Vec<Shape>, bool),
    Map(Vec<(&'static str, Shape)>, bool),
    /// A value under an anchor, twice.
    Twice(Box<Shape>),
}

#[derive(Clone, Copy, Debug)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
}

fn shape() -> impl Strategy<Value = Shape> {
    let style = prop_oneof![
        4 => Just(Style::Plain),
        1 => Just(Style::Single),
        1 => Just(Style::Double),
        1 => Just(Style::Literal),
        1 => Just(Style::Folded),
    ];
    let scalar =
        (prop::sample::select(SCALARS.to_vec()), style).prop_map(|(text, style)| Shape::Scalar(text, style));
    scalar.prop_recursive(5, 40, 5, |inner| {
        let key = prop::sample::select(vec!["a", "b", "resilience", "é", "5", "true", "x y", "null"]);
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..5), any::<bool>())
                .prop_map(|(items, flow)| Shape::List(items, flow)),
            (prop::collection::vec((key, inner.clone()), 0..5), any::<bool>())
                .prop_map(|(entries, flow)| Shape::Map(entries, flow)),
            inner.prop_map(|shape| Shape::Twice(Box::new(shape))),
        ]
    })
}

/// Whether it can be written without quotes wherever it stands.
fn is_plain(text: &str) -> bool {
    let starts = !text.starts_with(['-', '?', '&', '*', '!', '%', '@', '[', '{', ' ', '"', '\''])
        || text.starts_with("-b");
    !text.is_empty()
        && (starts || text.parse::<f64>().is_ok() || text == "-.INF")
        && !text.ends_with(' ')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(['"', '\''])
}

struct Writer {
    text: String,
    anchors: usize,
}

impl Writer {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.text += &text.to_string();
    }

    fn scalar(&mut self, text: &str, style: Style, flow: bool, indent: usize) {
        match style {
            Style::Plain if is_plain(text) => self.text += text,
            Style::Literal | Style::Folded if !flow && !text.is_empty() && !text.starts_with(' ') => {
                self.text += if matches!(style, Style::Literal) { "|-" } else { ">-" };
                self.put(format_args!("\n{}{text}", " ".repeat(indent + 1)));
            }
            Style::Double => {
                self.put(format_args!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
            }
            _ => self.put(format_args!("'{}'", text.replace('\'', "''"))),
        }
    }

    fn write(&mut self, shape: &Shape, flow: bool, indent: usize) {
        match shape {
            Shape::Scalar(text, style) => self.scalar(text, *style, flow, indent),
            Shape::List(items, inline) if flow || *inline || items.is_empty() => {
                self.text.push('[');
                for item in items {
                    self.write(item, true, indent);
                    self.text += ", ";
                }
                self.text.push(']');
            }
            Shape::Map(entries, inline) if flow || *inline || entries.is_empty() => {
                self.text.push('{');
                for (key, value) in entries {
                    self.put(format_args!("{key}: "));
                    self.write(value, true, indent);
                    self.text += ", ";
                }
                self.text.push('}');
            }
            Shape::List(items, _) => {
                for item in items {
                    self.put(format_args!("\n{}- ", " ".repeat(indent)));
                    self.write(item, false, indent + 2);
                }
            }
            Shape::Map(entries, _) => {
                for (key, value) in entries {
                    self.put(format_args!("\n{}{key}: ", " ".repeat(indent)));
                    self.write(value, false, indent + 2);
                }
            }
            Shape::Twice(shape) => {
                let anchor = self.anchors;
                self.anchors += 1;
                self.put(format_args!("[&a{anchor} "));
                self.write(shape, true, indent);
                self.put(format_args!(", *a{anchor} ]"));
            }
        }
    }
}

fn written(shape: &Shape) -> String {
    let mut writer = Writer { text: "top: ".into(), anchors: 0 };
    writer.write(shape, false, 1);
    writer.text.push('\n');
    writer.text
}

/// What was meant, where the way in which it is written leaves no doubt.
fn agrees(shape: &Shape, node: &Node) -> bool {
    match (shape, &node.value) {
        (Shape::Scalar(text, style), Value::Scalar(said, kind)) => {
            let is_text = matches!(style, Style::Plain) && is_plain(text) || *kind == Scalar::Text;
            said == text && is_text
        }
        (Shape::List(shapes, _), Value::List(nodes)) => {
            shapes.len() == nodes.len() && shapes.iter().zip(nodes).all(|(shape, node)| agrees(shape, node))
        }
        (Shape::Map(shapes, _), Value::Map(nodes)) => {
            shapes.len() == nodes.len()
                && shapes.iter().zip(nodes).all(|((_, shape), (_, node))| agrees(shape, node))
        }
        (Shape::Twice(shape), Value::List(nodes)) => {
            nodes.len() == 2 && nodes.iter().all(|node| agrees(shape, node))
        }
        _ => false,
    }
}

/// A value of each type that settings have.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Typed {
    count: Option<u32>,
    small: Option<u8>,
    number: Option<f64>,
    flag: Option<bool>,
    text: Option<String>,
    #[serde(with = "resil_core::duration::option")]
    span: Option<Duration>,
    #[serde(with = "resil_core::percent::option")]
    rate: Option<u8>,
    choice: Option<Choice>,
    list: Option<Vec<String>>,
    map: Option<BTreeMap<String, f64>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Choice {
    True,
    Null,
    Yes,
}

const FIELDS: [&str; 11] =
    ["count", "small", "number", "flag", "text", "span", "rate", "choice", "list", "map", "other"];

proptest! {
    #[test]
    fn the_marks_never_disagree_with_the_meanings(shape in shape()) {
        let text = written(&shape);
        let node = node::read(text.as_bytes());
        prop_assert!(node.is_ok(), "{:?} in\n{text}", node);
        let Ok(Some(Node { value: Value::Map(entries), .. })) = node else { panic!("no mapping:\n{text}") };
        prop_assert!(agrees(&shape, &entries[0].1), "{:?} is not meant by\n{text}", entries[0].1);
    }

    #[test]
    fn typed_values_are_those_of_the_decoder_alone(
        fields in prop::collection::btree_map(prop::sample::select(FIELDS.to_vec()), shape(), 0..4)
    ) {
        let mut writer = Writer { text: "{".into(), anchors: 0 };
        for (field, shape) in &fields {
            writer.put(format_args!("{field}: "));
            writer.write(shape, true, 0);
            writer.text += ", ";
        }
        writer.text += "}";
        // By YAML's rules `012` is a text and `-0` is nought, and so they are here. The decoder alone takes the one for a number where a
        // fraction is wanted, and the other for none where a count is.
        if ["012", "count: -0", "small: -0"].iter().any(|odd| writer.text.contains(odd)) {
            return Ok(());
        }
        let straight = yaml::straight::<Typed>(&writer.text);
        let node = node::read(writer.text.as_bytes()).unwrap().unwrap();
        let ours = Typed::deserialize(&node);
        match (straight, ours) {
            // What is not a number is not equal to itself.
            (Ok(straight), Ok(ours)) => prop_assert_eq!(format!("{straight:?}"), format!("{ours:?}")),
            (Err(_), Err(_)) => {}
            (straight, ours) => prop_assert!(false, "{straight:?} but {ours:?} of {}", writer.text),
        }
    }

    #[test]
    fn every_value_has_the_place_where_it_begins(shape in shape()) {
        let text = written(&shape);
        let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        check(&node::read(text.as_bytes()).unwrap().unwrap(), &lines)?;
    }
}

fn check(node: &Node, lines: &[Vec<char>]) -> Result<(), TestCaseError> {
    let place = || (node.mark.line as usize, node.mark.column as usize);
    let rest = || -> String { lines[place().0 - 1][place().1 - 1..].iter().collect() };
    match &node.value {
        Value::Scalar(text, _) if !text.is_empty() => {
            let rest = rest();
            let begins = rest.starts_with(text.as_str()) || rest.starts_with(['\'', '"', '|', '>', '&', '*']);
            prop_assert!(begins, "{text:?} is not at {:?}: {rest:?}", place());
        }
        Value::List(items) => {
            for item in items {
                check(item, lines)?;
            }
        }
        Value::Map(entries) => {
            for (key, value) in entries {
                check(key, lines)?;
                check(value, lines)?;
            }
        }
        _ => {}
    }
    Ok(())
}
