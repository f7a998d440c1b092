use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, Result, Visibility};

use crate::arguments::Arguments;
use crate::direct::outlives_the_call;
use crate::function::Function;
use crate::handle::{Handle, referenced};
use crate::kind::Kind;
use crate::names;
use crate::predicates::any_of;
use crate::value::{self, duration};

/// One attribute, as one layer around the body of a function.
pub(crate) struct Layer {
    arguments: Arguments,
    handle: Handle,
    /// The variable that holds its handle.
    variable: Ident,
}

/// What a layer may do to a call beside making it. The last one includes the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// It waits for as long as it takes, or until the current deadline.
    Line,
    /// It refuses.
    Guard,
    /// It refuses and cuts off.
    Limit,
}

impl Layer {
    /// The layer of the attribute that is the `position`th of its stack, the `nth` of its kind.
    pub(crate) fn new(
        arguments: Arguments,
        function: &Function,
        position: usize,
        nth: usize,
    ) -> Result<Self> {
        let handle = Handle::of(&arguments, function, nth)?;
        if function.is_async && arguments.needs_timer()? && !cfg!(feature = "tokio") {
            return Err(arguments.error(
                "waits of an async function need the feature `tokio` of `resil`, or `timer = ..` with another runtime's sleep",
            ));
        }
        if !function.is_async
            && let Some(timer) = arguments.word("timer")
        {
            return Err(Error::new(
                timer.span(),
                "a function that is not async waits on its thread, without a timer",
            ));
        }
        let mut variable = names::local(&format!("handle_{position}"));
        if let Handle::Given(expr) = &handle {
            // Where the compiler shows what is wrong with it.
            variable.set_span(variable.span().located_at(expr.span()));
        }
        Ok(Self { arguments, handle, variable })
    }

    pub(crate) fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    pub(crate) fn exit(&self) -> Result<Exit> {
        Ok(match self.arguments.kind {
            Kind::Timeout | Kind::Retry | Kind::Pipeline => Exit::Limit,
            Kind::RateLimiter if self.arguments.waits()? => match self.handle {
                Handle::Registered { .. } => Exit::Guard,
                _ if self.arguments.get("max_wait").is_some() => Exit::Guard,
                _ => Exit::Line,
            },
            _ => Exit::Guard,
        })
    }

