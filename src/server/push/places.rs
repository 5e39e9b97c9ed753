//! The places for pushes that are on their way, and who may have one.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::api::http_url::HttpUrl;
use crate::lock::lock;

/// The places for the pushes of all sandboxes that are on their way.
///
/// Half of them are for whoever comes. The other half is for sandboxes and receivers that have none yet, so that a few
/// receivers that hang do not delay what others are sent.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    taken: Mutex<Vec<Receiver>>,
}

/// A host, in lower case, and a port.
type Receiver = (String, u16);

/// A place that a push has taken, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    receiver: Receiver,
}

impl Places {
    pub(super) fn new(most: usize) -> Arc<Self> {
        let taken = Mutex::new(Vec::new());
        Arc::new(Self { most, taken })
    }

    /// Whether there is a free one.
    pub(super) fn has_free(&self) -> bool {
        self.lock().len() < self.most
    }

    /// Whether a push to this URL may take one, if its sandbox has so many already.
    pub(super) fn may_take(&self, of_sandbox: usize, url: &HttpUrl) -> bool {
        let taken = self.lock();
        let is_receiver = |(host, port): &Receiver| *port == url.port() && host.eq_ignore_ascii_case(url.host());
        taken.len() < self.most / 2 || (of_sandbox == 0 && !taken.iter().any(is_receiver))
    }

    /// Takes one for a push to this URL.
    pub(super) fn take(self: &Arc<Self>, url: &HttpUrl) -> Place {
        let receiver = (url.host().to_ascii_lowercase(), url.port());
        self.lock().push(receiver.clone());
        let places = self.clone();
        Place { places, receiver }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Receiver>> {
        lock(&self.taken)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(place) = taken.iter().position(|receiver| *receiver == self.receiver) {
            taken.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> HttpUrl {
        HttpUrl::parse(text).unwrap()
    }

    #[test]
    fn half_of_the_places_are_for_sandboxes_and_receivers_that_have_none() {
        let places = Places::new(8);
        let hanging = url("http://hanging.example/a");
        let mut held: Vec<_> = (0..4).map(|_| places.take(&hanging)).collect();
        let others = ["http://other.example/", "http://hanging.example:81/"].map(url);
        let the_same = ["http://HANGING.example:80/b", "http://hanging.example/a"].map(url);
        for url in &others {
            assert_eq!([0, 1].map(|of_sandbox| places.may_take(of_sandbox, url)), [true, false]);
        }
        for url in &the_same {
            assert!(!places.may_take(0, url));
        }
        held.pop();
        for url in others.iter().chain(&the_same) {
            assert!(places.may_take(3, url));
        }
        held.extend((0..5).map(|port| places.take(&url(&format!("http://other.example:{}/", port + 1)))));
        assert!(!places.has_free());
        held.clear();
        assert!(places.has_free() && places.lock().is_empty());
    }

    #[test]
    fn a_single_place_is_for_whoever_comes() {
        let places = Places::new(1);
        assert!(places.has_free() && places.may_take(0, &url("http://a.example/")));
    }
}
