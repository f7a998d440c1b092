//! Any policy as tower middleware: one generic layer.
//!
//! ```
//! # use resil_core::{Policy, Rejected, Verdict};
//! # struct Open; impl Policy for Open { type Permit = (); fn admit(&self) -> Result<(), Rejected> { Ok(()) }
//! #   fn settle(&self, (): (), _: Verdict) {} fn release(&self, (): ()) {} }
//! use resil_core::tower::PolicyLayer;
//! use std::sync::Arc;
//! use tower_layer::Layer;
//!
//! # #[derive(Clone)] struct Client;
//! # impl tower_service::Service<u32> for Client { type Response = u32; type Error = std::io::Error;
//! #   type Future = std::future::Ready<Result<u32, std::io::Error>>;
//! #   fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> { Ok(()).into() }
//! #   fn call(&mut self, n: u32) -> Self::Future { std::future::ready(Ok(n)) } }
//! let policy = Arc::new(Open);
//! let guarded = PolicyLayer::new(policy).layer(Client);
//! ```
//!
//! The policy is shared by reference or `Arc`, so that clones of the service, one per connection as servers make them, share one state.
//! It is asked in `call` and never in `poll_ready`, which may be called without a call to follow. A refused request leaves the inner
//! service ready and unused. What the inner service says in `poll_ready` passes through as it is and tells the policy nothing.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::guard::PanicFuse;
use crate::{ByResult, CallAsync, Classify, Error, Flat, Policy, Rejected};

/// Chooses the policy that guards a request: a constant one, or one by key through a closure.
///
/// ```
/// # use resil_core::{Policy, Rejected, Verdict};
/// # struct Open; impl Policy for Open { type Permit = (); fn admit(&self) -> Result<(), Rejected> { Ok(()) }
/// #   fn settle(&self, (): (), _: Verdict) {} fn release(&self, (): ()) {} }
/// use resil_core::tower::{PolicyLayer, Select};
/// use std::sync::Arc;
///
/// fn by_tenant() -> PolicyLayer<impl Select<String, Policy = Arc<Open>>> {
///     let (gold, others) = (Arc::new(Open), Arc::new(Open));
///     PolicyLayer::select(move |tenant: &String| Arc::clone(if tenant == "gold" { &gold } else { &others }))
/// }
/// # by_tenant();
/// ```
pub trait Select<Req> {
    /// The policy, as something that is owned: an `Arc` or a `&'static`.
    type Policy: Policy;

    /// The policy for `request`.
    fn select(&self, request: &Req) -> Self::Policy;
}

/// The [`Select`] that takes the same policy for every request.
#[derive(Clone, Copy, Debug)]
pub struct Always<P>(P);

impl<Req, P: Policy + Clone> Select<Req> for Always<P> {
    type Policy = P;

    fn select(&self, _: &Req) -> P {
        self.0.clone()
    }
}

impl<Req, P: Policy, F: Fn(&Req) -> P> Select<Req> for F {
    type Policy = P;

    fn select(&self, request: &Req) -> P {
        self(request)
    }
}

/// A tower layer that guards every request by a policy.
///
/// See the [module](self) for an example. `S` chooses the policy; `C` classifies results, by default [`ByResult`].
#[derive(Clone, Copy, Debug)]
pub struct PolicyLayer<S, C = ByResult> {
    select: S,
    classify: C,
}

impl<P: Policy + Clone> PolicyLayer<Always<P>> {
    /// Guards every request by `policy`, an `Arc` or a `&'static` of it.
    pub const fn new(policy: P) -> Self {
        Self { select: Always(policy), classify: ByResult }
    }
}

impl<S> PolicyLayer<S> {
    /// Guards each request by the policy that `select` returns for it.
    pub const fn select(select: S) -> Self {
        Self { select, classify: ByResult }
    }

    /// Judges responses by `classify` rather than by `Ok` and `Err`.
    pub fn classify<Res, E, C>(self, classify: C) -> PolicyLayer<S, C>
    where
        C: Fn(Result<&Res, &E>) -> crate::Verdict + Clone,
    {
        PolicyLayer { select: self.select, classify }
    }
}

impl<S, C> PolicyLayer<S, C> {
    /// The variant that waits for its admission instead of refusing; for policies that can [`Wait`].
    pub fn waiting(self) -> WaitingLayer<S, C> {
        WaitingLayer { inner: self }
    }
}

impl<Inner, S: Clone, C: Clone> Layer<Inner> for PolicyLayer<S, C> {
    type Service = PolicyService<Inner, S, C>;

    fn layer(&self, inner: Inner) -> Self::Service {
        PolicyService { inner, layer: self.clone() }
    }
}

/// The service that [`PolicyLayer`] makes.
#[derive(Clone, Copy, Debug)]
pub struct PolicyService<Inner, S, C = ByResult> {
    inner: Inner,
    layer: PolicyLayer<S, C>,
}

impl<Req, Inner, S, C> Service<Req> for PolicyService<Inner, S, C>
where
    Inner: Service<Req>,
    S: Select<Req>,
    C: Classify<Inner::Response, Inner::Error> + Clone,
{
    type Response = Inner::Response;
    type Error = Error<Inner::Error>;
    type Future = ResponseFuture<S::Policy, Inner::Future, C>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Error::Inner)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let policy = self.layer.select.select(&request);
        // Foreign code, so before there is a permit that its panic could lose.
        let classify = self.layer.classify.clone();
        match policy.admit() {
            Ok(permit) => ResponseFuture {
                refusal: None,
                running: Some(start(&mut self.inner, request, policy, permit, classify)),
            },
            Err(refusal) => ResponseFuture { refusal: Some(refusal), running: None },
        }
    }
}

