//! A sorted map whose clones share what none of them has changed.

use std::borrow::Borrow;
use std::sync::Arc;

/// How many entries a chunk has at most. With a million entries, there are about as many chunks as entries in a chunk, so
/// that a change that has to copy both is as short as it can be.
const MAX: usize = 1024;

/// From this index on, an insertion into a full chunk counts as one at its end.
const END: usize = MAX - MAX / 16;

/// A map with sorted keys, in chunks.
///
/// Cloning it copies the list of its chunks. A change copies the one chunk that it is in, and only if a clone shares that:
/// a reader who keeps a clone of a large map delays nobody for long.
#[derive(Clone, Debug)]
pub(crate) struct ChunkedMap<K, V> {
    chunks: Vec<Chunk<K, V>>,
    len: usize,
}

/// Neighbouring entries; never none.
#[derive(Clone, Debug)]
struct Chunk<K, V> {
    /// Its keys are at or above this bound, those of the chunk before it are below. The bound of the first chunk means nothing.
    bound: K,
    entries: Arc<Vec<(K, V)>>,
}

impl<K, V> Default for ChunkedMap<K, V> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<K: Clone + Ord, V: Clone> ChunkedMap<K, V> {
    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether there is an entry of that key.
    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// The value of that key.
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let entries = &self.chunks.get(self.place_of(key))?.entries;
        let index = find(entries, key).ok()?;
        Some(&entries[index].1)
    }

    /// The value of that key, to change it.
    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.place_of(key);
        let entries = &mut self.chunks.get_mut(place)?.entries;
        let index = find(entries, key).ok()?;
        Some(&mut Arc::make_mut(entries)[index].1)
    }

    /// Enters a value, and returns the one that had its key before.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let place = self.place_of(&key);
        let Some(chunk) = self.chunks.get_mut(place) else {
            self.add_chunk(0, vec![(key, value)]);
            self.len = 1;
            return None;
        };
        match find(&chunk.entries, &key) {
            Ok(index) => {
                let old = &mut Arc::make_mut(&mut chunk.entries)[index].1;
                return Some(std::mem::replace(old, value));
            }
            Err(index) if chunk.entries.len() < MAX => {
                Arc::make_mut(&mut chunk.entries).insert(index, (key, value));
            }
            Err(index) if index >= END => self.insert_at_end(place, index, (key, value)),
            Err(index) => {
                let entries = Arc::make_mut(&mut chunk.entries);
                let mut upper = entries.split_off(MAX / 2);
                match index.checked_sub(MAX / 2) {
                    // At the border it goes to the lower half, because it is below the first key of the upper half, which is that
                    // half's bound.
                    None | Some(0) => entries.insert(index, (key, value)),
                    Some(index) => upper.insert(index, (key, value)),
                }
                self.add_chunk(place + 1, upper);
            }
        }
        self.len += 1;
        None
    }

    /// Removes an entry, and returns its value.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place_of(key);
        let entries = &mut self.chunks.get_mut(place)?.entries;
        let index = find(entries, key).ok()?;
        let (_, removed) = Arc::make_mut(entries).remove(index);
        self.len -= 1;
        if self.chunks[place].entries.is_empty() {
            self.chunks.remove(place);
        } else {
            self.merge(place);
            self.merge(place.saturating_sub(1));
        }
        Some(removed)
    }

    /// The greatest key that is not greater than that one.
    pub(crate) fn last_up_to<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        let place = self.place_of(key);
        let entries = &self.chunks.get(place)?.entries;
        let (last, _) = match find(entries, key) {
            Ok(index) => &entries[index],
            Err(0) => self.chunks.get(place.checked_sub(1)?)?.entries.last()?,
            Err(index) => &entries[index - 1],
        };
        Some(last)
    }

    /// The keys, by rising key.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.chunks.iter().flat_map(|chunk| &*chunk.entries).map(|(key, _)| key)
    }

    /// The values, by rising key.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.chunks
            .iter()
            .flat_map(|chunk| &*chunk.entries)
            .map(|(_, value)| value)
    }

    /// The values of that key and of all that are greater, by rising key.
    pub(crate) fn values_from(&self, key: &K) -> impl Iterator<Item = &V> + use<'_, K, V> {
        let chunks = self.chunks.get(self.place_of(key)..).unwrap_or_default();
        let skipped = chunks
            .first()
            .map_or(0, |chunk| find(&chunk.entries, key).unwrap_or_else(|index| index));
        let (first, others) = match chunks.split_first() {
            Some((first, others)) => (&first.entries[skipped..], others),
            None => (&[][..], chunks),
        };
        first
            .iter()
            .chain(others.iter().flat_map(|chunk| &*chunk.entries))
            .map(|(_, value)| value)
    }

    /// How many chunks it shares with a clone, place by place.
    #[cfg(test)]
    pub(crate) fn shared_chunks(&self, clone: &Self) -> usize {
        let pairs = self.chunks.iter().zip(&clone.chunks);
        pairs
            .filter(|(one, other)| Arc::ptr_eq(&one.entries, &other.entries))
            .count()
    }

    /// Where the chunk is that has that key, or would have it.
    fn place_of<Q: Ord + ?Sized>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        let behind_first = self.chunks.get(1..).unwrap_or_default();
        behind_first.partition_point(|chunk| chunk.bound.borrow() <= key)
    }

    /// Enters an entry at the end of a chunk that is full. It goes to the next one with what stands behind it, and nothing is
    /// split: where keys come in rising order, the chunks that are behind them stay full.
    fn insert_at_end(&mut self, place: usize, index: usize, entry: (K, V)) {
        let bound = entry.0.clone();
        let mut end = Arc::make_mut(&mut self.chunks[place].entries).split_off(index);
        end.insert(0, entry);
        match self.chunks.get_mut(place + 1) {
            Some(next) if next.entries.len() + end.len() <= MAX => {
                next.bound = bound;
                Arc::make_mut(&mut next.entries).splice(0..0, end);
            }
            Some(_) | None => self.add_chunk(place + 1, end),
        }
    }

    fn add_chunk(&mut self, place: usize, entries: Vec<(K, V)>) {
        let Some((bound, _)) = entries.first() else { return };
        let bound = bound.clone();
        let entries = Arc::new(entries);
        self.chunks.insert(place, Chunk { bound, entries });
    }

    /// Puts a chunk and the next one together if both have become short.
    fn merge(&mut self, place: usize) {
        let Some([one, next]) = self.chunks.get_mut(place..place + 2) else {
            return;
        };
        if one.entries.len() + next.entries.len() <= MAX / 2 {
            Arc::make_mut(&mut one.entries).extend_from_slice(&next.entries);
            self.chunks.remove(place + 1);
        }
    }
}

