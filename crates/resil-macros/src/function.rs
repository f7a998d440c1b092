use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, FnArg, Result, ReturnType, Safety, Signature, Token, Type, Visibility};

use crate::returned::{self, erased};
use crate::{argument_list, direct};

/// The function that an attribute stands on. Its body is never looked into.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
    pub(crate) ident: Ident,
    pub(crate) is_async: bool,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let signature = input.parse::<Signature>().map_err(|error| {
            Error::new(error.span(), format!("this attribute stands on a function: {error}"))
        })?;
        if input.peek(Token![;]) {
            return Err(Error::new_spanned(
                &signature.ident,
                "there is no body to guard: write the attribute on the function of the `impl`",
            ));
        }
        let body = braced(input.parse()?)?;
        let (ident, is_async) = (signature.ident.clone(), signature.asyncness.is_some());
        let function = Self { attributes, vis, signature, body, ident, is_async };
        function.check()?;
        Ok(function)
    }
}

impl Function {
    fn check(&self) -> Result<()> {
        if let Some(token) = &self.signature.constness {
            return Err(Error::new_spanned(
                token,
                "a `const fn` cannot be guarded: a guard has state that calls change",
            ));
        }
        if let Safety::Unsafe(token) = &self.signature.safety {
            return Err(Error::new_spanned(
                token,
                "an `unsafe fn` cannot be guarded: guard a safe function that calls it",
            ));
        }
        if let Some(abi) = &self.signature.abi {
            return Err(Error::new_spanned(
                abi,
                "an `extern fn` cannot be guarded: guard a function that calls it",
            ));
        }
        if let ReturnType::Type(_, returned) = &self.signature.output {
            if let Type::Never(_) = **returned {
                return Err(Error::new_spanned(returned, "a function that never returns cannot be guarded"));
            }
            if !self.is_async && returned::is_future(returned) {
                return Err(Error::new_spanned(
                    returned,
                    "a guard would guard the making of this future only: write an `async fn`",
                ));
            }
        }
        Ok(())
    }

    /// Refuses a function that returns nothing, as it could not say that it was refused.
    pub(crate) fn check_returns(&self) -> Result<()> {
        match &self.signature.output {
            ReturnType::Default => Err(Error::new(
                self.ident.span(),
                "a call that may be refused has to return a `Result`: `Result<(), resil::Error<_>>`, or one whose error \
                 is made from `resil::Rejected`",
            )),
            ReturnType::Type(..) => Ok(()),
        }
    }

    /// The path of a function that is generated beside this one.
    pub(crate) fn sibling(&self, name: &Ident) -> TokenStream {
        if self.is_associated() { quote!(Self::#name) } else { name.to_token_stream() }
    }

    /// Whether it is known to stand in an `impl`.
    fn is_associated(&self) -> bool {
        self.signature.receiver().is_some()
            || mentions(self.signature.to_token_stream(), "Self")
            || mentions(self.body.stream(), "Self")
    }

    /// The type that it returns, for a closure or a variable: what cannot be named there is left to the compiler.
    pub(crate) fn returned(&self) -> TokenStream {
        match &self.signature.output {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, returned) => erased(returned).to_token_stream(),
        }
    }

    /// What errors about the returned type point at.
    pub(crate) fn returned_span(&self) -> proc_macro2::Span {
        match &self.signature.output {
            ReturnType::Default => self.ident.span(),
            ReturnType::Type(_, returned) => syn::spanned::Spanned::span(returned),
        }
    }

    /// Statements that give each attempt arguments of its own.
    pub(crate) fn arguments_again(&self, facade: &TokenStream) -> Result<TokenStream> {
        let mut again = TokenStream::new();
        for input in &self.signature.inputs {
            match input {
                FnArg::Receiver(receiver) => argument_list::check_receiver(receiver, self.is_async)?,
                FnArg::Typed(argument) => {
                    again.extend(argument_list::again(argument, self.is_async, facade)?);
                }
            }
        }
        Ok(again)
    }

    /// The function with another body, whose arguments are only read when `is_repeated`.
    pub(crate) fn with_body(&self, body: &TokenStream, is_repeated: bool) -> TokenStream {
        let signature = if is_repeated { self.read_only() } else { self.signature.clone() };
        self.with(&signature, body)
    }

    /// The function that gives out the future that `body` is, instead of an async one.
    pub(crate) fn with_future(&self, body: &TokenStream) -> TokenStream {
        let mut signature = self.read_only();
        direct::without_async(&mut signature);
        self.with(&signature, body)
    }

    fn read_only(&self) -> Signature {
        let mut signature = self.signature.clone();
        for input in &mut signature.inputs {
            if let FnArg::Typed(argument) = input {
                argument_list::without_mut(&mut argument.pat);
            }
        }
        signature
    }

    fn with(&self, signature: &Signature, body: &TokenStream) -> TokenStream {
        let (attributes, vis) = (&self.attributes, &self.vis);
        quote!(#(#attributes)* #vis #signature { #body })
    }
}

/// The block that `tree` is, or that a macro has put into it as one of its fragments.
fn braced(tree: TokenTree) -> Result<Group> {
    match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            braced(syn::parse2(group.stream())?)
        }
        other => Err(Error::new_spanned(other, "expected the body of a function")),
    }
}

/// Whether the word stands somewhere in these.
pub(crate) fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        _ => false,
    })
}
