//! The type that a function returns.

use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeParamBound, parse_quote};

/// The same type, with `_` for each `impl Trait`: closures and variables cannot name those.
pub(crate) fn erased(returned: &Type) -> Type {
    let mut returned = returned.clone();
    erase(&mut returned);
    returned
}

fn erase(kind: &mut Type) {
    match kind {
        Type::ImplTrait(_) => *kind = parse_quote!(_),
        Type::Array(array) => erase(&mut array.elem),
        Type::Group(group) => erase(&mut group.elem),
        Type::Paren(paren) => erase(&mut paren.elem),
        Type::Ptr(pointer) => erase(&mut pointer.elem),
        Type::Reference(reference) => erase(&mut reference.elem),
        Type::Slice(slice) => erase(&mut slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(erase),
        Type::Path(path) => path.path.segments.iter_mut().for_each(|segment| match &mut segment.arguments {
            PathArguments::None => {}
            PathArguments::AngleBracketed(arguments) => {
                for argument in &mut arguments.args {
                    match argument {
                        GenericArgument::Type(inner) => erase(inner),
                        GenericArgument::AssocType(inner) => erase(&mut inner.ty),
                        _ => {}
                    }
                }
            }
            PathArguments::Parenthesized(arguments) => {
                arguments.inputs.iter_mut().for_each(|input| erase(&mut input.ty));
                if let ReturnType::Type(_, inner) = &mut arguments.output {
                    erase(inner);
                }
            }
        }),
        _ => {}
    }
}

/// Whether it says that it is a future: `impl Future`, `Pin<Box<dyn Future>>`, `BoxFuture`.
pub(crate) fn is_future(returned: &Type) -> bool {
    match returned {
        Type::ImplTrait(kind) => kind.bounds.iter().any(is_future_bound),
        Type::TraitObject(kind) => kind.bounds.iter().any(is_future_bound),
        Type::Group(group) => is_future(&group.elem),
        Type::Paren(paren) => is_future(&paren.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            let inner = match &last.arguments {
                PathArguments::AngleBracketed(arguments) => arguments
                    .args
                    .iter()
                    .any(|argument| matches!(argument, GenericArgument::Type(inner) if is_future(inner))),
                _ => false,
            };
            let name = last.ident.to_string();
            name == "BoxFuture" || name == "LocalBoxFuture" || (inner && (name == "Pin" || name == "Box"))
        }),
        _ => false,
    }
}

fn is_future_bound(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound)
        if bound.path.segments.last().is_some_and(|last| last.ident == "Future"))
}

#[cfg(test)]
mod tests {
    use super::{erased, is_future};
    use quote::ToTokens;
    use syn::parse_str;

    fn erase(text: &str) -> String {
        erased(&parse_str(text).expect(text)).to_token_stream().to_string().replace(' ', "")
    }

    #[test]
    fn what_cannot_be_named_is_left_to_the_compiler() {
        assert_eq!(erase("Result<impl Iterator<Item = u8> + use<>, Error<E>>"), "Result<_,Error<E>>");
        assert_eq!(erase("Result<(Box<impl Fn()>, [impl Copy; 2]), E>"), "Result<(Box<_>,[_;2]),E>");
        assert_eq!(erase("io::Result<&'a str>"), "io::Result<&'astr>");
    }

    #[test]
    fn a_future_in_a_pointer_is_a_future() {
        for future in
            ["impl Future<Output = u8>", "Pin<Box<dyn Future<Output = u8> + Send + 'a>>", "BoxFuture<'a, u8>"]
        {
            assert!(is_future(&parse_str(future).expect(future)), "{future}");
        }
        for other in ["Result<u8, E>", "Box<dyn Error>", "Vec<Box<dyn Future<Output = u8>>>"] {
            assert!(!is_future(&parse_str(other).expect(other)), "{other}");
        }
    }
}
