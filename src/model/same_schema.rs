//! Types that stand in the OpenAPI document alone.

/// Makes types whose schema is that of another type, under their own names.
macro_rules! same_schema {
    ($($(#[$doc:meta])+ $Name:ident as $Of:ident;)+) => {
        $(
            $(#[$doc])+
            pub(crate) struct $Name;

            impl utoipa::PartialSchema for $Name {
                fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                    <$Of>::schema()
                }
            }

            impl utoipa::ToSchema for $Name {
                fn schemas(
                    schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>,
                ) {
                    <$Of>::schemas(schemas);
                }
            }
        )+
    };
}

pub(super) use same_schema;
