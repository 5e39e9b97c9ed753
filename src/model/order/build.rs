//! From entries to the orders of `api`.

use std::sync::Arc;

use super::Order;
use super::stage::build_stage;
use crate::api::csr::{Csr, Spaces};
use crate::api::order::certificate_id::CertificateId;
use crate::api::order::collection_code::collection_code;
use crate::api::order::mailing::{self, Mailing};
use crate::api::order::product::Product;
use crate::api::order::state::{self as domain, OrderNumber, RevocationReason};
use crate::api::order::subject::SubjectDetails;
use crate::api::order::terms::{ProductCode, Terms};
use crate::api::world::Accounts;
use crate::ca;
use crate::clock::Timestamp;
use crate::model::account::{build_polls, no_account};
use crate::model::value_error::{ValueError, check_length};

/// The order that an entry describes.
pub(crate) fn build_order(entry: &Order, accounts: &Accounts, now: Timestamp) -> Result<domain::Order, ValueError> {
    let number = OrderNumber::new(entry.order_number).ok_or_else(no_order_number)?;
    let account = accounts.get(&entry.login_name).ok_or_else(|| {
        ValueError::at(
            "loginName",
            no_account(&entry.login_name, |text| accounts.is_password(text)),
        )
    })?;
    check_collection_code(entry, number)?;
    let csr = match &entry.csr {
        Some(text) => Some(judge_csr(text)?),
        None => None,
    };
    let mut order = domain::Order {
        number,
        certificate_id: build_certificate_id(entry)?,
        login_name: account.login_name.clone(),
        product: entry.product,
        email: entry.email.as_deref().map(Arc::from),
        organization: entry.organization.as_deref().map(Arc::from),
        subject: build_subject(entry)?,
        csr: None,
        terms: build_terms(entry)?,
        stage: build_stage(entry, now)?,
        revocation: build_revocation(entry, now)?,
        issued_after_polls: build_polls(entry.issued_after_polls)?,
        issuance_fails: entry.issuance_fails,
        mailing: build_mailing(entry)?.boxed(),
        collected: entry.collected,
    };
    give_csr(&mut order, csr)?;
    Ok(order)
}

/// The CSR that an entry brings, no longer than the API takes it.
pub(crate) fn judge_csr(text: &str) -> Result<Csr, ValueError> {
    check_length("csr", text, Csr::MAX_TEXT)?;
    Csr::parse_either(text, Spaces::MayBePlus).map_err(|error| ValueError::at("csr", error.to_string()))
}

/// Lets an order have that CSR or none, which makes it complete: a certificate can be made of it, or it is refused here.
pub(crate) fn give_csr(order: &mut domain::Order, csr: Option<Csr>) -> Result<(), ValueError> {
    if csr.is_some() && order.terms.keep_key {
        return Err(ValueError::at(
            "keepKey",
            "no key is made for an order that has a csr, so there is none to keep",
        ));
    }
    order.csr = csr;
    ca::order::check(order).map_err(|error| match error.field() {
        Some(field) => ValueError::at(field, error.to_string()),
        None => ValueError::new(error.to_string()),
    })
}

fn check_collection_code(entry: &Order, number: OrderNumber) -> Result<(), ValueError> {
    match &entry.collection_code {
        Some(code) if *code != collection_code(number) => Err(ValueError::at(
            "collectionCode",
            "a collectionCode follows from the orderNumber, and this one is not that order's: leave it out",
        )),
        Some(_) | None => Ok(()),
    }
}

fn build_certificate_id(entry: &Order) -> Result<Option<CertificateId>, ValueError> {
    let Some(id) = entry.certificate_id else {
        return Ok(None);
    };
    let out_of_range = || {
        ValueError::at(
            "certificateID",
            format!("a certificateID is between 1 and {}", CertificateId::MAX),
        )
    };
    let id = CertificateId::new(id).ok_or_else(out_of_range)?;
    let is_usual = OrderNumber::new(entry.order_number).map(OrderNumber::certificate_id) == Some(id);
    Ok(Some(id).filter(|_| !is_usual))
}

