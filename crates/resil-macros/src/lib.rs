#![doc = include_str!("../README.md")]

mod argument_list;
mod arguments;
mod attribute;
mod expansion;
mod function;
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

/// TODO
#[proc_macro_attribute]
pub fn guard(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Guard, arguments.into(), item.into()).into()
}

/// TODO
#[proc_macro_attribute]
pub fn circuit_breaker(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::CircuitBreaker, arguments.into(), item.into()).into()
}

/// TODO
#[proc_macro_attribute]
pub fn rate_limiter(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::RateLimiter, arguments.into(), item.into()).into()
}

/// TODO
#[proc_macro_attribute]
pub fn retry(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Retry, arguments.into(), item.into()).into()
}

/// TODO
#[proc_macro_attribute]
pub fn timeout(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Timeout, arguments.into(), item.into()).into()
}

/// TODO
#[proc_macro_attribute]
pub fn pipeline(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Pipeline, arguments.into(), item.into()).into()
}
