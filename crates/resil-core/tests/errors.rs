//! Refusals and errors: their texts, their parts, and what leaves the process.
#![cfg(not(any(loom, shuttle)))]

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use resil_core::{Deadline, Error, ManualClock, Moment, Name, Reason, Rejected, Severity, TimedOut, Verdict};

const NAME: Name = Name::new("payments");

/// An error with a source.
#[derive(Debug, PartialEq)]
struct Outer(fmt::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("card declined")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn refusal() -> Rejected {
    Rejected::new(NAME, Reason::CircuitOpen).with_retry_after(Duration::from_millis(1500))
}

fn cut() -> TimedOut {
    TimedOut::new(NAME, Duration::from_secs(5))
}

#[test]
fn every_reason_has_its_text() {
    let reasons = [
        Reason::CircuitOpen,
        Reason::CircuitHalfOpen,
        Reason::CircuitForcedOpen,
        Reason::CircuitRampUp,
        Reason::RateLimited,
        Reason::CapacityExhausted,
        Reason::Other("out of coffee"),
    ];
    let texts = reasons.map(|reason| Rejected::new(NAME, reason).to_string()).join("\n");
    insta::assert_snapshot!(texts, @r"
    payments: circuit open
    payments: circuit half-open, all probes taken
    payments: circuit forced open
    payments: circuit ramping up
    payments: rate limited
    payments: capacity exhausted
    payments: out of coffee
    ");
}

#[test]
fn every_error_says_which_policy_and_how_long() {
    let unnamed = Rejected::new(Name::UNNAMED, Reason::RateLimited);
    let texts = [
        Error::<Outer>::from(refusal()).to_string(),
        Error::<Outer>::from(unnamed).to_string(),
        Error::<Outer>::from(cut()).to_string(),
        Error::<Outer>::from(TimedOut::at_end_of(Name::UNNAMED)).to_string(),
        Error::Inner(Outer(fmt::Error)).to_string(),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r"
    payments: circuit open, retry after 1.5s
    unnamed: rate limited
    payments: timed out after 5s
    unnamed: timed out
    card declined
    ");
}

#[test]
fn an_expired_deadline_says_how_long_it_was() {
    let clock = ManualClock::new();
    let deadline = Deadline::after_on(&clock, Duration::from_millis(250));
    assert_eq!(deadline.check_on(&clock), Ok(()));
    clock.advance(Duration::from_millis(250));
    let texts = [
        deadline.check_on(&clock).unwrap_err().to_string(),
        Deadline::at(Moment::ZERO).check().unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r"
    deadline: timed out after 250ms
    deadline: timed out
    ");
}

#[test]
fn an_error_chain_names_each_error_once() {
    let inner = Error::Inner(Outer(fmt::Error));
    let mut chain = vec![inner.to_string()];
    let mut next = inner.source();
    while let Some(error) = next {
        chain.push(error.to_string());
        next = error.source();
    }
    assert_eq!(chain, ["card declined", &fmt::Error.to_string()]);
    assert!(Error::<Outer>::from(refusal()).source().is_none());
    assert!(Error::<Outer>::from(cut()).source().is_none());
}

#[test]
fn the_parts_of_an_error_can_be_had() {
    let refused: Error<Outer> = refusal().into();
    let timed_out: Error<Outer> = cut().into();
    let inner = Error::Inner(Outer(fmt::Error));

    assert_eq!([&refused, &timed_out, &inner].map(Error::is_rejected), [true, false, false]);
    assert_eq!([&refused, &timed_out, &inner].map(Error::is_timed_out), [false, true, false]);
    assert_eq!([&refused, &timed_out, &inner].map(Error::rejected), [Some(&refusal()), None, None]);
    assert_eq!(
        [&refused, &timed_out, &inner].map(Error::retry_after),
        [Some(Duration::from_millis(1500)), None, None]
    );
    assert_eq!([&refused, &timed_out, &inner].map(Error::inner), [None, None, Some(&Outer(fmt::Error))]);
    assert_eq!([refused, timed_out, inner].map(Error::into_inner), [None, None, Some(Outer(fmt::Error))]);

    assert_eq!((refusal().name(), refusal().reason()), (NAME, Reason::CircuitOpen));
    assert_eq!((cut().name(), cut().limit()), (NAME, Some(Duration::from_secs(5))));
    assert_eq!(TimedOut::at_end_of(NAME).limit(), None);
}

#[test]
fn only_the_calls_own_error_is_mapped() {
    assert_eq!(Error::Inner(1).map_inner(|n| n + 1), Error::Inner(2));
    let unchanged =
        |error: Error<u8>| error.map_inner(|_| -> u8 { unreachable!("it is not the call's own") });
    assert_eq!(unchanged(refusal().into()), Error::Rejected(refusal()));
    assert_eq!(unchanged(cut().into()), Error::TimedOut(cut()));
}

#[test]
fn any_error_can_be_boxed_and_is_still_itself() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    let inner: Boxed = Error::<Boxed>::Inner(Outer(fmt::Error).into()).into_boxed();
    assert_eq!(inner.downcast_ref(), Some(&Outer(fmt::Error)));
    let refused: Boxed = Error::<Boxed>::from(refusal()).into_boxed();
    assert_eq!(refused.downcast_ref(), Some(&refusal()));
    let timed_out: Boxed = Error::<&str>::from(cut()).into_boxed();
    assert_eq!(timed_out.downcast_ref(), Some(&cut()));
    assert_eq!(Error::Inner("card declined").into_boxed().to_string(), "card declined");
}

#[test]
fn a_question_mark_turns_a_refusal_into_an_error() {
    fn refused() -> Result<(), Error<Outer>> {
        Err(refusal())?;
        Ok(())
    }
    fn timed_out() -> Result<(), Error<Outer>> {
        Err(cut())?;
        Ok(())
    }
    assert_eq!(refused(), Err(Error::Rejected(refusal())));
    assert_eq!(timed_out(), Err(Error::TimedOut(cut())));
}

#[test]
fn a_hint_is_kept_to_the_nanosecond_up_to_584_years() {
    let hint = |refusal: Rejected| refusal.retry_after();
    let refusal = Rejected::new(NAME, Reason::RateLimited);
    assert_eq!(hint(refusal), None);
    for nanos in [0, 1, 999_999_999, 1_000_000_001, u64::MAX - 1] {
        let kept = Some(Duration::from_nanos(nanos));
        assert_eq!(hint(refusal.with_retry_after(Duration::from_nanos(nanos))), kept);
        assert_eq!(hint(refusal.with_retry_after_nanos(nanos)), kept);
    }
    // Nobody waits that long: as good as no hint.
    assert_eq!(hint(refusal.with_retry_after(Duration::MAX)), None);
    assert_eq!(hint(refusal.with_retry_after_nanos(u64::MAX)), None);
}

#[test]
fn errors_are_small_and_copied() {
    fn copied<T: Copy + Send + Sync + 'static>() -> usize {
        size_of::<T>()
    }
    assert!(copied::<Rejected>() <= 56, "{}", copied::<Rejected>());
    assert!(copied::<Error<u64>>() <= 64, "{}", copied::<Error<u64>>());
}

#[test]
fn names_read_the_same_everywhere() {
    assert_eq!((NAME.as_str(), Name::UNNAMED.as_str()), ("payments", "unnamed"));
    assert_eq!(
        format!("{NAME} {NAME:?} {} {:?}", Name::UNNAMED, Name::UNNAMED),
        r#"payments "payments" unnamed unnamed"#
    );
}

#[test]
fn severities_rise_from_debug_to_warn() {
    assert!(Severity::Debug < Severity::Info && Severity::Info < Severity::Warn);
}

#[test]
fn what_leaves_the_process_is_plain_json() {
    let json = |value: &dyn Fn() -> serde_json::Result<String>| value().unwrap();
    assert_eq!(
        json(&|| serde_json::to_string(&refusal())),
        r#"{"name":"payments","reason":"circuit_open","retry_after":{"secs":1,"nanos":500000000}}"#
    );
    assert_eq!(
        json(&|| serde_json::to_string(&Rejected::new(Name::UNNAMED, Reason::Other("out of coffee")))),
        r#"{"name":null,"reason":{"other":"out of coffee"},"retry_after":null}"#
    );
    assert_eq!(
        json(&|| serde_json::to_string(&cut())),
        r#"{"name":"payments","limit":{"secs":5,"nanos":0}}"#
    );
    assert_eq!(
        json(&|| serde_json::to_string(&(Moment::from_nanos(7), Verdict::Cancelled))),
        r#"[7,"cancelled"]"#
    );
    let back: (Moment, Verdict) = serde_json::from_str(r#"[7,"cancelled"]"#).unwrap();
    assert_eq!(back, (Moment::from_nanos(7), Verdict::Cancelled));
}
