//! The handle as a policy: what is in flight is counted, and nothing comes in once the intake has ended.

use resil_shutdown::{GracefulShutdown, Policy, PolicyExt, Reason, testing};

#[test]
fn it_keeps_the_laws_of_policies() {
    testing::check_admitting(GracefulShutdown::new);
    testing::check_refusing(|| {
        let shutdown = GracefulShutdown::new();
        let _ = shutdown.trigger_blocking();
        shutdown
    });
}

#[test]
fn what_is_admitted_is_in_flight_until_it_is_settled_or_released() {
    let shutdown = GracefulShutdown::new();
    shutdown
        .call(|| {
            assert_eq!(shutdown.stats().in_flight, 1);
            Ok::<_, ()>(())
        })
        .unwrap();
    shutdown.admit().unwrap();
    assert_eq!(shutdown.stats().in_flight, 1);
    shutdown.release(());
    assert_eq!(shutdown.stats().in_flight, 0);
}

#[test]
fn a_refusal_says_why_and_leaves_nothing_in_flight() {
    let shutdown = GracefulShutdown::new().named("api");
    let _ = shutdown.trigger_blocking();
    let refusal = shutdown.admit().unwrap_err();
    assert_eq!((refusal.reason(), refusal.retry_after()), (Reason::ShuttingDown, None));
    assert_eq!(refusal.to_string(), "api: shutting down");
    assert_eq!(shutdown.stats().in_flight, 0);
}
