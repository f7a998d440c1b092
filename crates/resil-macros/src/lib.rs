#![doc = include_str!("../README.md")]
#![expect(
    clippy::single_match_else,
    reason = "`quote!` is an expression to us and a block of statements to the lint"
)]

mod argument_list;
mod arguments;
mod attribute;
mod direct;
mod expansion;
mod function;
mod handle;
mod kind;
mod layer;
mod names;
mod predicates;
mod returned;
mod settings;
mod span_text;
mod value;
mod words;

use proc_macro::TokenStream;

use crate::attribute::attribute;
use crate::kind::Kind;

/// Guards a function by any policy: `#[resil::guard(POLICY)]`.
///
/// The policy is an expression: a reference to a `static`, a field of `self`, a tuple of several, an argument of the function.
///
/// ```
/// use resil::breaker::Config;
/// use resil::{CircuitBreaker, Error, Quota, RateLimiter};
///
/// static QUOTA: RateLimiter = RateLimiter::new("payments", Quota::per_second(100).burst(20));
/// static API: CircuitBreaker = CircuitBreaker::new("payments", Config::new().failure_threshold(5));
///
/// #[resil::guard((&QUOTA, &API))]
/// fn charge(cents: u32) -> Result<u32, Error<std::io::Error>> {
///     post("/charge", cents).map_err(Error::Inner) // your call over the network
/// }
/// # fn post(_: &str, cents: u32) -> Result<u32, std::io::Error> { Ok(cents) }
///
/// assert_eq!(charge(42).ok(), Some(42));
/// assert_eq!(API.stats().successes, 1);
/// ```
///
/// | word | says |
/// |---|---|
/// | `excluded = [..]` | errors that are no failures: types, or predicates on the error |
/// | `classify = CLOSURE` | what a result counts as: `Result<&T, &E>` to `Verdict` |
/// | `crate = PATH` | where the facade is, unless at `::resil` |
///
/// What the function has to return, and what stays of it, stands in the [crate's documentation](crate).
#[proc_macro_attribute]
pub fn guard(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Guard, arguments.into(), item.into()).into()
}

/// Puts a circuit breaker around a function: `#[resil::circuit_breaker]`.
///
/// With a handle it guards by that: `#[circuit_breaker(API)]`, `#[circuit_breaker(self.api)]`. Without, it makes one, which a function
/// of the name `<function>_circuit_breaker` gives out.
///
/// ```
/// use resil::Error;
///
/// #[resil::circuit_breaker(max_failures = 3, reset_timeout = 30)]
/// fn charge(cents: u32) -> Result<u32, Error<std::io::Error>> {
///     post("/charge", cents).map_err(Error::Inner)
/// }
/// # fn post(_: &str, cents: u32) -> Result<u32, std::io::Error> { Ok(cents) }
///
/// assert_eq!(charge(42).ok(), Some(42));
/// assert_eq!(charge_circuit_breaker().stats().successes, 1);
/// ```
///
/// | word | also | says |
/// |---|---|---|
/// | `failure_threshold` | `max_failures` | failures in a row that open it; 5 unless there is another rule |
/// | `reset_timeout` | `wait_duration_in_open`, `wait_duration_in_open_state`, `break_duration`, `cooldown`, `cooldown_seconds`, `recovery_time`, `recovery_timeout` | how long it stays open; 60 s |
/// | `half_open_max_calls` | `half_open_max_requests`, `permitted_calls_in_half_open`, `permitted_number_of_calls_in_half_open_state` | probes at once; 1 |
/// | `success_threshold` | `half_open_success_threshold` | successes that close it; as many as probes |
/// | `failure_rate`, `min_calls`, `window` | `failure_rate_threshold`, `failure_ratio`; `minimum_number_of_calls`, `minimum_throughput`; `sliding_window`, `window_size` | the share of failures that opens it, `"50%"` or `0.5`; of how many calls at least (20), in which window: a number of calls (100), or a time such as `"30s"` |
/// | `sampling_duration`, `window_slices` | | the window as a time, also as a bare number of seconds; in how many slices |
/// | `slow_call`, `slow_call_rate`, `slow_call_min_calls`, `slow_call_window` | `slow_call_duration_threshold`, `slow_call_rate_threshold` | the same for calls slower than a limit; 50 % |
/// | `reopen_factor`, `reopen_max`, `reopen_jitter` | | how the time that it stays open grows |
/// | `half_open_failure_rate`, `probe_timeout`, `max_half_open`, `ramp_up`, `on_cancel`, `counters`, `striped` | | as the methods of the configuration |
/// | `config` | | a configuration, which other words change |
/// | `excluded`, `classify` | `excluded_exceptions`, `exclude_exceptions`, `exclude` | as for [`macro@guard`] |
/// | `name`, `accessor`, `in`, `crate` | | see the [crate's documentation](crate) |
///
/// Settings are checked when they are compiled:
///
/// ```compile_fail,E0080
/// // "failure_threshold is out of range, allowed is 1 or more"
/// #[resil::circuit_breaker(max_failures = 0)]
/// fn charge() -> Result<(), resil::Error<()>> {
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn circuit_breaker(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::CircuitBreaker, arguments.into(), item.into()).into()
}

