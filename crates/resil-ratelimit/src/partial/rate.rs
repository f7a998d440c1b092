//! Numbers of permits as files write them: whole ones without a fraction.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whether it can be the number of permits as it is.
pub(super) fn is_whole(rate: f64) -> bool {
    (0.0..=u32::MAX.into()).contains(&rate) && rate.fract() == 0.0
}

#[expect(clippy::ref_option, reason = "serde's form")]
pub(super) fn serialize<S: Serializer>(rate: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match *rate {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is a whole number of 32 bits"
        )]
        Some(rate) if is_whole(rate) => (rate as u32).serialize(serializer),
        rate => rate.serialize(serializer),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Option::deserialize(deserializer)
}
