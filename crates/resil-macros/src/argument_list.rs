//! The arguments of a function whose body is called for each attempt.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Pat, PatIdent, PatType, Receiver, ReceiverKind, Result, Type};

use crate::names;

/// Refuses a `self` that a first attempt would use up.
pub(crate) fn check_receiver(receiver: &Receiver, is_async: bool) -> Result<()> {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => Ok(()),
        ReceiverKind::Reference(_, _, Some(_)) if !is_async => Ok(()),
        ReceiverKind::Reference(..) => Err(Error::new_spanned(receiver, BORROWED_MUTABLY)),
        ReceiverKind::Typed(_, kind) if matches!(**kind, Type::Reference(ref r) if r.mutability.is_none()) => {
            Ok(())
        }
        _ => Err(Error::new_spanned(
            receiver,
            "the body is called for each attempt, and the first one would use `self` up: take `&self`",
        )),
    }
}

const BORROWED_MUTABLY: &str = "each attempt is a future of its own, which cannot borrow mutably what the next one needs: take `&`, \
                                with a lock or a cell inside, or retry around the call";

/// Statements that make the variables of an argument anew.
pub(crate) fn again(argument: &PatType, is_async: bool, facade: &TokenStream) -> Result<TokenStream> {
    // One that the body does not use may be used by a guard.
    let unheard = names::tolerating(&quote!(unused_variables));
    if let (Pat::Ident(pattern), Type::Reference(kind)) = (&*argument.pat, &*argument.ty)
        && kind.mutability.is_some()
    {
        if is_async {
            return Err(Error::new_spanned(&argument.ty, BORROWED_MUTABLY));
        }
        let name = &pattern.ident;
        return Ok(quote!(#unheard let #name = &mut *#name;));
    }
    let mut names = Vec::new();
    variables(&argument.pat, &mut names);
    let span = argument.ty.span();
    let statements = names.into_iter().map(|PatIdent { mutability, ident, .. }| {
        let cfgs = argument.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
        let copy = quote_spanned!(span=> #facade::expanded::cloned_for_each_attempt(&#ident));
        quote!(#(#cfgs)* #unheard let #mutability #ident = #copy;)
    });
    Ok(quote!(#(#statements)*))
}

fn variables<'a>(pattern: &'a Pat, found: &mut Vec<&'a PatIdent>) {
    match pattern {
        Pat::Ident(variable) => {
            found.push(variable);
            if let Some((_, inner)) = &variable.subpat {
                variables(inner, found);
            }
        }
        Pat::Paren(paren) => variables(&paren.pat, found),
        Pat::Reference(reference) => variables(&reference.pat, found),
        Pat::Slice(slice) => slice.elems.iter().for_each(|inner| variables(inner, found)),
        Pat::Struct(fields) => fields.fields.iter().for_each(|field| variables(&field.pat, found)),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|inner| variables(inner, found)),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|inner| variables(inner, found)),
        Pat::Type(typed) => variables(&typed.pat, found),
        // The alternatives have the same variables.
        Pat::Or(or) => or.cases.iter().take(1).for_each(|inner| variables(inner, found)),
        _ => {}
    }
}

/// Takes `mut` from the variables of a pattern.
pub(crate) fn without_mut(pattern: &mut Pat) {
    match pattern {
        Pat::Ident(PatIdent { by_ref: None, mutability, subpat, .. }) => {
            *mutability = None;
            if let Some((_, inner)) = subpat {
                without_mut(inner);
            }
        }
        Pat::Paren(paren) => without_mut(&mut paren.pat),
        Pat::Reference(reference) => without_mut(&mut reference.pat),
        Pat::Slice(slice) => slice.elems.iter_mut().for_each(without_mut),
        Pat::Struct(fields) => fields.fields.iter_mut().for_each(|field| without_mut(&mut field.pat)),
        Pat::Tuple(tuple) => tuple.elems.iter_mut().for_each(without_mut),
        Pat::TupleStruct(tuple) => tuple.elems.iter_mut().for_each(without_mut),
        Pat::Type(typed) => without_mut(&mut typed.pat),
        Pat::Or(or) => or.cases.iter_mut().for_each(without_mut),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{variables, without_mut};
    use quote::ToTokens;
    use syn::Pat;
    use syn::parse::Parser;

    fn named(pattern: &Pat) -> Vec<String> {
        let mut found = Vec::new();
        variables(pattern, &mut found);
        found.iter().map(|variable| variable.ident.to_string()).collect()
    }

    fn pattern(text: &str) -> Pat {
        Pat::parse_single.parse_str(text).expect(text)
    }

    #[test]
    fn every_variable_of_a_pattern_is_found_and_loses_its_mut() {
        let mut nested =
            pattern("Order { id, lines: [first, .., (mut a, &b)], rest: Some(whole @ Line(c)) }");
        assert_eq!(named(&nested), ["id", "first", "a", "b", "whole", "c"]);
        without_mut(&mut nested);
        assert!(!nested.to_token_stream().to_string().contains("mut"));
    }
}
