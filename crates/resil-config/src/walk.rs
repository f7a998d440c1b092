//! From the nodes of a text to a layer, with everything that is wrong on the way.

use std::collections::HashMap;

use crate::block::{Block, Entry};
use crate::fault::{Fault, Kind};
use crate::layer::{Choice, Family, Layer, Line, Part};
use crate::node::{Node, Value};
use crate::problem::{Findings, Problem};
use crate::resolved::DEFAULT;
use crate::section::{self, SECTIONS, Section, Words};
use crate::source::{Mark, Origin};
use crate::{suggest, text};

/// The parts that a pipeline may have, by their sections.
pub(crate) const PARTS: [&str; 4] = ["retry", "rate_limiter", "circuit_breaker", "timeout"];

/// What may stand below `resilience` beside the sections.
const OTHERS: [&str; 4] = ["preset", "limits", "include", "pipelines"];

/// A walk through one text.
pub(crate) struct Walk<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) findings: &'a mut Findings,
}

/// A file that another one includes, as it names it.
#[derive(Clone, Debug)]
pub(crate) struct Include {
    pub(crate) path: String,
    pub(crate) mark: Mark,
}

impl Walk<'_> {
    pub(crate) fn problem(&mut self, mark: Mark, path: impl Into<String>, text: impl Into<String>) {
        self.findings.problem(Problem::new(self.origin.at(mark), path, text));
    }

    fn warning(&mut self, mark: Mark, path: impl Into<String>, text: impl Into<String>) {
        self.findings.warning(Problem::new(self.origin.at(mark), path, text));
    }

    /// What stands below `resilience`, and which files are included.
    pub(crate) fn resilience(&mut self, node: &Node) -> (Layer, Vec<Include>) {
        let (mut layer, mut includes) = (Layer::default(), Vec::new());
        for (word, key, value) in self.entries(node, "") {
            match word {
                "preset" => layer.preset = self.choice(word, value, &crate::preset::NAMES),
                "limits" => layer.limits = self.choice(word, value, &["kstlib"]),
                "include" => includes = self.includes(value),
                "pipelines" => self.pipelines(value, &mut layer),
                "health_check" => {
                    self.problem(key.mark, word, "is reserved for health checks, which have no settings yet");
                }
                word => match section::named(word) {
                    Some(section) => self.section(section, key, value, layer.family(section.name)),
                    None => self.unknown_section(word, key.mark),
                },
            }
        }
        (layer, includes)
    }

    fn unknown_section(&mut self, word: &str, mark: Mark) {
        let known = SECTIONS.iter().map(|section| section.name).chain(OTHERS);
        let hint = text::missing_space_in(word).unwrap_or_else(|| suggest::hint(word, known));
        self.problem(mark, word, format!("is not a section; {hint}"));
    }

    /// One of a few words.
    pub(crate) fn choice(&mut self, path: &str, value: &Node, words: &[&'static str]) -> Option<Choice> {
        let word = value.text().unwrap_or_default();
        if words.contains(&word) {
            return Some(Choice { word: word.into(), source: self.origin.at(value.mark) });
        }
        let hint = suggest::hint(word, words.iter().copied());
        self.problem(value.mark, path, format!("{} is none of the words for it; {hint}", value.described()));
        None
    }

    fn includes(&mut self, value: &Node) -> Vec<Include> {
        let items = match &value.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(value),
        };
        let mut includes = Vec::new();
        for item in items {
            match item.text() {
                Some(path) => includes.push(Include { path: path.into(), mark: item.mark }),
                None => {
                    self.problem(item.mark, "include", format!("{} is no path of a file", item.described()));
                }
            }
        }
        includes
    }

    fn section(&mut self, section: &Section, key: &Node, value: &Node, family: &mut Family) {
        let Some(words) = &section.words else {
            let text = format!("is passed over: feature `{}` of resil-config is off", section.feature);
            return self.warning(key.mark, section.name, text);
        };
        let source = self.origin.at(key.mark);
        family.defaults.source = Some(source);
        for (word, key, value) in self.entries(value, section.name) {
            if word == "instances" && section.has_instances {
                self.instances(section.name, words, value, family);
            } else if word == "instances" {
                self.problem(
                    key.mark,
                    format!("{}.{word}", section.name),
                    "is not a setting; a process has one only",
                );
            } else {
                self.word(words, section.name, (word, key.mark), value, &mut family.defaults);
            }
        }
    }

    fn instances(&mut self, section: &str, words: &Words, value: &Node, family: &mut Family) {
        let path = format!("{section}.instances");
        for (name, key, value) in self.entries(value, &path) {
            let path = format!("{path}.{name}");
            if name == DEFAULT {
                let text = format!("is the name of `{section}` itself; write these settings there");
                self.problem(key.mark, path, text);
                continue;
            }
            let block = self.block(words, &path, key, value);
            family.instances.insert(name.into(), block);
        }
    }

    fn block(&mut self, words: &Words, path: &str, key: &Node, value: &Node) -> Block {
        let mut block = Block { source: Some(self.origin.at(key.mark)), ..Block::default() };
        for (word, key, value) in self.entries(value, path) {
            self.word(words, path, (word, key.mark), value, &mut block);
        }
        block
    }

    /// One setting of a block.
    pub(crate) fn word(
        &mut self,
        words: &Words,
        path: &str,
        (word, mark): (&str, Mark),
        value: &Node,
        block: &mut Block,
    ) {
        let path = format!("{path}.{word}");
        let known = (words.known)().contains(&word);
        if known && value.is_null() {
            block.is_broken = true;
            return self.problem(mark, path, "has no value");
        }
        let said = match (words.read)(word, value) {
            Ok(said) => said,
            Err(fault) => {
                block.is_broken = true;
                return self.fault(&fault, mark, path, value);
            }
        };
        if said.is_empty() {
            return self.problem(value.mark, path, format!("{} says nothing", value.described()));
        }
        if let Some((_, better)) = words.misleading.iter().find(|(misleading, _)| *misleading == word) {
            self.warning(mark, path.clone(), format!("is read as `{better}`, which is the clearer word"));
        }
        let source = self.origin.at(value.mark);
        for (canonical, tree) in said {
            let setting = words.setting(&canonical).to_owned();
            if let Some(before) = block.get(&setting)
                && before.spelled != word
            {
                let text =
                    format!("is a second word for the same setting: `{}` and `{word}`", before.spelled);
                self.problem(mark, path.clone(), text);
                continue;
            }
            let entry = Entry {
                word: canonical,
                spelled: word.into(),
                path: path.clone(),
                value: Node::of(tree, value.mark),
                source: source.clone(),
            };
            block.entries.insert(setting, entry);
        }
    }

    pub(crate) fn fault(&mut self, fault: &Fault, mark: Mark, path: String, value: &Node) {
        let described = value.found_at(fault.mark).described();
        let mark = match (fault.mark, &fault.kind) {
            (Some(mark), _) => mark,
            (None, Kind::Unknown(..)) => mark,
            (None, _) => value.mark,
        };
        self.problem(mark, path, fault.about(&described));
    }

    fn pipelines(&mut self, value: &Node, layer: &mut Layer) {
        for (name, key, value) in self.entries(value, "pipelines") {
            let line = self.line(&format!("pipelines.{name}"), key, value);
            layer.pipelines.insert(name.into(), line);
        }
    }

    fn line(&mut self, path: &str, key: &Node, value: &Node) -> Line {
        let mut line = Line { source: Some(self.origin.at(key.mark)), ..Line::default() };
        for (word, key, value) in self.entries(value, path) {
            self.part(path, (word, key.mark), value, &mut line);
        }
        line
    }

    /// One key of a pipeline.
    pub(crate) fn part(&mut self, path: &str, (word, mark): (&str, Mark), value: &Node, line: &mut Line) {
        let path = format!("{path}.{word}");
        let entry = || Entry {
            word: word.into(),
            spelled: word.into(),
            path: path.clone(),
            value: value.clone(),
            source: self.origin.at(value.mark),
        };
        if word == "deadline" {
            line.deadline = Some(entry());
            return;
        }
        let Some(section) = section::named(word).filter(|section| PARTS.contains(&section.name)) else {
            let hint = suggest::hint(word, PARTS.into_iter().chain(["deadline"]));
            return self.problem(mark, path, format!("is not a part of a pipeline; {hint}"));
        };
        let Some(words) = &section.words else {
            // Without the part, calls would be let through that it is there to stop.
            let text = format!("cannot be a part: feature `{}` of resil-config is off", section.feature);
            return self.problem(mark, path, text);
        };
        let part = match &value.value {
            Value::Map(_) => {
                let key = Node { mark, ..value.clone() };
                Part::InPlace(self.block(words, &path, &key, value))
            }
            _ if value.text().is_some() => Part::Word(entry()),
            _ => {
                let text = format!("{} does not fit, wanted is a name or a mapping", value.described());
                return self.problem(value.mark, path, text);
            }
        };
        line.parts.insert(section.name, part);
    }

    /// The keys and values of a mapping; nothing for nothing. Keys that are no words, or there twice, are problems.
    pub(crate) fn entries<'n>(&mut self, node: &'n Node, path: &str) -> Vec<(&'n str, &'n Node, &'n Node)> {
        let Value::Map(entries) = &node.value else {
            if !node.is_null() {
                let hint = node.text().and_then(text::missing_space_in);
                let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
                let text = format!("{} does not fit, wanted is a mapping{hint}", node.described());
                self.problem(node.mark, path, text);
            }
            return Vec::new();
        };
        let mut seen: HashMap<&str, Mark> = HashMap::new();
        let mut words = Vec::new();
        for (key, value) in entries {
            let Some(word) = key.text() else {
                self.problem(key.mark, path, format!("{} is no key", key.described()));
                continue;
            };
            let below = || if path.is_empty() { word.to_owned() } else { format!("{path}.{word}") };
            if word == "<<" {
                let text =
                    "merge keys are not read; instances inherit, and an alias `*name` repeats a whole value";
                self.problem(key.mark, below(), text);
            } else if let Some(first) = seen.get(word) {
                self.problem(key.mark, below(), format!("is there twice, first in line {}", first.line));
            } else {
                seen.insert(word, key.mark);
                words.push((word, key, value));
            }
        }
        words
    }
}
