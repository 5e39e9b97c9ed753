//! The order in which a list of orders is asked for.

use std::fmt;
use std::str::FromStr;

/// A field by which orders are sorted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OrderField {
    /// `orderNumber`.
    Number,
    /// `loginName`.
    LoginName,
    /// `product`.
    Product,
    /// `state`, in the order of the documentation's table.
    State,
    /// `issued`.
    Issued,
    /// `expires`.
    Expires,
    /// `due`.
    Due,
}

impl OrderField {
    const ALL: [(&str, Self); 7] = [
        ("orderNumber", Self::Number),
        ("loginName", Self::LoginName),
        ("product", Self::Product),
        ("state", Self::State),
        ("issued", Self::Issued),
        ("expires", Self::Expires),
        ("due", Self::Due),
    ];
}

/// A field and a direction: `expires`, or `-expires` for the greatest first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct OrderSort {
    pub(crate) field: OrderField,
    pub(crate) is_falling: bool,
}

impl OrderSort {
    /// That of a list of which nothing is said.
    pub(crate) const DEFAULT: Self = Self {
        field: OrderField::Number,
        is_falling: false,
    };
}

impl FromStr for OrderSort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (is_falling, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        match OrderField::ALL.iter().find(|(known, _)| *known == name) {
            Some((_, field)) => Ok(Self {
                field: *field,
                is_falling,
            }),
            None => {
                let known = OrderField::ALL.map(|(name, _)| name).join(", ");
                Err(format!(
                    "orders are sorted by {known}, with a - before it the other way"
                ))
            }
        }
    }
}

impl fmt::Display for OrderSort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minus = if self.is_falling { "-" } else { "" };
        let name = OrderField::ALL.iter().find(|(_, field)| *field == self.field);
        write!(f, "{minus}{}", name.map_or("", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read_as_it_is_written() {
        for (name, field) in OrderField::ALL {
            for (text, is_falling) in [(name.to_owned(), false), (format!("-{name}"), true)] {
                let sort = OrderSort { field, is_falling };
                assert_eq!((text.parse(), sort.to_string()), (Ok(sort), text));
            }
        }
        for wrong in ["", "-", "--due", "csr", "Due"] {
            assert!(wrong.parse::<OrderSort>().is_err(), "{wrong}");
        }
    }
}
