//! What the environment and the arguments say.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::{self, Address, Spelling, shouted};
use crate::block::Block;
use crate::layer::{Layer, Part};
use crate::node::{self, Node};
use crate::problem::{Findings, Problem};
use crate::source::{Mark, Origin};
use crate::walk::Walk;

/// What all variables of ours begin with.
pub(crate) const PREFIX: &str = "RESIL_";

/// The variable that names the file.
pub(crate) const FILE: &str = "RESIL_CONFIG";

/// What the variables say; those of others are passed over.
pub(crate) fn environment(variables: &[(String, String)], files: &Layer, findings: &mut Findings) -> Layer {
    collisions(files, findings);
    let mut layer = Layer::default();
    for (variable, text) in variables {
        let Some(path) = variable.strip_prefix(PREFIX).filter(|_| variable != FILE) else { continue };
        let origin = Origin::Environment(Arc::from(variable.as_str()));
        let mut walk = Walk { origin: &origin, findings };
        match address::find(path, Spelling::Shouted, files) {
            Ok(address) => put(&address, &node::read_value(text), &mut layer, &mut walk),
            Err(text) => walk.problem(Mark::default(), "", text),
        }
    }
    layer
}

/// What `set` was called with.
pub(crate) fn arguments(arguments: &[(String, Node)], files: &Layer, findings: &mut Findings) -> Layer {
    let mut layer = Layer::default();
    for (path, value) in arguments {
        let mut walk = Walk { origin: &Origin::Argument, findings };
        match address::find(path, Spelling::Dotted, files) {
            Ok(address) => put(&address, value, &mut layer, &mut walk),
            Err(text) => walk.problem(Mark::default(), path, text),
        }
    }
    layer
}

fn put(address: &Address, value: &Node, layer: &mut Layer, walk: &mut Walk<'_>) {
    let nowhere = Mark::default();
    match address {
        Address::Choice("preset") => layer.preset = walk.choice("preset", value, &crate::preset::NAMES),
        Address::Choice(limits) => layer.limits = walk.choice(limits, value, &["kstlib"]),
        Address::Setting { section, instance, word } => {
            let Some(words) = &section.words else {
                let text = format!("is passed over: feature `{}` of resil-config is off", section.feature);
                return walk.findings.warning(Problem::new(walk.origin.whole(), section.name, text));
            };
            let family = layer.family(section.name);
            match instance {
                None => walk.word(words, section.name, (word, nowhere), value, &mut family.defaults),
                Some(name) => {
                    let path = format!("{}.instances.{name}", section.name);
                    let block = family.instances.entry(name.clone()).or_default();
                    walk.word(words, &path, (word, nowhere), value, block);
                }
            }
        }
        Address::Part { pipeline, word } => {
            let line = layer.pipelines.entry(pipeline.clone()).or_default();
            walk.part(&format!("pipelines.{pipeline}"), (word, nowhere), value, line);
        }
        Address::InPlace { pipeline, section, word } => {
            let path = format!("pipelines.{pipeline}.{}", section.name);
            let line = layer.pipelines.entry(pipeline.clone()).or_default();
            let part = line.parts.entry(section.name).or_insert_with(|| Part::InPlace(Block::default()));
            if let (Part::InPlace(block), Some(words)) = (part, &section.words) {
                walk.word(words, &path, (word, nowhere), value, block);
            }
        }
    }
}

/// Names that no variable could tell apart.
fn collisions(files: &Layer, findings: &mut Findings) {
    for (section, family) in &files.sections {
        let blocks = family.instances.iter().map(|(name, block)| (name, block.source.as_ref()));
        collisions_in(&format!("{section}.instances"), blocks, findings);
    }
    let lines = files.pipelines.iter().map(|(name, line)| (name, line.source.as_ref()));
    collisions_in("pipelines", lines, findings);
}

fn collisions_in<'a>(
    path: &str,
    names: impl Iterator<Item = (&'a String, Option<&'a crate::Source>)>,
    findings: &mut Findings,
) {
    let mut spelled: BTreeMap<String, &str> = BTreeMap::new();
    for (name, source) in names {
        if let Some(other) = spelled.insert(shouted(name), name) {
            let text = format!(
                "cannot be told from `{other}` in the environment, where both are `{}`",
                shouted(name)
            );
            let source = source.cloned().unwrap_or(crate::Source::BuiltIn);
            findings.problem(Problem::new(source, format!("{path}.{name}"), text));
        }
    }
}
