//! The settings of a handle that an attribute makes, as an expression for a `static`.

mod breaker;
mod retry;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, Result};

use crate::arguments::Arguments;
use crate::kind::Kind;
use crate::value::{count, duration, flag, ratio};

/// The limit of a call under a bare `#[timeout]`, in seconds.
const DEFAULT_TIMEOUT: u64 = 30;

/// How many permits per second a bare `#[rate_limiter]` gives.
const DEFAULT_RATE: u32 = 10;

/// The expression that makes the handle, whose default name is `name`.
pub(crate) fn handle(arguments: &Arguments, name: &TokenStream) -> Result<TokenStream> {
    let facade = &arguments.facade;
    let name = arguments.get("name").map_or_else(|| name.clone(), |name| quote!(#name));
    Ok(match arguments.kind {
        Kind::CircuitBreaker => {
            let config = breaker::config(arguments)?;
            quote!(#facade::CircuitBreaker::new(#name, #config))
        }
        Kind::RateLimiter => {
            let quota = quota(arguments)?;
            quote!(#facade::RateLimiter::new(#name, #quota))
        }
        Kind::Retry => {
            let config = retry::config(arguments)?;
            let budget = arguments.get("budget").map(|budget| quote!(.budget(&#budget)));
            quote!(#facade::Retry::new(#name, #config)#budget)
        }
        Kind::Timeout => {
            let config = timeout(arguments)?;
            quote!(#facade::Timeout::with_config(#name, #config))
        }
        Kind::Guard | Kind::Pipeline => {
            let kind = arguments.kind.name();
            return Err(arguments.error(&format!(
                "`{kind}` takes a {}, such as `#[resil::{kind}(&PAYMENTS)]`",
                arguments.kind.noun()
            )));
        }
    })
}

/// What reads a value.
type Reader = fn(&Expr) -> Result<TokenStream>;

/// `.word(value)` for each word that was said.
fn methods(arguments: &Arguments, words: &[(&str, Reader)]) -> Result<TokenStream> {
    let mut calls = TokenStream::new();
    for (word, read) in words {
        if let Some(value) = arguments.get(word) {
            let (method, value) = (quote::format_ident!("{word}"), read(value)?);
            calls.extend(quote!(.#method(#value)));
        }
    }
    Ok(calls)
}

fn truth(expr: &Expr) -> Result<TokenStream> {
    flag(expr).map(|flag| quote!(#flag))
}

fn quota(arguments: &Arguments) -> Result<TokenStream> {
    let facade = &arguments.facade;
    for word in ["rate", "per"] {
        arguments.exclude("config", word, "the quota has its rate")?;
    }
    let base = match (arguments.get("config"), arguments.get("rate")) {
        (Some(quota), _) => quote!((#quota)),
        (None, rate) => {
            let per = match arguments.get("per") {
                Some(per) => duration(per)?,
                None => quote!(::core::time::Duration::from_secs(1)),
            };
            match rate.map(ratio).transpose()?.flatten() {
                Some((permits, 1)) => quote!(#facade::Quota::per(#permits, #per)),
                Some((permits, periods)) => {
                    let burst = permits.div_ceil(periods);
                    quote!(#facade::Quota::per(#permits, #per.saturating_mul(#periods)).burst(#burst))
                }
                None => {
                    let permits = rate.map_or_else(|| quote!(#DEFAULT_RATE), |rate| quote!(#rate));
                    quote!(#facade::Quota::per(#permits, #per))
                }
            }
        }
    };
    let more = methods(arguments, &[("burst", count), ("initial", count)])?;
    Ok(quote!(#base #more))
}

fn timeout(arguments: &Arguments) -> Result<TokenStream> {
    let facade = &arguments.facade;
    arguments.exclude("config", "default", "the configuration has its limit")?;
    let base = match (arguments.get("config"), arguments.get("default")) {
        (Some(config), _) => quote!((#config)),
        (None, Some(limit)) => {
            let limit = duration(limit)?;
            quote!(#facade::timeout::Config::new(#limit))
        }
        (None, None) => {
            quote!(#facade::timeout::Config::new(::core::time::Duration::from_secs(#DEFAULT_TIMEOUT)))
        }
    };
    let max = arguments.get("max").map(duration).transpose()?.map(|max| quote!(.max_timeout(#max)));
    let more = methods(arguments, &[("propagate_deadline", truth), ("include_queue_time", truth)])?;
    Ok(quote!(#base #max #more))
}
