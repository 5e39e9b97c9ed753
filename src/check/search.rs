//! The search for the assumptions under which an emulator answers as a server did, with as few changes as that takes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::api::protocol::assumption::{ASSUMPTIONS, Assumption, Assumptions};
use crate::check::answer::{Answer, Likeness};
use crate::check::findings::{Alternative, Asked, Explanation, Open, Verdict};
use crate::check::list::{DECIDING, Deciding, Orders, deciding, probes};
use crate::check::local::{Local, LocalError};
use crate::check::probe::{Class, Probe};

/// The most answers that still differ for which pairs of assumptions are tried.
const MAX_FOR_PAIRS: usize = 40;

/// The most probes that are added at once to those by which candidates are compared.
const MAX_NEW: usize = 30;

/// The search for the assumptions of a server.
pub(super) struct Search<'s> {
    local: &'s mut Local,
    asked: &'s [Asked],
    /// The probes by which candidates are compared: of those that are answered alike, one.
    sample: Vec<usize>,
    /// What explains that one answer becomes another.
    explanations: HashMap<[Text; 2], Explanation>,
}

/// What of an answer tells it from others.
type Text = (u16, String, Vec<u8>);

fn text(answer: &Answer) -> Text {
    (answer.status, answer.content_type().to_owned(), answer.body.clone())
}

impl<'s> Search<'s> {
    /// A search that begins with these assumptions.
    pub(super) async fn new(local: &'s mut Local, asked: &'s [Asked], start: &Assumptions) -> Result<Self, LocalError> {
        let mut search = Self {
            local,
            asked,
            sample: Vec::new(),
            explanations: HashMap::new(),
        };
        search.add_to_sample(start).await?;
        Ok(search)
    }

    /// Adds those that decide something to the sample, and, of the probes that are answered alike under these assumptions and
    /// not as the server does, one; not too many at once. Whether any was new.
    async fn add_to_sample(&mut self, assumptions: &Assumptions) -> Result<bool, LocalError> {
        let is_first = self.sample.is_empty();
        let before = self.sample.len();
        let mut seen = HashSet::new();
        for place in 0..self.asked.len() {
            let emulated = self.answer(assumptions, place).await?;
            let asked = &self.asked[place];
            // What is only worded in another way then is so for good.
            let is_open = match self.likeness(assumptions, place).await? {
                Likeness::Same => false,
                Likeness::Wording => is_first,
                Likeness::Differs(_) => true,
            };
            let is_wanted = is_open && seen.len() < MAX_NEW && seen.insert([&*emulated, &asked.served].map(text));
            if (is_wanted || is_first && decides(&asked.probe)) && !self.sample.contains(&place) {
                self.sample.push(place);
            }
        }
        Ok(self.sample.len() > before)
    }

    /// The assumptions under which the emulator's answers are most like the server's, and as few of them changed as that
    /// takes.
    pub(super) async fn find(&mut self, start: Assumptions) -> Result<Assumptions, LocalError> {
        let mut found = start;
        loop {
            found = self.climb(found, None).await?;
            found = self.take_back(start, found).await?;
            let before = found;
            found = self.best_pair(found).await?;
            if found != before {
                continue;
            }
            found = self.fewest_changes(start, found).await?;
            // What is found by the sample must do for all.
            if !self.add_to_sample(&found).await? {
                return Ok(found);
            }
        }
    }

    /// Changes one assumption at a time as long as that makes the answers more alike: first by the probes that decide it,
    /// then by all that differ. One of them may be kept as it is.
    async fn climb(&mut self, start: Assumptions, kept: Option<&str>) -> Result<Assumptions, LocalError> {
        let rows: Vec<_> = ASSUMPTIONS.iter().filter(|row| Some(row.name) != kept).collect();
        let mut found = start;
        loop {
            let before = found;
            for row in &rows {
                let places = self.deciding(row.name);
                found = self.best_value(found, row, &places).await?;
            }
            if found != before {
                continue;
            }
            for row in &rows {
                let different = self.differing(&found).await?;
                found = self.best_value(found, row, &different).await?;
            }
            if found == before {
                return Ok(found);
            }
        }
    }

