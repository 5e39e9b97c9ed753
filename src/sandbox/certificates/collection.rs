//! What `download/CollectSMIME` hands out.

use std::sync::Arc;

use super::{Certificates, NoCertificate};
use crate::api::endpoints::{Attachment, Collection, Shape};
use crate::ca::bundle::{pem_chain, pkcs7};
use crate::clock::Timestamp;
use crate::der::pem;

/// What is handed out.
#[derive(Debug)]
pub(crate) struct Collected {
    /// The lines before the certificates: from when and until when the order's is valid, in RFC 3339, if that is wanted.
    pub(crate) lines: String,
    /// The certificates.
    pub(crate) attachment: Attachment,
    /// What is odd about the order's.
    pub(crate) hint: Option<String>,
}

impl Certificates {
    /// The certificates that are collected, the order's first, then those above it up to the root.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub(crate) async fn collect(
        self: &Arc<Self>,
        wanted: &Collection,
        now: Timestamp,
    ) -> Result<Collected, NoCertificate> {
        let certificate = self.of(&wanted.order, now).await?;
        let chain = [
            &**certificate.issuer.certificate(),
            &**self.authority().root().certificate(),
        ];
        let all = [&*certificate.der]
            .into_iter()
            .filter(|_| wanted.certificate)
            .chain(chain.into_iter().filter(|_| wanted.chain));
        let attachment = match wanted.shape {
            Shape::Individually => Attachment::Text(pem_chain(all)),
            Shape::Pkcs7 => Attachment::Text(pem::encode(pem::PKCS7, &pkcs7(all))),
            Shape::Pkcs7Binary => Attachment::Binary(pkcs7(all)),
        };
        let lines = match wanted.validity_period {
            true => certificate.period().map(|time| format!("{time}\n")).concat(),
            false => String::new(),
        };
        Ok(Collected {
            lines,
            attachment,
            hint: certificate.hint.clone(),
        })
    }
}