/// Puts a rate limiter before a function, whose calls wait for their permit: `#[resil::rate_limiter]`.
///
/// With a handle it asks that: `#[rate_limiter(QUOTA)]`. Without, it makes one, which a function of the name `<function>_rate_limiter`
/// gives out; unless told, of 10 permits per second.
///
/// ```
/// use resil::{Error, Quota};
///
/// #[resil::rate_limiter(rate = 100, per = 60.0, burst = 20)]
/// fn tick(count: &mut u32) { // waits for as long as it takes, so it need not return a `Result`
///     *count += 1;
/// }
///
/// #[resil::rate_limiter(rate = 5, blocking = false)]
/// fn search() -> Result<&'static str, Error<std::io::Error>> {
///     Ok("found")
/// }
///
/// let mut count = 0;
/// tick(&mut count);
/// assert_eq!((count, tick_rate_limiter().quota()), (1, Quota::per_minute(100).burst(20)));
/// for _ in 0..5 {
///     assert!(search().is_ok());
/// }
/// # // The sixth may come a fifth of a second later on a slow machine.
/// # search_rate_limiter().set_quota(Quota::per_day(1)).unwrap(); let _ = search();
/// assert!(search().is_err_and(|error| error.is_rejected()));
/// ```
///
/// | word | also | says |
/// |---|---|---|
/// | `rate` | `default_rate` | permits per period, also a fraction; 10 |
/// | `per` | `default_per`, `period`, `limit_refresh_period` | the period; 1 s |
/// | `burst` | `max_tokens`, `burst_size` | permits at once after a pause; as many as in a period |
/// | `initial` | `initial_tokens` | permits at the start; the burst |
/// | `config` | `quota` | a quota, which `burst` and `initial` change |
/// | `max_wait` | `timeout`, `timeout_duration` | how long a call may wait; for as long as it takes |
/// | `blocking` | | `false`: a call without a permit is refused |
/// | `timer` | | another runtime's sleep, in an async function |
/// | `name`, `accessor`, `in`, `crate` | | see the [crate's documentation](crate) |
///
/// A wait ends with a refusal where the current deadline is nearer than the permit. Only a function that returns no `Result`, so that
/// nobody could be told, waits past it.
#[proc_macro_attribute]
pub fn rate_limiter(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::RateLimiter, arguments.into(), item.into()).into()
}

