use std::collections::BTreeMap;
use std::fmt;

use crate::Pattern;
use crate::node::Node;
use crate::patterns::Vocabulary;
use crate::section;
use crate::source::Mark;

/// The words of a block and their values, as they are written in a file.
pub(crate) type Words = BTreeMap<String, String>;

/// Settings in words.
pub(crate) fn words<P: Vocabulary>(settings: &P::Settings) -> Words {
    let said = section::said_by(&P::said(settings)).unwrap_or_default();
    said.into_iter().map(|(word, tree)| (word, Node::of(tree, Mark::default()).canonical())).collect()
}

/// What a reload came to: what is new, what has other settings, and what is gone.
///
/// Its text has a line for each.
///
/// ```
/// # #[cfg(feature = "breaker")] {
/// use resil_config::Config;
///
/// let file = |threshold| format!("resilience: {{ circuit_breaker: {{ failure_threshold: {threshold} }} }}");
/// let resilience = Config::from_yaml(&file(5))?.build();
/// let changes = resilience.reload(&Config::from_yaml(&file(3))?)?;
/// assert_eq!(changes.to_string(), "changed circuit_breaker default: failure_threshold: 5 -> 3");
/// assert_eq!(resilience.circuit_breaker("default").unwrap().config().settings().failure_threshold, Some(3));
/// # }
/// # Ok::<_, resil_config::LoadError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// What there was not before.
    pub added: Vec<Instance>,
    /// What has other settings, and which.
    pub changed: Vec<Changed>,
    /// What there is no longer. A handle that somebody still has goes on working with its last settings.
    pub removed: Vec<Instance>,
}

/// One of those that have a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Instance {
    /// The section that it stands in.
    pub pattern: Pattern,
    /// Its name there. What a pipeline has in place is named `pipelines.` and the pipeline's name.
    pub name: String,
}

/// One whose settings are others than before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// Whose.
    pub instance: Instance,
    /// Which, in alphabetical order. A shutdown, a heartbeat and a watchdog have them when they are built the next time; all else
    /// has them already.
    pub settings: Vec<SettingChange>,
}

/// A setting and its two values, as they are written in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingChange {
    /// Its word in the file.
    pub word: String,
    /// What it was; `None` is unset.
    pub from: Option<String>,
    /// What it is; `None` is unset.
    pub to: Option<String>,
}

impl Changes {
    /// Whether nothing is other than before.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    #[cfg(any(feature = "breaker", feature = "ratelimit", feature = "retry", feature = "timeout"))]
    pub(crate) fn added(&mut self, pattern: Pattern, name: &str) {
        self.added.push(Instance::new(pattern, name));
    }

    #[cfg(any(feature = "breaker", feature = "ratelimit", feature = "retry", feature = "timeout"))]
    pub(crate) fn removed(&mut self, pattern: Pattern, name: &str) {
        self.removed.push(Instance::new(pattern, name));
    }

    pub(crate) fn changed(&mut self, pattern: Pattern, name: &str, from: &Words, to: &Words) {
        let mut words: Vec<_> = from.keys().chain(to.keys()).collect();
        words.sort_unstable();
        words.dedup();
        let setting = |word: &String| SettingChange {
            word: word.clone(),
            from: from.get(word).cloned(),
            to: to.get(word).cloned(),
        };
        let settings: Vec<_> =
            words.into_iter().map(setting).filter(|setting| setting.from != setting.to).collect();
        if !settings.is_empty() {
            self.changed.push(Changed { instance: Instance::new(pattern, name), settings });
        }
    }
}

#[cfg(any(feature = "shutdown", feature = "heartbeat", feature = "watchdog"))]
impl Changes {
    /// Of a section that has no instances.
    pub(crate) fn of_one<P: Vocabulary>(&mut self, pattern: Pattern, from: &P::Settings, to: &P::Settings) {
        self.changed(pattern, crate::resolved::DEFAULT, &words::<P>(from), &words::<P>(to));
    }
}

impl Instance {
    fn new(pattern: Pattern, name: &str) -> Self {
        Self { pattern, name: name.to_owned() }
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = (self.added.iter().map(|instance| format!("added {instance}")))
            .chain(self.changed.iter().map(|changed| format!("changed {changed}")))
            .chain(self.removed.iter().map(|instance| format!("removed {instance}")));
        for (index, line) in lines.enumerate() {
            write!(f, "{}{line}", if index > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pattern, self.name)
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.instance)?;
        for (index, setting) in self.settings.iter().enumerate() {
            write!(f, "{}{setting}", if index > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for SettingChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "unset".into());
        write!(f, "{}: {} -> {}", self.word, value(&self.from), value(&self.to))
    }
}
