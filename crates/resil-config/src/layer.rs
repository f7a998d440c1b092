use std::collections::BTreeMap;

use crate::Source;
use crate::block::{Block, Entry};

/// What one source says: a file, the environment, the arguments, a preset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    pub(crate) preset: Option<Choice>,
    pub(crate) limits: Option<Choice>,
    /// By the name of the section.
    pub(crate) sections: BTreeMap<&'static str, Family>,
    pub(crate) pipelines: BTreeMap<String, Line>,
}

/// A word that was chosen.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) word: String,
    pub(crate) source: Source,
}

/// What is said of a section: of all its instances, and of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Family {
    pub(crate) defaults: Block,
    pub(crate) instances: BTreeMap<String, Block>,
}

/// What is said of a pipeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) source: Option<Source>,
    pub(crate) deadline: Option<Entry>,
    /// By the name of the part's section.
    pub(crate) parts: BTreeMap<&'static str, Part>,
}

/// A part of a pipeline.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A name of an instance, or a value that stands for a block.
    Word(Entry),
    InPlace(Block),
}

impl Layer {
    /// This layer with what `stronger` says in place of what this says of the same.
    pub(crate) fn under(mut self, stronger: &Self) -> Self {
        self.preset = stronger.preset.clone().or(self.preset);
        self.limits = stronger.limits.clone().or(self.limits);
        for (section, family) in &stronger.sections {
            let below = self.sections.remove(section).unwrap_or_default();
            self.sections.insert(section, below.under(family));
        }
        for (name, line) in &stronger.pipelines {
            let below = self.pipelines.remove(name).unwrap_or_default();
            self.pipelines.insert(name.clone(), below.under(line));
        }
        self
    }

    /// The family of a section, begun if it is not there.
    pub(crate) fn family(&mut self, section: &'static str) -> &mut Family {
        self.sections.entry(section).or_default()
    }
}

impl Family {
    fn under(mut self, stronger: &Self) -> Self {
        self.defaults = self.defaults.under(&stronger.defaults);
        for (name, block) in &stronger.instances {
            let below = self.instances.remove(name).unwrap_or_default();
            self.instances.insert(name.clone(), below.under(block));
        }
        self
    }
}

impl Line {
    fn under(mut self, stronger: &Self) -> Self {
        if stronger.source.is_some() {
            self.source.clone_from(&stronger.source);
        }
        self.deadline = stronger.deadline.clone().or(self.deadline);
        for (section, part) in &stronger.parts {
            let part = match (self.parts.remove(section), part) {
                (Some(Part::InPlace(below)), Part::InPlace(block)) => Part::InPlace(below.under(block)),
                (_, part) => part.clone(),
            };
            self.parts.insert(section, part);
        }
        self
    }
}
