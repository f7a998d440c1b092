use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Expr, Result};

use crate::arguments::Arguments;
use crate::settings::{methods, truth};
use crate::value::{count, duration, is_literal, known_count, number, percent, text};

/// How many calls a window has to hold before a rate counts, unless it is said; and how many it holds.
const MIN_CALLS: u32 = 20;
const WINDOW: u32 = 100;

/// The share of slow calls that opens the circuit, in percent, unless it is said.
const SLOW_RATE: u8 = 50;

pub(super) fn config(arguments: &Arguments) -> Result<TokenStream> {
    let facade = &arguments.facade;
    let base = match arguments.get("config") {
        Some(config) => quote!((#config)),
        None => quote!(#facade::breaker::Config::new()),
    };
    let rules = rules(arguments)?;
    let reopen = reopen(arguments)?;
    let plain = methods(
        arguments,
        &[
            ("failure_threshold", count),
            ("half_open_max_calls", count),
            ("success_threshold", count),
            ("half_open_failure_rate", percent),
            ("probe_timeout", duration),
            ("max_half_open", duration),
            ("ramp_up", duration),
            ("counters", truth),
            ("striped", truth),
        ],
    )?;
    let on_cancel = arguments.get("on_cancel").map(|expr| on_cancel(facade, expr)).transpose()?;
    Ok(quote!(#base #rules #reopen #plain #on_cancel))
}

/// The rules on shares of the calls in a window.
fn rules(arguments: &Arguments) -> Result<TokenStream> {
    let mut rules = TokenStream::new();
    arguments.exclude("window", "sampling_duration", "either says over what a rate is taken")?;
    if let Some(rate) = arguments.get("failure_rate") {
        let (rate, span) = (percent(rate)?, span(arguments, "min_calls", "window")?);
        rules.extend(quote!(.failure_rate(#rate, #span)));
    }
    if let Some(limit) = arguments.get("slow_call") {
        let rate = arguments.get("slow_call_rate").map_or_else(|| Ok(quote!(#SLOW_RATE)), percent)?;
        let own = |word, shared| if arguments.get(word).is_some() { word } else { shared };
        let span =
            span(arguments, own("slow_call_min_calls", "min_calls"), own("slow_call_window", "window"))?;
        let limit = duration(limit)?;
        rules.extend(quote!(.slow_rate(#limit, #rate, #span)));
    }
    needs(arguments, &["slow_call_rate", "slow_call_min_calls", "slow_call_window"], &["slow_call"])?;
    let shared = ["min_calls", "window", "sampling_duration", "window_slices"];
    needs(arguments, &shared, &["failure_rate", "slow_call"])?;
    Ok(rules)
}

/// Refuses words that mean nothing without one of `rules`.
fn needs(arguments: &Arguments, words: &[&str], rules: &[&str]) -> Result<()> {
    if rules.iter().any(|rule| arguments.get(rule).is_some()) {
        return Ok(());
    }
    match words.iter().find_map(|word| arguments.word(word)) {
        Some(word) => {
            let rules = rules.iter().map(|rule| format!("`{rule}`")).collect::<Vec<_>>().join(" or ");
            Err(Error::new(word.span(), format!("`{word}` means nothing without {rules}")))
        }
        None => Ok(()),
    }
}

/// The least number of calls, and the window.
fn span(arguments: &Arguments, min_calls: &str, window: &str) -> Result<TokenStream> {
    let facade = &arguments.facade;
    let said = arguments.get(window);
    let sampled = arguments.get("sampling_duration").filter(|_| window == "window");
    let slices = arguments.get("window_slices").filter(|_| window == "window");
    let time = |span: TokenStream| -> Result<_> {
        Ok(match slices {
            Some(slices) => {
                let slices = count(slices)?;
                quote!(#facade::breaker::Window::slices(#span, #slices))
            }
            None => quote!(#facade::breaker::Window::time(#span)),
        })
    };
    let calls = said.map_or(Some(WINDOW), known_count).filter(|_| sampled.is_none());
    if let (Some(slices), true) = (slices, calls.is_some()) {
        return Err(Error::new_spanned(slices, "a window of calls has no slices: say `window = \"30s\"`"));
    }
    let window = match (said, sampled) {
        (_, Some(sampled)) => time(duration(sampled)?)?,
        (Some(said), None) if text(said).is_some() => time(duration(said)?)?,
        (Some(said), None) if calls.is_none() => {
            if is_literal(said) {
                let message = "expected a number of calls, a text such as \"30s\", or a `Window`";
                return Err(Error::new_spanned(said, message));
            }
            quote!(#said)
        }
        _ => quote!(#facade::breaker::Window::calls(#calls)),
    };
    let least = calls.map_or(MIN_CALLS, |calls| MIN_CALLS.min(calls));
    let least = arguments.get(min_calls).map_or_else(|| Ok(quote!(#least)), count)?;
    Ok(quote!(#least, #window))
}

/// How long the circuit stays open.
fn reopen(arguments: &Arguments) -> Result<TokenStream> {
    let facade = &arguments.facade;
    let (factor, max) = (arguments.get("reopen_factor"), arguments.get("reopen_max"));
    let jitter = arguments.get("reopen_jitter");
    if factor.is_none() && max.is_none() && jitter.is_none() {
        return methods(arguments, &[("reset_timeout", duration)]);
    }
    let base = arguments
        .get("reset_timeout")
        .map_or_else(|| Ok(quote!(#facade::breaker::Config::DEFAULT_RESET_TIMEOUT)), duration)?;
    let factor = factor.map(number).transpose()?.unwrap_or_else(|| {
        let factor = if max.is_some() { 2.0_f64 } else { 1.0 };
        quote!(#factor)
    });
    let max = max.map(duration).transpose()?.map(|max| quote!(.max(#max)));
    let jitter = jitter.map(number).transpose()?.map(|jitter| quote!(.jitter(#jitter)));
    Ok(quote!(.reopen(#facade::breaker::Reopen::exponential(#base).factor(#factor)#max #jitter)))
}

fn on_cancel(facade: &TokenStream, expr: &Expr) -> Result<TokenStream> {
    let variant = match (text(expr).as_deref(), is_literal(expr)) {
        (Some("ignore"), _) => quote!(#facade::breaker::OnCancel::Ignore),
        (Some("failure"), _) => quote!(#facade::breaker::OnCancel::Failure),
        (_, true) => {
            return Err(Error::new_spanned(expr, "expected \"ignore\", \"failure\", or an `OnCancel`"));
        }
        (_, false) => quote!(#expr),
    };
    Ok(quote!(.on_cancel(#variant)))
}