    /// Where something still differs: takes back each change in turn, and looks for other ones that do better in its
    /// place. One assumption may explain much, of which several others together explain all.
    async fn take_back(&mut self, start: Assumptions, mut found: Assumptions) -> Result<Assumptions, LocalError> {
        let all = self.sample.clone();
        for (name, _) in changes(&start, &found) {
            if self.differing(&found).await?.is_empty() {
                break;
            }
            let candidate = self.climb(reset(&found, name, &start), Some(name)).await?;
            if self.score(&candidate, &all).await? > self.score(&found, &all).await? {
                found = candidate;
            }
        }
        Ok(found)
    }

    /// The places of the probes that decide an assumption.
    fn deciding(&self, name: &str) -> Vec<usize> {
        let Deciding::By(ids) = deciding(name) else {
            return Vec::new();
        };
        let places = self.sample.iter().copied();
        places
            .filter(|place| ids.contains(&self.asked[*place].probe.id()))
            .collect()
    }

    /// These assumptions with the best value of one of them, by the probes at these places.
    async fn best_value(
        &mut self,
        found: Assumptions,
        row: &Assumption,
        places: &[usize],
    ) -> Result<Assumptions, LocalError> {
        let mut best = found;
        for value in row.values {
            let candidate = with(&found, row.name, value);
            if candidate != found && self.is_better(&candidate, &best, places).await? {
                best = candidate;
            }
        }
        Ok(best)
    }

    /// These assumptions with other values of two of them, if that is better.
    async fn best_pair(&mut self, found: Assumptions) -> Result<Assumptions, LocalError> {
        let different = self.differing(&found).await?;
        if different.is_empty() || different.len() > MAX_FOR_PAIRS {
            return Ok(found);
        }
        let mut changing = Vec::new();
        for candidate in variants(&found) {
            if self.changes_any(&found, &candidate, &different).await? {
                changing.push(candidate);
            }
        }
        for first in changing {
            for second in variants(&first) {
                if second != found && self.is_better(&second, &found, &different).await? {
                    return Ok(second);
                }
            }
        }
        Ok(found)
    }

    /// Takes back every change that the likeness does not need.
    async fn fewest_changes(&mut self, start: Assumptions, mut found: Assumptions) -> Result<Assumptions, LocalError> {
        for (name, _) in changes(&start, &found) {
            let candidate = reset(&found, name, &start);
            if !self.is_worse(&candidate, &found, name).await? {
                found = candidate;
            }
        }
        Ok(found)
    }

