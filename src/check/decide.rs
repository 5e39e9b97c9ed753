//! Decides which assumptions make an emulator answer as a server did, and what is left then.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::api::protocol::assumption::{ASSUMPTIONS, Assumption, Assumptions};
use crate::api::protocol::code::{NOT_PERMITTED, PLACEHOLDER};
use crate::check::answer::{Answer, Likeness};
use crate::check::list::{DECIDING, Deciding, Orders, WHOLE_CALL, deciding, probes};
use crate::check::local::{Local, LocalError};
use crate::check::probe::{Class, Probe, Subject};
use crate::model::{Product, State};

/// The most answers that still differ for which pairs of assumptions are tried.
const MAX_FOR_PAIRS: usize = 40;

/// The most probes that are added at once to those by which candidates are compared.
const MAX_NEW: usize = 30;

/// A probe, and what the server answered to it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The probe.
    pub(crate) probe: Probe,
    /// The server's answer.
    pub(crate) served: Answer,
}

/// What came of a comparison.
#[derive(Debug)]
pub(crate) struct Findings {
    /// One for each probe that was asked.
    pub(crate) rows: Vec<Row>,
    /// The assumptions that must change, each with the value under which the emulator answers as the server.
    pub(crate) assumptions: Vec<(&'static str, &'static str)>,
    /// The assumptions under which the emulator answers as the server, without those that have their default.
    pub(crate) settings: Vec<(&'static str, &'static str)>,
    /// The messages that must be worded in another way.
    pub(crate) messages: Vec<Wording>,
    /// Those of them in whose place another one would explain the same.
    pub(crate) alternatives: Vec<Alternative>,
    /// The assumptions that these probes did not decide.
    pub(crate) open: Vec<Open>,
    /// The states that the user's orders were taken to be in, by the server's answers.
    pub(crate) states: Vec<(&'static str, State)>,
    /// The endpoints that the user's account may not use, by the server's answers.
    pub(crate) denied: Vec<&'static str>,
}

impl Findings {
    /// Whether every answer was the same.
    pub(crate) fn are_none(&self) -> bool {
        self.rows.iter().all(|row| row.verdict == Verdict::Same)
    }
}

/// Assumptions that explain a difference, each with its value.
pub(crate) type Explanation = Vec<(&'static str, &'static str)>;

/// A probe, and how the answers to it compare.
#[derive(Debug)]
pub(crate) struct Row {
    /// The probe.
    pub(crate) probe: Probe,
    /// The emulator's answer, before any assumption was changed.
    pub(crate) emulated: Arc<Answer>,
    /// The server's answer.
    pub(crate) served: Answer,
    /// How they compare.
    pub(crate) verdict: Verdict,
    /// The assumptions that explain the difference, or a part of it.
    pub(crate) by: Explanation,
}

/// How two answers compare.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// They are the same.
    Same,
    /// They are under other assumptions.
    Explained,
    /// Only the message is worded in another way, perhaps under other assumptions.
    Wording,
    /// They differ, and no assumption explains it.
    Differs,
}

/// A message that the server words in another way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Wording {
    /// The endpoint.
    pub(crate) endpoint: &'static str,
    /// The code.
    pub(crate) code: i32,
    /// The server's wording, with `xxxx` in place of a name.
    pub(crate) message: String,
}

/// An assumption that was changed, and what would explain the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Alternative {
    /// Its name.
    pub(crate) name: &'static str,
    /// What could be changed in its place, each by itself.
    pub(crate) others: Explanation,
}

/// An assumption that was not decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Open {
    /// Its name.
    pub(crate) name: &'static str,
    /// The value that it has.
    pub(crate) value: &'static str,
    /// The values that it could have as well.
    pub(crate) others: Vec<&'static str>,
    /// Why, and what would decide it.
    pub(crate) why: String,
}

/// Compares an emulator with what a server answered.
///
/// # Errors
/// The emulator does not answer.
pub(crate) async fn compare(local: &mut Local, asked: Vec<Asked>) -> Result<Findings, LocalError> {
    let denied = settle_permissions(local, &asked).await?;
    let states = settle_states(local, &asked).await?;
    let start = local.start_assumptions();
    let mut search = Search::new(local, &asked, &start).await?;
    let found = search.find(start).await?;
    let open = search.open(&found).await?;
    let alternatives = search.alternatives(&start, &found, &open).await?;
    let mut rows = Vec::with_capacity(asked.len());
    let mut templates = Vec::new();
    for (place, asked) in asked.iter().enumerate() {
        let (emulated, verdict, by) = search.judge(place, &start, &found).await?;
        if verdict == Verdict::Wording {
            let under_found = search.answer(&found, place).await?;
            templates.extend(wording(asked, &under_found));
        }
        rows.push((emulated, verdict, by));
    }
    let rows = asked
        .into_iter()
        .zip(rows)
        .map(|(Asked { probe, served }, (emulated, verdict, by))| Row {
            probe,
            emulated,
            served,
            verdict,
            by,
        })
        .collect();
    Ok(Findings {
        rows,
        assumptions: changes(&start, &found),
        settings: changes(&Assumptions::default(), &found),
        messages: most_frequent(templates),
        alternatives,
        open,
        states,
        denied,
    })
}

