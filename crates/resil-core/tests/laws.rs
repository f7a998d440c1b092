//! Each law of `resil_core::testing` catches a policy that breaks it, and no other one fires first.
#![cfg(not(any(loom, shuttle)))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{self, ThreadId};
use std::time::Duration;

use resil_core::testing::{Spy, check_admitting, check_refusing};
use resil_core::{BoxPolicy, Name, Policy, Reason, Rejected, Verdict};

/// Admits so many calls at once, in order, and keeps every law unless a fault is put in.
#[derive(Default)]
struct Slots {
    fault: Fault,
    held: Mutex<Vec<usize>>,
    asked: AtomicUsize,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Fault {
    #[default]
    None,
    NeverAdmits,
    ReleaseKeepsTheSlot,
    ReleaseTakesTheNewest,
    StaysOnItsThread,
    PanicsAtVerdict(Verdict),
    PanicsAfterVerdict(Verdict),
}

const SLOTS: usize = 10;

struct Slot {
    number: usize,
    thread: ThreadId,
}

impl Slots {
    fn with(fault: Fault) -> Self {
        Self { fault, ..Self::default() }
    }

    fn give_back(&self, slot: &Slot) {
        assert!(self.fault != Fault::StaysOnItsThread || slot.thread == thread::current().id());
        let mut held = self.held.lock().expect("no thread panics with the lock");
        match self.fault {
            Fault::ReleaseKeepsTheSlot => {}
            Fault::ReleaseTakesTheNewest => drop(held.pop_if(|newest| *newest == slot.number)),
            _ => held.retain(|number| *number != slot.number),
        }
    }
}

impl Policy for Slots {
    type Permit = Slot;

    fn admit(&self) -> Result<Slot, Rejected> {
        let mut held = self.held.lock().expect("no thread panics with the lock");
        assert!(!held.contains(&usize::MAX), "it panicked before");
        if held.len() >= SLOTS || self.fault == Fault::NeverAdmits {
            return Err(Rejected::new(Name::new("slots"), Reason::CapacityExhausted));
        }
        let number = self.asked.fetch_add(1, Relaxed);
        held.push(number);
        Ok(Slot { number, thread: thread::current().id() })
    }

    fn settle(&self, slot: Slot, verdict: Verdict) {
        assert!(self.fault != Fault::PanicsAtVerdict(verdict));
        self.give_back(&slot);
        if self.fault == Fault::PanicsAfterVerdict(verdict) {
            self.held.lock().expect("no thread panics with the lock").push(usize::MAX);
        }
    }

    fn release(&self, slot: Slot) {
        self.give_back(&slot);
    }
}

/// Refuses, in one way or another.
#[derive(Clone, Copy)]
enum Refusing {
    Well,
    Never,
    Once,
    WithoutReason,
    WithHint(Duration),
    WithGrowingHint,
}

struct Refuses(Refusing, AtomicUsize);

impl Policy for Refuses {
    type Permit = ();

    fn admit(&self) -> Result<(), Rejected> {
        let asked = self.1.fetch_add(1, Relaxed);
        let refusal = |reason| Rejected::new(Name::new("refuses"), Reason::Other(reason));
        match self.0 {
            Refusing::Well => Err(refusal("busy").with_retry_after(Duration::from_nanos(1))),
            Refusing::Never => Ok(()),
            Refusing::Once if asked > 0 => Ok(()),
            Refusing::Once => Err(refusal("busy")),
            Refusing::WithoutReason => Err(refusal("")),
            Refusing::WithHint(hint) => Err(refusal("busy").with_retry_after(hint)),
            Refusing::WithGrowingHint => {
                Err(refusal("busy").with_retry_after(Duration::from_nanos(asked as u64 + 1)))
            }
        }
    }
    fn settle(&self, (): (), _: Verdict) {}
    fn release(&self, (): ()) {}
}

/// Checks that `laws` fails with a text that begins with "law: " and `law`.
#[track_caller]
fn breaks(law: &str, laws: impl FnOnce()) {
    let payload = catch_unwind(AssertUnwindSafe(laws)).expect_err(law);
    let text = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .expect("a text");
    // `assert_eq!` puts its own words in front of the law.
    assert!(text.contains(&format!("law: {law}")), "expected {law:?}, got {text:?}");
}

#[test]
fn policies_that_keep_the_laws_pass() {
    check_admitting(Slots::default);
    check_admitting(|| Spy::admitting("spy"));
    check_admitting(|| BoxPolicy::new((Slots::default(), Spy::admitting("spy"))));
    check_refusing(|| Refuses(Refusing::Well, AtomicUsize::new(0)));
    check_refusing(|| Spy::refusing("spy"));
    check_refusing(|| (Slots::default(), Spy::refusing("spy")));
}

#[test]
fn a_policy_that_never_admits_is_caught() {
    breaks("a fresh policy admits", || check_admitting(|| Slots::with(Fault::NeverAdmits)));
}

#[test]
fn a_policy_that_leaks_what_is_released_is_caught() {
    let leaks = || check_admitting(|| Slots::with(Fault::ReleaseKeepsTheSlot));
    breaks("a released admission leaves no trace", leaks);
}

#[test]
fn a_policy_that_expects_its_permits_back_in_order_is_caught() {
    let in_order = || check_admitting(|| Slots::with(Fault::ReleaseTakesTheNewest));
    breaks("permits may come back in any order", in_order);
}

#[test]
fn a_policy_that_stays_on_its_thread_is_caught() {
    let stays = || check_admitting(|| Slots::with(Fault::StaysOnItsThread));
    breaks("a permit may come back on another thread", stays);
}

#[test]
fn a_policy_that_cannot_bear_a_verdict_is_caught() {
    for (verdict, name) in [
        (Verdict::Success, "Success"),
        (Verdict::Failure, "Failure"),
        (Verdict::Ignored, "Ignored"),
        (Verdict::Cancelled, "Cancelled"),
        (Verdict::Panicked, "Panicked"),
    ] {
        let at_once = || check_admitting(|| Slots::with(Fault::PanicsAtVerdict(verdict)));
        let later = || check_admitting(|| Slots::with(Fault::PanicsAfterVerdict(verdict)));
        if verdict == Verdict::Success {
            breaks("a permit may come back on another thread", at_once);
        } else {
            breaks(&format!("every verdict can be settled; {name} panicked"), at_once);
        }
        breaks(&format!("after any verdict the policy still answers; after {name} it panicked"), later);
    }
}

#[test]
fn a_policy_that_admits_when_it_should_refuse_is_caught() {
    let with = |refusing| move || check_refusing(move || Refuses(refusing, AtomicUsize::new(0)));
    breaks("`make` returns policies that refuse", with(Refusing::Never));
    breaks("who was refused is not admitted for having asked", with(Refusing::Once));
}

#[test]
fn a_policy_that_refuses_without_a_reason_or_with_a_false_hint_is_caught() {
    let with = |refusing| move || check_refusing(move || Refuses(refusing, AtomicUsize::new(0)));
    breaks("a refusal says why", with(Refusing::WithoutReason));
    breaks("a hint to retry is never zero", with(Refusing::WithHint(Duration::ZERO)));
    breaks("while nothing changes, a refusal says the same", with(Refusing::WithGrowingHint));
}
