//! A listener that writes down what it hears.

use std::sync::{Arc, Mutex};

use resil_core::{Observers, Subscription};

pub(crate) type Heard<E> = Arc<Mutex<Vec<E>>>;

/// Writes down every event.
pub(crate) fn listen<E: Clone + Send + Sync + 'static>(observers: &Observers<E>) -> (Heard<E>, Subscription) {
    let heard = Heard::default();
    let subscription = observers.observe({
        let heard = Arc::clone(&heard);
        move |event: &E| heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(event.clone())
    });
    (heard, subscription)
}

pub(crate) fn emit<E: Send + Sync>(observers: &Observers<E>, event: E) {
    observers.enqueue(event);
    observers.deliver();
}
