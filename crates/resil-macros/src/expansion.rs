use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, Result};

use crate::direct::moved_arguments;
use crate::function::Function;
use crate::layer::{Exit, Layer};
use crate::names;

/// The function with its layers around the body, the outermost first, and the functions that give their handles out.
pub(crate) fn expand(layers: &[Layer], function: &Function) -> Result<TokenStream> {
    let facade = &layers[0].arguments().facade;
    let exits = layers.iter().map(Layer::exit).collect::<Result<Vec<_>>>()?;
    let exit = exits.into_iter().max().unwrap_or(Exit::Line);
    if exit > Exit::Line {
        function.check_returns()?;
    }
    let mut repeating = layers.iter().filter(|layer| layer.arguments().kind.repeats());
    let is_repeated = repeating.next().is_some();
    if let Some(second) = repeating.next() {
        return Err(Error::new(
            second.arguments().span,
            "this call is retried already, and attempts of attempts multiply: keep one `retry` or `pipeline`",
        ));
    }

    let find = layers.iter().map(|layer| layer.find(function));
    let may_leave = function.is_async && layers.iter().all(|layer| layer.holds_nothing(function));
    let moved = may_leave.then(|| moved_arguments(function)).flatten();
    let body = body(function, facade, is_repeated, moved.as_ref())?;
    let leave = leave(exit, function);
    let prepare = layers.iter().map(|layer| layer.prepare(&leave)).collect::<Result<Vec<_>>>()?;

    let (call, form) = (names::local("call"), names::local("form"));
    let mut around = match (function.is_async, is_repeated) {
        (false, _) => quote!(#facade::expanded::Form::enter(#form, #call())),
        (true, false) => quote!(#facade::expanded::enter_async(#form, #call)),
        (true, true) => quote!(#facade::expanded::enter_async(#form, #call())),
    };
    for layer in layers.iter().rev() {
        around = layer.around(&around, function.is_async)?;
    }
    let result = names::local("result");
    let leaving = quote_spanned!(leave.span()=> #form.#leave(#result));
    let start = quote!(#(#find)* #body #(#prepare)*);
    let guarded = if moved.is_some() {
        let large = names::tolerating(&quote!(clippy::result_large_err));
        function.with_future(&quote! {
            #start
            #facade::expanded::leave_async(#around, #large move |#result| #leaving)
        })
    } else {
        let awaited = function.is_async.then(|| quote!(.await));
        let body = quote! {
            #start
            let #result = #around #awaited;
            #leaving
        };
        function.with_body(&body, is_repeated)
    };
    let accessors = layers.iter().filter_map(|layer| layer.accessor(&function.vis, &function.ident));
    Ok(quote!(#guarded #(#accessors)*))
}

/// The body as a closure or a future, with what it makes of the arguments, and the form in which it tells of refusals.
fn body(
    function: &Function,
    facade: &TokenStream,
    is_repeated: bool,
    moved: Option<&TokenStream>,
) -> Result<TokenStream> {
    let (call, returns, form) = (names::local("call"), names::local("returns"), names::local("form"));
    let (returned, block) = (function.returned(), function.body.stream());
    let again = if is_repeated { function.arguments_again(facade)? } else { TokenStream::new() };
    let unheard =
        names::tolerating(&quote!(unreachable_code, unused_variables, clippy::all, clippy::pedantic));
    // Says what the future comes to, which cannot be written on it.
    let hint = quote! {
        #unheard
        if false {
            let returned: #returned = loop {};
            return returned;
        }
    };
    let make = match (function.is_async, is_repeated) {
        (false, false) => quote!(once(|| -> #returned { #block })),
        (false, true) => quote!(each_time(|| -> #returned { #again #block })),
        (true, false) => quote!(future(async move { #moved #hint #block })),
        (true, true) => quote!(each_future(move || { #again async move { #hint #block } })),
    };
    let mutable = is_repeated.then(|| quote!(mut));
    let maybe_const = is_repeated.then(|| names::tolerating(&quote!(unused_mut)));
    let one_of_two = names::tolerating(&quote!(unused_imports));
    Ok(quote! {
        #maybe_const
        let (#mutable #call, #returns) = #facade::expanded::#make;
        let #form = {
            #one_of_two
            use #facade::expanded::{FormOfAnything as _, FormOfResult as _};
            #returns.form()
        };
    })
}

/// The way out of the function. Errors about it are errors about the type that it returns.
fn leave(exit: Exit, function: &Function) -> Ident {
    let name = match exit {
        Exit::Line => "leave_line",
        Exit::Guard => "leave_guard",
        Exit::Limit => "leave_limit",
    };
    Ident::new(name, Span::mixed_site().located_at(function.returned_span()))
}