/// Calls the inner service under a permit that is settled also when that panics.
fn start<Req, Inner, P, C>(
    inner: &mut Inner,
    request: Req,
    policy: P,
    permit: P::Permit,
    classify: C,
) -> CallAsync<P, Inner::Future, Flat<C>>
where
    Inner: Service<Req>,
    P: Policy,
{
    let mut permit = Some(permit);
    let fuse = PanicFuse::new(&policy, &mut permit);
    let future = inner.call(request);
    fuse.defuse();
    CallAsync::resume(policy, permit, future, Flat(classify))
}

pin_project! {
    /// The future of a [`PolicyService`]. Cancel-safe: dropped before its end, the call settles as cancelled.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct ResponseFuture<P, F, C> where P: Policy {
        refusal: Option<Rejected>,
        #[pin]
        running: Option<CallAsync<P, F, Flat<C>>>,
    }
}

impl<P, F, C, Res, E> Future for ResponseFuture<P, F, C>
where
    P: Policy,
    F: Future<Output = Result<Res, E>>,
    C: Classify<Res, E>,
{
    type Output = Result<Res, Error<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match (this.running.as_pin_mut(), this.refusal.take()) {
            (Some(running), _) => running.poll(cx),
            (None, Some(refusal)) => Poll::Ready(Err(Error::Rejected(refusal))),
            (None, None) => panic!("a guarded request was polled after it had ended"),
        }
    }
}

impl<P: Policy, F, C> fmt::Debug for ResponseFuture<P, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("refusal", &self.refusal).finish_non_exhaustive()
    }
}

/// A policy whose admission can be waited for, such as a limiter that books a place in line.
///
/// A reference and an `Arc` of one are such policies too.
pub trait Wait: Policy {
    /// The wait; it owns what it needs. Dropping it gives up the place in line.
    type Waiting: Future<Output = Result<Self::Permit, Rejected>>;

    /// Waits for an admission, or for the refusal of a wait that cannot end well.
    fn wait(&self) -> Self::Waiting;
}

impl<P: Wait + ?Sized> Wait for &P {
    type Waiting = P::Waiting;

    fn wait(&self) -> P::Waiting {
        (**self).wait()
    }
}

impl<P: Wait + ?Sized> Wait for Arc<P> {
    type Waiting = P::Waiting;

    fn wait(&self) -> P::Waiting {
        (**self).wait()
    }
}

/// The [`PolicyLayer`] that waits for admissions; made by [`PolicyLayer::waiting`].
///
/// A request that waits keeps the inner service that was polled ready for it, with whatever that has reserved.
#[derive(Clone, Copy, Debug)]
pub struct WaitingLayer<S, C = ByResult> {
    inner: PolicyLayer<S, C>,
}

impl<Inner, S: Clone, C: Clone> Layer<Inner> for WaitingLayer<S, C> {
    type Service = WaitingService<Inner, S, C>;

    fn layer(&self, inner: Inner) -> Self::Service {
        WaitingService { inner: self.inner.layer(inner) }
    }
}

/// The service that [`WaitingLayer`] makes.
#[derive(Clone, Copy, Debug)]
pub struct WaitingService<Inner, S, C = ByResult> {
    inner: PolicyService<Inner, S, C>,
}

impl<Req, Inner, S, C> Service<Req> for WaitingService<Inner, S, C>
where
    Inner: Service<Req> + Clone,
    S: Select<Req>,
    S::Policy: Wait,
    C: Classify<Inner::Response, Inner::Error> + Clone,
{
    type Response = Inner::Response;
    type Error = Error<Inner::Error>;
    type Future = WaitingFuture<Req, Inner, S::Policy, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let policy = self.inner.layer.select.select(&request);
        // The service that was polled ready is the one to be called; a clone of it takes its place.
        let clone = self.inner.inner.clone();
        let ready = std::mem::replace(&mut self.inner.inner, clone);
        let waiting = policy.wait();
        let next = Some((ready, request, policy, self.inner.layer.classify.clone()));
        WaitingFuture { waiting: Some(waiting), next, running: None }
    }
}

pin_project! {
    /// The future of a [`WaitingService`]: the wait for the admission, then the call. Cancel-safe in both parts.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct WaitingFuture<Req, Inner, P, C> where Inner: Service<Req>, P: Wait {
        #[pin]
        waiting: Option<P::Waiting>,
        next: Option<(Inner, Req, P, C)>,
        #[pin]
        running: Option<CallAsync<P, Inner::Future, Flat<C>>>,
    }
}

impl<Req, Inner, P, C> Future for WaitingFuture<Req, Inner, P, C>
where
    Inner: Service<Req>,
    P: Wait,
    C: Classify<Inner::Response, Inner::Error>,
{
    type Output = Result<Inner::Response, Error<Inner::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(waiting) = this.waiting.as_mut().as_pin_mut() {
            let admitted = ready!(waiting.poll(cx));
            this.waiting.set(None);
            let permit = admitted?;
            if let Some((mut inner, request, policy, classify)) = this.next.take() {
                this.running.set(Some(start(&mut inner, request, policy, permit, classify)));
            }
        }
        match this.running.as_pin_mut() {
            Some(running) => running.poll(cx),
            None => panic!("a guarded request was polled after it had ended"),
        }
    }
}

impl<Req, Inner: Service<Req>, P: Wait, C> fmt::Debug for WaitingFuture<Req, Inner, P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitingFuture").field("admitted", &self.running.is_some()).finish_non_exhaustive()
    }
}
