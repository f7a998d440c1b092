use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, Path, Result, Token};

use crate::kind::Kind;
use crate::{value, words};

/// What stands in the brackets of an attribute: a handle, and words.
pub(crate) struct Arguments {
    pub(crate) kind: Kind,
    /// Where the attribute stands.
    pub(crate) span: Span,
    /// The first argument, if it has no word.
    pub(crate) handle: Option<Expr>,
    said: Vec<Said>,
    /// The path of the facade.
    pub(crate) facade: TokenStream,
}

/// A word and its value.
struct Said {
    name: &'static str,
    word: Ident,
    value: Expr,
}

impl Arguments {
    pub(crate) fn parse(kind: Kind, span: Span, tokens: TokenStream) -> Result<Self> {
        let mut arguments = Self { kind, span, handle: None, said: Vec::new(), facade: quote!(::resil) };
        let facade = (|input: ParseStream<'_>| arguments.read(input)).parse2(tokens)?;
        if let Some(path) = facade {
            arguments.facade = path.to_token_stream();
        }
        // A bare limit: `#[timeout(2)]`, `#[timeout("500ms")]`.
        if kind == Kind::Timeout
            && let Some(limit) = arguments.handle.take_if(|handle| value::is_literal(handle))
        {
            arguments.say(Ident::new("default", limit.span()), limit)?;
        }
        Ok(arguments)
    }

    fn read(&mut self, input: ParseStream<'_>) -> Result<Option<Path>> {
        let mut facade = None;
        while !input.is_empty() {
            if input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
                let word = input.call(Ident::parse_any)?;
                input.parse::<Token![=]>()?;
                if word == "crate" {
                    facade = Some(input.call(Path::parse_mod_style)?);
                } else {
                    self.say(word, input.parse()?)?;
                }
            } else if self.handle.is_none() && self.said.is_empty() && facade.is_none() {
                self.handle = Some(input.parse()?);
            } else {
                let message = match self.handle {
                    Some(_) if self.kind == Kind::Guard => {
                        "there is a policy already: several guard one call as a tuple, `(&QUOTA, &API)`"
                    }
                    Some(_) => "there is a handle already; what follows are words, `word = value`",
                    None => "a handle stands first, before all words",
                };
                let surplus: Expr = input.parse()?;
                return Err(Error::new_spanned(surplus, message));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(facade)
    }

    fn say(&mut self, word: Ident, value: Expr) -> Result<()> {
        let said = word.to_string();
        let Some(known) = words::of(self.kind).find(|known| known.is_called(&said)) else {
            return Err(Error::new(word.span(), self.unknown(&said)));
        };
        if let Some(before) = self.said.iter().find(|before| before.name == known.name) {
            let message = if before.word == word {
                format!("`{word}` is said twice")
            } else {
                format!("`{}` and `{word}` are two words for one setting", before.word)
            };
            return Err(Error::new(word.span(), message));
        }
        self.said.push(Said { name: known.name, word, value });
        Ok(())
    }

    fn unknown(&self, said: &str) -> String {
        let attribute = self.kind.name();
        if self.kind == Kind::CircuitBreaker && matches!(said, "timeout" | "timeout_seconds") {
            return format!(
                "`{said}` may mean two things here: `reset_timeout` is how long the circuit stays open, \
                 `#[resil::timeout(..)]` how long the call may take"
            );
        }
        if let Some(like) = words::like(self.kind, said) {
            return format!("`{attribute}` has no setting `{said}`; did you mean `{like}`?");
        }
        let known: Vec<_> = words::of(self.kind).map(|word| word.name).collect();
        format!("`{attribute}` has no setting `{said}`, only {}", known.join(", "))
    }

    /// The value of a word.
    pub(crate) fn get(&self, name: &str) -> Option<&Expr> {
        self.said.iter().find(|said| said.name == name).map(|said| &said.value)
    }

    /// A word as it was said.
    pub(crate) fn word(&self, name: &str) -> Option<&Ident> {
        self.said.iter().find(|said| said.name == name).map(|said| &said.word)
    }

    /// The words that are settings of a handle.
    pub(crate) fn settings(&self) -> impl Iterator<Item = &Ident> {
        self.said.iter().filter(|said| !words::is_about_the_call(said.name)).map(|said| &said.word)
    }

    /// Refuses `second` next to `first`.
    pub(crate) fn exclude(&self, first: &str, second: &str, why: &str) -> Result<()> {
        match (self.word(first), self.word(second)) {
            (Some(first), Some(second)) => {
                Err(Error::new(second.span(), format!("`{first}` and `{second}` cannot both be said: {why}")))
            }
            _ => Ok(()),
        }
    }

    /// What is wrong with the whole attribute.
    pub(crate) fn error(&self, message: &str) -> Error {
        Error::new(self.handle.as_ref().map_or(self.span, Spanned::span), message)
    }
}
