//! What the mails about an order are for, and what they are written with.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The language of mails where a call names neither a language nor a template.
const DEFAULT_LANGUAGE: &str = "en";

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

/// What the mails about an order are written with, as it was asked for when it was made or replaced.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Mailing {
    /// The language, if it is not the default one.
    pub language: Option<&'static str>,
    /// The templates of the account, in the order of [`MailKind::ALL`].
    pub templates: [Option<u64>; 3],
}

impl Mailing {
    /// The arguments that name the templates, in the order of [`MailKind::ALL`].
    pub(crate) const TEMPLATES: [&'static str; 3] = [
        "SMIMEVerificationTemplateID",
        "SMIMERequestTemplateID",
        "SMIMECollectionTemplateID",
    ];

    /// What a mail of that kind is written with.
    pub fn wording(&self, kind: MailKind) -> Wording {
        let language = Wording::Language(self.language.unwrap_or(DEFAULT_LANGUAGE));
        self.templates[kind as usize].map_or(language, Wording::Template)
    }

    /// It, if anything was asked for.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// The language with those two letters of ISO 639-1, in lower case.
pub(crate) fn language(letters: &str) -> Option<&'static str> {
    LANGUAGES.split(' ').find(|known| *known == letters)
}

/// The two-letter codes of ISO 639-1.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy \
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii \
    ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr \
    ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl \
    sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_mail_has_its_template() {
        let words = |mailing: Mailing| MailKind::ALL.map(|kind| mailing.wording(kind));
        assert_eq!(words(Mailing::default()), [Wording::Language("en"); 3]);
        let german = Mailing {
            language: language("de"),
            templates: [None, Some(1), Some(2)],
        };
        let expected = [Wording::Language("de"), Wording::Template(1), Wording::Template(2)];
        assert_eq!(words(german), expected);
        assert_eq!((language("DE"), language("deu"), language("xx")), (None, None, None));
    }
}
