//! The table of assumptions: facts about the API that its documents leave open. Each can be changed by its name.

use thiserror::Error;

use crate::shown::shown;
use crate::similar::similar_name;

/// The name of an assumption that does not exist, or a value that it does not accept.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum AssumptionError {
    /// There is no assumption of that name.
    #[error(
        "there is no assumption `{}`; there are {}{}",
        shown(name),
        names(),
        similar_name(name, ASSUMPTIONS.iter().map(|row| row.name))
    )]
    UnknownName {
        /// The name that was given.
        name: String,
    },
    /// The assumption does not accept that value.
    #[error("`{}` is no value of the assumption `{name}`; it takes {}", shown(value), allowed.join(", "))]
    UnknownValue {
        /// The assumption.
        name: &'static str,
        /// The value that was given.
        value: String,
        /// The values that it accepts, the default first.
        allowed: &'static [&'static str],
    },
}

impl AssumptionError {
    /// The message without the given value, which may be a password in the wrong place.
    pub fn without_value(&self) -> String {
        match self {
            Self::UnknownName { .. } => self.to_string(),
            Self::UnknownValue { name, allowed, .. } => {
                format!("the assumption `{name}` takes {}", allowed.join(", "))
            }
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assumption {
    /// The name, as in `--assume name=value`.
    pub name: &'static str,
    /// The values that it accepts, the default first.
    pub values: &'static [&'static str],
    /// Why the default is the default.
    pub reason: &'static str,
}

/// Makes, from one list: an enum for each assumption, the struct that holds a value of each, and the table.
macro_rules! assumptions {
    ($($(#[$doc:meta])+ $field:ident: $Type:ident = $name:literal {
        $($(#[$attribute:meta])+ $Variant:ident = $value:literal,)+
    } because $reason:literal)+) => {
        $(
            $(#[$doc])+
            #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
            pub enum $Type {
                $($(#[$attribute])+ $Variant,)+
            }

            impl $Type {
                const VALUES: &[Self] = &[$(Self::$Variant),+];
            }
        )+

        /// The assumptions of a sandbox.
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        pub struct Assumptions {
            $($(#[$doc])+ pub $field: $Type,)+
        }

        /// Every assumption, in the order of the documentation.
        pub(crate) const ASSUMPTIONS: &[Assumption] = &[
            $(Assumption { name: $name, values: &[$($value),+], reason: $reason },)+
        ];

        impl Assumptions {
            /// Sets the assumption `name` to `value`.
            ///
            /// # Errors
            /// There is no assumption of that name, or it does not accept the value.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), AssumptionError> {
                match name {
                    $($name => self.$field = $Type::VALUES[position($name, &[$($value),+], value)?],)+
                    _ => return Err(AssumptionError::UnknownName { name: name.to_owned() }),
                }
                Ok(())
            }

            /// The name and the present value of every assumption.
            pub fn values(&self) -> Vec<(&'static str, &'static str)> {
                vec![$(($name, [$($value),+][self.$field as usize]),)+]
            }
        }
    };
}

assumptions! {
    /// Whether the names of endpoints are case sensitive.
    endpoint_names: EndpointNames = "endpoint-names" {
        /// They are not.
        #[default]
        AnyCase = "any-case",
        /// They are: another spelling than the documented one is not found (HTTP status 404).
        Exact = "exact",
    } because "the document of `!autoRevokeCS` itself writes AutoRevokeCS as well"

    /// Whether the names of arguments are case sensitive.
    argument_names: ArgumentNames = "argument-names" {
        /// They are not.
        #[default]
        AnyCase = "any-case",
        /// They are: only the documented spelling is recognized.
        Exact = "exact",
    } because "Sectigo's own sample sends REVOKEOLDORDER"

    /// What happens to an argument that is sent twice.
    duplicate_argument: DuplicateArgument = "duplicate-argument" {
        /// It is invalid: -4.
        #[default]
        Reject = "reject",
        /// Its first value is used.
        First = "first",
        /// Its last value is used.
        Last = "last",
    } because "no document says; -4 shows the mistake at once"

    /// Whether arguments in the query string count.
    query_arguments: QueryArguments = "query-arguments" {
        /// They do, before those of the body.
        #[default]
        Read = "read",
        /// They do not, as if they had not been sent.
        Ignored = "ignored",
    } because "a POST whose arguments stand in the query string was seen to work"

    /// Whether the values of arguments that take `Y` and `N` are case sensitive.
    yes_no_values: YesNoValues = "yes-no-values" {
        /// They are: `y` is -4.
        #[default]
        Exact = "exact",
        /// They are not.
        AnyCase = "any-case",
    } because "a sibling's page calls such values case sensitive"

    /// Whether a `+` may stand before a number.
    number_sign: NumberSign = "number-sign" {
        /// It may not: -4.
        #[default]
        Refused = "refused",
        /// It may, and means nothing.
        Accepted = "accepted",
    } because "no document says; -4 shows the mistake at once"

    /// Whether white space may stand around a number.
    number_spaces: NumberSpaces = "number-spaces" {
        /// It may not: -4.
        #[default]
        Refused = "refused",
        /// It may, and means nothing.
        Accepted = "accepted",
    } because "no document says; -4 shows the mistake at once"

    /// Whether zeros may stand before a number.
    number_zeros: NumberZeros = "number-zeros" {
        /// They may not: -4.
        #[default]
        Refused = "refused",
        /// They may, and mean nothing.
        Accepted = "accepted",
    } because "no document says; -4 shows the mistake at once"

    /// Whether an argument with an empty value was sent.
    empty_value: EmptyValue = "empty-value" {
        /// It was: -4, unless the argument may be empty.
        #[default]
        Present = "present",
        /// It was not: -3 if it is required, else its default counts.
        Missing = "missing",
    } because "a sibling's page says that an empty value is a value"

    /// Whether the login is checked before or after the arguments.
    login_check: LoginCheck = "login-check" {
        /// After the arguments by themselves, before the order that they name.
        #[default]
        AfterArguments = "after-arguments",
        /// Before their values: -16 outweighs -4, but neither -2 nor -3.
        BeforeValues = "before-values",
        /// Before all of them, if loginName and loginPassword were sent: -16 outweighs -2, -3 and -4.
        BeforeArguments = "before-arguments",
    } because "no document says; the tables of codes name -2 to -4 before -16"

    /// Whether arguments that the endpoint does not have are found before or after those that are missing.
    unknown_check: UnknownCheck = "unknown-check" {
        /// Before: -2 outweighs -3.
        #[default]
        BeforeMissing = "before-missing",
        /// After: -3 outweighs -2.
        AfterMissing = "after-missing",
    } because "no document says; the tables of codes name -2 before -3"

    /// How the message of -2 spells `unrecognized`.
    spelling: Spelling = "spelling" {
        /// `unrecognized`.
        #[default]
        American = "american",
        /// `unrecognised`.
        British = "british",
    } because "the documents print `unrecognized`; the live service was seen to print `unrecognised` at a sibling"

    /// Which quotes stand around names in messages.
    message_quotes: MessageQuotes = "message-quotes" {
        /// `'orderNumber'`.
        #[default]
        Single = "single",
        /// `` `orderNumber` ``.
        BackTicks = "back-ticks",
    } because "the table of `!autoRevokeCS` prints single quotes; a sample in the same document prints back-ticks"

    /// Whether the message of -1 says `HTTPS!` or `https!`.
    https_spelling: HttpsSpelling = "https-spelling" {
        /// What the endpoint's page or that of its nearest sibling prints.
        #[default]
        Documented = "documented",
        /// `HTTPS!` everywhere.
        Upper = "upper",
        /// `https!` everywhere.
        Lower = "lower",
    } because "the document of `!autoRevokeCS` prints HTTPS!, siblings' pages print https!"

    /// Whether the last line of format 0 ends in a line feed.
    final_newline: FinalNewline = "final-newline" {
        /// It does.
        #[default]
        Yes = "yes",
        /// It does not.
        No = "no",
    } because "public clients were seen to receive and trim it"

    /// Whether the Content-Type of a reply names a charset.
    charset: Charset = "charset" {
        /// It does not.
        #[default]
        None = "none",
        /// `; charset=utf-8` follows the type.
        Utf8 = "utf-8",
    } because "the documents name the types without a charset"

    /// The charset that the Content-Type of a reply in lines of text names.
    text_charset: TextCharset = "text-charset" {
        /// That of `charset`.
        #[default]
        Same = "same",
        /// `utf-8`.
        Lower = "utf-8",
        /// `UTF-8`.
        Upper = "UTF-8",
    } because "no page names a charset for text; web servers are often set to add one to text alone"

    /// The charset that the Content-Type of a URL-encoded reply names.
    url_encoded_charset: UrlEncodedCharset = "url-encoded-charset" {
        /// That of `charset`.
        #[default]
        Same = "same",
        /// `utf-8`.
        Lower = "utf-8",
        /// `UTF-8`.
        Upper = "UTF-8",
    } because "no page names a charset for URL-encoded replies"

    /// The charset that the Content-Type of a JSON reply names.
    json_charset: JsonCharset = "json-charset" {
        /// That of `charset`.
        #[default]
        Same = "same",
        /// `utf-8`.
        Lower = "utf-8",
        /// `UTF-8`.
        Upper = "UTF-8",
    } because "the endpoint's document names the bare type; two siblings' pages, whose replies are always JSON, name charset=UTF-8"

    /// The JSON type of `orderNumber` in format 2.
    json_order_number: JsonOrderNumber = "json-order-number" {
        /// A string.
        #[default]
        String = "string",
        /// A number.
        Number = "number",
    } because "the one JSON response that a sibling's page prints has errorCode as a number and orderNumber as a string"

    /// Whether a JSON reply of success has an `errorMessage`.
    json_success_message: JsonSuccessMessage = "json-success-message" {
        /// It has none.
        #[default]
        Absent = "absent",
        /// It has an empty one, after `errorCode`.
        Empty = "empty",
    } because "the endpoints' pages describe an error alone by it; the JSON response that a sibling's page prints has an empty one"

    /// The HTTP status of a reply that refuses a call.
    refusal_status: RefusalStatus = "refusal-status" {
        /// 200, as that of every reply.
        #[default]
        Ok = "200",
        /// 400.
        BadRequest = "400",
        /// 500.
        InternalServerError = "500",
    } because "public clients were seen to read codes below zero from replies of status 200"

    /// The code for an order of another account.
    foreign_order: ForeignOrder = "foreign-order" {
        /// -4 for `orderNumber`, as for an order that does not exist.
        #[default]
        Invalid = "-4",
        /// -16.
        Denied = "-16",
    } because "an API should not reveal whether an order of another account exists"

    /// What the messages of -90 and -91 name that is not permitted, where it is an endpoint.
    denied_name: DeniedName = "denied-name" {
        /// The endpoint: `!autoRevokeCS`, `download/CollectSSL`.
        #[default]
        Endpoint = "endpoint",
        /// The endpoint without `!` and `download/`: `autoRevokeCS`, `CollectSSL`.
        BareEndpoint = "bare-endpoint",
        /// The loginName of the account.
        LoginName = "login-name",
    } because "the documents print `xxxx` and do not say what it stands for; an endpoint is what an account may not use"

    /// Whether `codeReason` may be left out.
    code_reason: CodeReason = "code-reason" {
        /// It may; the default is 0.
        #[default]
        Optional = "optional",
        /// It may not.
        Required = "required",
    } because "the document calls it required and gives a default in the same row; clients from before December 2021 omit it"

    /// The state of the old order after a replacement with `revokeOldOrder=N`.
    old_order: OldOrder = "old-order" {
        /// It is replaced.
        #[default]
        Replaced = "replaced",
        /// It stays issued.
        Issued = "issued",
    } because "the sibling endpoint calls such a certificate replaced"

    /// The code for a CSR that is not accepted for another reason than the size of its key.
    csr_errors: CsrErrors = "csr-errors" {
        /// -4 for `csr`: the endpoint's document lists no other code.
        #[default]
        Documented = "documented",
        /// -9 to -12, as sibling endpoints do.
        Sibling = "sibling",
    } because "the endpoint's table has -4 and -13 only; sibling endpoints have more codes"

    /// How a space in the Base64 of a CSR is read, which a `+` becomes that the client did not escape.
    csr_plus: CsrPlus = "csr-plus" {
        /// As a `+` where one is missing, else as white space.
        #[default]
        Mended = "mended",
        /// As white space: the CSR is not accepted.
        Lost = "lost",
    } because "public clients were seen to send CSRs unescaped"

    /// In which format `!AutoReplaceCS` answers, which has no `responseFormat`.
    replace_cs_reply: ReplaceCsReply = "replace-cs-reply" {
        /// As format 1: URL-encoded fields.
        #[default]
        UrlEncoded = "url-encoded",
        /// As format 0: lines of text.
        Text = "text",
    } because "the public client that calls it reads url-encoded fields; another one takes both"

    /// How an argument that the endpoint's table does not have is answered.
    unknown_arguments: UnknownArguments = "unknown-arguments" {
        /// -2, where the whole table is known; else it is ignored.
        #[default]
        KnownTables = "known-tables",
        /// -2.
        Reject = "reject",
        /// It is ignored.
        Ignore = "ignore",
    } because "of some endpoints only the beginning of the table is public, and clients send more"

    /// Whether `!AutoApplyOrder` replies in JSON (`responseFormat=2`).
    apply_order_json: ApplyOrderJson = "apply-order-json" {
        /// It does, as newer siblings do.
        #[default]
        Given = "given",
        /// It does not: -4.
        Refused = "refused",
    } because "the documents describe the formats 0 and 1; siblings have JSON"

    /// Whether code-signing orders take RSA keys below 3072 bits.
    code_signing_rsa: CodeSigningRsa = "code-signing-rsa" {
        /// They do not: -13.
        #[default]
        AtLeast3072 = "3072",
        /// They do, from 2048 bits on.
        AtLeast2048 = "2048",
    } because "the CPS demands 3072 bits for code signing; that ordering checks it is unknown"

    /// The answer to a CSR for an order that has one, at `download/RequestAndCollectSMIME`.
    csr_given_twice: CsrGivenTwice = "csr-given-twice" {
        /// -122.
        #[default]
        WrongState = "-122",
        /// -4 for `csr`.
        Invalid = "-4",
    } because "the document says that an error occurs, but not which"

    /// Whether the endpoints that collect take other methods than POST.
    collect_method: CollectMethod = "collect-method" {
        /// They do not: -17.
        #[default]
        Post = "post",
        /// They take any method, with the arguments in the query string.
        Any = "any",
    } because "the endpoints' pages say POST; a public client was seen to collect by GET at a sibling"

    /// Whether a status that stands alone, in the replies of the endpoints that collect, ends in a line feed.
    collect_status_newline: CollectStatusNewline = "collect-status-newline" {
        /// It does, as every reply of format 0; `final-newline=no` outweighs this.
        #[default]
        Yes = "yes",
        /// It does not.
        No = "no",
    } because "the other replies were seen to end so; one public client compares the whole body with `0`"

    /// How `showValidityPeriod=Y` writes the two times in lines of text.
    collect_dates: CollectDates = "collect-dates" {
        /// As RFC 3339: 2026-01-02T03:04:05Z.
        #[default]
        Rfc3339 = "rfc-3339",
        /// As seconds since 1970, which the URL-encoded replies always have.
        UnixSeconds = "unix-seconds",
        /// As the day alone: 2026-01-02.
        Date = "date",
    } because "no document says; clients were seen to expect no blank in a date, and RFC 3339 is the plainest such form"

    /// Whether a PKCS#7 structure in Base64, or another structure, stands between BEGIN and END lines.
    collect_pem: CollectPem = "collect-pem" {
        /// It does, where such lines are usual: not a ZIP archive.
        #[default]
        Yes = "yes",
        /// It does not: the lines of Base64 alone.
        No = "no",
    } because "single certificates were seen to stand between such lines"

    /// Whether `download/CollectSMIME` takes `responseType=0`, a ZIP archive.
    collect_zip: CollectZip = "collect-zip" {
        /// It does, as its siblings do.
        #[default]
        Given = "given",
        /// It does not: -4.
        Refused = "refused",
    } because "the row of responseType lists 1 to 4, but that of responseEncoding names 0 as well"

    /// Whether the endpoints that collect hand out Netscape certificate sequences and CMMF (`responseType` 1 and 4).
    collect_rare_types: CollectRareTypes = "collect-rare-types" {
        /// They do.
        #[default]
        Given = "given",
        /// They do not: -4.
        Refused = "refused",
    } because "the documents list them; whether the live service still makes them is unknown"
}

fn position(name: &'static str, allowed: &'static [&'static str], value: &str) -> Result<usize, AssumptionError> {
    allowed
        .iter()
        .position(|candidate| *candidate == value)
        .ok_or_else(|| AssumptionError::UnknownValue {
            name,
            value: value.to_owned(),
            allowed,
        })
}

fn names() -> String {
    let names: Vec<_> = ASSUMPTIONS.iter().map(|row| row.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_starts_at_its_first_value_and_takes_each() {
        for row in ASSUMPTIONS {
            let start = Assumptions::default();
            assert!(start.values().contains(&(row.name, row.values[0])));
            for value in row.values {
                let mut assumptions = start;
                assumptions.set(row.name, value).unwrap();
                assert!(assumptions.values().contains(&(row.name, value)));
            }
        }
    }

    #[test]
    fn names_are_unique_and_reasons_given() {
        for (place, row) in ASSUMPTIONS.iter().enumerate() {
            assert!(ASSUMPTIONS[..place].iter().all(|other| other.name != row.name));
            assert!(row.values.len() > 1 && !row.reason.is_empty());
        }
    }

    #[test]
    fn errors_list_what_is_accepted() {
        let mut assumptions = Assumptions::default();
        let unknown = assumptions.set("spellin", "british").unwrap_err();
        assert!(
            unknown
                .to_string()
                .contains("endpoint-names, argument-names, duplicate-argument")
        );
        let value = assumptions.set("spelling", "scots").unwrap_err();
        assert_eq!(
            value.to_string(),
            "`scots` is no value of the assumption `spelling`; it takes american, british"
        );
        assert_eq!(assumptions, Assumptions::default());
    }
}