    /// The function that gives out the handle that the attribute makes, if it does.
    pub(crate) fn accessor(&self, vis: &Visibility, function: &Ident) -> Option<TokenStream> {
        let Handle::Own { make, accessor: Some(accessor) } = &self.handle else { return None };
        let (facade, handle) = (&self.arguments.facade, self.arguments.kind.handle());
        let docs = format!("The {} of `{function}`.", self.arguments.kind.noun());
        Some(quote! {
            #[doc = #docs]
            #[inline]
            #[must_use]
            #vis fn #accessor() -> &'static #facade::#handle {
                static HANDLE: #facade::#handle = #make;
                &HANDLE
            }
        })
    }

    /// Finds the handle, before the body takes hold of the arguments.
    pub(crate) fn find(&self, function: &Function) -> TokenStream {
        let (facade, variable, kind) = (&self.arguments.facade, &self.variable, self.arguments.kind);
        match &self.handle {
            Handle::Given(expr) => {
                let expr = referenced(expr);
                let found = self.typed(expr.span());
                quote_spanned!(expr.span()=> let #variable #found = #expr;)
            }
            Handle::Own { accessor: Some(accessor), .. } => {
                let path = function.sibling(accessor);
                quote!(let #variable = #path();)
            }
            Handle::Own { make, accessor: None } => {
                let (handle, name) = (kind.handle(), names::constant(&self.variable));
                quote! {
                    static #name: #facade::#handle = #make;
                    let #variable = &#name;
                }
            }
            Handle::Registered { registry, name } => {
                let method = kind.ident(self.arguments.span);
                quote!(let #variable = (#registry).#method(#name);)
            }
        }
    }

    /// The type of the handle's variable, so that another one is refused in plain words.
    fn typed(&self, span: Span) -> TokenStream {
        let facade = &self.arguments.facade;
        let handle = self.arguments.kind.handle();
        match self.arguments.kind {
            // A pipeline of a configuration is of another type, with the same methods.
            Kind::Guard | Kind::Pipeline => TokenStream::new(),
            _ => quote_spanned!(span=> : &#facade::#handle<_>),
        }
    }

    /// What is still to be done about the handle once it is known how the function tells of refusals.
    pub(crate) fn prepare(&self, leave: &Ident) -> Result<TokenStream> {
        let (facade, variable, form) = (&self.arguments.facade, &self.variable, names::local("form"));
        let mut prepared = TokenStream::new();
        if let Handle::Registered { name, .. } = &self.handle {
            let typed = self.typed(Span::mixed_site());
            prepared.extend(quote! {
                let #variable = match #variable {
                    ::core::result::Result::Ok(handle) => handle,
                    ::core::result::Result::Err(_) => {
                        let refusal = #facade::expanded::unknown_name(#name);
                        return #form.#leave(::core::result::Result::Err(#facade::Error::Rejected(refusal)));
                    }
                };
                let #variable #typed = &#variable;
            });
        }
        if self.arguments.kind == Kind::RateLimiter && self.arguments.waits()? {
            let (max_wait, is_patient) = match self.arguments.get("max_wait") {
                Some(max_wait) => (duration(max_wait)?, quote!(false)),
                None => (quote!(::core::time::Duration::MAX), quote!(#form.is_patient())),
            };
            prepared.extend(quote!(let #variable = &#variable.waiting(#max_wait).patient(#is_patient);));
        }
        Ok(prepared)
    }

    /// Whether its call keeps nothing but a reference that outlives it, so that the function need not stay to hold more.
    pub(crate) fn holds_nothing(&self, function: &Function) -> bool {
        let arguments = &self.arguments;
        let is_policy = match arguments.kind {
            Kind::Guard | Kind::CircuitBreaker => true,
            Kind::RateLimiter => matches!(arguments.waits(), Ok(false)),
            Kind::Retry | Kind::Timeout | Kind::Pipeline => false,
        };
        let may_borrow = ["excluded", "classify"].iter().any(|word| arguments.get(word).is_some());
        let is_reference = match &self.handle {
            Handle::Given(expr) => outlives_the_call(expr, function),
            Handle::Own { .. } => true,
            Handle::Registered { .. } => false,
        };
        is_policy && is_reference && !may_borrow
    }

    /// The call around `inner`: around an expression in a function, around a future in an async one.
    pub(crate) fn around(&self, inner: &TokenStream, is_async: bool) -> Result<TokenStream> {
        let (facade, variable) = (&self.arguments.facade, &self.variable);
        let (operation, timer) = match (is_async, self.arguments.kind.repeats()) {
            (false, _) => (quote!(|| #inner), None),
            (true, true) => (quote!(move || #inner), self.arguments.get("timer")),
            (true, false) => (inner.clone(), self.arguments.get("timer")),
        };
        let verb = if is_async { "call_async_nested" } else { "call_nested" };
        let with = if timer.is_some() { "_with" } else { "" };
        let method = format_ident!("{verb}{with}", span = self.span());
        let timer = timer.map(|timer| quote!(#timer,));
        Ok(match self.arguments.kind {
            Kind::RateLimiter if self.arguments.waits()? => {
                quote!(#facade::ratelimit::Waiting::#method(#variable, #timer #operation))
            }
            Kind::Guard | Kind::CircuitBreaker | Kind::RateLimiter => match self.classifier() {
                None => quote_spanned!(self.span()=> #facade::PolicyExt::#method(#variable, #operation)),
                Some(classifier) => {
                    let method = format_ident!("{verb}_with");
                    quote!(#facade::PolicyExt::#method(#variable, #classifier, #operation))
                }
            },
            Kind::Timeout => quote!(#facade::Timeout::#method(#variable, #timer #operation)),
            Kind::Pipeline => quote!(#variable.#method(#timer #operation)),
            Kind::Retry => {
                let retrying = self.retrying();
                quote!(#retrying.#method(#timer #operation))
            }
        })
    }

    /// The judge of a policy's calls, if it is not that of all.
    fn classifier(&self) -> Option<TokenStream> {
        let facade = &self.arguments.facade;
        let (returns, form) = (names::local("returns"), names::local("form"));
        let classify = self.arguments.get("classify");
        let closure = match (self.arguments.get("excluded"), classify) {
            (None, None) => return None,
            (None, Some(classify)) => quote!(#classify),
            (Some(excluded), classify) => {
                let is_excluded = any_of(excluded, &quote!(error), facade);
                let otherwise = match classify {
                    Some(classify) => quote!(#facade::expanded::classified(result, #classify)),
                    None => quote!(#facade::Verdict::of(result)),
                };
                quote! {
                    |result| match result {
                        ::core::result::Result::Err(error) if #is_excluded => #facade::Verdict::Ignored,
                        result => #otherwise,
                    }
                }
            }
        };
        Some(quote!(#facade::expanded::classifying(#returns, #form, #closure)))
    }

    /// A retry, and what is to be retried.
    fn retrying(&self) -> TokenStream {
        let (facade, variable) = (&self.arguments.facade, &self.variable);
        let (returns, form) = (names::local("returns"), names::local("form"));
        let judging = |list: &Expr| {
            let holds = any_of(list, &quote!(error), facade);
            quote!(#facade::expanded::judging(#returns, #form, |error| #holds))
        };
        let mut retrying = match self.arguments.get("on") {
            Some(list) => {
                let predicate = judging(list);
                quote!(#facade::Retry::when(#variable, #predicate))
            }
            None => quote!(#facade::Retry::on_errors(#variable)),
        };
        if let Some(list) = self.arguments.get("never") {
            let predicate = judging(list);
            retrying.extend(quote!(.never(#predicate)));
        }
        if let Some(hint) = self.arguments.get("after") {
            retrying.extend(quote!(.after(#facade::expanded::hinting(#returns, #form, #hint))));
        }
        retrying
    }

    fn span(&self) -> Span {
        let span = match &self.handle {
            Handle::Given(expr) => expr.span(),
            _ => self.arguments.span,
        };
        Span::mixed_site().located_at(span)
    }
}

impl Arguments {
    /// Whether calls wait for their permit.
    pub(crate) fn waits(&self) -> Result<bool> {
        let blocking = self.get("blocking").map(value::flag).transpose()?;
        if blocking == Some(false) {
            self.exclude("blocking", "max_wait", "who does not wait has no longest wait")?;
        }
        Ok(self.kind == Kind::RateLimiter && blocking != Some(false))
    }

    /// Whether calls of an async function need a timer that nobody has given.
    fn needs_timer(&self) -> Result<bool> {
        let sleeps = matches!(self.kind, Kind::Timeout | Kind::Retry | Kind::Pipeline) || self.waits()?;
        Ok(sleeps && self.get("timer").is_none())
    }
}
