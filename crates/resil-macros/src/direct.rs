//! Async functions that give out the guarded future itself, as an `async fn` is a function that gives out a future: one `async` block
//! around it would make a call dearer by almost half.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{
    Expr, ExprPath, FnArg, Pat, PatIdent, Path, PathSegment, Receiver, ReceiverKind, ReturnType, Signature,
    Token, Type, parse_quote,
};

use crate::function::{Function, mentions};
use crate::names;
use crate::value::peeled;

/// What such a function does with its arguments: they live as long as its body, whether or not that uses them.
///
/// `None` for one whose arguments cannot be moved as they are, and so has to stay an `async fn`.
pub(crate) fn moved_arguments(function: &Function) -> Option<TokenStream> {
    // On an async function these speak of what its future does.
    const OF_THE_BODY: [&str; 3] = ["must_use", "target_feature", "track_caller"];
    let is_of_the_body = |path: &Path| OF_THE_BODY.iter().any(|name| path.is_ident(name));
    if function.attributes.iter().any(|attribute| is_of_the_body(attribute.path())) {
        return None;
    }
    let unheard =
        names::tolerating(&quote!(clippy::no_effect_underscore_binding, clippy::used_underscore_binding));
    let mut moved = TokenStream::new();
    for input in &function.signature.inputs {
        match input {
            FnArg::Receiver(Receiver { kind: ReceiverKind::Reference(..), .. }) => {}
            FnArg::Receiver(_) => return None,
            FnArg::Typed(argument) => {
                let PatIdent { mutability, ident, .. } =
                    variable(&argument.pat).filter(|_| argument.attrs.is_empty())?;
                // An `impl Trait` may have lifetimes without names on an `async fn` only, and a macro may hide one.
                if matches!(*argument.ty, Type::Macro(_)) || mentions(argument.ty.to_token_stream(), "impl") {
                    return None;
                }
                moved.extend(quote!(#unheard let #mutability #ident = #ident;));
            }
        }
    }
    Some(moved)
}

/// Whether a reference to `place` is good for as long as the function's future may be, and is made without a call to other code, which
/// the future would have to put off to its first poll: one to a `static`, or to a field behind `&self`. (That of a smart pointer is called
/// where the handle is behind one.)
pub(crate) fn outlives_the_call(place: &Expr, function: &Function) -> bool {
    let place = match peeled(place) {
        Expr::Reference(reference) if reference.mutability.is_none() => peeled(&reference.expr),
        place => place,
    };
    match place {
        Expr::Field(field) => is_self(peeled(&field.base)) && function.borrows_self(),
        Expr::Path(ExprPath { qself: None, path, .. }) => is_static(path) && !function.has_argument(path),
        _ => false,
    }
}

fn is_self(place: &Expr) -> bool {
    matches!(place, Expr::Path(path) if path.path.is_ident("self"))
}

/// Whether it looks like the path of a `static`, and not like that of a type, or of a constant that belongs to one: these are made anew
/// where they are named.
fn is_static(path: &Path) -> bool {
    let starts_small =
        |segment: &PathSegment| segment.ident.unraw().to_string().starts_with(char::is_lowercase);
    let mut modules = path.segments.iter();
    let last = modules.next_back();
    last.is_some_and(|last| !last.ident.to_string().contains(char::is_lowercase)) && modules.all(starts_small)
}

impl Function {
    fn borrows_self(&self) -> bool {
        let receiver = self.signature.receiver();
        receiver.is_some_and(|receiver| matches!(receiver.kind, ReceiverKind::Reference(_, _, None)))
    }

    fn has_argument(&self, path: &Path) -> bool {
        self.signature.inputs.iter().any(|input| match input {
            FnArg::Typed(argument) => {
                variable(&argument.pat).is_none_or(|variable| path.is_ident(&variable.ident))
            }
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
