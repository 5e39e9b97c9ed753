//! The table of codes: number, message, meaning, and how well each of them is known.
//!
//! If two endpoints have different messages for the same number, there are two rows. Each endpoint lists the rows that
//! it returns.

use crate::api::protocol::Mark;

/// The part of a message that is replaced by the name of an argument or of an action.
pub(crate) const PLACEHOLDER: &str = "xxxx";

/// A code that the API returns, and its message.
#[derive(Debug, Eq, PartialEq)]
pub struct Code {
    /// The number, below zero.
    pub number: i32,
    /// The message, with `xxxx` in place of a name.
    pub message: &'static str,
    /// When it is returned, in a few words.
    pub meaning: &'static str,
    /// How well the number is known.
    pub number_mark: Mark,
    /// How well the wording is known.
    pub message_mark: Mark,
}

impl Code {
    const fn new(number: i32, message: &'static str, meaning: &'static str) -> Self {
        Self {
            number,
            message,
            meaning,
            number_mark: Mark::Documented,
            message_mark: Mark::Documented,
        }
    }

    const fn assumed(self) -> Self {
        Self {
            number_mark: Mark::Assumed,
            ..self
        }
    }

    /// A code that was seen in what public clients expect, number and wording.
    const fn observed(self) -> Self {
        Self {
            number_mark: Mark::Observed,
            message_mark: Mark::Observed,
            ..self
        }
    }

    const fn wording_assumed(self) -> Self {
        Self {
            message_mark: Mark::Assumed,
            ..self
        }
    }
}

/// Plain HTTP.
pub(crate) const NOT_HTTPS: Code = Code::new(
    -1,
    "Request was not made over HTTPS!",
    "the request came over plain HTTP",
);

/// [`NOT_HTTPS`] on `!AutoReplaceSMIME`, whose document lost the wording.
pub(crate) const NOT_HTTPS_ASSUMED: Code = NOT_HTTPS.wording_assumed();

/// [`NOT_HTTPS`] as the endpoints that send mails again spell it, and a guide to sibling endpoints. Those that order and
/// that collect have no wording of their own, so the guide's is taken.
pub(crate) const NOT_HTTPS_LOWER_CASE: Code = Code::new(
    -1,
    "Request was not made over https!",
    "the request came over plain HTTP",
);

/// An argument that the endpoint does not have.
pub(crate) const UNRECOGNIZED_ARGUMENT: Code = Code::new(
    -2,
    "'xxxx' is an unrecognized argument!",
    "an argument that the endpoint does not have",
);

/// [`UNRECOGNIZED_ARGUMENT`] on `!AutoReplaceSMIME`, whose document lost the wording.
pub(crate) const UNRECOGNIZED_ARGUMENT_ASSUMED: Code = UNRECOGNIZED_ARGUMENT.wording_assumed();

/// A required argument that was not sent.
pub(crate) const MISSING_ARGUMENT: Code = Code::new(
    -3,
    "The 'xxxx' argument is missing!",
    "a required argument was not sent",
);

/// A value that the endpoint does not accept.
pub(crate) const INVALID_ARGUMENT: Code = Code::new(
    -4,
    "The value of the 'xxxx' argument is invalid!",
    "a value that is empty, too long, not allowed, or names nothing that the account has",
);

/// The code of sibling endpoints for a CSR that is not Base64.
pub(crate) const CSR_NOT_BASE64: Code = Code::new(
    -9,
    "The CSR is not valid Base-64 data!",
    "the CSR is not Base64 (assumption `csr-errors=sibling`)",
)
.assumed();

/// The code of sibling endpoints for a CSR that is not PKCS#10.
pub(crate) const CSR_NOT_DECODED: Code = Code::new(
    -10,
    "The CSR cannot be decoded!",
    "the CSR is not PKCS#10 (assumption `csr-errors=sibling`)",
)
.assumed();

/// The code of sibling endpoints for a CSR with another kind of key or signature.
pub(crate) const CSR_ALGORITHM: Code = Code::new(
    -11,
    "The CSR uses an unsupported algorithm!",
    "the CSR's key or signature is of another kind (assumption `csr-errors=sibling`)",
)
.assumed();

/// The code of sibling endpoints for a CSR whose signature does not match its key.
pub(crate) const CSR_SIGNATURE: Code = Code::new(
    -12,
    "The CSR has an invalid signature!",
    "the CSR's signature does not fit its key (assumption `csr-errors=sibling`)",
)
.assumed();

