//! What is written down while a history is played: nothing, what it reached, or each step.

use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub(crate) struct Witness {
    sights: Option<BTreeSet<String>>,
    lines: Option<Vec<String>>,
}

impl Witness {
    /// Writes nothing down.
    pub(crate) fn blind() -> Self {
        Self::default()
    }

    /// Collects what the history reached.
    pub(crate) fn of_sights() -> Self {
        Self { sights: Some(BTreeSet::new()), lines: None }
    }

    /// Writes down each step.
    pub(crate) fn of_steps() -> Self {
        Self { sights: None, lines: Some(Vec::new()) }
    }

    pub(crate) fn saw(&mut self, sight: impl FnOnce() -> String) {
        if let Some(sights) = &mut self.sights {
            sights.insert(sight());
        }
    }

    pub(crate) fn wrote(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(line());
        }
    }

    pub(crate) fn into_sights(self) -> BTreeSet<String> {
        self.sights.unwrap_or_default()
    }

    /// The last lines, as many as a reader wants to see.
    pub(crate) fn into_text(self) -> String {
        let lines = self.lines.unwrap_or_default();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}
