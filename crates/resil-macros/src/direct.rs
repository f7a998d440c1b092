//! Async functions that give out the guarded future itself, as an `async fn` is a function that gives out a future: one `async` block
//! around it would make a call dearer by almost half.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Expr, ExprPath, FnArg, Pat, PatIdent, Receiver, ReceiverKind, ReturnType, Signature, Token};
use syn::{Type, parse_quote};

use crate::function::Function;
use crate::value::peeled;

/// What such a function does with its arguments: they live as long as its body, whether or not that uses them.
///
/// `None` for one whose arguments cannot be moved as they are, and so has to stay an `async fn`.
pub(crate) fn moved_arguments(function: &Function) -> Option<TokenStream> {
    // On an async function these speak of what its future does.
    const OF_THE_BODY: [&str; 3] = ["must_use", "target_feature", "track_caller"];
    let is_of_the_body = |path: &syn::Path| OF_THE_BODY.iter().any(|name| path.is_ident(name));
    if function.attributes.iter().any(|attribute| is_of_the_body(attribute.path())) {
        return None;
    }
    let mut moved = TokenStream::new();
    for input in &function.signature.inputs {
        match input {
            FnArg::Receiver(Receiver { kind: ReceiverKind::Reference(..), .. }) => {}
            FnArg::Receiver(_) => return None,
            FnArg::Typed(argument) => {
                let PatIdent { mutability, ident, .. } =
                    variable(&argument.pat).filter(|_| argument.attrs.is_empty())?;
                moved.extend(quote!(let #mutability #ident = #ident;));
            }
        }
    }
    Some(moved)
}

/// Whether what a reference to `place` points to is there for as long as the function's future may be: a `static`, a field of what
/// `self` borrows.
pub(crate) fn outlives_the_call(place: &Expr, function: &Function) -> bool {
    match peeled(place) {
        Expr::Reference(reference) => reference.mutability.is_none() && is_lasting(&reference.expr, function),
        place => is_lasting(place, function),
    }
}

fn is_lasting(place: &Expr, function: &Function) -> bool {
    match peeled(place) {
        Expr::Field(field) => match peeled(&field.base) {
            Expr::Path(path) if path.path.is_ident("self") => function.borrows_self(),
            base => is_lasting(base, function),
        },
        Expr::Path(ExprPath { qself: None, path, .. }) => match path.get_ident() {
            Some(ident) => ident != "self" && !function.has_argument(ident),
            // `Self::POLICY` may be a constant that is made anew.
            None => path.leading_colon.is_some() || path.segments[0].ident == "crate",
        },
        _ => false,
    }
}

impl Function {
    fn borrows_self(&self) -> bool {
        let receiver = self.signature.receiver();
        receiver.is_some_and(|receiver| matches!(receiver.kind, ReceiverKind::Reference(_, _, None)))
    }

    fn has_argument(&self, name: &syn::Ident) -> bool {
        self.signature.inputs.iter().any(|input| match input {
            FnArg::Typed(argument) => variable(&argument.pat).is_none_or(|variable| variable.ident == *name),
            FnArg::Receiver(_) => false,
        })
    }
}

fn variable(pattern: &Pat) -> Option<&PatIdent> {
    match pattern {
        Pat::Ident(variable) if variable.by_ref.is_none() && variable.subpat.is_none() => Some(variable),
        _ => None,
    }
}

/// The signature that `async fn` stands for, in any edition of the code around it:
///
/// ```edition2021
/// use resil::breaker::Config;
/// use resil::{CircuitBreaker, Error};
///
/// struct Store(CircuitBreaker);
///
/// impl Store {
///     #[resil::guard(&self.0)]
///     async fn longest<T: AsRef<str>>(&self, one: &str, other: &mut T) -> Result<usize, Error<()>> {
///         Ok(one.len().max(other.as_ref().len()))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = Store(CircuitBreaker::new("store", Config::new()));
/// assert_eq!(store.longest("one", &mut String::from("other")).await, Ok(5));
/// # });
/// ```
pub(crate) fn without_async(signature: &mut Signature) {
    signature.asyncness = None;
    let output = match &signature.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, returned) => returned.to_token_stream(),
    };
    // Its tokens are of this crate and its edition, in which it may borrow from all that an `async fn` may borrow from.
    let future: Type = parse_quote!(impl ::core::future::Future<Output = #output>);
    signature.output = ReturnType::Type(<Token![->]>::default(), Box::new(future));
}