/// Where a key is among entries, or where it would be.
fn find<K: Borrow<Q>, V, Q: Ord + ?Sized>(entries: &[(K, V)], key: &Q) -> Result<usize, usize> {
    entries.binary_search_by(|(other, _)| other.borrow().cmp(key))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Numbers = ChunkedMap<u32, u32>;

    fn filled(keys: impl Iterator<Item = u32>) -> Numbers {
        let mut map = Numbers::default();
        for key in keys {
            assert_eq!(map.insert(key, key), None);
        }
        map
    }

    #[track_caller]
    fn assert_same(map: &Numbers, model: &BTreeMap<u32, u32>) {
        assert!(map.values().eq(model.values()) && map.keys().eq(model.keys()));
        assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
        let lengths = map.chunks.iter().map(|chunk| chunk.entries.len());
        assert!(lengths.clone().all(|length| (1..=MAX).contains(&length)));
        assert_eq!(lengths.sum::<usize>(), map.len());
    }

    #[test]
    fn chunks_stay_full_where_keys_rise_and_half_full_otherwise() {
        let count = 100 * MAX as u32;
        let at_most = |chunks: usize, map: &Numbers| assert!(map.chunks.len() <= chunks, "{}", map.chunks.len());
        at_most(100, &filled(0..count));
        let falling = filled((0..count).rev());
        at_most(201, &falling);
        assert!((0..count).all(|key| falling.get(&key) == Some(&key)));
        // Rising keys below one that is greater than all, and falling keys between those of full chunks.
        at_most(102, &filled(std::iter::once(u32::MAX).chain(0..count)));
        let spread = (0..count / 2).map(|key| 4 * MAX as u32 * key);
        let mut map = filled(spread);
        let before = map.chunks.len();
        for key in (1..4 * MAX as u32).rev() {
            map.insert(key, key);
        }
        at_most(before + 10, &map);
        let mut map = filled((0..2 * MAX as u32).map(|key| 1_000_000 * key));
        for key in (1_000_000 * (MAX as u32 - 1) + 1..)
            .take(500_000)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            map.insert(key, key);
        }
        at_most(1000, &map);
    }

    #[test]
    fn chunks_that_have_become_short_are_put_together() {
        let count = 100 * MAX as u32;
        let mut map = filled(0..count);
        for key in (0..count).filter(|key| key % 100 != 0) {
            assert_eq!(map.remove(&key), Some(key));
        }
        assert_eq!(map.len(), MAX);
        assert!(map.chunks.len() <= 5, "{}", map.chunks.len());
        assert!(map.values().eq(&(0..count).step_by(100).collect::<Vec<_>>()));
    }

    #[test]
    fn a_change_copies_one_chunk_and_leaves_a_clone_as_it_was() {
        let count = 10 * MAX as u32;
        let mut map = filled(0..count);
        let clone = map.clone();
        *map.get_mut(&5).unwrap() = 7;
        map.insert(6, 8);
        map.remove(&7);
        assert_eq!(map.shared_chunks(&clone), 9);
        assert!(clone.values().copied().eq(0..count));
        assert_eq!([5, 6, 7].map(|key| map.get(&key).copied()), [Some(7), Some(8), None]);
    }

    proptest! {
        #[test]
        fn it_is_a_map(
            steps in prop::collection::vec((0..3u8, 0..40u32, 0..900u32), 0..40),
            starts in prop::collection::vec(0..70_000u32, 10),
        ) {
            let mut map = Numbers::default();
            let mut model = BTreeMap::new();
            // Each step enters or removes many keys at once, or else no chunk would ever be full.
            for (value, (kind, start, count)) in (0u32..).zip(steps) {
                for key in (0..count).map(|step| start * 1000 + step * 71 % 900) {
                    match kind {
                        0 => assert_eq!(map.remove(&key), model.remove(&key)),
                        _ => assert_eq!(map.insert(key, value), model.insert(key, value)),
                    }
                }
                assert_same(&map, &model);
            }
            for start in starts {
                prop_assert!(map.values_from(&start).eq(model.range(start..).map(|(_, value)| value)));
                prop_assert_eq!(map.last_up_to(&start), model.range(..=start).map(|(key, _)| key).next_back());
                prop_assert_eq!(map.get(&start), model.get(&start));
                prop_assert_eq!(map.contains_key(&start), model.contains_key(&start));
                prop_assert_eq!(map.get_mut(&start), model.get_mut(&start));
            }
        }
    }
}
