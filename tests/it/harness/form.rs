//! The arguments of a call.

/// The password of every account of the built-in fixtures.
pub(crate) const PASSWORD: &str = "login_password";

/// A CSR that is taken, and quick to check.
const CSR: &str = include_str!("../../../fixtures/csr/p256-sha256.pem");

/// Names and values in the order in which they are sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(Vec<(String, Vec<u8>)>);

impl Form {
    /// A replacement of the documents' order 1234567.
    pub(crate) fn replace() -> Self {
        Self::default()
            .add("loginName", "login_name")
            .add("loginPassword", PASSWORD)
            .add("orderNumber", "1234567")
            .add("csr", CSR)
    }

    /// A revocation of the issued order 2200003.
    pub(crate) fn revoke() -> Self {
        Self::default()
            .add("loginName", "login_name")
            .add("loginPassword", PASSWORD)
            .add("orderNumber", "2200003")
            .add("revocationReason", "the key was lost")
            .add("codeReason", "1")
    }

    /// The same with an argument more, even if it is there already.
    pub(crate) fn add(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.0.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The same with another value, or with an argument more if there is none of that name.
    pub(crate) fn set(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => {
                value.as_ref().clone_into(old);
                self
            }
            None => self.add(name, value),
        }
    }

    /// The same without that argument.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// The same for another order.
    pub(crate) fn order(self, number: u64) -> Self {
        self.set("orderNumber", number.to_string())
    }

    /// The same by another account of the built-in fixtures.
    pub(crate) fn by(self, login_name: &str) -> Self {
        self.set("loginName", login_name)
    }

    /// The same with every name changed.
    pub(crate) fn rename(mut self, change: impl Fn(&str) -> String) -> Self {
        for (name, _) in &mut self.0 {
            *name = change(name);
        }
        self
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// As `application/x-www-form-urlencoded`.
    pub(crate) fn encode(&self) -> String {
        let encode = |bytes| form_urlencoded::byte_serialize(bytes).collect::<String>();
        let pairs: Vec<_> = self
            .pairs()
            .map(|(name, value)| format!("{}={}", encode(name.as_bytes()), encode(value)))
            .collect();
        pairs.join("&")
    }
}
