//! What a text says together with where it says it.

use crate::marks::{self, Marked, Shape};
use crate::source::Mark;
use crate::text::{self, Unreadable};
use crate::yaml::{self, Tree};

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) mark: Mark,
    pub(crate) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// The text as it was written, beside what it means.
    Scalar(String, Scalar),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Tagged(Box<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    Text,
}

/// The only document of a text; `None` if it is empty.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<Node>, Unreadable> {
    let text = text::checked(bytes)?;
    let read = || {
        // The parser that pulls goes first, and stops where it is too deep or too much for the other one.
        let marks = marks::read(text)?;
        let tree = yaml::read(text)?;
        match (tree, marks) {
            (Some(tree), Some(marks)) => joined(tree, &marks).map(Some),
            // An empty document is nothing to one of them, and null to the other.
            (None | Some(Tree::Null), None) => Ok(None),
            (None, Some(marks)) if is_empty(&marks) => Ok(None),
            (_, marks) => Err(differ(marks.map_or(Mark::default(), |marks| marks.mark))),
        }
    };
    read().map_err(|mut error| {
        if let Some(hint) = text::missing_space(text, error.mark.line).filter(|_| error.mark.line > 0) {
            error.reason = format!("{}; {hint}", error.reason);
        }
        error
    })
}

/// A text that is no file: an environment variable's. What is not YAML is taken as it is.
pub(crate) fn read_value(text: &str) -> Node {
    match read(text.as_bytes()) {
        Ok(Some(node)) => node,
        Ok(None) => Node { mark: Mark::default(), value: Value::Scalar(String::new(), Scalar::Null) },
        Err(_) => Node { mark: Mark::default(), value: Value::Scalar(text.into(), Scalar::Text) },
    }
}

fn is_empty(marks: &Marked) -> bool {
    matches!(&marks.shape, Shape::Scalar { text, is_plain: true } if text.is_empty())
}

fn differ(mark: Mark) -> Unreadable {
    Unreadable::new(
        mark,
        "means different things to different readers of YAML here; a fault of resil-config, unless the YAML is odd",
    )
}

/// The tree with its places, if both have the same shape.
fn joined(tree: Tree, marks: &Marked) -> Result<Node, Unreadable> {
    let mark = marks.mark;
    let at = |value| Ok(Node { mark, value });
    if let Shape::Alias(original) = &marks.shape {
        // The alias is where the value was asked for; what is wrong inside of it is wrong at the original.
        return joined(tree, original).map(|node| Node { mark, ..node });
    }
    match (tree, &marks.shape) {
        (Tree::Tagged(tree), _) => at(Value::Tagged(Box::new(joined(*tree, marks)?))),
        (Tree::List(items), Shape::List(marks)) if items.len() == marks.len() => {
            let items = items.into_iter().zip(marks).map(|(item, marks)| joined(item, marks));
            at(Value::List(items.collect::<Result<_, _>>()?))
        }
        (Tree::Map(entries), Shape::Map(marks)) if entries.len() == marks.len() => {
            let entries = entries
                .into_iter()
                .zip(marks)
                .map(|((key, value), marks)| Ok((joined(key, &marks.0)?, joined(value, &marks.1)?)));
            at(Value::Map(entries.collect::<Result<_, _>>()?))
        }
        (Tree::Text(said), Shape::Scalar { text, .. }) => {
            if said == *text {
                at(Value::Scalar(said, Scalar::Text))
            } else {
                Err(differ(mark))
            }
        }
        (tree, Shape::Scalar { text, .. }) => match scalar(&tree) {
            Some(scalar) => at(Value::Scalar(text.clone(), scalar)),
            None => Err(differ(mark)),
        },
        _ => Err(differ(mark)),
    }
}

fn scalar(tree: &Tree) -> Option<Scalar> {
    match tree {
        Tree::Null => Some(Scalar::Null),
        Tree::Bool(value) => Some(Scalar::Bool(*value)),
        Tree::Int(value) => Some(Scalar::Int(*value)),
        Tree::Unsigned(value) => Some(Scalar::Unsigned(*value)),
        Tree::Float(value) => Some(Scalar::Float(*value)),
        Tree::Text(_) => Some(Scalar::Text),
        Tree::List(_) | Tree::Map(_) | Tree::Tagged(_) => None,
    }
}

impl Node {
    /// The tree with one place for all of it.
    pub(crate) fn of(tree: Tree, mark: Mark) -> Self {
        let value = match tree {
            Tree::Null => Value::Scalar(String::new(), Scalar::Null),
            Tree::Bool(value) => Value::Scalar(value.to_string(), Scalar::Bool(value)),
            Tree::Int(value) => Value::Scalar(value.to_string(), Scalar::Int(value)),
            Tree::Unsigned(value) => Value::Scalar(value.to_string(), Scalar::Unsigned(value)),
            Tree::Float(value) => Value::Scalar(value.to_string(), Scalar::Float(value)),
            Tree::Text(text) => Value::Scalar(text, Scalar::Text),
            Tree::List(items) => Value::List(items.into_iter().map(|item| Self::of(item, mark)).collect()),
            Tree::Map(entries) => {
                let node = |tree| Self::of(tree, mark);
                Value::Map(entries.into_iter().map(|(key, value)| (node(key), node(value))).collect())
            }
            Tree::Tagged(tree) => Value::Tagged(Box::new(Self::of(*tree, mark))),
        };
        Self { mark, value }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Scalar(_, Scalar::Null))
    }

    /// The text of a scalar as it was written.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text, kind) if *kind != Scalar::Null => Some(text),
            _ => None,
        }
    }

    /// What kind of value it is, and which, as messages tell it.
    pub(crate) fn described(&self) -> String {
        /// Longer texts are cut.
        const LONGEST: usize = 60;
        match &self.value {
            Value::Scalar(_, Scalar::Null) => "nothing".into(),
            Value::Scalar(text, _) if text.chars().count() > LONGEST => {
                format!("`{}..`", text.chars().take(LONGEST).collect::<String>())
            }
            Value::Scalar(text, _) => format!("`{text}`"),
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a mapping".into(),
            Value::Tagged(_) => "a value with a tag".into(),
        }
    }

    /// The value on one line, as flow YAML.
    pub(crate) fn canonical(&self) -> String {
        let joined = |parts: Vec<String>| parts.join(", ");
        match &self.value {
            Value::Scalar(_, Scalar::Null) => "null".into(),
            Value::Scalar(text, _) => text.clone(),
            Value::List(items) => format!("[{}]", joined(items.iter().map(Self::canonical).collect())),
            Value::Map(entries) => {
                let entry =
                    |(key, value): &(Self, Self)| format!("{}: {}", key.canonical(), value.canonical());
                format!("{{ {} }}", joined(entries.iter().map(entry).collect()))
            }
            Value::Tagged(node) => node.canonical(),
        }
    }
}

impl Node {
    /// The innermost value that stands at `mark`, else all of it.
    pub(crate) fn found_at(&self, mark: Option<Mark>) -> &Self {
        let Some(mark) = mark.filter(|mark| *mark != self.mark) else { return self };
        self.search(mark).unwrap_or(self)
    }

    fn search(&self, mark: Mark) -> Option<&Self> {
        if self.mark == mark {
            return Some(self);
        }
        match &self.value {
            Value::Scalar(..) => None,
            Value::List(items) => items.iter().find_map(|item| item.search(mark)),
            Value::Map(entries) => {
                entries.iter().find_map(|(key, value)| key.search(mark).or_else(|| value.search(mark)))
            }
            Value::Tagged(node) => node.search(mark),
        }
    }
}
