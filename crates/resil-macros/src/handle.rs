use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, ExprReference, Lit, Result};

use crate::arguments::Arguments;
use crate::function::Function;
use crate::{names, settings, value};

/// Where the handle comes from.
pub(crate) enum Handle {
    Given(Expr),
    /// The attribute makes it: the expression, and the function that gives it out, if there is one.
    Own {
        make: TokenStream,
        accessor: Option<Ident>,
    },
    Registered {
        registry: Expr,
        name: Expr,
    },
}

impl Handle {
    pub(crate) fn of(arguments: &Arguments, function: &Function, nth: usize) -> Result<Self> {
        let kind = arguments.kind.name();
        if let Some(registry) = arguments.get("in") {
            if let Some(given) = &arguments.handle {
                return Err(Error::new_spanned(
                    given,
                    "a handle is given here, and another is looked up in a registry",
                ));
            }
            let Some(name) = arguments.get("name") else {
                return Err(Error::new_spanned(
                    registry,
                    "a registry has handles by name: say `name = \"..\"`, too",
                ));
            };
            if let Some(setting) = arguments.settings().find(|word| *word != "name") {
                let message = format!(
                    "`{setting}` is a setting, and the {} of the registry has its own",
                    arguments.kind.noun()
                );
                return Err(Error::new(setting.span(), message));
            }
            return Ok(Self::Registered { registry: registry.clone(), name: name.clone() });
        }
        if let Some(given) = &arguments.handle {
            if let Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) = value::peeled(given) {
                let name = name.value();
                let message = format!(
                    "a name alone finds no handle: write `name = {name:?}` for one of its own, \
                     or `in = REGISTRY, name = {name:?}` for one of a registry"
                );
                return Err(Error::new_spanned(given, message));
            }
            if value::is_literal(given) {
                let message = format!(
                    "a {} is expected here, or settings such as `word = value`",
                    arguments.kind.noun()
                );
                return Err(Error::new_spanned(given, message));
            }
            if let Some(setting) = arguments.settings().next() {
                let message = format!(
                    "`{setting}` is a setting, and the {} that is given has its own",
                    arguments.kind.noun()
                );
                return Err(Error::new(setting.span(), message));
            }
            return Ok(Self::Given(given.clone()));
        }
        let plain = function.ident.unraw();
        let default_name = format!("::{plain}");
        let name = quote!(::core::concat!(::core::module_path!(), #default_name));
        let make = settings::handle(arguments, &name)?;
        let suffix = if nth == 0 { String::new() } else { format!("_{}", nth + 1) };
        let accessor = match arguments.get("accessor").map(value::peeled) {
            None => Some(Ident::new(&format!("{plain}_{kind}{suffix}"), names::located(arguments.span))),
            Some(Expr::Path(path)) if path.path.get_ident().is_some() => path.path.get_ident().cloned(),
            Some(expr) if matches!(value::flag(expr), Ok(false)) => None,
            Some(expr) => {
                return Err(Error::new_spanned(
                    expr,
                    "expected the name of a function to make, or `false` for none",
                ));
            }
        };
        Ok(Self::Own { make, accessor })
    }
}

/// A reference to what an expression gives.
pub(crate) fn referenced(expr: &Expr) -> TokenStream {
    match value::peeled(expr) {
        // As it is: one reference less to follow.
        reference @ Expr::Reference(ExprReference { mutability: None, .. }) => reference.to_token_stream(),
        Expr::Binary(_) | Expr::Cast(_) | Expr::Range(_) | Expr::Assign(_) | Expr::Closure(_) => {
            quote!(&(#expr))
        }
        _ => {
            let mut tokens = quote_spanned!(expr.span()=> &);
            expr.to_tokens(&mut tokens);
            tokens
        }
    }
}
