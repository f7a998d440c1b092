use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, Meta, Result};

use crate::arguments::Arguments;
use crate::expansion::expand;
use crate::function::Function;
use crate::kind::Kind;
use crate::layer::Layer;

/// Expands an attribute. On an error the function stays as it is, so that there is one error and not ten.
pub(crate) fn attribute(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    match replaced(kind, arguments, item.clone()) {
        Ok(tokens) => tokens,
        Err(error) => {
            let error = error.into_compile_error();
            let rest = without_ours(item);
            quote!(#rest #error)
        }
    }
}

fn replaced(kind: Kind, tokens: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let (is_last_round, tokens) = put_off_before(tokens);
    let arguments = Arguments::parse(kind, Span::call_site(), tokens.clone())?;
    let mut function: Function = syn::parse2(item)?;
    if !is_last_round && function.attributes.iter().any(is_still_to_come) {
        return Ok(put_off(&arguments, &tokens, &mut function));
    }
    // Those that were put off stand in the order in which they would expand, the outermost last.
    let (ours, others) =
        std::mem::take(&mut function.attributes).into_iter().partition(|a| put_off_kind(a).is_some());
    function.attributes = others;
    let mut stack = vec![arguments];
    for attribute in Vec::<Attribute>::from_iter(ours) {
        if let (Some(kind), Meta::List(list)) = (put_off_kind(&attribute), attribute.meta) {
            let span = list.path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span());
            stack.push(Arguments::parse(kind, span, put_off_before(list.tokens).1)?);
        }
    }
    stack.reverse();
    let mut layers = Vec::new();
    let mut seen = Vec::new();
    for (position, arguments) in stack.into_iter().enumerate() {
        let kind = arguments.kind;
        let nth = seen.iter().filter(|before| **before == kind).count();
        seen.push(kind);
        layers.push(Layer::new(arguments, &function, position, nth)?);
    }
    expand(&layers, &function)
}

/// Writes the attribute behind those that come after it, where it finds what they have made of the function.
///
/// So guards are always outside of what other attributes do to the body, `cfg` has been decided, and of several guards the last one
/// that is written gets to see all of them, in their order.
fn put_off(arguments: &Arguments, tokens: &TokenStream, function: &mut Function) -> TokenStream {
    let (facade, kind) = (&arguments.facade, arguments.kind.ident(arguments.span));
    let later: Attribute = syn::parse_quote!(#[#facade::#kind(@later #tokens)]);
    let at = function.attributes.iter().position(|a| put_off_kind(a).is_some());
    function.attributes.insert(at.unwrap_or(function.attributes.len()), later);
    let body = function.body.stream();
    function.with_body(&body, false)
}

/// Whether these arguments were put off, and what they are.
fn put_off_before(tokens: TokenStream) -> (bool, TokenStream) {
    let mut rest = tokens.clone().into_iter();
    match (rest.next(), rest.next()) {
        (Some(TokenTree::Punct(at)), Some(TokenTree::Ident(later)))
            if at.as_char() == '@' && later == "later" =>
        {
            (true, rest.collect())
        }
        _ => (false, tokens),
    }
}

/// Which of ours it is, if it was put off.
fn put_off_kind(attribute: &Attribute) -> Option<Kind> {
    let Meta::List(list) = &attribute.meta else { return None };
    let name = &list.path.segments.last()?.ident;
    let kind = Kind::ALL.into_iter().find(|kind| name == kind.name())?;
    put_off_before(list.tokens.clone()).0.then_some(kind)
}

/// Whether it may change the function: any attribute but those that only tell the compiler something.
fn is_still_to_come(attribute: &Attribute) -> bool {
    const TELLING: [&str; 22] = [
        "allow",
        "automatically_derived",
        "cold",
        "coverage",
        "deny",
        "deprecated",
        "doc",
        "expect",
        "export_name",
        "forbid",
        "ignore",
        "inline",
        "link_section",
        "must_use",
        "no_mangle",
        "optimize",
        "should_panic",
        "target_feature",
        "track_caller",
        "type_length_limit",
        "used",
        "warn",
    ];
    const TOOLS: [&str; 4] = ["clippy", "diagnostic", "miri", "rustfmt"];
    let path = attribute.path();
    let is_telling = match path.get_ident() {
        Some(ident) => TELLING.iter().any(|name| ident == name),
        None => path.segments.first().is_some_and(|first| TOOLS.iter().any(|name| first.ident == name)),
    };
    !is_telling && put_off_kind(attribute).is_none()
}

/// The function without attributes of ours: after one error, they would only bring more.
fn without_ours(item: TokenStream) -> TokenStream {
    let Ok(mut function) = syn::parse2::<Function>(item.clone()) else { return item };
    let is_ours = |attribute: &Attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|last| Kind::ALL.iter().any(|kind| last.ident == kind.name()))
    };
    function.attributes.retain(|attribute| !is_ours(attribute));
    let body = function.body.stream();
    let body = quote_spanned!(function.body.span()=> #body);
    function.with_body(&body, false).into_token_stream()
}
