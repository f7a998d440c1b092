/// The tokio runtime that async callbacks run with, if there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runtime {
    #[cfg(feature = "tokio")]
    handle: Option<tokio::runtime::Handle>,
}

#[cfg(feature = "tokio")]
impl Runtime {
    /// The one that this code runs in.
    pub(crate) fn current() -> Self {
        Self { handle: tokio::runtime::Handle::try_current().ok() }
    }

    pub(crate) fn of(handle: tokio::runtime::Handle) -> Self {
        Self { handle: Some(handle) }
    }

    /// Takes `found` where it has none.
    pub(crate) fn or(&mut self, found: &Self) {
        if self.handle.is_none() {
            self.handle.clone_from(&found.handle);
        }
    }

    /// Makes it the current one of this thread, until the guard is dropped.
    pub(crate) fn enter(&self) -> Option<tokio::runtime::EnterGuard<'_>> {
        self.handle.as_ref().map(tokio::runtime::Handle::enter)
    }
}

/// The guard of no runtime.
#[cfg(not(feature = "tokio"))]
pub(crate) struct Nothing;

#[cfg(not(feature = "tokio"))]
#[expect(clippy::unused_self, reason = "as with tokio")]
impl Runtime {
    pub(crate) fn current() -> Self {
        Self::default()
    }

    pub(crate) fn or(&mut self, _found: &Self) {}

    pub(crate) fn enter(&self) -> Nothing {
        Nothing
    }
}
