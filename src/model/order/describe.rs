//! From the orders of `api` to what is answered and what a snapshot records.

use std::num::NonZeroU32;

use super::{OrderInfo, Revocation, StageEntry};
use crate::api::csr::Csr;
use crate::api::order::certificate_id::CertificateId;
use crate::api::order::collection_code::collection_code;
use crate::api::order::lifecycle::OrderTimes;
use crate::api::order::state as domain;
use crate::api::order::terms::{ProductCode, SignatureHash};
use crate::clock::Timestamp;

impl OrderInfo {
    /// The order as a snapshot records it: it is made again from that, whatever the time is then.
    pub(crate) fn record(order: &domain::Order, now: Timestamp) -> Self {
        Self {
            stage: StageEntry::of(order.stage),
            certificate_id: order.certificate_id.map(CertificateId::get),
            collection_code: None,
            ..Self::describe(order, now)
        }
    }

    /// The order as it is now.
    pub(crate) fn describe(order: &domain::Order, now: Timestamp) -> Self {
        let state = order.state_at(now);
        let OrderTimes { issued, expires, due } = order.times_at(now);
        let details = order.subject.as_deref();
        let mailing = order.mailing.as_deref().copied().unwrap_or_default();
        let [verification, request, collection] = mailing.templates;
        let owned = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Self {
            order_number: order.number.get(),
            certificate_id: Some(order.certificate_id().get()),
            collection_code: Some(collection_code(order.number)),
            login_name: order.login_name.to_string(),
            product: order.product,
            state,
            stage: None,
            issued,
            expires,
            due,
            email: order.email.as_deref().map(str::to_owned),
            organization: order.organization.as_deref().map(str::to_owned),
            country_name: details.and_then(|details| owned(&details.country)),
            state_or_province_name: details.and_then(|details| owned(&details.state_or_province)),
            locality_name: details.and_then(|details| owned(&details.locality)),
            organization_identifier: details.and_then(|details| owned(&details.organization_identifier)),
            days: order.terms.days,
            test: order.terms.is_test,
            csr: order.csr.as_ref().map(describe_csr),
            product_code: order.terms.product_code.map(ProductCode::number),
            signature_hash: Some(order.terms.signature_hash).filter(|hash| *hash != SignatureHash::default()),
            ca_certificate_id: order.terms.ca_certificate_id,
            keep_key: order.terms.keep_key,
            revocation: order.revocation.as_ref().map(|revocation| Revocation {
                at: revocation.at,
                code_reason: revocation.reason.number(),
                revocation_reason: revocation.comment.to_string(),
            }),
            issued_after_polls: order.issued_after_polls.map(NonZeroU32::get),
            issuance_fails: order.issuance_fails,
            language_name: mailing.language.map(str::to_owned),
            smime_verification_template_id: verification,
            smime_request_template_id: request,
            smime_collection_template_id: collection,
            collected: order.collected,
        }
    }
}

/// A CSR in PEM; bare where only its armour would make it longer than a CSR may be.
fn describe_csr(csr: &Csr) -> String {
    Some(csr.to_pem())
        .filter(|pem| pem.len() <= Csr::MAX_TEXT)
        .unwrap_or_else(|| csr.to_base64())
}
