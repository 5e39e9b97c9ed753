//! The certificates that `download/CollectSMIME` returns.

use std::sync::Arc;

use super::{Certificates, NoCertificate};
use crate::api::endpoints::{Attachment, Collection, Shape};
use crate::ca::bundle::{pem_chain, pkcs7};
use crate::clock::Timestamp;
use crate::der::pem;

/// The result of a collection.
#[derive(Debug)]
pub(crate) struct Collected {
    /// The lines before the certificates: when the validity of the order's certificate begins and ends, in RFC 3339, if
    /// the call asks for it.
    pub(crate) lines: String,
    /// The certificates.
    pub(crate) attachment: Attachment,
    /// What is unusual about the certificate of the order, in a sentence.
    pub(crate) hint: Option<String>,
}

impl Certificates {
    /// The requested certificates: that of the order first, then those above it up to the root.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub(crate) async fn collect(
        self: &Arc<Self>,
        collection: &Collection,
        now: Timestamp,
    ) -> Result<Collected, NoCertificate> {
        let certificate = self.of(&collection.order, now).await?;
        let chain = [
            &**certificate.issuer.certificate(),
            &**self.authority().root().certificate(),
        ];
        let all = [&*certificate.der]
            .into_iter()
            .filter(|_| collection.certificate)
            .chain(chain.into_iter().filter(|_| collection.chain));
        let attachment = match collection.shape {
            Shape::Individually => Attachment::Text(pem_chain(all)),
            Shape::Pkcs7 => Attachment::Text(pem::encode(pem::PKCS7, &pkcs7(all))),
            Shape::Pkcs7Binary => Attachment::Binary(pkcs7(all)),
        };
        let lines = match collection.validity_period {
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
