//! The tower layer: one policy or one by key, classified, refusing or waiting.
#![cfg(not(any(loom, shuttle)))]

mod steps;
mod turnstile;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker};

use resil_core::testing::{Spy, Told, poll_once};
use resil_core::tower::{PolicyLayer, Select};
use resil_core::{BoxPolicy, Error, Name, Rejected, Verdict};
use steps::{STEPS, Steps};
use tower_layer::Layer;
use tower_service::Service;
use turnstile::{Echo, Turnstile};

/// Waits until `service` is ready, sends it `request`, and runs the answer to its end.
fn ask<S: Service<u32>>(service: &mut S, request: u32) -> Result<S::Response, S::Error> {
    match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(())) => finish(service.call(request)),
        Poll::Ready(Err(error)) => Err(error),
        Poll::Pending => unreachable!("these services are always ready"),
    }
}

fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    for _ in 0..=2 * STEPS {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
    unreachable!("it takes no longer than that")
}

fn settled(verdict: Verdict) -> [Told; 2] {
    [Told::Admitted, Told::Settled(verdict)]
}

#[test]
fn a_constant_policy_guards_every_request() {
    let spy = Arc::new(Spy::admitting("spy"));
    let mut service = PolicyLayer::new(Arc::clone(&spy)).layer(Echo::default());
    assert_eq!(ask(&mut service, 2), Ok(2));
    assert_eq!(ask(&mut service, 3), Err(Error::Inner("3 is odd".to_owned())));
    assert_eq!(spy.told(), [settled(Verdict::Success), settled(Verdict::Failure)].concat());
}

#[test]
fn a_static_policy_needs_no_arc() {
    static SPY: std::sync::LazyLock<Spy> = std::sync::LazyLock::new(|| Spy::admitting("static"));
    let mut service = PolicyLayer::new(&*SPY).layer(Echo::default());
    assert_eq!(ask(&mut service, 2), Ok(2));
    assert_eq!(SPY.told(), settled(Verdict::Success));
}

#[test]
fn a_policy_by_key_guards_only_its_requests() {
    fn by_size(
        small: &Arc<Spy>,
        large: &Arc<Spy>,
    ) -> PolicyLayer<impl Select<u32, Policy = Arc<Spy>> + Clone> {
        let (small, large) = (Arc::clone(small), Arc::clone(large));
        PolicyLayer::select(move |request: &u32| Arc::clone(if *request < 10 { &small } else { &large }))
    }
    let (small, large) = (Arc::new(Spy::admitting("small")), Arc::new(Spy::refusing("large")));
    let mut service = by_size(&small, &large).layer(Echo::default());
    assert_eq!(ask(&mut service, 2), Ok(2));
    let refused = ask(&mut service, 12).unwrap_err();
    assert_eq!(refused.rejected().map(Rejected::name), Some(Name::new("large")));
    assert_eq!(small.told(), settled(Verdict::Success));
    assert_eq!(large.told(), [Told::Refused]);
}

#[test]
fn a_classifier_judges_responses() {
    let spy = Arc::new(Spy::admitting("spy"));
    let mut service = PolicyLayer::new(Arc::clone(&spy))
        .classify(|result: Result<&u32, &String>| match result {
            Ok(500..) => Verdict::Failure,
            Ok(_) => Verdict::Success,
            Err(_) => Verdict::Ignored,
        })
        .layer(Echo::default());
    assert_eq!(ask(&mut service, 502), Ok(502));
    assert!(ask(&mut service, 3).is_err());
    assert_eq!(spy.told(), [settled(Verdict::Failure), settled(Verdict::Ignored)].concat());
}

#[test]
fn a_refused_request_leaves_the_inner_service_ready_and_unused() {
    let spy = Arc::new(Spy::refusing("spy"));
    let echo = Echo::default();
    let calls = echo.calls();
    let mut service = PolicyLayer::new(Arc::clone(&spy)).layer(echo);
    assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
    for _ in 0..3 {
        // Not polled ready again: a service that was used would panic at the second call.
        assert!(finish(service.call(2)).unwrap_err().is_rejected());
    }
    assert_eq!(calls.load(Relaxed), 0);
    assert_eq!(spy.told(), [Told::Refused; 3]);
}

