//! Formats for several certificates in one file: PKCS#7 and PEM.

use crate::der::oid::{PKCS7_DATA, PKCS7_SIGNED_DATA};
use crate::der::pem;
use crate::der::tag::{SET, context};
use crate::der::write::{oid, sequence, tlv, unsigned};

/// PKCS#7, certificates only: a `SignedData` that signs nothing (RFC 5652, section 5.1), in DER, except that
/// the certificates keep the given order, as clients expect the leaf first, and are not sorted.
pub(crate) fn pkcs7<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let certificates: Vec<&[u8]> = certificates.into_iter().collect();
    let signed_data = sequence(&[
        &unsigned(1),
        &tlv(SET, &[]),
        &sequence(&[&oid(PKCS7_DATA)]),
        &tlv(context(0), &certificates),
        &tlv(SET, &[]),
    ]);
    sequence(&[&oid(PKCS7_SIGNED_DATA), &tlv(context(0), &[&signed_data])])
}

/// The certificates in PEM, one after the other.
pub(crate) fn pem_chain<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> String {
    certificates
        .into_iter()
        .map(|der| pem::encode(pem::CERTIFICATE, der))
        .collect()
}