    /// Whether the answers in the sample are less like the server's under `candidate`, which has another value of that
    /// assumption. The probes that decide it are looked at first: what is lost there is mostly more than can be gained.
    async fn is_worse(&mut self, candidate: &Assumptions, found: &Assumptions, name: &str) -> Result<bool, LocalError> {
        let mut places = self.deciding(name);
        let others = self.sample.iter().filter(|place| !places.contains(place));
        let others: Vec<_> = others.copied().collect();
        places.extend(others);
        let most = u32::try_from(places.len()).unwrap_or(u32::MAX) * Likeness::Same.score();
        let (now, mut reachable) = (self.score(found, &places).await?, most);
        for place in places {
            let lost = Likeness::Same.score() - self.likeness(candidate, place).await?.score();
            reachable -= lost;
            if reachable < now {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the answers under `candidate` are more like the server's than under `best`: at these places, as most
    /// candidates change nothing there, and then in all of the sample.
    async fn is_better(
        &mut self,
        candidate: &Assumptions,
        best: &Assumptions,
        places: &[usize],
    ) -> Result<bool, LocalError> {
        if self.score(candidate, places).await? <= self.score(best, places).await? {
            return Ok(false);
        }
        let all = self.sample.clone();
        Ok(self.score(candidate, &all).await? > self.score(best, &all).await?)
    }

    async fn changes_any(
        &mut self,
        one: &Assumptions,
        other: &Assumptions,
        places: &[usize],
    ) -> Result<bool, LocalError> {
        for place in places {
            if !self.are_alike(one, other, *place).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the emulator answers a probe alike under both.
    async fn are_alike(&mut self, one: &Assumptions, other: &Assumptions, place: usize) -> Result<bool, LocalError> {
        let one = self.answer(one, place).await?;
        let other = self.answer(other, place).await?;
        Ok(one.likeness(&other, is_read(&self.asked[place].probe)) == Likeness::Same)
    }

    async fn score(&mut self, assumptions: &Assumptions, places: &[usize]) -> Result<u32, LocalError> {
        let mut score = 0;
        for place in places {
            score += self.likeness(assumptions, *place).await?.score();
        }
        Ok(score)
    }

    /// The places in the sample whose answers differ in more than the wording.
    async fn differing(&mut self, assumptions: &Assumptions) -> Result<Vec<usize>, LocalError> {
        let mut different = Vec::new();
        for place in self.sample.clone() {
            if matches!(self.likeness(assumptions, place).await?, Likeness::Differs(_)) {
                different.push(place);
            }
        }
        Ok(different)
    }

    async fn likeness(&mut self, assumptions: &Assumptions, place: usize) -> Result<Likeness, LocalError> {
        let emulated = self.answer(assumptions, place).await?;
        let asked = &self.asked[place];
        Ok(emulated.likeness(&asked.served, is_read(&asked.probe)))
    }

    pub(super) async fn answer(&mut self, assumptions: &Assumptions, place: usize) -> Result<Arc<Answer>, LocalError> {
        self.local.ask(assumptions, &self.asked[place].probe).await
    }

    /// How the answers to a probe compare, and by which of the assumptions that were changed.
    pub(super) async fn judge(
        &mut self,
        place: usize,
        start: &Assumptions,
        found: &Assumptions,
    ) -> Result<(Arc<Answer>, Verdict, Explanation), LocalError> {
        let emulated = self.answer(start, place).await?;
        let before = self.likeness(start, place).await?;
        let after = self.likeness(found, place).await?;
        let verdict = match (before, after) {
            (Likeness::Same, Likeness::Same) => Verdict::Same,
            (_, Likeness::Same) => Verdict::Explained,
            (_, Likeness::Wording) => Verdict::Wording,
            (_, Likeness::Differs(_)) => Verdict::Differs,
        };
        if !matches!(verdict, Verdict::Explained | Verdict::Wording) {
            return Ok((emulated, verdict, Vec::new()));
        }
        let changed = self.answer(found, place).await?;
        let key = [&*emulated, &*changed].map(text);
        if let Some(by) = self.explanations.get(&key) {
            return Ok((emulated, verdict, by.clone()));
        }
        let mut by = Vec::new();
        for (name, value) in changes(start, found) {
            if !self.are_alike(&reset(found, name, start), found, place).await? {
                by.push((name, value));
            }
        }
        self.explanations.insert(key, by.clone());
        Ok((emulated, verdict, by))
    }

    /// The assumptions of which another value would have been answered alike.
    pub(super) async fn open(&mut self, found: &Assumptions) -> Result<Vec<Open>, LocalError> {
        let mut open = Vec::new();
        for row in ASSUMPTIONS {
            let values = found.values();
            let Some((name, value)) = values.into_iter().find(|(name, _)| *name == row.name) else {
                continue;
            };
            let mut others = Vec::new();
            for other in row.values.iter().filter(|other| **other != value) {
                if !self.is_excluded(found, row.name, other).await? {
                    others.push(*other);
                }
            }
            if !others.is_empty() {
                open.push(Open {
                    name,
                    value,
                    others,
                    why: self.why_open(row.name),
                });
            }
        }
        Ok(open)
    }

    /// For each assumption that was changed, those that were not decided and would have explained the same.
    pub(super) async fn alternatives(
        &mut self,
        start: &Assumptions,
        found: &Assumptions,
        open: &[Open],
    ) -> Result<Vec<Alternative>, LocalError> {
        let all: Vec<_> = (0..self.asked.len()).collect();
        let mut alternatives = Vec::new();
        for (name, _) in changes(start, found) {
            let mut others = Vec::new();
            let without = reset(found, name, start);
            for other in open.iter().filter(|other| other.name != name) {
                for value in &other.others {
                    let candidate = with(&without, other.name, value);
                    // Most fail by the sample already.
                    let sample = self.sample.clone();
                    if !self.changes_any(&candidate, found, &sample).await?
                        && !self.changes_any(&candidate, found, &all).await?
                    {
                        others.push((other.name, *value));
                    }
                }
            }
            if !others.is_empty() {
                alternatives.push(Alternative { name, others });
            }
        }
        Ok(alternatives)
    }

    /// Whether a probe was answered as under `found`, and would not have been under another value.
    async fn is_excluded(
        &mut self,
        found: &Assumptions,
        name: &'static str,
        other: &'static str,
    ) -> Result<bool, LocalError> {
        let Deciding::By(ids) = deciding(name) else {
            return Ok(false);
        };
        let candidate = with(found, name, other);
        for place in 0..self.asked.len() {
            if ids.contains(&self.asked[place].probe.id())
                && matches!(self.likeness(found, place).await?, Likeness::Same | Likeness::Wording)
                && self.likeness(found, place).await? > self.likeness(&candidate, place).await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn why_open(&self, name: &str) -> String {
        let ids = match deciding(name) {
            Deciding::Never(reason) => return format!("no call that changes nothing decides it: {reason}"),
            Deciding::By(ids) => ids,
        };
        let was_asked = |id: &&&str| self.asked.iter().any(|asked| asked.probe.id() == **id);
        let Some(missing) = ids.iter().find(|id| !was_asked(id)) else {
            return "the server's answers to the probes that decide it are those of no value, or another assumption \
                    hides it"
                .to_owned();
        };
        let all = probes(&Orders::ALL);
        let probe = all.iter().find(|probe| probe.id() == *missing);
        match (probe.and_then(Probe::subject), probe) {
            (Some(subject), _) => format!("name an order with {}", subject.options()),
            (None, Some(probe)) if !probe.request().is_over_https() => {
                "say with --against-http where the server is over plain HTTP".to_owned()
            }
            (None, _) => format!("the probe {missing} was not sent"),
        }
    }
}

/// Whether certificates and times are left out of the comparison.
fn is_read(probe: &Probe) -> bool {
    probe.class() == Class::Read
}

/// These assumptions with another value of one.
fn with(assumptions: &Assumptions, name: &str, value: &str) -> Assumptions {
    let mut changed = *assumptions;
    changed
        .set(name, value)
        .expect("the name and the value are from the table");
    changed
}

/// These assumptions, one of which has the value again that it has in `start`.
fn reset(assumptions: &Assumptions, name: &str, start: &Assumptions) -> Assumptions {
    let values = start.values();
    let old = values.iter().find(|(known, _)| *known == name);
    old.map_or(*assumptions, |(_, value)| with(assumptions, name, value))
}

/// Whether a probe decides an assumption.
pub(super) fn decides(probe: &Probe) -> bool {
    DECIDING
        .iter()
        .any(|(_, deciding)| matches!(deciding, Deciding::By(ids) if ids.contains(&probe.id())))
}

/// The assumptions with another value of one of them, each in turn.
fn variants(assumptions: &Assumptions) -> Vec<Assumptions> {
    ASSUMPTIONS
        .iter()
        .flat_map(|row| row.values.iter().map(|value| with(assumptions, row.name, value)))
        .filter(|candidate| candidate != assumptions)
        .collect()
}

/// What was changed, with its new values.
pub(super) fn changes(start: &Assumptions, found: &Assumptions) -> Vec<(&'static str, &'static str)> {
    let pairs = start.values().into_iter().zip(found.values());
    pairs.filter(|(old, new)| old != new).map(|(_, new)| new).collect()
}
