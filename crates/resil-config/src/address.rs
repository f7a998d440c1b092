//! Which setting a path in code means, or a variable of the environment.

use crate::layer::{Layer, Part};
use crate::resolved::DEFAULT;
use crate::section::{self, SECTIONS, Section};
use crate::suggest;
use crate::walk::PARTS;

/// A setting.
#[derive(Debug)]
pub(crate) enum Address {
    /// `preset` or `limits`.
    Choice(&'static str),
    Setting {
        section: &'static Section,
        instance: Option<String>,
        word: String,
    },
    /// A key of a pipeline.
    Part {
        pipeline: String,
        word: String,
    },
    /// A setting of what a pipeline has in place.
    InPlace {
        pipeline: String,
        section: &'static Section,
        word: String,
    },
}

/// How names are spelled where the address comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `circuit_breaker.payments.window`
    Dotted,
    /// `CIRCUIT_BREAKER__PAYMENTS__WINDOW`
    Shouted,
}

impl Spelling {
    fn separator(self) -> &'static str {
        match self {
            Self::Dotted => ".",
            Self::Shouted => "__",
        }
    }

    fn spell(self, name: &str) -> String {
        match self {
            Self::Dotted => name.into(),
            Self::Shouted => shouted(name),
        }
    }

    /// Words and sections of the file have small letters.
    fn word(self, text: &str) -> String {
        match self {
            Self::Dotted => text.into(),
            Self::Shouted => text.to_ascii_lowercase(),
        }
    }
}

/// A name as variables spell it: capitals, and `_` for everything that is neither a letter nor a digit.
pub(crate) fn shouted(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// The address that `text` spells, among what `files` name; or what is wrong with it.
pub(crate) fn find(text: &str, spelling: Spelling, files: &Layer) -> Result<Address, String> {
    let separator = spelling.separator();
    let (head, rest) = text.split_once(separator).unwrap_or((text, ""));
    let rest: Vec<&str> = if rest.is_empty() { Vec::new() } else { rest.split(separator).collect() };
    let head_word = spelling.word(head);
    match (head_word.as_str(), rest.as_slice()) {
        ("preset", []) => return Ok(Address::Choice("preset")),
        ("limits", []) => return Ok(Address::Choice("limits")),
        ("pipelines", rest) => return pipeline(rest, spelling, files),
        _ => {}
    }
    let Some(section) = section::named(&head_word) else {
        let known: Vec<_> = SECTIONS
            .iter()
            .map(|section| section.name)
            .chain(["pipelines", "preset", "limits"])
            .chain((spelling == Spelling::Shouted).then_some("config"))
            .map(|name| spelling.spell(name))
            .collect();
        return Err(format!(
            "`{head}` is not a section; {}",
            suggest::hint(head, known.iter().map(String::as_str))
        ));
    };
    let (Some(word), names) = (rest.last(), &rest[..rest.len().saturating_sub(1)]) else {
        return Err(format!("`{head}` is a section; which of its settings is missing"));
    };
    let names = names.strip_prefix(&["instances"]).filter(|names| !names.is_empty()).unwrap_or(names);
    let instance = if names.is_empty() {
        None
    } else {
        let known = files.sections.get(section.name).into_iter().flat_map(|family| family.instances.keys());
        Some(name(&names.join(separator), spelling, known, &format!("instance of `{}`", section.name))?)
    };
    Ok(Address::Setting { section, instance, word: spelling.word(word) })
}

fn pipeline(rest: &[&str], spelling: Spelling, files: &Layer) -> Result<Address, String> {
    let separator = spelling.separator();
    let known = |names: &[&str]| name(&names.join(separator), spelling, files.pipelines.keys(), "pipeline");
    if let [names @ .., part, last] = rest
        && !names.is_empty()
        && let Some(section) = section::named(&spelling.word(part)).filter(|s| PARTS.contains(&s.name))
    {
        let pipeline = known(names)?;
        let part = files.pipelines.get(&pipeline).and_then(|line| line.parts.get(section.name));
        if let Some(Part::Word(entry)) = part {
            let name = entry.value.described();
            return Err(format!(
                "`{}` of this pipeline is {name}, and not in place: set it there",
                section.name
            ));
        }
        return Ok(Address::InPlace { pipeline, section, word: spelling.word(last) });
    }
    match rest {
        [names @ .., last] if !names.is_empty() => {
            Ok(Address::Part { pipeline: known(names)?, word: spelling.word(last) })
        }
        _ => Err("a pipeline and one of its parts are missing".into()),
    }
}

/// The known name that `text` spells.
fn name<'a>(
    text: &str,
    spelling: Spelling,
    known: impl Iterator<Item = &'a String>,
    kind: &str,
) -> Result<String, String> {
    let known: Vec<_> = known.collect();
    if let Some(name) = known.iter().find(|name| spelling.spell(name) == text) {
        return Ok((*name).clone());
    }
    if text.eq_ignore_ascii_case(DEFAULT) {
        return Err(format!("`{text}` is the section itself; leave it out"));
    }
    let spelled: Vec<_> = known.iter().map(|name| spelling.spell(name)).collect();
    Err(format!("`{text}` is no {kind}; {}", suggest::hint(text, spelled.iter().map(String::as_str))))
}
