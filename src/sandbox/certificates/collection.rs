//! The certificates that the endpoints that collect return.

use std::sync::Arc;

use super::{Certificate, Certificates, NoCertificate};
use crate::api::endpoints::collecting::{self, Collected, Collection, Structure};
use crate::ca::{bundle, zip};
use crate::clock::Timestamp;
use crate::der::pem;

impl Certificates {
    /// The requested certificates.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub(crate) async fn collect(
        self: &Arc<Self>,
        collection: &Collection,
        now: Timestamp,
    ) -> Result<Collected, NoCertificate> {
        let certificate = self.of(&collection.order, now).await?;
        Ok(Collected {
            period: certificate.period(),
            certificates: self.hand_out(collection, &certificate),
            hint: certificate.hint.clone(),
        })
    }

    fn hand_out(&self, wanted: &Collection, certificate: &Certificate) -> collecting::Certificates {
        let own = &*certificate.der;
        let issuing = &**certificate.issuer.certificate();
        let root = &**self.authority().root().certificate();
        let structure = match wanted.structure {
            Structure::Individually => {
                let chain = [root, issuing].into_iter().filter(|_| wanted.chain);
                return collecting::Certificates::Each {
                    chain: chain.map(<[u8]>::to_vec).collect(),
                    own: wanted.certificate.then(|| own.to_vec()),
                };
            }
            Structure::Zip => zip::archive(&[
                file("root", root),
                file(&certificate.issuer.name().to_string(), issuing),
                file(&wanted.order.number.to_string(), own),
            ]),
            Structure::NetscapeSequence => bundle::netscape_sequence([own, issuing, root]),
            Structure::Pkcs7 => bundle::pkcs7([own, issuing, root]),
            Structure::Cmmf => bundle::cmmf(own, &[issuing, root]),
        };
        collecting::Certificates::Together(structure)
    }
}

/// A file of an archive: a certificate in PEM.
fn file(stem: &str, der: &[u8]) -> (String, Vec<u8>) {
    (format!("{stem}.crt"), pem::encode(pem::CERTIFICATE, der).into_bytes())
}
