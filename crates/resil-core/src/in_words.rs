/// Writes a configuration in the words of its partial form, and reads it from them over its defaults: `Serialize` and `Deserialize`.
///
/// What `check` refuses is an error both ways. The words that stand beside the configuration, each with whether it was said, cannot be
/// part of a plain value, and are errors, too.
#[doc(hidden)]
#[macro_export]
macro_rules! config_in_words {
    ($config:ident in $partial:ident, checked by $check:ident $(, beside it $beside:expr)?) => {
        /// In the words of its partial form. One that is out of its range is an error.
        impl ::serde::Serialize for $config {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                self.$check().map_err(::serde::ser::Error::custom)?;
                ::serde::Serialize::serialize(&$partial::from(self), serializer)
            }
        }

        /// In the words of its partial form, over the defaults. What is out of its range is an error, and what is no plain value.
        impl<'de> ::serde::Deserialize<'de> for $config {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                let said = <$partial as ::serde::Deserialize>::deserialize(deserializer)?;
                $(
                    let beside = $beside;
                    if let ::core::option::Option::Some((word, _)) = beside(&said).into_iter().find(|(_, is_said)| *is_said) {
                        let error = ::core::format_args!("{word}: it is no setting that is a plain value");
                        return ::core::result::Result::Err(::serde::de::Error::custom(error));
                    }
                )?
                said.over(<Self as ::core::default::Default>::default()).map_err(::serde::de::Error::custom)
            }
        }
    };
}