#[test]
fn clones_of_a_service_share_one_policy() {
    let spy = Arc::new(Spy::admitting("spy"));
    let layer = PolicyLayer::new(Arc::clone(&spy));
    let mut one = layer.layer(Echo::default());
    let mut services = [one.clone(), layer.clone().layer(Echo::default()), one.clone()];
    assert_eq!(ask(&mut one, 2), Ok(2));
    for service in &mut services {
        assert_eq!(ask(service, 2), Ok(2));
    }
    assert_eq!(spy.told().len(), 8);
}

#[test]
fn asking_whether_a_service_is_ready_asks_the_policy_for_nothing() {
    struct Broken;
    impl Service<u32> for Broken {
        type Response = u32;
        type Error = &'static str;
        type Future = Steps<Result<u32, &'static str>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            Poll::Ready(Err("no connection"))
        }
        fn call(&mut self, _: u32) -> Self::Future {
            unreachable!("it is never ready")
        }
    }
    let spy = Arc::new(Spy::admitting("spy"));
    let mut service = PolicyLayer::new(Arc::clone(&spy)).layer(Broken);
    assert_eq!(ask(&mut service, 2), Err(Error::Inner("no connection")));
    assert_eq!(spy.told(), []);
}

#[test]
fn a_service_that_panics_in_its_call_is_settled() {
    let turnstile = Turnstile::new(Spy::admitting("spy"));
    let mut service = PolicyLayer::new(turnstile.clone()).layer(Echo::default());
    assert!(catch_unwind(AssertUnwindSafe(|| ask(&mut service, u32::MAX))).is_err());
    assert_eq!(turnstile.told(), settled(Verdict::Panicked));

    let turnstile = Turnstile::new(Spy::admitting("spy"));
    let mut service = PolicyLayer::new(turnstile.clone()).waiting().layer(Echo::default());
    assert!(catch_unwind(AssertUnwindSafe(|| ask(&mut service, u32::MAX))).is_err());
    assert_eq!((turnstile.told().as_slice(), turnstile.line()), (&settled(Verdict::Panicked)[..], 0));
}

#[test]
fn a_classifier_that_panics_when_it_is_cloned_loses_no_permit() {
    /// Can be cloned once, by the layer, and not a second time, by the request.
    struct Fragile(u8);
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            Self(self.0.checked_sub(1).expect("cloned too often"))
        }
    }
    let spy = Arc::new(Spy::admitting("spy"));
    let fragile = Fragile(1);
    let mut service = PolicyLayer::new(Arc::clone(&spy))
        .classify(move |result: Result<&u32, &String>| {
            let whole: &Fragile = &fragile;
            if whole.0 == 0 { Verdict::of(result) } else { Verdict::Ignored }
        })
        .layer(Echo::default());
    assert!(catch_unwind(AssertUnwindSafe(|| ask(&mut service, 2))).is_err());
    assert_eq!(spy.told(), []);
}

#[test]
fn a_waiting_service_waits_for_its_admission() {
    let turnstile = Turnstile::new(Spy::admitting("spy"));
    let mut service = PolicyLayer::new(turnstile.clone()).waiting().layer(Echo::default());
    assert_eq!(ask(&mut service, 2), Ok(2));
    assert_eq!(ask(&mut service, 3), Err(Error::Inner("3 is odd".to_owned())));
    assert_eq!(turnstile.told(), [settled(Verdict::Success), settled(Verdict::Failure)].concat());
}

