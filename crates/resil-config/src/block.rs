use std::collections::BTreeMap;

use crate::Source;
use crate::node::Node;

/// What is said of the settings of one thing, by setting.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    /// Where it begins, if it was written anywhere.
    pub(crate) source: Option<Source>,
    pub(crate) entries: BTreeMap<String, Entry>,
    /// Whether there is more in it, which could not be read.
    pub(crate) is_broken: bool,
}

/// A setting that was said.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Which of the setting's canonical words: `max_retries` says the same as `max_attempts`, in another way.
    pub(crate) word: String,
    /// As it was spelled.
    pub(crate) spelled: String,
    /// The path to where it was said.
    pub(crate) path: String,
    /// In canonical form.
    pub(crate) value: Node,
    pub(crate) source: Source,
}

impl Block {
    /// This block with what `stronger` says in place of what this says of the same.
    pub(crate) fn under(mut self, stronger: &Self) -> Self {
        for (setting, entry) in &stronger.entries {
            self.entries.insert(setting.clone(), entry.clone());
        }
        self.is_broken |= stronger.is_broken;
        if stronger.source.is_some() {
            self.source.clone_from(&stronger.source);
        }
        self
    }

    /// What is said of `setting`.
    pub(crate) fn get(&self, setting: &str) -> Option<&Entry> {
        self.entries.get(setting)
    }

    /// The canonical words with their values.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.entries.values().map(|entry| (entry.word.as_str(), &entry.value))
    }
}