/// Takes from the emulator's account the endpoints that the server says the user's may not use (-91).
async fn settle_permissions(local: &mut Local, asked: &[Asked]) -> Result<Vec<&'static str>, LocalError> {
    let is_denied = |asked: &&Asked| {
        let is_whole = asked.probe.id().ends_with(WHOLE_CALL) && asked.probe.request().has_credentials();
        is_whole && asked.served.code() == Some(NOT_PERMITTED.number)
    };
    let denied: Vec<_> = asked
        .iter()
        .filter(is_denied)
        .map(|asked| asked.probe.endpoint().name)
        .collect();
    local.permit_all_but(&denied).await?;
    Ok(denied)
}

/// Puts the user's orders into states in which the emulator answers with the server's codes.
async fn settle_states(local: &mut Local, asked: &[Asked]) -> Result<Vec<(&'static str, State)>, LocalError> {
    let mut states = Vec::new();
    let start = local.start_assumptions();
    for (product, subject, option) in [
        (Product::Smime, Subject::Smime, "--smime-order"),
        (Product::CodeSigning, Subject::CodeSigning, "--code-signing-order"),
    ] {
        let about: Vec<_> = asked
            .iter()
            .filter(|asked| asked.probe.subject() == Some(subject) && asked.probe.class() != Class::Inert)
            .collect();
        if about.is_empty() {
            continue;
        }
        let mut best = (0, State::Issued);
        for state in [State::Issued].into_iter().chain(State::ALL) {
            local.put(product, state).await?;
            let mut equal = 0;
            for asked in &about {
                let emulated = local.ask(&start, &asked.probe).await?;
                equal += usize::from(emulated.code().is_some() && emulated.code() == asked.served.code());
            }
            if equal > best.0 {
                best = (equal, state);
            }
        }
        local.put(product, best.1).await?;
        states.push((option, best.1));
    }
    Ok(states)
}

/// The search for the assumptions of a server.
struct Search<'s> {
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
    async fn new(local: &'s mut Local, asked: &'s [Asked], start: &Assumptions) -> Result<Self, LocalError> {
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
    async fn find(&mut self, start: Assumptions) -> Result<Assumptions, LocalError> {
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

    /// The same assumptions with the best value of one of them, by the probes at these places.
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

    /// The same assumptions with other values of two of them, if that is better.
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

    async fn answer(&mut self, assumptions: &Assumptions, place: usize) -> Result<Arc<Answer>, LocalError> {
        self.local.ask(assumptions, &self.asked[place].probe).await
    }

    /// How the answers to a probe compare, and by which of the assumptions that were changed.
    async fn judge(
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
    async fn open(&mut self, found: &Assumptions) -> Result<Vec<Open>, LocalError> {
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
    async fn alternatives(
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

/// The same assumptions with another value of one.
fn with(assumptions: &Assumptions, name: &str, value: &str) -> Assumptions {
    let mut changed = *assumptions;
    changed
        .set(name, value)
        .expect("the name and the value are from the table");
    changed
}

/// The same assumptions, one of which has the value again that it has in `start`.
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
fn changes(start: &Assumptions, found: &Assumptions) -> Vec<(&'static str, &'static str)> {
    let pairs = start.values().into_iter().zip(found.values());
    pairs.filter(|(old, new)| old != new).map(|(_, new)| new).collect()
}

/// The server's wording of the code that it answered, as a template.
fn wording(asked: &Asked, emulated: &Answer) -> Option<Wording> {
    let endpoint = asked.probe.endpoint();
    let number = asked.served.code()?;
    let code = endpoint.code(number)?;
    let message = emulated.message()?;
    let sent = asked.probe.request().arguments().iter().map(|(name, _)| &**name);
    let rows = endpoint.arguments.iter().map(|argument| argument.name);
    let named = sent
        .chain(rows)
        .chain([endpoint.name])
        .filter(|name| code.message.contains(PLACEHOLDER) && message.contains(name))
        .max_by_key(|name| name.len());
    Some(Wording {
        endpoint: endpoint.name,
        code: number,
        message: asked.served.template(named)?,
    })
}

/// For each endpoint and code, the wording that was seen most often.
fn most_frequent(wordings: Vec<Wording>) -> Vec<Wording> {
    let mut counted: Vec<(Wording, usize)> = Vec::new();
    for wording in wordings {
        match counted.iter_mut().find(|(known, _)| *known == wording) {
            Some((_, count)) => *count += 1,
            None => counted.push((wording, 1)),
        }
    }
    // Of those that are seen equally often, the first one.
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut chosen: Vec<Wording> = Vec::new();
    for (wording, _) in counted {
        let is_known = |known: &Wording| (known.endpoint, known.code) == (wording.endpoint, wording.code);
        if !chosen.iter().any(is_known) {
            chosen.push(wording);
        }
    }
    chosen.sort_by_key(|wording| (wording.endpoint, std::cmp::Reverse(wording.code)));
    chosen
}
