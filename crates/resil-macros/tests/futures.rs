//! The future of a decorated async function is that of the function itself: it begins at the first poll, holds its arguments for as long
//! as its body would, and lets go of them in the same order.

use std::borrow::Cow;
use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use resil::breaker::Config;
use resil::{CircuitBreaker, Error, Name, Policy, Reason, Rejected, Verdict};

type Answer = Result<u8, Error<()>>;

/// Admits nobody.
static NONE: Closed = Closed;

struct Closed;

impl Policy for Closed {
    type Permit = ();

    fn admit(&self) -> Result<(), Rejected> {
        Err(Rejected::new(Name::new("closed"), Reason::Other("closed for today")))
    }

    fn settle(&self, (): (), _: Verdict) {}

    fn release(&self, (): ()) {}
}

/// Writes down when it is dropped.
struct Token(&'static str, Rc<RefCell<Vec<&'static str>>>);

impl Drop for Token {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

async fn once_pending() {
    let mut is_ready = false;
    std::future::poll_fn(|_| {
        if is_ready {
            return Poll::Ready(());
        }
        is_ready = true;
        Poll::Pending
    })
    .await;
}

/// The same function, with and without an attribute.
macro_rules! in_three_forms {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $body:block)*) => {
        mod plain {
            use super::{Answer, Token, once_pending};
            $(pub(super) async fn $name($($argument: $type),*) -> Answer $body)*
        }
        mod guarded {
            use super::{Answer, Token, once_pending};
            $(
                #[resil::circuit_breaker]
                pub(super) async fn $name($($argument: $type),*) -> Answer $body
            )*
        }
        mod refused {
            use super::{Answer, NONE, Token, once_pending};
            $(
                #[resil::guard(&NONE)]
                pub(super) async fn $name($($argument: $type),*) -> Answer $body
            )*
        }
        mod guarded_twice {
            use super::{Answer, Token, once_pending};
            use resil::{Quota, RateLimiter};
            static QUOTA: RateLimiter = RateLimiter::new("quota", Quota::per_second(1_000_000));
            $(
                // What these two need lives in the function, which stays async.
                #[resil::guard((&QUOTA, &QUOTA))]
                #[resil::circuit_breaker(accessor = false)]
                pub(super) async fn $name($($argument: $type),*) -> Answer $body
            )*
        }
    };
}

in_three_forms! {
    fn uses_none(_first: Token, _second: Token) {
        once_pending().await;
        Ok(1)
    }
    fn uses_the_second(_first: Token, second: Token) {
        let local = Token("local", second.1.clone());
        once_pending().await;
        drop(second);
        once_pending().await;
        drop(local);
        Ok(1)
    }
    fn returns_early(first: Token, _second: Token) {
        let _local = Token("local", first.1.clone());
        if first.0 == "first" {
            return Err(resil::Error::Inner(()));
        }
        once_pending().await;
        Ok(1)
    }
}

/// What is dropped, and when, if the future is polled `polls` times at most.
fn drops<F: Future>(polls: usize, make: impl FnOnce(Token, Token) -> F) -> Vec<&'static str> {
    let log = Rc::new(RefCell::new(Vec::new()));
    let future = make(Token("first", log.clone()), Token("second", log.clone()));
    log.borrow_mut().push("made");
    {
        let mut future = pin!(future);
        for _ in 0..polls {
            log.borrow_mut().push("poll");
            if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                log.borrow_mut().push("done");
                break;
            }
        }
    }
    log.borrow_mut().push("gone");
    Rc::into_inner(log).expect("all tokens are gone").into_inner()
}

