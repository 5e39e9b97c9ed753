//! What the mails about an order are for, and what they are written with.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The language of mails where a call names neither a language nor a template.
pub(crate) const DEFAULT_LANGUAGE: &str = "en";

/// What a mail is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MailKind {
    /// It asks the owner of the mailbox to confirm that it is theirs.
    Verification,
    /// It invites the owner of the mailbox to send the request for the certificate.
    Invitation,
    /// It says that the certificate can be collected.
    Collection,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Verification, Self::Invitation, Self::Collection];

    /// The name in the control API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Invitation => "invitation",
            Self::Collection => "collection",
        }
    }
}

impl fmt::Display for MailKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a mail is written with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wording {
    /// Sectigo's own text in that language (ISO 639-1).
    Language(&'static str),
    /// A template of the account.
    Template(u64),
}

/// The two-letter codes of ISO 639-1.
pub(crate) const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy \
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii \
    ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr \
    ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl \
    sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";
