use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use resil_core::{Clock, Name};

use crate::changes::{Changes, words};
use crate::kind::Kind;
use crate::patterns::Vocabulary;
use crate::problem::{Findings, Problem};
use crate::resolved::{DEFAULT, IN_PLACE};
use crate::{Source, UnknownName};

/// All handles of one kind, by their names.
pub(crate) struct Instances<K: Kind, C: Clock> {
    by_name: BTreeMap<String, Instance<K, C>>,
    is_disabled: bool,
}

pub(crate) struct Instance<K: Kind, C: Clock> {
    pub(crate) handle: Arc<K::Handle<C>>,
    pub(crate) settings: K::Settings,
}

/// The settings of all of one kind.
pub(crate) type Settings<K> = BTreeMap<String, <K as Vocabulary>::Settings>;

/// What code says about settings: it wins over what is in files, also over what will be in them.
pub(crate) type Override<K> =
    Arc<dyn Fn(<K as Vocabulary>::Settings) -> <K as Vocabulary>::Settings + Send + Sync>;

/// What code says about settings, by names.
pub(crate) type Overrides<K> = BTreeMap<String, Override<K>>;

/// Puts what code says over `section`, all of it checked. A name that only code has begins with the section's defaults.
pub(crate) fn overridden<K: Kind>(
    section: &mut Settings<K>,
    overrides: &Overrides<K>,
    findings: &mut Findings,
) {
    for (name, says) in overrides {
        let base = section.get(name).or_else(|| section.get(DEFAULT)).cloned();
        let said = says(base.unwrap_or_else(K::built_in));
        let path = match name.as_str() {
            DEFAULT => K::PATTERN.to_string(),
            name => format!("{}.instances.{name}", K::PATTERN),
        };
        if let Err((setting, text)) = K::check(&said) {
            findings.problem(Problem::new(Source::Argument, format!("{path}.{setting}"), text));
        }
        if let Err(full) = Name::intern(name) {
            findings.problem(Problem::new(Source::Argument, path, full.to_string()));
        }
        section.insert(name.clone(), said);
    }
}

impl<K: Kind, C: Clock + Clone> Instances<K, C> {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { by_name: BTreeMap::new(), is_disabled: false }
    }

    /// Those of `settings`, which are checked: handles that stay keep their state, and get their new settings now.
    pub(crate) fn next(
        &self,
        settings: &Settings<K>,
        is_disabled: bool,
        clock: &C,
        changes: &mut Changes,
    ) -> Self {
        for name in self.by_name.keys().filter(|name| !settings.contains_key(*name)) {
            changes.removed(K::PATTERN, name);
        }
        let next = |(name, settings): (&String, &K::Settings)| {
            let instance = if let Some(known) = self.by_name.get(name) {
                if known.settings != *settings {
                    let (from, to) = (words::<K>(&known.settings), words::<K>(settings));
                    changes.changed(K::PATTERN, name, &from, &to);
                }
                known.next(name, settings, [self.is_disabled, is_disabled], clock)
            } else {
                changes.added(K::PATTERN, name);
                Instance::make(name, settings, is_disabled, clock)
            };
            (name.clone(), instance)
        };
        Self { by_name: settings.iter().map(next).collect(), is_disabled }
    }

    pub(crate) fn get(&self, name: &str) -> Result<Arc<K::Handle<C>>, UnknownName> {
        let instance = self.by_name.get(name);
        let instance = instance.ok_or_else(|| UnknownName::new(K::PATTERN, name, self.names().collect()))?;
        Ok(Arc::clone(&instance.handle))
    }

    /// A handle and its settings.
    #[cfg(feature = "pipeline")]
    pub(crate) fn part(&self, name: Option<&String>) -> Option<&Instance<K, C>> {
        self.by_name.get(name?)
    }

    /// The names that are in the section, in alphabetical order.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.by_name.keys().filter(|name| !name.starts_with(IN_PLACE)).cloned()
    }
}

impl<K: Kind, C: Clock + Clone> Instance<K, C> {
    fn make(name: &str, settings: &K::Settings, is_disabled: bool, clock: &C) -> Self {
        let handle = K::make(interned(name), settings, clock.clone());
        if is_disabled {
            K::disable(&handle);
        }
        Self { handle: Arc::new(handle), settings: settings.clone() }
    }

    /// The same handle with other settings, or another where it cannot take them.
    fn next(
        &self,
        name: &str,
        settings: &K::Settings,
        [was_disabled, is_disabled]: [bool; 2],
        clock: &C,
    ) -> Self {
        let is_taken = match (was_disabled, is_disabled) {
            (false, true) => {
                K::disable(&self.handle);
                true
            }
            // They are taken once it works again.
            (true, true) => true,
            (true, false) => K::enable(&self.handle, settings),
            (false, false) => self.settings == *settings || K::reconfigure(&self.handle, settings),
        };
        if is_taken {
            Self { handle: Arc::clone(&self.handle), settings: settings.clone() }
        } else {
            Self::make(name, settings, is_disabled, clock)
        }
    }
}

/// The name that a handle tells: what a pipeline has in place is named as the pipeline.
pub(crate) fn interned(name: &str) -> Name {
    let name = name.strip_prefix(IN_PLACE).unwrap_or(name);
    // All names were interned before anything was made of them.
    Name::intern(name).unwrap_or(Name::UNNAMED)
}

impl<K: Kind, C: Clock + Clone> fmt::Debug for Instances<K, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
