//! The whole authority: the root, made at once, and the issuing CAs, each made when it is first needed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use time::OffsetDateTime;

use super::CaError;
use super::issuing::{IssuerName, IssuingCa};
use super::key::CaKey;
use super::root::Root;
use super::serial::{DerivationSecret, DerivedKey, SerialNumber};
use crate::files::Store;
use crate::lock::lock;

/// How many issuing CAs there may be for values of `caCertificateID`: each value that a call may name would make one.
const MAX_OF_ID: usize = 1000;

/// How the authority gets its keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct CaOptions {
    /// The directory that keeps them for the next start. Files that are in it are used as they are.
    pub(crate) dir: Option<PathBuf>,
    /// The kind of new keys.
    pub(crate) key: CaKey,
}

/// The root, the issuing CAs, and the secret from which serial numbers are derived. May be used from many threads.
pub(crate) struct Authority {
    root: Root,
    key: CaKey,
    store: Option<Store>,
    derivation: DerivationSecret,
    opened: OffsetDateTime,
    issuing: Mutex<BTreeMap<IssuerName, Arc<CaSlot>>>,
}

/// The place of an issuing CA. It has a lock of its own, so that making one CA does not delay others, and
/// asking whether it exists never waits.
#[derive(Default)]
struct CaSlot {
    made: OnceLock<Arc<IssuingCa>>,
    /// Locked while it is being made.
    making: Mutex<()>,
    /// Locked by the task that waits for a worker to make it. All others that need this CA wait here, and occupy none.
    queue: Arc<tokio::sync::Mutex<()>>,
}

impl Authority {
    /// Makes or loads the root, and loads the issuing CAs that are in the directory. No issuing CA is made yet.
    ///
    /// # Errors
    /// One line that names the file and what is wrong with it.
    pub(crate) fn open(options: &CaOptions, now: OffsetDateTime) -> Result<Self, CaError> {
        let (root, store) = match &options.dir {
            Some(dir) => {
                let store = Store::open(dir)?;
                (Root::keep(&store, options.key, now)?, Some(store))
            }
            None => (Root::generate(options.key, now)?, None),
        };
        let authority = Self {
            derivation: DerivationSecret::derive(root.issuer().key()),
            root,
            key: options.key,
            store,
            opened: now,
            issuing: Mutex::default(),
        };
        authority.load_kept()?;
        Ok(authority)
    }

    fn load_kept(&self) -> Result<(), CaError> {
        let Some(store) = &self.store else { return Ok(()) };
        for file in store.names()? {
            let stem = file.strip_suffix(".pem").or_else(|| file.strip_suffix(".key"));
            if let Some(name) = stem.and_then(|stem| stem.parse().ok()) {
                self.issuing_ca(name)?;
            }
        }
        Ok(())
    }

    /// The root.
    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// An issuing CA; makes it if it was not needed before, which may take seconds if its key is RSA.
    ///
    /// # Errors
    /// It cannot be made or written, or there are too many.
    pub(crate) fn issuing_ca(&self, name: IssuerName) -> Result<Arc<IssuingCa>, CaError> {
        let slot = self.slot(name)?;
        if let Some(made) = slot.made.get() {
            return Ok(made.clone());
        }
        let _making = lock(&slot.making);
        if let Some(made) = slot.made.get() {
            return Ok(made.clone());
        }
        let issuing = Arc::new(match &self.store {
            Some(store) => IssuingCa::keep(name, self.key, &self.root, store, self.opened)?,
            None => IssuingCa::generate(name, self.key, &self.root, self.opened)?,
        });
        Ok(slot.made.get_or_init(|| issuing).clone())
    }

    /// The lock that a task takes before it occupies one of the few workers to make an issuing CA, so that all tasks that
    /// need the same CA occupy one of them. Once it is locked, check first whether the CA was [made](Self::made_ca) meanwhile.
    ///
    /// # Errors
    /// There are too many.
    pub(crate) fn queue_for(&self, name: IssuerName) -> Result<Arc<tokio::sync::Mutex<()>>, CaError> {
        Ok(self.slot(name)?.queue.clone())
    }

    /// An issuing CA, if it was made or loaded already; never waits for one that is being made. For requests that must
    /// not make a CA, such as one for the CRL of any name.
    pub(crate) fn made_ca(&self, name: IssuerName) -> Option<Arc<IssuingCa>> {
        lock(&self.issuing).get(&name)?.made.get().cloned()
    }

    /// Every issuing CA that was made or loaded already, by name.
    pub(crate) fn made_cas(&self) -> Vec<Arc<IssuingCa>> {
        let slots = lock(&self.issuing);
        slots.values().filter_map(|slot| slot.made.get().cloned()).collect()
    }

    /// The serial number of the certificate of an order with this `content`: the same each time, also after a restart
    /// with the same root, and a different one for a different content, order or root.
    pub(crate) fn serial(&self, order_number: u64, content: &[&[u8]]) -> SerialNumber {
        self.derivation.serial(order_number, content)
    }

    /// The private key, on P-256, for the certificate with that serial number of an order without a CSR: the same each
    /// time.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub(crate) fn derived_key(&self, serial: &SerialNumber) -> Result<DerivedKey, CaError> {
        self.derivation.derived_key(serial).map_err(|_| CaError::DerivedKey)
    }

    fn slot(&self, name: IssuerName) -> Result<Arc<CaSlot>, CaError> {
        let mut slots = lock(&self.issuing);
        if let Some(slot) = slots.get(&name) {
            return Ok(slot.clone());
        }
        let of_id = |name: &IssuerName| matches!(name, IssuerName::SmimeOf(_));
        if of_id(&name) && slots.keys().filter(|name| of_id(name)).count() >= MAX_OF_ID {
            return Err(CaError::TooMany(MAX_OF_ID));
        }
        Ok(slots.entry(name).or_default().clone())
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("root", &self.root)
            .field("key", &self.key)
            .field("issuing", &lock(&self.issuing).keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