#[test]
fn a_wait_that_cannot_end_well_is_refused() {
    let turnstile = Turnstile::new(Spy::refusing("spy"));
    let echo = Echo::default();
    let calls = echo.calls();
    let mut service = PolicyLayer::new(turnstile.clone()).waiting().layer(echo);
    assert!(ask(&mut service, 2).unwrap_err().is_rejected());
    assert_eq!((calls.load(Relaxed), turnstile.line()), (0, 0));
    assert_eq!(turnstile.told(), [Told::Refused]);
}

#[test]
fn an_arc_and_a_reference_of_a_waiting_policy_wait() {
    static TURNSTILE: std::sync::LazyLock<Turnstile> =
        std::sync::LazyLock::new(|| Turnstile::new(Spy::admitting("static")));
    let mut by_reference = PolicyLayer::new(&*TURNSTILE).waiting().layer(Echo::default());
    assert_eq!(ask(&mut by_reference, 2), Ok(2));
    let mut by_arc =
        PolicyLayer::new(Arc::new(TURNSTILE.clone())).classify(ignore).waiting().layer(Echo::default());
    assert_eq!(ask(&mut by_arc, 2), Ok(2));
    assert_eq!(TURNSTILE.told(), [settled(Verdict::Success), settled(Verdict::Ignored)].concat());
}

fn ignore(_: Result<&u32, &String>) -> Verdict {
    Verdict::Ignored
}

#[test]
fn a_waiting_service_can_take_the_next_request_while_one_waits() {
    let turnstile = Turnstile::new(Spy::admitting("spy"));
    let mut service = PolicyLayer::new(turnstile.clone()).waiting().layer(Echo::default());
    assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
    let first = service.call(2);
    assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
    let second = service.call(4);
    assert_eq!(turnstile.line(), 2);
    assert_eq!((finish(second), finish(first)), (Ok(4), Ok(2)));
}

#[test]
fn an_answer_that_is_polled_after_its_end_says_so() {
    fn polled_again<T>(future: impl Future<Output = T>) {
        let mut future = pin!(future);
        while poll_once(future.as_mut()).is_pending() {}
        let again = catch_unwind(AssertUnwindSafe(|| drop(poll_once(future.as_mut()))));
        let payload = again.unwrap_err();
        let text: &&str = payload.downcast_ref().expect("a text");
        assert!(text.ends_with("was polled after it had ended"), "{text}");
    }
    for turnstile in [Turnstile::new(Spy::admitting("spy")), Turnstile::new(Spy::refusing("spy"))] {
        let mut at_once = PolicyLayer::new(turnstile.clone()).layer(Echo::default());
        let mut waiting = PolicyLayer::new(turnstile).waiting().layer(Echo::default());
        assert!(at_once.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
        polled_again(at_once.call(2));
        assert!(waiting.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
        polled_again(waiting.call(2));
    }
}

#[test]
fn guarded_services_can_be_used_on_any_thread() {
    fn sent<S: Service<u32, Future: Send> + Send + Sync + Clone + 'static>(_: &S) {}
    let turnstile = Arc::new(Turnstile::new(Spy::admitting("spy")));
    sent(&PolicyLayer::new(Arc::clone(&turnstile)).layer(Echo::default()));
    sent(&PolicyLayer::new(turnstile).waiting().layer(Echo::default()));
    sent(&PolicyLayer::new(Arc::new(BoxPolicy::new(Spy::admitting("boxed")))).layer(Echo::default()));
}

#[test]
fn futures_of_services_show_what_they_do() {
    let turnstile = Turnstile::new(Spy::refusing("spy"));
    let mut at_once = PolicyLayer::new(turnstile.clone()).layer(Echo::default());
    assert_eq!(
        format!("{:?}", at_once.call(2)),
        "ResponseFuture { refusal: Some(Rejected { name: \"spy\", reason: Other(\"refused by the test\"), retry_after: None }), .. }"
    );
    let mut waiting = PolicyLayer::new(turnstile).waiting().layer(Echo::default());
    assert_eq!(format!("{:?}", waiting.call(2)), "WaitingFuture { admitted: false, .. }");
}
