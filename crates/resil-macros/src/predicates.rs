//! Lists of errors: `[ValueError, |error| error.code == 404]`. A path that ends in a capital letter is a type, anything else a predicate.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Expr;

use crate::value::peeled;

/// Whether one of the list holds of the variable `error`.
pub(crate) fn any_of(list: &Expr, error: &TokenStream, facade: &TokenStream) -> TokenStream {
    let checks: Vec<_> = match peeled(list) {
        Expr::Array(array) => array.elems.iter().collect(),
        Expr::Tuple(tuple) => tuple.elems.iter().collect(),
        one => vec![one],
    };
    let checks = checks.into_iter().map(|check| {
        if is_type(check) {
            quote!(#facade::expanded::is_or_is_caused_by::<#check, _, _>(#error))
        } else {
            quote!(#facade::expanded::holds(#error, #check))
        }
    });
    quote!((false #(|| #checks)*))
}

fn is_type(expr: &Expr) -> bool {
    let Expr::Path(path) = peeled(expr) else { return false };
    let last = path.path.segments.last().map(|segment| segment.ident.to_string());
    let is_constant = |name: &str| name.len() > 1 && name.chars().all(|c| !c.is_lowercase());
    last.is_some_and(|name| name.starts_with(char::is_uppercase) && !is_constant(&name))
}
