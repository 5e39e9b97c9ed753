//! Schemas of accounts that do not follow from their fields.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::Account;
use crate::model::same_schema::same_schema;

/// The schema of an [`AccountInfo`](super::AccountInfo): that of an account that is written, without the password.
pub(crate) struct AccountAnswer;

impl PartialSchema for AccountAnswer {
    fn schema() -> RefOr<Schema> {
        let mut schema = <Account>::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.description = Some("An account as it is answered: without its password.".to_owned());
            object.properties.remove("loginPassword");
            object.additional_properties = None;
            object.required = vec!["loginName".to_owned(), "locked".to_owned()];
        }
        schema
    }
}

impl ToSchema for AccountAnswer {
    fn name() -> Cow<'static, str> {
        "Account".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        <Account>::schemas(schemas);
    }
}

same_schema! {
    /// The schema of the fields of an account that shall change; null removes one.
    AccountPatch as Account;
}

/// The schema of a list of product codes: that of the list alone does not say how great they may be.
pub(super) fn product_codes() -> Array {
    let code = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .maximum(Some(u16::MAX));
    ArrayBuilder::new().items(code).build()
}
