//! The voucher that an account pays with.

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// The voucher that an account pays with.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum VoucherInfo {
    /// One without a name.
    Unnamed,
    /// The one of that name.
    Named(String),
}

impl Serialize for VoucherInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unnamed => serializer.serialize_bool(true),
            Self::Named(name) => serializer.serialize_str(name),
        }
    }
}

/// A voucher as it is written: whether there is one, or its name.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum VoucherEntry {
    Used(bool),
    Named(String),
}

/// Reads a voucher that may be left out or null.
pub(super) fn read_voucher<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<VoucherInfo>, D::Error> {
    Ok(match Option::deserialize(deserializer)? {
        None | Some(VoucherEntry::Used(false)) => None,
        Some(VoucherEntry::Used(true)) => Some(VoucherInfo::Unnamed),
        Some(VoucherEntry::Named(name)) => Some(VoucherInfo::Named(name)),
    })
}

/// Not serde's own: that of an untagged enum keeps all that was sent before it looks at it.
impl<'de> Deserialize<'de> for VoucherEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(VoucherVisitor)
    }
}

struct VoucherVisitor;

impl Visitor<'_> for VoucherVisitor {
    type Value = VoucherEntry;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("another value: `voucher` is true, false, or the voucher's name")
    }

    fn visit_bool<E: de::Error>(self, is_used: bool) -> Result<VoucherEntry, E> {
        Ok(VoucherEntry::Used(is_used))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<VoucherEntry, E> {
        Ok(VoucherEntry::Named(name.to_owned()))
    }
}
