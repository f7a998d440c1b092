//! What stays of a function: its type parameters, lifetimes, patterns, visibility, attributes, its futures' `Send`, its unwinding.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use resil::breaker::Config;
use resil::retry::Backoff;
use resil::{CircuitBreaker, Error, Retry};

static API: CircuitBreaker = CircuitBreaker::new("api", Config::new());
static AGAIN: Retry =
    Retry::new("again", resil::retry::Config::new().backoff(Backoff::fixed(std::time::Duration::ZERO)));

type Answer<T> = Result<T, Error<io::Error>>;

#[derive(Debug)]
struct Store {
    breaker: Arc<CircuitBreaker>,
    rows: Vec<String>,
}

impl Store {
    fn new() -> Self {
        let breaker = Arc::new(CircuitBreaker::new("store", Config::new()));
        Self { breaker, rows: vec!["first".into(), "second".into()] }
    }

    #[resil::guard(&self.breaker)]
    fn borrowed<'a>(&'a self, prefix: &'a str) -> Answer<&'a str> {
        Ok(self.rows.iter().map(String::as_str).find(|row| row.starts_with(prefix)).unwrap_or(prefix))
    }

    #[resil::guard(&self.breaker)]
    fn elided(&self, at: usize) -> Answer<&str> {
        Ok(&self.rows[at])
    }

    #[resil::circuit_breaker(Arc::clone(&self.breaker))]
    fn mutable(&mut self) -> Answer<&mut String> {
        Ok(&mut self.rows[0])
    }

    #[resil::circuit_breaker(self.breaker)]
    fn disjoint(&mut self, row: String) -> Answer<usize> {
        self.rows.push(row);
        Ok(self.rows.len())
    }

    #[resil::guard(Arc::clone(&self.breaker))]
    fn by_value(self) -> Answer<Vec<String>> {
        Ok(self.rows)
    }

    #[resil::guard(Arc::clone(&self.breaker))]
    fn shared(self: Arc<Self>) -> Answer<usize> {
        Ok(self.rows.len())
    }

    #[resil::guard(&self.breaker)]
    async fn async_borrowed(&self, at: usize) -> Answer<&str> {
        tokio::task::yield_now().await;
        Ok(&self.rows[at])
    }

    #[resil::guard(Arc::clone(&self.breaker))]
    async fn async_mutable(&mut self, row: String) -> Answer<&mut String> {
        tokio::task::yield_now().await;
        self.rows.push(row);
        Ok(&mut self.rows[0])
    }

    #[resil::guard(Arc::clone(&self.breaker))]
    async fn async_by_value(self, mut more: Vec<String>) -> Answer<Vec<String>> {
        more.extend(self.rows);
        Ok(more)
    }

    #[resil::retry(AGAIN)]
    #[resil::guard(&self.breaker)]
    async fn async_again(&self, at: usize) -> Answer<&str> {
        Ok(self.rows[at].as_str())
    }

    #[resil::circuit_breaker(max_failures = 3)]
    fn associated(number: u32) -> Answer<Self> {
        let mut store = Self::new();
        store.rows.push(number.to_string());
        Ok(store)
    }
}

/// Sums up.
#[resil::guard(&API)]
pub(crate) fn generic<T, const N: usize>((a, mut b): (T, T), rest: [T; N], _: ()) -> Answer<T>
where
    T: Copy + std::ops::AddAssign,
{
    b += a;
    for more in rest {
        b += more;
    }
    Ok(b)
}

#[resil::guard(&API)]
fn opaque(up_to: u32) -> Result<impl Iterator<Item = u32>, Error<io::Error>> {
    if up_to == 0 {
        return Err(Error::Inner(io::Error::other("nothing")));
    }
    Ok((0..up_to).map(|number| number * 2))
}

#[resil::guard(&API)]
async fn async_opaque(argument: impl Display + Send) -> Result<impl Debug + Send, Error<io::Error>> {
    Ok(argument.to_string())
}

#[resil::guard(&API)]
fn io_alias() -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    let number: u32 = "42".parse()?;
    Ok(number)
}