/// Calls the body of a function again when it fails: `#[resil::retry]`.
///
/// With a handle it goes by that: `#[retry(AGAIN)]`. Without, it makes one, which a function of the name `<function>_retry` gives out.
///
/// ```
/// use resil::Error;
/// use std::cell::Cell;
///
/// #[resil::retry(max_attempts = 5, base_delay = "1ms", never = |error| *error == "declined")]
/// fn charge(cents: u32, attempts: &Cell<u32>) -> Result<u32, Error<&'static str>> {
///     attempts.set(attempts.get() + 1);
///     if attempts.get() < 3 { Err(Error::Inner("busy")) } else { Ok(cents) }
/// }
///
/// let attempts = Cell::new(0);
/// assert_eq!(charge(42, &attempts), Ok(42));
/// assert_eq!((attempts.get(), charge_retry().stats().retries), (3, 2));
/// ```
///
/// Each attempt needs the arguments anew. What is passed by reference is lent again; what is passed by value has to be `Clone` and is
/// cloned for each attempt, the first one included. A method takes `&self`, or `&mut self` if it is not async; an async function cannot
/// take arguments by `&mut`.
///
/// | word | also | says |
/// |---|---|---|
/// | `max_attempts` | | calls of the body at most; 3 |
/// | `max_retries` | | the same, but for the first call |
/// | `initial_delay` | `base_delay`, `initial`, `delay`, `initial_interval` | the first wait; 100 ms |
/// | `factor` | `multiplier`, `backoff_factor` | by how much it grows; 2 |
/// | `max_delay` | `max`, `max_interval` | the longest wait; 10 s, unless the first is longer or all are the same |
/// | `backoff` | `strategy` | `"exponential"`, `"fixed"` or `"constant"`, `"linear"`, `"fibonacci"`, `"decorrelated"`, or a `Backoff` |
/// | `jitter`, `jitter_factor` | | `"full"`, or `true`, unless told; `"equal"`; `"none"`, or `false`; a fraction such as `0.2` |
/// | `max_elapsed`, `retry_open_circuit` | | as the methods of the configuration |
/// | `config` | | a configuration, which `max_attempts` and the line before this change |
/// | `budget` | | a `static` budget |
/// | `on` | `when`, `retry_on`, `retry_exceptions`, `retryable_exceptions` | errors that are retried: types, or predicates on the error; all |
/// | `never` | `excluded`, `excluded_exceptions`, `exclude_exceptions`, `exclude` | errors that are not |
/// | `after` | | a function from an error to how long it says to wait at least |
/// | `timer` | | another runtime's sleep, in an async function |
/// | `name`, `accessor`, `in`, `crate` | | see the [crate's documentation](crate) |
#[proc_macro_attribute]
pub fn retry(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Retry, arguments.into(), item.into()).into()
}

/// Limits how long a function may take: `#[resil::timeout(2)]`, `#[resil::timeout("500ms")]`.
///
/// With a handle it goes by that: `#[timeout(LIMIT)]`. Without, it makes one, which a function of the name `<function>_timeout` gives
/// out; unless told, of 30 s.
///
/// ```
/// use resil::Error;
///
/// #[resil::timeout(seconds = 0.02)]
/// async fn report() -> Result<u32, Error<std::io::Error>> {
///     std::future::pending().await
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let late = report().await.unwrap_err();
/// # assert!(late.to_string().ends_with("report: timed out after 20ms"));
/// assert!(late.is_timed_out());
/// # });
/// ```
///
/// An async function is cut off. One that is not is never cut from outside: the limit is its current deadline, for which it, and what it
/// calls, may ask.
///
/// | word | also | says |
/// |---|---|---|
/// | `default`, or none | `default_timeout`, `timeout`, `timeout_seconds`, `seconds` | the limit; 30 s |
/// | `max` | `max_timeout` | the longest limit that callers of the handle may ask for |
/// | `propagate_deadline`, `include_queue_time` | | as the methods of the configuration |
/// | `config` | | a configuration, which other words change |
/// | `timer` | | another runtime's sleep, in an async function |
/// | `name`, `accessor`, `in`, `crate` | | see the [crate's documentation](crate) |
#[proc_macro_attribute]
pub fn timeout(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Timeout, arguments.into(), item.into()).into()
}

/// Runs a function through a pipeline: `#[resil::pipeline(PIPELINE)]`.
///
/// ```
/// use resil::{Error, Pipeline, Retry};
///
/// static AGAIN: Retry = Retry::new("client", resil::retry::Config::new());
///
/// struct Client {
///     pipeline: Pipeline,
/// }
///
/// impl Client {
///     #[resil::pipeline(self.pipeline)]
///     fn get(&self, id: u32) -> Result<u32, Error<std::io::Error>> {
///         Ok(id)
///     }
/// }
///
/// let client = Client { pipeline: Pipeline::new("client").retry(&AGAIN) };
/// assert_eq!(client.get(42).ok(), Some(42));
/// ```
///
/// A pipeline may try again, so arguments are as for [`macro@retry`]. Its words are `timer`, `in` with `name`, and `crate`.
#[proc_macro_attribute]
pub fn pipeline(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Pipeline, arguments.into(), item.into()).into()
}