/// A key of a size that is not accepted.
pub(crate) const CSR_KEY_SIZE: Code = Code::new(
    -13,
    "The CSR uses an unsupported key size!",
    "an RSA key outside 2048 to 8192 bits, or a curve other than P-256, P-384, P-521",
);

/// An error inside of Sectigo's service; only a fault returns it.
pub(crate) const UNKNOWN_ERROR: Code = Code::new(-14, "An unknown error occurred!", "a fault was set for this call");

/// A CSR lacks a required field. The emulator requires none, so only a fault answers this.
pub(crate) const CSR_FIELD_MISSING: Code = Code::new(
    -8,
    "The CSR is missing a required field!",
    "a fault was set for this call",
)
.assumed();

/// The key is known to be compromised. The emulator knows no such keys, so only a fault answers this.
pub(crate) const CSR_KEY_COMPROMISED: Code = Code::new(
    -40,
    "The CSR uses a key that is believed to have been compromised!",
    "a fault was set for this call",
)
.assumed();

/// The endpoints that collect: the CA cannot make the certificate, for example because its files cannot be read.
pub(crate) const NOT_MADE: Code = Code::new(
    -14,
    "An unknown error occurred!",
    "the CA cannot make the certificate (the log says why)",
)
.observed();

/// `!AutoReplaceSMIME`: the login failed.
pub(crate) const LOGIN_DETAILS: Code = Code::new(
    -16,
    "Incorrect login details, account is locked, password has expired, or your source IP is blocked!",
    "unknown loginName, wrong loginPassword, or a locked account",
);

/// `!autoRevokeCS`: the login failed, or the accountID is not one of the caller's customers.
pub(crate) const PERMISSION_DENIED: Code = Code::new(
    -16,
    "Permission denied!",
    "unknown loginName, wrong loginPassword, a locked account, or an accountID that is not the caller's",
);

/// Another method than POST.
pub(crate) const NOT_POST: Code = Code::new(-17, "Request used GET rather than POST!", "the method was not POST");

/// [`NOT_POST`] on `download/CollectSMIME` and `download/CollectSSL`, whose codes are not public.
pub(crate) const NOT_POST_TO_COLLECT: Code = Code::new(
    -17,
    "Request used GET rather than POST!",
    "the method was not POST (assumption `collect-method=post`)",
)
.assumed();

/// The order is already rejected.
pub(crate) const ALREADY_REJECTED: Code = Code::new(
    -20,
    "The certificate request has already been Rejected!",
    "the order is rejected",
);

/// The endpoints that collect: the order is rejected.
pub(crate) const REJECTED: Code = Code::new(
    -20,
    "The certificate request has been rejected!",
    "the order is rejected",
)
.observed();

/// The order is already revoked.
pub(crate) const ALREADY_REVOKED: Code =
    Code::new(-21, "The certificate has already been Revoked!", "the order is revoked");

/// The endpoints that collect: the order is revoked.
pub(crate) const REVOKED: Code = Code::new(-21, "The certificate has been revoked!", "the order is revoked").observed();

/// The endpoints that collect: nobody has paid for the order.
pub(crate) const AWAITING_PAYMENT: Code = Code::new(-22, "Still awaiting payment!", "the order is unpaid").observed();

/// The order is between being ordered and being issued.
pub(crate) const BEING_ISSUED: Code = Code::new(
    -26,
    "The certificate is currently being Issued!",
    "the order is being issued",
);

/// [`BEING_ISSUED`] on `!autoRevokeCertificate`, whose readable codes do not have it.
pub(crate) const BEING_ISSUED_ASSUMED: Code = BEING_ISSUED.assumed();

/// The order is already replaced, and `includeInCRL` is `N`.
pub(crate) const ALREADY_REPLACED: Code = Code::new(
    -34,
    "The certificate has already been Replaced!",
    "the order is replaced, and includeInCRL is N",
);

/// [`ALREADY_REPLACED`] on `!autoRevokeCertificate`, whose readable codes do not have it.
pub(crate) const ALREADY_REPLACED_ASSUMED: Code = ALREADY_REPLACED.assumed();

/// The order's certificate is past its end.
pub(crate) const EXPIRED: Code = Code::new(
    -35,
    "The Certificate does not allow revocation after expiry!",
    "the order is expired",
);

/// The account made as many calls as it may.
pub(crate) const CALL_LIMIT: Code = Code::new(
    -42,
    "Call limit reached, please try again later!",
    "the account is over its call limit",
)
.wording_assumed();

/// The endpoints that collect: the same order was collected too soon after the last time.
pub(crate) const POLLED_TOO_SOON: Code = Code::new(
    -42,
    "Call limit reached, please try again later!",
    "the account has `strictPolling`, and collected the same order too soon after the last time",
)
.assumed();

