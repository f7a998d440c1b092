//! From the layers to what holds.

use std::collections::BTreeSet;

use crate::Source;
use crate::block::{Block, Entry};
use crate::decode;
use crate::explain::Explanation;
use crate::layer::{Choice, Layer};
use crate::node::Node;
use crate::patterns::{Misfit, Vocabulary};
use crate::problem::{Findings, Problem};
use crate::resolved::DEFAULT;
use crate::section::{self, Section};
use crate::source::Mark;

/// The layers, and what comes of them.
pub(crate) struct Resolution<'a> {
    /// What each source says, weakest first.
    pub(crate) layers: [Layer; 4],
    /// `limits: kstlib`, if that is wanted.
    pub(crate) limits: Option<Choice>,
    pub(crate) findings: &'a mut Findings,
    pub(crate) explanation: Explanation,
}

impl Resolution<'_> {
    /// The settings of all instances of a section, and of what pipelines have in place.
    #[cfg(any(feature = "breaker", feature = "ratelimit", feature = "retry", feature = "timeout"))]
    pub(crate) fn family<P: Vocabulary>(
        &mut self,
        section: &str,
    ) -> std::collections::BTreeMap<String, P::Settings> {
        let mut settled = std::collections::BTreeMap::new();
        let Some(section) = section::named(section) else { return settled };
        let mut names: Vec<_> = self.instances(section).into_iter().collect();
        // First the section itself: what is wrong with it is told as its own, not as what others inherit.
        names.sort_by_key(|name| name != DEFAULT);
        for name in names {
            let block = self.block(section, Some(&name));
            let (inside, path) = match name.as_str() {
                DEFAULT => (section.name.to_owned(), section.name.to_owned()),
                name => (format!("{}.{name}", section.name), format!("{}.instances.{name}", section.name)),
            };
            if let Some(settings) = self.settle::<P>(section, block, &path, &inside) {
                settled.insert(name, settings);
            }
        }
        for pipeline in self.in_place(section) {
            let block = self.block_in_place(section, &pipeline);
            let path = format!("pipelines.{pipeline}.{}", section.name);
            if let Some(settings) = self.settle::<P>(section, block, &path, &path) {
                settled.insert(format!("pipelines.{pipeline}"), settings);
            }
        }
        settled
    }

    /// The settings of a section without instances.
    #[cfg(any(feature = "heartbeat", feature = "shutdown", feature = "watchdog"))]
    pub(crate) fn only<P: Vocabulary<Settings: Default>>(&mut self, section: &str) -> P::Settings {
        let Some(section) = section::named(section) else { return P::Settings::default() };
        let block = self.block(section, None);
        self.settle::<P>(section, block, section.name, section.name).unwrap_or_default()
    }

    /// The names of a section's instances, the section itself among them.
    pub(crate) fn instances(&self, section: &Section) -> BTreeSet<String> {
        let families = self.layers.iter().filter_map(|layer| layer.sections.get(section.name));
        families.flat_map(|family| family.instances.keys().cloned()).chain([DEFAULT.into()]).collect()
    }

    /// What is said of an instance, or of the section itself, by all layers.
    fn block(&self, section: &Section, instance: Option<&str>) -> Block {
        self.stacked(section, |layer| layer.sections.get(section.name)?.instances.get(instance?))
    }

    /// The layers' blocks over each other, in each the special one over the section's defaults.
    pub(crate) fn stacked<'s>(
        &'s self,
        section: &Section,
        special: impl Fn(&'s Layer) -> Option<&'s Block>,
    ) -> Block {
        let mut block = Block::default();
        for layer in &self.layers {
            if let Some(family) = layer.sections.get(section.name) {
                block = block.under(&family.defaults);
            }
            if let Some(special) = special(layer) {
                block = block.under(special);
            }
        }
        block
    }

    /// What the words of a block come to. What is wrong is told, each thing that can be found; `inside` is the path in explanations.
    fn settle<P: Vocabulary>(
        &mut self,
        section: &Section,
        mut block: Block,
        path: &str,
        inside: &str,
    ) -> Option<P::Settings> {
        let said = block.clone();
        let mut is_first = true;
        let settings = loop {
            let partial: P::Partial = match decode::from_words(block.words()) {
                Ok(partial) => partial,
                Err(fault) => {
                    let source = block.source.clone().unwrap_or(Source::BuiltIn);
                    self.findings.problem(Problem::new(source, path, fault.about("a value")));
                    return None;
                }
            };
            match P::settings(&partial) {
                Ok(settings) if is_first => break settings,
                Ok(_) => return None,
                // What is missing may be what could not be read.
                Err(misfit) if misfit.is_of_missing && block.is_broken => return None,
                Err(misfit) => {
                    let setting = culprit(section, &block, &misfit);
                    if let Some(setting) = &setting
                        && misfit.is_of_missing
                        && self.is_for_others(section, block.get(setting), path)
                    {
                        block.entries.remove(setting);
                        continue;
                    }
                    if setting.is_none() && !is_first {
                        return None;
                    }
                    self.misfit(section, &block, &misfit, path);
                    // Without the culprit, whatever else is wrong comes out.
                    block.entries.remove(&setting?);
                    block.is_broken = true;
                    is_first = false;
                }
            }
        };
        for misfit in P::doubts(&said) {
            let problem = self.located(section, &said, &misfit, path);
            self.findings.warning(problem);
        }
        if self.limits.is_some() {
            for misfit in P::outside_kstlib(&settings) {
                self.misfit(section, &said, &misfit, path);
            }
        }
        self.explain::<P>(section, &settings, &said, inside);
        Some(settings)
    }

    /// Whether a setting was said for all instances, of which only some may have what it needs.
    fn is_for_others(&self, section: &Section, entry: Option<&Entry>, path: &str) -> bool {
        let is_inherited = entry.is_some_and(|entry| !is_in(&entry.path, path));
        let has_others = self.instances(section).len() > 1 || !self.in_place(section).is_empty();
        is_inherited || path == section.name && has_others
    }

    /// Tells what is wrong, unless something is told of this setting already, as of one that several inherit.
    fn misfit(&mut self, section: &Section, block: &Block, misfit: &Misfit, path: &str) {
        let problem = self.located(section, block, misfit, path);
        if !self.findings.is_told(&problem) {
            self.findings.problem(problem);
        }
    }

    fn located(&self, section: &Section, block: &Block, misfit: &Misfit, path: &str) -> Problem {
        match culprit(section, block, misfit).and_then(|setting| block.get(&setting)) {
            Some(entry) if is_in(&entry.path, path) => {
                Problem::new(entry.source.clone(), &*entry.path, &*misfit.text)
            }
            Some(entry) => {
                Problem::new(entry.source.clone(), &*entry.path, format!("{}, in {path}", misfit.text))
            }
            None => {
                // Nobody said it, so what is wrong is that it was left to its default.
                let limits = self.limits.as_ref().map(|choice| choice.source.clone());
                let source = block.source.clone().or(limits).unwrap_or(Source::BuiltIn);
                let word = misfit.words.first().map_or_else(String::new, |word| format!(".{word}"));
                Problem::new(source, format!("{path}{word}"), &*misfit.text)
            }
        }
    }

    fn explain<P: Vocabulary>(
        &mut self,
        section: &Section,
        settings: &P::Settings,
        said: &Block,
        inside: &str,
    ) {
        let Some(words) = &section.words else { return };
        for (word, tree) in section::said_by(&P::said(settings)).unwrap_or_default() {
            let source = said.get(words.setting(&word)).map_or(Source::BuiltIn, |entry| entry.source.clone());
            let value = Node::of(tree, Mark::default()).canonical();
            self.explanation.add(format!("{inside}.{word}"), value, source);
        }
    }
}

/// Whether the setting at `path` is one of the block at `block`.
fn is_in(path: &str, block: &str) -> bool {
    path.strip_prefix(block).and_then(|rest| rest.strip_prefix('.')).is_some_and(|word| !word.contains('.'))
}

/// The setting that is to be mended, if the block says it.
fn culprit(section: &Section, block: &Block, misfit: &Misfit) -> Option<String> {
    let words = section.words.as_ref()?;
    let mut settings = misfit.words.iter().map(|word| words.setting(word));
    settings.find(|setting| block.get(setting).is_some()).map(str::to_owned)
}
