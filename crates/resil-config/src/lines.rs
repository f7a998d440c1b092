//! The pipelines: which parts they name, and which they have in place.

use std::collections::BTreeSet;

use crate::layer::Part;
use crate::resolve::Resolution;
use crate::section::Section;

impl Resolution<'_> {
    /// The names of all pipelines.
    fn pipelines(&self) -> BTreeSet<String> {
        self.layers.iter().flat_map(|layer| layer.pipelines.keys().cloned()).collect()
    }

    /// The pipelines that have a part of this section in place.
    pub(crate) fn in_place(&self, section: &Section) -> BTreeSet<String> {
        let is_in_place = |name: &String| matches!(self.part(name, section.name), Some(Part::InPlace(_)));
        self.pipelines().into_iter().filter(is_in_place).collect()
    }

    /// What a pipeline has of a section, by the strongest layer that says it.
    fn part(&self, pipeline: &str, section: &str) -> Option<&Part> {
        self.layers.iter().rev().find_map(|layer| layer.pipelines.get(pipeline)?.parts.get(section))
    }

    /// What is said of a part in place, by all layers.
    #[cfg(any(feature = "breaker", feature = "ratelimit", feature = "retry", feature = "timeout"))]
    pub(crate) fn block_in_place(&self, section: &Section, pipeline: &str) -> crate::block::Block {
        self.stacked(section, |layer| match layer.pipelines.get(pipeline)?.parts.get(section.name)? {
            Part::InPlace(block) => Some(block),
            Part::Word(_) => None,
        })
    }
}

#[cfg(feature = "pipeline")]
mod plans {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use crate::block::{Block, Entry};
    use crate::decode;
    use crate::layer::Part;
    use crate::problem::Problem;
    use crate::resolve::Resolution;
    use crate::resolved::PipelinePlan;
    use crate::section;
    use crate::suggest;
    use crate::walk::PARTS;

    /// The one setting of a pipeline that is a value.
    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct Limit {
        #[serde(with = "resil_core::duration::option")]
        deadline: Option<Duration>,
    }

    impl Resolution<'_> {
        /// Takes a `timeout: 2s` for what it is: settings in place, unless an instance has that name.
        pub(crate) fn read_time_limits(&mut self) {
            let Some(section) = section::named("timeout") else { return };
            let Some(words) = &section.words else { return };
            let instances = self.instances(section);
            for layer in &mut self.layers {
                for (name, line) in &mut layer.pipelines {
                    let Some(Part::Word(entry)) = line.parts.get(section.name) else { continue };
                    if entry.value.text().is_none_or(|text| instances.contains(text)) {
                        continue;
                    }
                    let Ok(said) = (words.read)("default", &entry.value) else { continue };
                    let mut block = Block { source: Some(entry.source.clone()), ..Block::default() };
                    for (word, tree) in said {
                        let value = crate::node::Node::of(tree, entry.value.mark);
                        let path = format!("pipelines.{name}.{}.{word}", section.name);
                        let entry = Entry {
                            word: word.clone(),
                            spelled: word.clone(),
                            path,
                            value,
                            source: entry.source.clone(),
                        };
                        block.entries.insert(words.setting(&word).to_owned(), entry);
                    }
                    line.parts.insert(section.name, Part::InPlace(block));
                }
            }
        }

        /// What stands in each pipeline.
        pub(crate) fn plans(&mut self) -> BTreeMap<String, PipelinePlan> {
            self.pipelines().into_iter().map(|name| (name.clone(), self.plan(&name))).collect()
        }

        fn plan(&mut self, name: &str) -> PipelinePlan {
            let mut parts = PARTS.into_iter().map(|section| (section, self.named(name, section)));
            let mut next = || parts.next().and_then(|(_, named)| named);
            let (retry, rate_limiter, circuit_breaker, timeout) = (next(), next(), next(), next());
            PipelinePlan { deadline: self.deadline(name), retry, rate_limiter, circuit_breaker, timeout }
        }

        /// The name under which a part's settings are kept.
        fn named(&mut self, pipeline: &str, section: &'static str) -> Option<String> {
            let part = self.part(pipeline, section)?.clone();
            let entry = match part {
                Part::InPlace(_) => return Some(format!("pipelines.{pipeline}")),
                Part::Word(entry) => entry,
            };
            let name = entry.value.text().unwrap_or_default().to_owned();
            let known = self.instances(section::named(section)?);
            if known.contains(&name) {
                self.explanation.add(format!("pipelines.{pipeline}.{section}"), name.clone(), entry.source);
                return Some(name);
            }
            let hint = suggest::hint(&name, known.iter().map(String::as_str));
            let kind = if section == "timeout" { "neither a duration nor an" } else { "no" };
            let text = format!("`{name}` is {kind} instance of `{section}`; {hint}");
            self.findings.problem(Problem::new(entry.source, entry.path, text));
            None
        }

        fn deadline(&mut self, pipeline: &str) -> Option<Duration> {
            let said = |layer: &crate::layer::Layer| layer.pipelines.get(pipeline)?.deadline.clone();
            let entry = self.layers.iter().rev().find_map(said)?;
            match decode::from_words::<Limit>([("deadline", &entry.value)].into_iter()) {
                Ok(Limit { deadline: Some(limit) }) if resil_timeout::Config::new(limit).check().is_ok() => {
                    let value = resil_core::duration::Text(limit).to_string();
                    self.explanation.add(format!("pipelines.{pipeline}.deadline"), value, entry.source);
                    Some(limit)
                }
                Ok(_) => {
                    let value = entry.value.described();
                    let text = format!("{value} is out of range, allowed is 1ns to 100 years");
                    self.findings.problem(Problem::new(entry.source, entry.path, text));
                    None
                }
                Err(fault) => {
                    let text = fault.about(&entry.value.described());
                    self.findings.problem(Problem::new(entry.source, entry.path, text));
                    None
                }
            }
        }
    }
}
