//! The mails in the outbox, and which of them are asked for.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::order::collection_code::collection_code;
use crate::api::order::mailing::{MailKind, Wording};
use crate::api::order::outbox::{Mail, Outbox};
use crate::clock::Timestamp;
use crate::model::query::{self, parameter};
use crate::model::whole::is_zero;

/// A mail that would have been sent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
#[schema(as = Mail)]
pub struct MailInfo {
    /// Its number in the outbox, rising.
    pub id: u64,
    /// When it was sent, by the sandbox's clock.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// What it is for.
    pub kind: MailKind,
    /// The address that it goes to.
    pub to: String,
    /// The order that it is about.
    pub order_number: u64,
    /// The code by which that order is collected without a login.
    pub collection_code: String,
    /// The language that it is written in (ISO 639-1), if it is not a template of the account that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_name: Option<String>,
    /// The template of the account that it is written with, if one was asked for.
    #[serde(rename = "templateID", skip_serializing_if = "Option::is_none")]
    pub template_id: Option<u64>,
}

impl MailInfo {
    fn describe(id: u64, mail: &Mail) -> Self {
        let (language_name, template_id) = match mail.wording {
            Wording::Language(language) => (Some(language.to_owned()), None),
            Wording::Template(id) => (None, Some(id)),
        };
        Self {
            id,
            time: mail.time,
            kind: mail.kind,
            to: mail.to.to_string(),
            order_number: mail.order_number.get(),
            collection_code: collection_code(mail.order_number),
            language_name,
            template_id,
        }
    }
}

/// Mails, the oldest first.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Mails)]
pub(crate) struct MailList {
    pub(crate) mails: Vec<MailInfo>,
    /// How many more may have been among them, but are no longer kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub(crate) forgotten: u64,
}

impl MailList {
    /// The mails of an outbox that were sent by that time and are asked for.
    pub(crate) fn find(outbox: &Outbox, filter: &MailFilter, now: Timestamp) -> Self {
        Self {
            mails: outbox
                .sent(now)
                .filter(|(_, mail)| filter.takes(mail))
                .map(|(id, mail)| MailInfo::describe(id, mail))
                .collect(),
            forgotten: outbox.forgotten(),
        }
    }
}

/// Which mails are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MailFilter {
    /// About this order.
    #[serde(deserialize_with = "query::number")]
    pub(crate) order_number: Option<u64>,
    /// Of this kind.
    #[serde(deserialize_with = "query::given")]
    #[param(inline)]
    pub(crate) kind: Option<MailKind>,
}

impl MailFilter {
    /// The filter as a query string, with its `?` if it is not empty.
    pub(crate) fn query(&self) -> String {
        query::write(&[
            ("orderNumber", parameter(&self.order_number)),
            ("kind", parameter(&self.kind)),
        ])
    }

    fn takes(&self, mail: &Mail) -> bool {
        self.order_number.is_none_or(|number| number == mail.order_number.get())
            && self.kind.is_none_or(|kind| kind == mail.kind)
    }
}
