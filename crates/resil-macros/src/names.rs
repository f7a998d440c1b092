//! Names that no code of the user can see.

use proc_macro2::{Ident, Span};
use quote::format_ident;

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