/// The same, without the order of what is dropped between two polls.
fn by_poll(mut drops: Vec<&'static str>) -> Vec<&'static str> {
    let is_drop = |word: &&str| matches!(*word, "first" | "second" | "local");
    drops.chunk_by_mut(|one, other| is_drop(one) && is_drop(other)).for_each(<[&str]>::sort_unstable);
    drops
}

#[test]
fn arguments_live_as_long_as_in_the_function_without_the_attribute() {
    macro_rules! compare {
        ($($name:ident)*) => {$(
            for polls in 0..4 {
                let plain = drops(polls, plain::$name);
                assert_eq!(drops(polls, guarded::$name), plain, "{}, {polls} polls", stringify!($name));
                let twice = by_poll(drops(polls, guarded_twice::$name));
                assert_eq!(twice, by_poll(plain), "{}, {polls} polls", stringify!($name));
            }
            // In the order of a body that never began, before the caller hears of it.
            assert_eq!(drops(1, refused::$name), ["made", "poll", "first", "second", "done", "gone"]);
        )*};
    }
    compare!(uses_none uses_the_second returns_early);
}

static LAZY: CircuitBreaker = CircuitBreaker::new("lazy", Config::new());

#[resil::guard(&LAZY)]
async fn answers(number: u8) -> Answer {
    once_pending().await;
    Ok(number)
}

#[test]
fn nothing_happens_before_the_first_poll_and_a_drop_after_it_is_a_cancelled_call() {
    drop(answers(1));
    assert_eq!(LAZY.stats(), CircuitBreaker::new("lazy", Config::new()).stats());
    {
        let future = pin!(answers(2));
        assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(LAZY.stats().cancelled, 1);
    let mut future = pin!(answers(3));
    let mut poll = || future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll().is_pending());
    assert_eq!(poll(), Poll::Ready(Ok(3)));
    assert_eq!(LAZY.stats().successes, 1);
}

trait Store {
    async fn load(&self, key: &str) -> Result<String, Error<()>>;
    fn save(&self, key: &str, value: String) -> impl Future<Output = Result<(), Error<()>>> + Send;
}

struct Disk {
    breaker: CircuitBreaker,
}

impl Store for Disk {
    #[resil::guard(&self.breaker)]
    async fn load(&self, key: &str) -> Result<String, Error<()>> {
        tokio::task::yield_now().await;
        Ok(key.to_owned())
    }

    #[resil::guard(&self.breaker)]
    async fn save(&self, key: &str, mut value: String) -> Result<(), Error<()>> {
        value.push_str(key);
        Err(Error::Inner(()))
    }
}

#[tokio::test]
async fn a_method_of_a_trait_is_guarded_whether_the_trait_says_async_or_impl_future() {
    fn is_send<F: Send>(future: F) -> F {
        future
    }
    let disk = Disk { breaker: CircuitBreaker::new("disk", Config::new()) };
    let key = String::from("key");
    assert_eq!(disk.load(&key).await.as_deref(), Ok("key"));
    assert_eq!(is_send(disk.save(&key, String::new())).await, Err(Error::Inner(())));
    assert_eq!((disk.breaker.stats().successes, disk.breaker.stats().failures), (1, 1));
}

macro_rules! guarded_by {
    ($policy:expr) => {
        #[resil::guard($policy)]
        async fn by_a_fragment() -> Answer {
            Ok(4)
        }
    };
}

guarded_by!(&LAZY);

#[resil::guard((&LAZY))]
async fn in_parentheses() -> Answer {
    Ok(4)
}

/// What only an async function may leave without names.
#[resil::guard(&LAZY)]
async fn anonymous(mut numbers: impl Iterator<Item = &u8>, text: impl Into<Cow<'_, str>>) -> Answer {
    Ok(numbers.next().copied().unwrap_or(u8::from(text.into().is_empty())))
}

#[resil::guard(&LAZY)]
#[expect(unused_mut, reason = "the compiler still sees it")]
async fn careless(mut number: u8) -> Answer {
    Ok(number)
}

#[resil::circuit_breaker(breaker)]
async fn by_an_argument(breaker: &CircuitBreaker, _: u8, (four, _): (u8, u8)) -> Answer {
    Ok(four)
}

#[tokio::test]
async fn functions_of_any_form_are_guarded() {
    let breaker = CircuitBreaker::new("argument", Config::new());
    assert_eq!(by_a_fragment().await, Ok(4));
    assert_eq!(in_parentheses().await, Ok(4));
    assert_eq!(anonymous([4].iter(), "").await, Ok(4));
    assert_eq!(careless(4).await, Ok(4));
    assert_eq!(by_an_argument(&breaker, 1, (4, 1)).await, Ok(4));
}
