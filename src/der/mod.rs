//! DER and PEM, byte by byte: a strict reader, a small writer, tags and object identifiers.
//! Nothing here knows what the bytes are used for.

pub(crate) mod oid;
pub(crate) mod pem;
pub(crate) mod read;
pub(crate) mod tag;
pub(crate) mod write;
