use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Expr, Lit, Result};

use crate::arguments::Arguments;
use crate::settings::{methods, truth};
use crate::value::{count, duration, flag, is_literal, known_duration, number, peeled, text};

/// The words that are about the delays.
const DELAYS: [&str; 6] = ["initial_delay", "factor", "max_delay", "backoff", "jitter", "jitter_factor"];

/// The first delay, unless it is said.
const FIRST: u64 = 100;

/// The longest delay of those that grow, unless it is said.
const LONGEST: u64 = 10;

#[derive(Clone, Copy, PartialEq)]
enum Plan {
    Fixed,
    Linear,
    Exponential,
    Fibonacci,
    Decorrelated,
}

pub(super) fn config(arguments: &Arguments) -> Result<TokenStream> {
    let facade = &arguments.facade;
    let base = match arguments.get("config") {
        Some(config) => quote!((#config)),
        None => quote!(#facade::retry::Config::new()),
    };
    for word in DELAYS {
        arguments.exclude("config", word, "the configuration has its delays")?;
    }
    arguments.exclude("max_attempts", "max_retries", "attempts are retries and the first call")?;
    let retries = match arguments.get("max_retries") {
        Some(retries) => {
            let retries = count(retries)?;
            // Through a typed constant, so that any expression of the right type will do.
            Some(quote!(.max_attempts({ const RETRIES: u32 = #retries; RETRIES.saturating_add(1) })))
        }
        None => None,
    };
    let plain = methods(
        arguments,
        &[("max_attempts", count), ("max_elapsed", duration), ("retry_open_circuit", truth)],
    )?;
    let backoff = if DELAYS.iter().any(|word| arguments.get(word).is_some()) {
        let backoff = backoff(arguments)?;
        Some(quote!(.backoff(#backoff)))
    } else {
        None
    };
    Ok(quote!(#base #retries #plain #backoff))
}

fn backoff(arguments: &Arguments) -> Result<TokenStream> {
    let facade = &arguments.facade;
    let plan = match arguments.get("backoff") {
        None => Plan::Exponential,
        Some(expr) => match plan(expr)? {
            Some(plan) => plan,
            None => return whole_plan(arguments, expr),
        },
    };
    let first = match arguments.get("initial_delay") {
        Some(first) => duration(first)?,
        None => quote!(::core::time::Duration::from_millis(#FIRST)),
    };
    let make = match plan {
        Plan::Fixed => quote!(fixed),
        Plan::Linear => quote!(linear),
        Plan::Exponential => quote!(exponential),
        Plan::Fibonacci => quote!(fibonacci),
        Plan::Decorrelated => quote!(decorrelated),
    };
    let factor = match arguments.get("factor") {
        Some(factor) if plan == Plan::Exponential => {
            let factor = number(factor)?;
            Some(quote!(.factor(#factor)))
        }
        Some(factor) => return Err(Error::new_spanned(factor, "only exponential delays have a factor")),
        None => None,
    };
    let longest = match arguments.get("max_delay") {
        Some(longest) => Some(duration(longest)?),
        None if plan == Plan::Fixed => None,
        // A first delay above the longest one that nobody has said is no mistake.
        None => match arguments.get("initial_delay").map(known_duration).transpose()?.flatten() {
            Some(first) if first.as_secs() >= LONGEST => None,
            _ => Some(quote!(::core::time::Duration::from_secs(#LONGEST))),
        },
    };
    let longest = longest.map(|longest| quote!(.max(#longest)));
    let jitter = jitter(arguments)?;
    Ok(quote!(#facade::retry::Backoff::#make(#first)#factor #longest.jitter(#jitter)))
}

/// A `Backoff` that is an expression stands alone.
fn whole_plan(arguments: &Arguments, expr: &Expr) -> Result<TokenStream> {
    for word in DELAYS.into_iter().filter(|word| *word != "backoff") {
        arguments.exclude("backoff", word, "the backoff has its delays")?;
    }
    Ok(quote!(#expr))
}

fn plan(expr: &Expr) -> Result<Option<Plan>> {
    let Some(name) = text(expr) else {
        return if is_literal(expr) { unknown_plan(expr) } else { Ok(None) };
    };
    Ok(Some(match name.to_ascii_lowercase().as_str() {
        "fixed" | "constant" => Plan::Fixed,
        "linear" => Plan::Linear,
        "exponential" => Plan::Exponential,
        "fibonacci" => Plan::Fibonacci,
        "decorrelated" => Plan::Decorrelated,
        _ => return unknown_plan(expr),
    }))
}

fn unknown_plan<T>(expr: &Expr) -> Result<T> {
    Err(Error::new_spanned(
        expr,
        "expected \"fixed\", \"linear\", \"exponential\", \"fibonacci\", \"decorrelated\", or a `Backoff`",
    ))
}

fn jitter(arguments: &Arguments) -> Result<TokenStream> {
    let facade = &arguments.facade;
    let fraction_of = |expr: &Expr| -> Result<_> {
        let fraction = number(expr)?;
        Ok(quote!(#facade::retry::Jitter::Fraction(#fraction)))
    };
    let factor = arguments.get("jitter_factor").map(fraction_of).transpose()?;
    let Some(expr) = arguments.get("jitter") else {
        return Ok(factor.unwrap_or_else(|| quote!(#facade::retry::Jitter::Full)));
    };
    let named = match peeled(expr) {
        Expr::Lit(lit) if matches!(lit.lit, Lit::Bool(_)) => match (flag(expr)?, factor) {
            (true, Some(factor)) => return Ok(factor),
            (true, None) => quote!(Full),
            (false, None) => quote!(None),
            (false, Some(_)) => {
                return Err(Error::new_spanned(expr, "no jitter, and a `jitter_factor`: leave one out"));
            }
        },
        _ if factor.is_some() => {
            arguments.exclude("jitter", "jitter_factor", "either says how delays are spread")?;
            quote!(Full)
        }
        _ => match (text(expr).as_deref(), is_literal(expr)) {
            (Some("full"), _) => quote!(Full),
            (Some("equal"), _) => quote!(Equal),
            (Some("none"), _) => quote!(None),
            (Some(_), _) => {
                let message =
                    "expected \"full\", \"equal\", \"none\", `true`, `false`, or a fraction such as 0.2";
                return Err(Error::new_spanned(expr, message));
            }
            (None, true) => return fraction_of(expr),
            (None, false) => return Ok(quote!(#expr)),
        },
    };
    Ok(quote!(#facade::retry::Jitter::#named))
}