/// The order is in a state that cannot be revoked.
pub(crate) const NOT_REVOCABLE: Code =
    Code::new(-43, "Certificate is not in a revocable state.", "the order is on hold");

/// The account pays with a voucher, with which this cannot be paid.
pub(crate) const VOUCHER: Code = Code::new(
    -90,
    "Permission denied for using “voucher” with 'xxxx'",
    "the account uses a voucher",
);

/// The account may not do this.
pub(crate) const NOT_PERMITTED: Code = Code::new(
    -91,
    "Permission denied for 'xxxx'",
    "the account may not use this endpoint, or not this argument",
);

/// [`NOT_PERMITTED`] on `!autoRevokeCertificate`, whose readable codes do not have it.
pub(crate) const NOT_PERMITTED_ASSUMED: Code = NOT_PERMITTED.assumed();

/// `!AutoApplyOrder`: a country that is none.
pub(crate) const NOT_A_COUNTRY: Code = Code::new(
    -7,
    "'xxxx' is not a valid ISO-3166 country!",
    "countryName, or the country of the CSR, is not a code of ISO 3166 in capital letters",
);

/// Where an order is given its CSR: it is not Base64.
pub(crate) const NEW_CSR_NOT_BASE64: Code =
    Code::new(-9, "The CSR is not valid Base-64 data!", "the CSR is not Base64").assumed();

/// Where an order is given its CSR: it is not PKCS#10.
pub(crate) const NEW_CSR_NOT_DECODED: Code = Code::new(
    -10,
    "The CSR cannot be decoded!",
    "the CSR is not PKCS#10, or not a SPKAC where that is asked for",
)
.assumed();

/// Where an order is given its CSR: another kind of key or signature.
pub(crate) const NEW_CSR_ALGORITHM: Code = Code::new(
    -11,
    "The CSR uses an unsupported algorithm!",
    "the CSR's key or signature is of another kind",
)
.assumed();

/// Where an order is given its CSR: its signature does not fit its key.
pub(crate) const NEW_CSR_SIGNATURE: Code = Code::new(
    -12,
    "The CSR has an invalid signature!",
    "the CSR's signature does not fit its key",
)
.assumed();

/// `!AutoApplyOrder`: a key of a size that is not accepted.
pub(crate) const NEW_CSR_KEY_SIZE: Code = Code::new(
    -13,
    "The CSR uses an unsupported key size!",
    "an RSA key outside 2048 to 8192 bits, below 3072 for code signing (assumption `code-signing-rsa`), or a curve other \
     than P-256, P-384, P-521",
);

/// The account cannot pay.
pub(crate) const NO_CREDIT: Code = Code::new(-15, "Not enough credit!", "the account has no credit");

/// The account has no price for what is ordered.
pub(crate) const NO_PRICE: Code = Code::new(
    -115,
    "No price found for product xxxx",
    "the product does not have this term, or the account has no price for it",
);

/// `download/RequestAndCollectSMIME`: the order has a CSR already, or is on hold.
pub(crate) const CSR_NOT_WANTED: Code = Code::new(
    -122,
    "The Certificate is in wrong state.",
    "a CSR is sent, and the order has one already (assumption `csr-given-twice`) or is on hold",
)
.assumed();

/// `!AutoAuthorize` and `!AutoReject`: the order's state does not allow it.
pub(crate) const NOT_WAITING: Code = Code::new(
    -122,
    "The Certificate is in wrong state.",
    "the order is in another state than those in which it can be authorized or rejected",
)
.assumed();

/// The order's state does not allow a replacement.
pub(crate) const WRONG_STATE: Code = Code::new(
    -122,
    "The Certificate is in wrong state.",
    "the order is rejected, replaced, expired, on hold or unpaid",
);

/// [`WRONG_STATE`] on the endpoints that send mails again.
pub(crate) const WRONG_STATE_TO_RESEND: Code = Code::new(
    -122,
    "The Certificate is in wrong state.",
    "the order's state is not one about which this mail is sent",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_about_an_argument_or_an_action_have_a_name_in_them() {
        for (code, expected) in [
            (&UNRECOGNIZED_ARGUMENT, true),
            (&MISSING_ARGUMENT, true),
            (&INVALID_ARGUMENT, true),
            (&NOT_PERMITTED, true),
            (&VOUCHER, true),
            (&WRONG_STATE, false),
            (&UNKNOWN_ERROR, false),
        ] {
            assert_eq!(code.message.contains(PLACEHOLDER), expected, "{}", code.number);
        }
    }
}