#[resil::guard(&API)]
async fn own_parameter<E: From<resil::Rejected>>(error: E) -> Result<(), E> {
    Err(error)
}

static FRAGILE: CircuitBreaker = CircuitBreaker::new("fragile", Config::new());

#[resil::guard(&FRAGILE)]
fn panics() -> Answer<()> {
    panic!("at the disco")
}

/// `async`, with what a call to an async function does to its arguments.
#[resil::guard(&API)]
async fn over_a_wait<'a>(text: &'a str, count: &mut u32) -> Answer<&'a str> {
    tokio::task::yield_now().await;
    *count += 1;
    Ok(text)
}

mod elsewhere {
    /// A breaker of its own, which others may look at.
    #[resil::circuit_breaker]
    pub(super) fn r#try() -> super::Answer<u8> {
        Ok(1)
    }
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

#[test]
fn methods_borrow_change_and_use_up_their_receiver() {
    let mut store = Store::new();
    assert_eq!(store.borrowed("sec").ok(), Some("second"));
    assert_eq!(store.elided(0).ok(), Some("first"));
    store.mutable().expect("admitted").push('!');
    assert_eq!(store.disjoint("third".into()).ok(), Some(3));
    assert_eq!(Arc::new(Store::new()).shared().ok(), Some(2));
    assert_eq!(store.by_value().ok(), Some(vec!["first!".to_owned(), "second".into(), "third".into()]));
    assert_eq!(Store::associated(7).map(|store| store.rows.len()).ok(), Some(3));
    assert_eq!(Store::associated_circuit_breaker().stats().successes, 1);
}

#[test]
fn futures_of_methods_borrow_change_and_use_up_their_receiver_and_stay_send() {
    let mut store = Store::new();
    assert_eq!(block_on(is_send(store.async_borrowed(1))).ok(), Some("second"));
    block_on(is_send(store.async_mutable("third".into()))).expect("admitted").push('!');
    assert_eq!(block_on(is_send(store.async_again(0))).ok(), Some("first!"));
    assert_eq!(
        block_on(is_send(store.async_by_value(vec!["zeroth".into()]))).map(|rows| rows.len()).ok(),
        Some(4)
    );
}

#[test]
fn parameters_lifetimes_patterns_and_opaque_types_stay() {
    assert_eq!(generic((1, 2), [3, 4], ()).ok(), Some(10));
    assert_eq!(opaque(3).map(Iterator::collect).ok(), Some(vec![0, 2, 4]));
    assert!(opaque(0).is_err());
    assert_eq!(
        block_on(is_send(async_opaque(7))).map(|debug| format!("{debug:?}")).ok().as_deref(),
        Some("\"7\"")
    );
    assert_eq!(io_alias().ok(), Some(42));
    assert!(block_on(own_parameter::<Error<()>>(Error::Inner(()))).is_err());
    let mut count = 0;
    assert_eq!(block_on(is_send(over_a_wait("text", &mut count))).ok(), Some("text"));
    assert_eq!(count, 1);
    assert_eq!(elsewhere::r#try().ok(), Some(1));
    assert_eq!(elsewhere::try_circuit_breaker().name().as_str(), "signatures::elsewhere::try");
}

#[test]
fn a_panic_of_the_body_counts_and_goes_on() {
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert_eq!(FRAGILE.stats().failures, 1);
}

#[test]
#[expect(clippy::large_types_passed_by_value, reason = "it is what is measured")]
fn a_future_costs_what_its_body_and_the_call_around_it_cost() {
    async fn by_hand(buffer: [u8; 1_024]) -> Answer<usize> {
        let call = async move {
            tokio::task::yield_now().await;
            Ok(buffer.len())
        };
        resil::PolicyExt::call_async_nested(&API, call).await
    }

    #[resil::guard(&API)]
    async fn guarded(buffer: [u8; 1_024]) -> Answer<usize> {
        tokio::task::yield_now().await;
        Ok(buffer.len())
    }

    let (ours, theirs) = (size_of_val(&guarded([0; 1_024])), size_of_val(&by_hand([0; 1_024])));
    assert!(ours <= theirs, "{ours} bytes, by hand {theirs}");
}
