//! Where in a text everything stands: the same tree that YAML's decoder makes, with lines and columns in place of meanings.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use crate::source::Mark;
use crate::text::{DEEPEST, Unreadable, count};
use crate::yaml::MOST_VALUES;

/// A value in a text.
#[derive(Debug)]
pub(crate) struct Marked {
    pub(crate) mark: Mark,
    pub(crate) shape: Shape,
}

#[derive(Debug)]
pub(crate) enum Shape {
    Scalar {
        text: String,
        is_plain: bool,
    },
    List(Vec<Marked>),
    Map(Vec<(Marked, Marked)>),
    /// What stands elsewhere, under an anchor.
    Alias(Rc<Marked>),
}

/// A list or a mapping that is not yet complete.
struct Open {
    mark: Mark,
    anchor: usize,
    is_map: bool,
    items: Vec<Marked>,
}

/// The places of the only document in `text`; `None` if there is none.
pub(crate) fn read(text: &str) -> Result<Option<Marked>, Unreadable> {
    let mut reading = Reading::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            Unreadable::new(mark(*error.marker()), format!("is not YAML: {}", error.info()))
        })?;
        reading.hear(event, mark(span.start))?;
    }
    Ok(reading.document)
}

#[derive(Default)]
struct Reading {
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Marked>>,
    document: Option<Marked>,
    documents: usize,
    values: usize,
}

impl Reading {
    fn hear(&mut self, event: Event<'_>, mark: Mark) -> Result<(), Unreadable> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Unreadable::new(mark, "has more than one document"));
                }
            }
            Event::Scalar(text, style, anchor, _) => {
                let is_plain = style == ScalarStyle::Plain;
                let shape = Shape::Scalar { text: text.into_owned(), is_plain };
                self.put(Marked { mark, shape }, anchor)?;
            }
            Event::Alias(anchor) => {
                let Some(original) = self.anchors.get(&anchor) else {
                    return Err(Unreadable::new(mark, "repeats a value within itself"));
                };
                let shape = Shape::Alias(original.clone());
                self.put(Marked { mark, shape }, 0)?;
            }
            Event::SequenceStart(anchor, _) => self.begin(mark, anchor, false)?,
            Event::MappingStart(anchor, _) => self.begin(mark, anchor, true)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { mark, anchor, is_map, items }) = self.open.pop() {
                    let shape = if is_map { Shape::Map(pairs(items)) } else { Shape::List(items) };
                    self.put(Marked { mark, shape }, anchor)?;
                }
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn begin(&mut self, mark: Mark, anchor: usize, is_map: bool) -> Result<(), Unreadable> {
        if self.open.len() == DEEPEST {
            return Err(Unreadable::new(mark, format!("is nested deeper than {DEEPEST} levels")));
        }
        self.open.push(Open { mark, anchor, is_map, items: Vec::new() });
        Ok(())
    }

    fn put(&mut self, value: Marked, anchor: usize) -> Result<(), Unreadable> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(Unreadable::new(value.mark, format!("has more than {MOST_VALUES} values")));
        }
        let mark = value.mark;
        let value = if anchor == 0 {
            value
        } else {
            let original = Rc::new(value);
            self.anchors.insert(anchor, original.clone());
            Marked { mark, shape: Shape::Alias(original) }
        };
        match self.open.last_mut() {
            Some(open) => open.items.push(value),
            None => self.document = Some(value),
        }
        Ok(())
    }
}

/// Keys and values, which a parser tells one after the other.
fn pairs(items: Vec<Marked>) -> Vec<(Marked, Marked)> {
    let mut items = items.into_iter();
    std::iter::from_fn(|| items.next().zip(items.next())).collect()
}

fn mark(marker: Marker) -> Mark {
    Mark { line: count(marker.line()), column: count(marker.col() + 1) }
}
