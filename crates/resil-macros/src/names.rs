//! Names that no code of the user can see, and lints that nobody should hear of.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

/// A variable of the expansion; with the hygiene of a macro, so that the body neither sees nor hides it.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(&format!("resil_{name}"), Span::mixed_site())
}

/// A `static` beside a variable.
pub(crate) fn constant(variable: &Ident) -> Ident {
    format_ident!("{}", variable.to_string().to_uppercase(), span = Span::mixed_site())
}

/// A name that the user may call, shown at `span`.
pub(crate) fn located(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// An attribute for lints that a piece of the expansion may or may not give cause to, which is why none of them can be expected.
pub(crate) fn tolerating(lints: &TokenStream) -> TokenStream {
    let tolerated = Ident::new("allow", Span::mixed_site());
    quote!(#[#tolerated(#lints)])
}