fn build_subject(entry: &Order) -> Result<Option<Box<SubjectDetails>>, ValueError> {
    let boxed = |text: &Option<String>| text.as_deref().map(Box::from);
    let details = SubjectDetails {
        country: boxed(&entry.country_name),
        state_or_province: boxed(&entry.state_or_province_name),
        locality: boxed(&entry.locality_name),
        organization_identifier: boxed(&entry.organization_identifier),
    };
    for ((field, value), max) in details.fields().into_iter().zip(SubjectDetails::MAX) {
        if let Some(value) = value {
            check_length(field, value, max)?;
        }
    }
    Ok(details.boxed())
}

fn build_mailing(entry: &Order) -> Result<Mailing, ValueError> {
    let templates = [
        entry.smime_verification_template_id,
        entry.smime_request_template_id,
        entry.smime_collection_template_id,
    ];
    let language =
        match &entry.language_name {
            Some(_) if templates.iter().any(Option::is_some) => {
                return Err(ValueError::at(
                    "languageName",
                    "mails are written in a language or by templates, not by both",
                ));
            }
            Some(letters) => Some(mailing::language(letters).ok_or_else(|| {
                ValueError::at("languageName", "a language is two letters of ISO 639-1, in lower case")
            })?),
            None => None,
        };
    Ok(Mailing { language, templates })
}

fn build_terms(entry: &Order) -> Result<Terms, ValueError> {
    let is_of_product = |code: &ProductCode| code.product() == entry.product;
    let product_code = match entry.product_code {
        Some(number) => Some(ProductCode::from_number(number).filter(is_of_product).ok_or_else(|| {
            let numbers: Vec<_> = ProductCode::ALL
                .into_iter()
                .filter(is_of_product)
                .map(|code| code.number().to_string())
                .collect();
            ValueError::at(
                "productCode",
                format!(
                    "{} order has the productCode {}",
                    entry.product.described(),
                    numbers.join(" or ")
                ),
            )
        })?),
        None => None,
    };
    if entry.ca_certificate_id.is_some() && entry.product != Product::Smime {
        return Err(ValueError::at(
            "caCertificateID",
            "only an S/MIME order has a caCertificateID",
        ));
    }
    Ok(Terms {
        product_code,
        signature_hash: entry.signature_hash.unwrap_or_default(),
        ca_certificate_id: entry.ca_certificate_id,
        keep_key: entry.keep_key,
        days: entry.days,
        is_test: entry.test,
    })
}

fn build_revocation(entry: &Order, now: Timestamp) -> Result<Option<Box<domain::Revocation>>, ValueError> {
    let Some(revocation) = &entry.revocation else {
        return Ok(None);
    };
    if !entry.state.may_have_revocation() {
        return Err(ValueError::at(
            "revocation",
            format!(
                "an order that is {} has no `revocation`; one that is revoked, replaced or rejected may have one, so \
                 say its `state` as well",
                entry.state
            ),
        ));
    }
    let reason = RevocationReason::from_number(revocation.code_reason)
        .ok_or_else(|| ValueError::at("codeReason", "a codeReason is 0, 1, 3, 4 or 5").under("revocation"))?;
    Ok(Some(Box::new(domain::Revocation {
        at: revocation.at.from(now),
        reason,
        comment: revocation.revocation_reason.as_str().into(),
    })))
}

/// Says that an order number is taken.
pub(crate) fn order_number_taken(number: OrderNumber) -> String {
    format!("another order has the orderNumber {number}")
}

/// Says that a certificateID is taken.
pub(crate) fn certificate_id_taken(id: CertificateId) -> String {
    format!("another order has the certificateID {id}")
}

/// Says which numbers an order may have.
pub(in crate::model) fn no_order_number() -> ValueError {
    ValueError::at(
        "orderNumber",
        format!("an order number is between 1 and {}", OrderNumber::MAX),
    )
}
