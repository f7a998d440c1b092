use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A handle that a pipeline has for itself, or shares: made from the handle, from an `Arc` of it, or from a `&'static`.
///
/// ```
/// use resil_pipeline::retry::Config;
/// use resil_pipeline::{Pipeline, Retry};
/// use std::sync::Arc;
///
/// static ALL: Retry = Retry::new("all", Config::new());
/// let some = Arc::new(Retry::new("some", Config::new()));
///
/// let orders = Pipeline::new("orders").retry(&ALL);
/// let (stock, prices) = (Pipeline::new("stock").retry(Arc::clone(&some)), Pipeline::new("prices").retry(some));
/// let alone = Pipeline::new("alone").retry(Retry::new("alone", Config::new()));
/// # let _ = (orders, stock, prices, alone);
/// ```
pub struct Shared<T: 'static>(Held<T>);

enum Held<T: 'static> {
    Static(&'static T),
    Counted(Arc<T>),
}

impl<T> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.0 {
            Held::Static(handle) => handle,
            Held::Counted(handle) => handle,
        }
    }
}

impl<T> From<T> for Shared<T> {
    fn from(handle: T) -> Self {
        Self(Held::Counted(Arc::new(handle)))
    }
}

impl<T> From<Arc<T>> for Shared<T> {
    fn from(handle: Arc<T>) -> Self {
        Self(Held::Counted(handle))
    }
}

impl<T> From<&'static T> for Shared<T> {
    fn from(handle: &'static T) -> Self {
        Self(Held::Static(handle))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Held::Static(handle) => Held::Static(handle),
            Held::Counted(handle) => Held::Counted(Arc::clone(handle)),
        })
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
