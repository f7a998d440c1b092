use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs foreign code, and gives the text of its panic if it panics; for authors of policies.
///
/// The payload is dropped here, also one whose own drop panics. The panic hook has reported the panic by then.
///
/// ```
/// use resil_core::contain;
///
/// assert_eq!(contain(|| 7), Ok(7));
/// assert_eq!(contain(|| panic!("no such {}", "thing")), Err::<(), _>("no such thing".to_owned()));
/// ```
pub fn contain<T>(foreign: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(foreign)).map_err(|payload| {
        let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
            (Some(text), _) => (*text).to_owned(),
            (_, Some(text)) => text.clone(),
            _ => "a panic without a text".to_owned(),
        };
        // The payload is foreign too: its drop may panic, with a payload whose drop may panic, and so on.
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(second);
        }
        text
    })
}
