//! The bug that a run of the models has to notice.

use std::sync::OnceLock;

/// Whether the environment puts the bug of that name in. It is asked once, through a cell of the standard library, so that a checker
/// sees no step of it.
pub fn has_bug(name: &str) -> bool {
    static CHOSEN: OnceLock<Option<String>> = OnceLock::new();
    CHOSEN.get_or_init(|| std::env::var("RESIL_SEEDED_BUG").ok()).as_deref() == Some(name)
}
