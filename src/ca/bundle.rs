//! Formats for several certificates in one file: PKCS#7 and PEM.

use crate::der::oid::{NETSCAPE_CERT_SEQUENCE, PKCS7_DATA, PKCS7_SIGNED_DATA};
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

/// A Netscape certificate sequence (content type 2.16.840.1.113730.2.5), the certificates in the order given.
pub(crate) fn netscape_sequence<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let certificates: Vec<&[u8]> = certificates.into_iter().collect();
    sequence(&[
        &oid(NETSCAPE_CERT_SEQUENCE),
        &tlv(context(0), &[&sequence(&certificates)]),
    ])
}

/// A CMMF reply that grants one certificate: the `CertRepContent` of that draft, which went into RFC 4210 as
/// `CertRepMessage` (section 5.3.4), with the certificates of the CAs as its `caPubs`.
pub(crate) fn cmmf(certificate: &[u8], cas: &[&[u8]]) -> Vec<u8> {
    const GRANTED: u64 = 0;
    let request_id = unsigned(0);
    let status = sequence(&[&unsigned(GRANTED)]);
    let key_pair = sequence(&[&tlv(context(0), &[certificate])]);
    let response = sequence(&[&request_id, &status, &key_pair]);
    sequence(&[&tlv(context(1), &[&sequence(cas)]), &sequence(&[&response])])
}

/// The certificates in PEM, one after the other.
pub(crate) fn pem_chain<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> String {
    certificates
        .into_iter()
        .map(|der| pem::encode(pem::CERTIFICATE, der))
        .collect()
}
