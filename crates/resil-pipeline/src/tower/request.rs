use resil_core::TimedOut;

/// Makes what another attempt would send, of a request that is to be sent now: by a closure, or by [`Cloned`].
///
/// ```
/// use resil_pipeline::tower::{Cloned, Repeat};
/// assert_eq!(Cloned.repeat(&"GET /"), Some("GET /"));
/// assert_eq!((|order: &u32| order.is_multiple_of(2).then_some(*order)).repeat(&3), None);
/// ```
pub trait Repeat<Req> {
    /// The copy, or `None` if `request` can be sent once only, or must not be sent twice.
    fn repeat(&self, request: &Req) -> Option<Req>;
}

impl<Req, F: Fn(&Req) -> Option<Req>> Repeat<Req> for F {
    fn repeat(&self, request: &Req) -> Option<Req> {
        self(request)
    }
}

/// Every request may be sent again, as a clone of it: the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cloned;

impl<Req: Clone> Repeat<Req> for Cloned {
    fn repeat(&self, request: &Req) -> Option<Req> {
        Some(request.clone())
    }
}

/// Prepares the request of each attempt when that is admitted and its time runs: by a closure, or not at all by [`AsIs`].
///
/// ```
/// use resil_pipeline::tower::{AsIs, Prepare};
/// assert_eq!(AsIs.prepare(&mut "GET /"), Ok(()));
/// ```
pub trait Prepare<Req> {
    /// Prepares `request`.
    ///
    /// # Errors
    /// [`TimedOut`] if too little time is left to send it.
    fn prepare(&self, request: &mut Req) -> Result<(), TimedOut>;
}

impl<Req, F: Fn(&mut Req) -> Result<(), TimedOut>> Prepare<Req> for F {
    fn prepare(&self, request: &mut Req) -> Result<(), TimedOut> {
        self(request)
    }
}

/// Requests are sent as they are: the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsIs;

impl<Req> Prepare<Req> for AsIs {
    fn prepare(&self, _: &mut Req) -> Result<(), TimedOut> {
        Ok(())
    }
}
