use crate::{Notice, Severity};

/// A listener that writes every event to `tracing`, under the target `resil`, with the fields `policy` and `kind`.
///
/// ```
/// # use resil_core::{Name, Notice, Observers, Severity};
/// # struct Event;
/// # impl std::fmt::Display for Event { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("it opened") } }
/// # impl Notice for Event { fn name(&self) -> Name { Name::UNNAMED } fn kind(&self) -> &'static str { "transition" }
/// #   fn severity(&self) -> Severity { Severity::Warn } }
/// # let breaker = Observers::<Event>::new();
/// breaker.observe(resil_core::log()).forget();
/// ```
pub fn log<E: Notice>() -> impl Fn(&E) + Clone + Send + Sync + 'static {
    |event| {
        let (policy, kind) = (event.name().as_str(), event.kind());
        match event.severity() {
            Severity::Debug => tracing::debug!(target: "resil", policy, kind, "{event}"),
            Severity::Info => tracing::info!(target: "resil", policy, kind, "{event}"),
            Severity::Warn => tracing::warn!(target: "resil", policy, kind, "{event}"),
        }
    }
}
