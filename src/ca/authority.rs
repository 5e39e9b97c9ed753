//! The whole authority: the root, made at once, and the issuing CAs, each made when it is first needed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use time::OffsetDateTime;

use super::CaError;
use super::issuing::{IssuerName, Issuing};
use super::key::CaKey;
use super::root::Root;
use super::serial::{MadeKey, SerialKey, SerialNumber};
use crate::files::Store;

/// How many issuing CAs of their own `caCertificateID` there may be. Each number that a call may name would make one.
const MAX_OF_ID: usize = 1000;

/// Where the authority's keys come from.
#[derive(Clone, Debug, Default)]
pub(crate) struct CaOptions {
    /// Keep them here, for the next start. Files that are there are used as they are.
    pub(crate) dir: Option<PathBuf>,
    /// The kind of those that are made.
    pub(crate) key: CaKey,
}

/// The root, the issuing CAs, and what makes serial numbers. May be used from many threads.
pub(crate) struct Authority {
    root: Root,
    key: CaKey,
    store: Option<Store>,
    serials: SerialKey,
    opened: OffsetDateTime,
    issuing: Mutex<BTreeMap<IssuerName, Arc<Slot>>>,
}

/// The place of an issuing CA. Has a lock of its own, so that making one delays nobody who needs another, and who only
/// looks whether it is made does not wait for it.
#[derive(Default)]
struct Slot {
    made: OnceLock<Arc<Issuing>>,
    /// Locked by whoever makes it.
    making: Mutex<()>,
    /// Locked by whoever waits for a turn to make it: the others wait here, and take no turn meanwhile.
    queue: Arc<tokio::sync::Mutex<()>>,
}

impl Authority {
    /// Makes or loads the root, and loads the issuing CAs that are kept. None of them is made.
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
            serials: SerialKey::derive(root.issuer().key()),
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
                self.issuing(name)?;
            }
        }
        Ok(())
    }

    /// The root.
    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// An issuing CA; makes it if it was never needed before, which with an RSA key may take seconds.
    ///
    /// # Errors
    /// It cannot be made or written, or there are too many.
    pub(crate) fn issuing(&self, name: IssuerName) -> Result<Arc<Issuing>, CaError> {
        let slot = self.slot(name)?;
        if let Some(made) = slot.made.get() {
            return Ok(made.clone());
        }
        let _making = lock(&slot.making);
        if let Some(made) = slot.made.get() {
            return Ok(made.clone());
        }
        let issuing = Arc::new(match &self.store {
            Some(store) => Issuing::keep(name, self.key, &self.root, store, self.opened)?,
            None => Issuing::generate(name, self.key, &self.root, self.opened)?,
        });
        Ok(slot.made.get_or_init(|| issuing).clone())
    }

    /// What a task locks before it takes one of few turns to make an issuing CA, so that those who need the same CA take
    /// one turn together. Whoever has it locked looks first whether the CA was [made](Self::made) meanwhile.
    ///
    /// # Errors
    /// There are too many.
    pub(crate) fn queue(&self, name: IssuerName) -> Result<Arc<tokio::sync::Mutex<()>>, CaError> {
        Ok(self.slot(name)?.queue.clone())
    }

    /// An issuing CA, if it was made or loaded already. For those who only look, such as the URL of a CRL that a
    /// stranger made up: one that is being made is not there yet, and nobody waits for it.
    pub(crate) fn made(&self, name: IssuerName) -> Option<Arc<Issuing>> {
        lock(&self.issuing).get(&name)?.made.get().cloned()
    }

    /// Every issuing CA that was made or loaded already, by name.
    pub(crate) fn all_made(&self) -> Vec<Arc<Issuing>> {
        let slots = lock(&self.issuing);
        slots.values().filter_map(|slot| slot.made.get().cloned()).collect()
    }

    /// The serial number of an order's certificate that says `content`: the same each time, also after a restart with
    /// the same root, and another for another content, order or root.
    pub(crate) fn serial(&self, order_number: u64, content: &[&[u8]]) -> SerialNumber {
        self.serials.serial(order_number, content)
    }

    /// The private key, on P-256, for an order's certificate of that serial number, where it has no CSR: the same each
    /// time.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub(crate) fn made_key(&self, serial: &SerialNumber) -> Result<MadeKey, CaError> {
        self.serials.made_key(serial).map_err(|_| CaError::MadeKey)
    }

    fn slot(&self, name: IssuerName) -> Result<Arc<Slot>, CaError> {
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

/// Nothing is left half done under these locks, so a panic elsewhere is no reason to give up.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
