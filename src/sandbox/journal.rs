//! The journal: the last calls of a sandbox, and the last pushes. Calls are kept as they came; secrets are masked when a call is
//! read.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use crate::api::account::{LoginName, Password};
use crate::api::endpoints::{Endpoint, Transport};
use crate::api::order::state::OrderNumber;
use crate::api::protocol::argument::{find, is_same_but_for_case};
use crate::api::protocol::assumption::ArgumentNames;
use crate::api::protocol::form::Form;
use crate::api::world::Accounts;
use crate::clock::Timestamp;
use crate::sandbox::room::Room;

/// The argument whose value is never told.
const PASSWORD: &str = "loginPassword";

/// The argument that is told if an account has its value.
const LOGIN_NAME: &str = "loginName";

/// Arguments of a call that are kept.
const MAX_ARGUMENTS: usize = u64::BITS as usize;

/// The shortest password for which the other values are searched: a shorter one may stand in any of them by chance.
const MIN_SEARCHED: usize = 4;

/// Bytes of a value that may be a password or a loginName: as many as the longest password has, and some white space.
const MAX_LOOKED_UP: usize = 4 * Password::MAX + 64;

/// Bytes of a value that are told; the longest CSR that the API takes has fewer.
const MAX_VALUE: usize = 40 << 10;

/// Bytes of a reply that are kept.
const MAX_REPLY: usize = 64 << 10;

/// What stands in place of a secret.
pub(crate) const MASK: &str = "***";

/// A call, as it came and as it was answered; or a push, as it was sent and as it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its number in the journal, from 1, rising by 1.
    pub(crate) id: u64,
    /// When it arrived, by the sandbox's clock.
    pub(crate) time: Timestamp,
    /// When it arrived.
    pub(crate) real_time: Timestamp,
    /// What was called, or where it was pushed to.
    pub(crate) subject: Subject,
    /// The loginName that counted, if an account has it. Another may be a password in the wrong place.
    pub(crate) login_name: Option<LoginName>,
    /// The loginName that counted, if no account has it: known again, but not told.
    pub(crate) unknown_name: Option<UnknownName>,
    /// The order number that counted, if it was one.
    pub(crate) order_number: Option<OrderNumber>,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The API's code, if it answered one.
    pub(crate) code: Option<i32>,
    /// The body of the reply, as it was meant.
    pub(crate) reply: Bytes,
    /// How long the answer took to make, in microseconds.
    pub(crate) took_us: u64,
    /// The fault that met it.
    pub(crate) fault: Option<u64>,
    /// Why it was answered so.
    pub(crate) hint: Cow<'static, str>,
}

/// What an entry of the journal is about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// A call of an endpoint: how it came, and its arguments as they came.
    Call(&'static Endpoint, Transport, KeptForm),
    /// A try to push a change of an order.
    Push(PushTry),
}

/// A try to push a change of an order. It has no credentials.
#[derive(Clone, Debug)]
pub(crate) struct PushTry {
    /// The URL without its query.
    pub(crate) url: String,
    /// Which try of this push it is, from 1; 0 if it was never tried.
    pub(crate) number: u32,
    /// The parameters in their order.
    pub(crate) parameters: Arc<[(&'static str, String)]>,
}

impl Subject {
    /// The name under which pushes stand in the place of an endpoint.
    pub(crate) const PUSH: &'static str = "push";

    /// The name of the endpoint; of a push, [`PUSH`](Self::PUSH).
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Call(endpoint, ..) => endpoint.name,
            Self::Push(_) => Self::PUSH,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Call(_, _, form) => form.kept.len(),
            Self::Push(tried) => {
                let parameters: usize = tried.parameters.iter().map(|(_, value)| value.len()).sum();
                tried.url.len() + parameters
            }
        }
    }
}

impl Entry {
    /// Its arguments in their order, secrets masked.
    pub(crate) fn arguments(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        match &self.subject {
            Subject::Call(endpoint, _, form) => form.masked(endpoint, self.login_name.as_ref()),
            Subject::Push(tried) => {
                let parameters = tried.parameters.iter();
                parameters.map(|(name, value)| (*name, value.as_str().into())).collect()
            }
        }
    }

    /// The value of the first argument of that name.
    fn argument(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut arguments = self.arguments().into_iter();
        arguments.find(|(sent, _)| *sent == name).map(|(_, value)| value)
    }

    /// The call to be made once more, of an endpoint that takes its arguments' names so; none if it is a push, or not kept
    /// whole: see [`KeptForm::whole`].
    pub(crate) fn whole_call(&self, names: ArgumentNames) -> Option<(&'static Endpoint, Transport, Form<'_>)> {
        match &self.subject {
            Subject::Call(endpoint, transport, form) => Some((endpoint, *transport, form.whole(endpoint, names)?)),
            Subject::Push(_) => None,
        }
    }

    /// The body of the reply, as it was meant.
    pub(crate) fn reply(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.reply)
    }

    /// Whether that loginName counted, be it an account's or not.
    fn is_by(&self, login_name: &str) -> bool {
        match (&self.login_name, self.unknown_name) {
            (Some(counted), _) => counted.as_str() == login_name,
            (None, Some(unknown)) => unknown == UnknownName::new(login_name),
            (None, None) => false,
        }
    }

    /// Whether it named the order whose number is written so.
    fn is_of_order(&self, number: &str) -> bool {
        match self.order_number {
            Some(counted) => OrderNumber::parse(number) == Some(counted),
            None => self.argument("orderNumber").is_some_and(|sent| sent == number),
        }
    }

    /// How much memory it takes, near enough.
    pub(crate) fn bytes(&self) -> usize {
        self.subject.bytes() + self.reply.len() + self.hint.len() + size_of::<Self>()
    }
}

/// A loginName that no account has, of which only a hash is kept: those who know the name find its calls, and nobody
/// else learns it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct UnknownName(u64);

impl UnknownName {
    /// The name that was sent so.
    pub(crate) fn new(sent: &str) -> Self {
        static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(KEYS.hash_one(sent))
    }
}

/// Which of a call's arguments are not told, whatever else the call holds: a bit for each that is kept.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Untold(u64);

impl Untold {
    /// Those that are the password of any account, and each loginName that no account has.
    pub(crate) fn find(form: &Form<'_>, accounts: &Accounts) -> Self {
        let mut untold = 0;
        for (place, pair) in form.pairs().iter().take(MAX_ARGUMENTS).enumerate() {
            let is_untold = if is_same_but_for_case(&pair.name, LOGIN_NAME) {
                // What is not UTF-8 is no loginName, and longer values need not be looked up.
                let name = std::str::from_utf8(&pair.value);
                let name = name.ok().filter(|name| name.len() <= MAX_LOOKED_UP);
                name.is_none_or(|name| accounts.get(name).is_none())
            } else {
                // A loginPassword is not told in any case.
                !is_password(&pair.name) && holds_nothing_but_a_password(&pair.value, accounts)
            };
            untold |= u64::from(is_untold) << place;
        }
        Self(untold)
    }

    fn contains(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }
}

/// The arguments of a call as they came, in one piece: for each the row of its endpoint's table, whether it may be told,
/// the length of its value and the value.
///
/// What is not in the table of the endpoint is not kept: a name that is none may be the rest of a password with an unescaped `&`
/// in it. Passwords are kept, because values that hold one are masked; they are never told.
#[derive(Clone, Default)]
pub(crate) struct KeptForm {
    kept: Box<[u8]>,
    /// How many of the arguments, the first, stood in the query string.
    in_query: u8,
    is_whole: bool,
    /// Whether each name is spelled as in the table, upper and lower case included.
    is_spelled: bool,
}

/// One argument of a [`KeptForm`].
struct Kept<'k> {
    row: u8,
    telling: u8,
    value: &'k [u8],
}

impl KeptForm {
    /// The row of an argument that is none of the endpoint's; its value is kept if it is a password.
    const NO_ROW: u8 = u8::MAX;
    /// An argument that may be told if its value holds no password of the call.
    const TOLD: u8 = 0;
    /// An argument that may not be told.
    const UNTOLD: u8 = 1;
    /// A password behind the arguments that are told of.
    const UNSEEN: u8 = 2;
    /// The bytes before each value.
    const HEAD: usize = 1 + 1 + size_of::<u32>();
    /// Bytes of a value that are kept: enough to find a password where what is told of it ends.
    const MAX_KEPT: usize = MAX_VALUE + MAX_LOOKED_UP;

    /// Keeps a form.
    pub(crate) fn new(form: &Form<'_>, endpoint: &Endpoint, untold: Untold) -> Self {
        let first = || form.pairs().iter().take(MAX_ARGUMENTS);
        let later = || {
            let later = form.pairs().iter().skip(MAX_ARGUMENTS);
            let passwords = later.filter(|pair| is_password(&pair.name) && pair.value.len() >= MIN_SEARCHED);
            passwords.take(MAX_ARGUMENTS)
        };
        let length = |value: &[u8]| Self::HEAD + value.len().min(Self::MAX_KEPT);
        let lengths = first().chain(later()).map(|pair| length(&pair.value));
        let mut kept = Vec::with_capacity(lengths.sum());
        let mut is_whole = form.pairs().len() <= MAX_ARGUMENTS;
        let mut is_spelled = true;
        let mut keep = |row, telling, value: &[u8]| {
            is_whole &= row != Self::NO_ROW && value.len() <= Self::MAX_KEPT;
            let value = &value[..value.len().min(Self::MAX_KEPT)];
            let length = u32::try_from(value.len()).expect("a value is cut to some kilobytes");
            kept.extend_from_slice(&[row, telling]);
            kept.extend_from_slice(&length.to_ne_bytes());
            kept.extend_from_slice(value);
        };
        let mut expected = 0;
        for (place, pair) in first().enumerate() {
            let row = row_of(endpoint, expected, &pair.name);
            expected = row.map_or(expected, |row| usize::from(row) + 1);
            is_spelled &= row.and_then(|row| name_of(endpoint, row)).map(str::as_bytes) == Some(&*pair.name);
            match row {
                None if is_password(&pair.name) => keep(Self::NO_ROW, Self::UNTOLD, &pair.value),
                None => keep(Self::NO_ROW, Self::UNTOLD, &[]),
                Some(row) if untold.contains(place) => keep(row, Self::UNTOLD, &pair.value),
                Some(row) => keep(row, Self::TOLD, &pair.value),
            }
        }
        for pair in later() {
            keep(Self::NO_ROW, Self::UNSEEN, &pair.value);
        }
        Self {
            kept: kept.into(),
            in_query: u8::try_from(form.in_query().min(MAX_ARGUMENTS)).unwrap_or(u8::MAX),
            is_whole,
            is_spelled,
        }
    }

    /// The form as it came, to be sent once more to the endpoint, which takes its arguments' names so; none if not all of it
    /// is kept. How a name was spelled is not, so there is none either where that counts and one differs from the table.
    fn whole(&self, endpoint: &'static Endpoint, names: ArgumentNames) -> Option<Form<'_>> {
        let is_kept = self.is_whole && (self.is_spelled || names == ArgumentNames::AnyCase);
        let mut form = Form::default();
        for (place, kept) in self.iter().filter(|_| is_kept).enumerate() {
            form.push(name_of(endpoint, kept.row)?.as_bytes(), kept.value);
            if place < usize::from(self.in_query) {
                form.end_query();
            }
        }
        is_kept.then_some(form)
    }

    /// The arguments in their order: nothing that is, or may hold, a password, but for the loginName that an account has.
    pub(crate) fn masked(
        &self,
        endpoint: &'static Endpoint,
        login_name: Option<&LoginName>,
    ) -> Vec<(&'static str, Cow<'_, str>)> {
        let name = |row| name_of(endpoint, row);
        let passwords: Vec<_> = self
            .iter()
            // Of arguments without a row, passwords alone have a value here.
            .filter(|kept| kept.row == Self::NO_ROW || name(kept.row) == Some(PASSWORD))
            .map(|kept| kept.value)
            .filter(|value| value.len() >= MIN_SEARCHED)
            .collect();
        let holds_password = |value: &[u8]| {
            let words = [&b"assword"[..], b"ASSWORD"];
            passwords.iter().chain(&words).any(|password| contains(value, password))
        };
        self.iter()
            .filter(|kept| kept.telling != Self::UNSEEN)
            .map(|kept| {
                let Some(name) = name(kept.row) else {
                    return ("?", MASK.into());
                };
                let is_known_login = name == LOGIN_NAME
                    && login_name.is_some_and(|login_name| login_name.as_str().as_bytes() == kept.value);
                let may_be_told =
                    kept.telling == Self::TOLD && (is_known_login || name != PASSWORD && !holds_password(kept.value));
                if may_be_told {
                    let value = &kept.value[..kept.value.len().min(MAX_VALUE)];
                    (name, String::from_utf8_lossy(value))
                } else {
                    (name, MASK.into())
                }
            })
            .collect()
    }

    fn iter(&self) -> impl Iterator<Item = Kept<'_>> {
        let mut rest = &*self.kept;
        std::iter::from_fn(move || {
            let (&[row, telling], behind) = rest.split_first_chunk()?;
            let (length, behind) = behind.split_first_chunk()?;
            let (value, behind) = behind.split_at(u32::from_ne_bytes(*length) as usize);
            rest = behind;
            Some(Kept { row, telling, value })
        })
    }
}

impl fmt::Debug for KeptForm {
    /// Nothing of what was sent: a password may stand in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeptForm({} bytes)", self.kept.len())
    }
}

/// Whether a value is the password of any account, be it with white space around it or, if it is a number, with a sign and
/// zeros before it that mean nothing.
fn holds_nothing_but_a_password(value: &[u8], accounts: &Accounts) -> bool {
    let begins_bare = value
        .first()
        .is_some_and(|first| first.is_ascii_alphanumeric() && *first != b'0');
    let is_bare = begins_bare && value.last().is_some_and(u8::is_ascii_graphic);
    if value.len() > MAX_LOOKED_UP || is_bare && !accounts.may_have_password_of(value.len()) {
        return false;
    }
    // What is not UTF-8 is no password.
    let Ok(value) = std::str::from_utf8(value) else {
        return false;
    };
    let trimmed = value.trim();
    let plain = trimmed.strip_prefix('+').unwrap_or(trimmed).trim_start_matches('0');
    let shorter = |text: &str| text.len() < value.len() && accounts.is_password(text);
    accounts.is_password(value) || shorter(trimmed) || plain.len() < trimmed.len() && shorter(plain)
}

/// The row of an argument in the endpoint's table, whatever the case of its name; `expected` is where it may well be.
fn row_of(endpoint: &Endpoint, expected: usize, name: &[u8]) -> Option<u8> {
    let is_it = |documented: &str| is_same_but_for_case(name, documented);
    u8::try_from(find(endpoint.arguments, expected, is_it)?).ok()
}

/// The name in a row of the endpoint's table.
fn name_of(endpoint: &Endpoint, row: u8) -> Option<&'static str> {
    endpoint.arguments.get(usize::from(row)).map(|argument| argument.name)
}

fn is_password(name: &[u8]) -> bool {
    is_same_but_for_case(name, PASSWORD)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// Which calls are asked for; a field that is not set asks for any.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// Of this endpoint.
    pub(crate) endpoint: Option<&'static str>,
    /// With this loginName.
    pub(crate) login_name: Option<String>,
    /// With this orderNumber, as it was written.
    pub(crate) order_number: Option<String>,
    /// Answered with this code.
    pub(crate) code: Option<i32>,
    /// At this time of the sandbox's clock or later.
    pub(crate) since: Option<Timestamp>,
}

/// A field in which a call differs from what was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Difference {
    /// The field, as the API and the control API spell it.
    pub(crate) field: &'static str,
    /// What was asked for.
    pub(crate) wanted: String,
    /// What the call has, if anything.
    pub(crate) found: Option<String>,
}

impl Filter {
    /// Whether it asks for this call.
    pub(crate) fn matches(&self, entry: &Entry) -> bool {
        self.endpoint.is_none_or(|name| name == entry.subject.name())
            && self.code.is_none_or(|code| entry.code == Some(code))
            && self.since.is_none_or(|since| entry.time >= since)
            && self.login_name.as_deref().is_none_or(|name| entry.is_by(name))
            && self
                .order_number
                .as_deref()
                .is_none_or(|number| entry.is_of_order(number))
    }

    /// The fields in which a call differs from what is asked for.
    pub(crate) fn differences(&self, entry: &Entry) -> Vec<Difference> {
        let text = |value: &str| value.to_owned();
        let login_name = entry.login_name.as_ref().map(LoginName::as_str);
        let order_number = entry.order_number.map(|number| number.to_string());
        let fields = [
            ("endpoint", self.endpoint.map(text), Some(text(entry.subject.name()))),
            (
                "loginName",
                self.login_name.clone(),
                match &self.login_name {
                    // It may be masked in the entry.
                    Some(wanted) if entry.is_by(wanted) => Some(wanted.clone()),
                    _ => login_name
                        .map(text)
                        .or_else(|| entry.argument(LOGIN_NAME).map(Cow::into_owned)),
                },
            ),
            (
                "orderNumber",
                self.order_number.clone(),
                order_number.or_else(|| entry.argument("orderNumber").map(Cow::into_owned)),
            ),
            (
                "code",
                self.code.map(|code| code.to_string()),
                entry.code.map(|code| code.to_string()),
            ),
        ];
        let mut differences: Vec<_> = fields
            .into_iter()
            .filter_map(|(field, wanted, found)| {
                let wanted = wanted?;
                (found.as_deref() != Some(&*wanted)).then_some(Difference { field, wanted, found })
            })
            .collect();
        if let Some(since) = self.since.filter(|since| entry.time < *since) {
            differences.push(Difference {
                field: "since",
                wanted: since.to_string(),
                found: Some(entry.time.to_string()),
            });
        }
        differences
    }
}

/// The last calls of a sandbox.
#[derive(Debug)]
pub(crate) struct Journal {
    ring: Mutex<Ring>,
    capacity: usize,
    room: Arc<Room>,
    /// Whether it is closed; each new call is a change.
    closed: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    last_id: u64,
    clears: u64,
    forgotten: Vec<Forgotten>,
}

/// The calls of an endpoint that are no longer kept, since the start or since the journal was cleared.
#[derive(Debug)]
struct Forgotten {
    endpoint: &'static str,
    calls: u64,
    /// The latest time that one of them has.
    until: Timestamp,
}

impl Ring {
    fn after(&self, id: u64) -> impl Iterator<Item = &Arc<Entry>> {
        let start = self.entries.partition_point(|entry| entry.id <= id);
        self.entries.range(start..)
    }

    fn forget(&mut self, endpoint: &'static str, time: Timestamp) {
        match self.forgotten.iter_mut().find(|of| of.endpoint == endpoint) {
            Some(of) => {
                of.calls += 1;
                of.until = of.until.max(time);
            }
            None => self.forgotten.push(Forgotten {
                endpoint,
                calls: 1,
                until: time,
            }),
        }
    }

    /// How many calls after the one of that number are no longer kept.
    fn missed_after(&self, id: u64) -> u64 {
        let oldest = self.entries.front().map_or(self.last_id + 1, |entry| entry.id);
        oldest.saturating_sub(id + 1)
    }

    /// How many calls that may have been asked for are no longer kept.
    fn forgotten(&self, filter: &Filter) -> u64 {
        let may_match = |of: &&Forgotten| {
            filter.endpoint.is_none_or(|name| name == of.endpoint) && filter.since.is_none_or(|since| of.until >= since)
        };
        self.forgotten.iter().filter(may_match).map(|of| of.calls).sum()
    }
}

/// Calls that were asked for.
#[derive(Debug)]
pub(crate) struct Found {
    /// They, the oldest first.
    pub(crate) calls: Vec<Arc<Entry>>,
    /// How many more may have been among them, but are no longer kept.
    pub(crate) forgotten: u64,
}

/// How far somebody has counted who goes on with the calls that come. It starts over where the journal is cleared.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// How many calls there were.
    pub(crate) count: usize,
    /// How many more there may have been, which were no longer kept when they would have been counted.
    pub(crate) forgotten: u64,
    clears: u64,
    last_id: u64,
    forgotten_before: u64,
}

/// Tells of new calls, and of the journal's end.
#[derive(Debug)]
pub(crate) struct News(watch::Receiver<bool>);

/// The journal is closed: its sandbox was deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed;

impl News {
    /// Waits until calls have come since the last time.
    ///
    /// # Errors
    /// The journal is closed, whatever came before.
    pub(crate) async fn come(&mut self) -> Result<(), Closed> {
        if !*self.0.borrow() {
            self.0.changed().await.map_err(|_| Closed)?;
        }
        if *self.0.borrow_and_update() {
            Err(Closed)
        } else {
            Ok(())
        }
    }

    /// Takes the calls that have come already for news.
    pub(crate) fn mark_changed(&mut self) {
        self.0.mark_changed();
    }
}

impl Journal {
    /// A journal of at most `capacity` calls, for which there is that room.
    pub(crate) fn new(capacity: usize, room: Arc<Room>) -> Self {
        Self {
            ring: Mutex::default(),
            capacity,
            room,
            closed: watch::Sender::new(false),
        }
    }

    /// Whether it keeps anything at all.
    pub(crate) fn is_kept(&self) -> bool {
        self.capacity > 0
    }

    /// Enters a call, and gives it back with its number. Where no calls are kept, it is only counted.
    pub(crate) fn enter(&self, mut entry: Entry) -> Arc<Entry> {
        if !self.is_kept() {
            entry.id = self.pass(entry.subject.name(), entry.time);
            return Arc::new(entry);
        }
        cut(&mut entry.reply);
        let mut ring = self.lock();
        ring.last_id += 1;
        entry.id = ring.last_id;
        let entry = Arc::new(entry);
        self.room.take(entry.bytes());
        ring.bytes += entry.bytes();
        ring.entries.push_back(entry.clone());
        // The newest stays, however long it is.
        while ring.entries.len() > 1 && (ring.entries.len() > self.capacity || self.room.is_overfull()) {
            let Some(oldest) = ring.entries.pop_front() else { break };
            self.room.give_back(oldest.bytes());
            ring.bytes -= oldest.bytes();
            ring.forget(oldest.subject.name(), oldest.time);
        }
        drop(ring);
        if self.closed.receiver_count() > 0 {
            self.closed.send_modify(|_| {});
        }
        entry
    }

    fn pass(&self, endpoint: &'static str, time: Timestamp) -> u64 {
        let mut ring = self.lock();
        ring.last_id += 1;
        ring.forget(endpoint, time);
        ring.last_id
    }

    /// The call of that number, if it is still kept.
    pub(crate) fn get(&self, id: u64) -> Option<Arc<Entry>> {
        let before = id.checked_sub(1)?;
        self.lock().after(before).next().filter(|entry| entry.id == id).cloned()
    }

    /// The calls that are asked for.
    pub(crate) fn find(&self, filter: &Filter) -> Found {
        let (mut calls, forgotten) = {
            let ring = self.lock();
            (ring.after(0).cloned().collect::<Vec<_>>(), ring.forgotten(filter))
        };
        calls.retain(|entry| filter.matches(entry));
        Found { calls, forgotten }
    }

    /// Goes on counting, with the calls that came since: how many there are now.
    pub(crate) fn count_on(&self, filter: &Filter, counted: &mut Counted) -> usize {
        let new = {
            let ring = self.lock();
            if ring.clears != counted.clears {
                *counted = Counted {
                    clears: ring.clears,
                    ..Counted::default()
                };
            }
            // Of the calls that went since the last time, those that were counted then are none the less counted.
            let forgotten = ring.forgotten(filter);
            let missed = ring.missed_after(counted.last_id);
            counted.forgotten += missed.min(forgotten - counted.forgotten_before);
            counted.forgotten_before = forgotten;
            ring.after(counted.last_id).cloned().collect::<Vec<_>>()
        };
        if let Some(newest) = new.last() {
            counted.last_id = newest.id;
        }
        counted.count += new.iter().filter(|entry| filter.matches(entry)).count();
        counted.count
    }

    /// The calls that differ least from what is asked for, at most `most`, the nearest and newest first.
    pub(crate) fn nearest(&self, filter: &Filter, most: usize) -> Vec<(Arc<Entry>, Vec<Difference>)> {
        let mut near: Vec<_> = self
            .after(0, usize::MAX)
            .into_iter()
            .rev()
            .map(|entry| {
                let differences = filter.differences(&entry);
                (entry, differences)
            })
            .filter(|(_, differences)| !differences.is_empty())
            .collect();
        near.sort_by_key(|(_, differences)| differences.len());
        near.truncate(most);
        near
    }

    /// The calls after the one of that number, the oldest first, at most `most`.
    pub(crate) fn after(&self, id: u64, most: usize) -> Vec<Arc<Entry>> {
        self.lock().after(id).take(most).cloned().collect()
    }

    /// How many calls it holds.
    pub(crate) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// The number of the newest call; 0 before the first.
    pub(crate) fn last_id(&self) -> u64 {
        self.lock().last_id
    }

    /// Forgets every call; numbers go on.
    pub(crate) fn clear(&self) {
        let mut ring = self.lock();
        self.room.give_back(ring.bytes);
        ring.entries.clear();
        ring.forgotten.clear();
        ring.clears += 1;
        ring.bytes = 0;
    }

    /// Tells of each new call from now on.
    pub(crate) fn watch(&self) -> News {
        News(self.closed.subscribe())
    }

    /// Ends what waits for calls, now and later: none is to come.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cuts a reply that is longer than what is kept of one, before a character.
fn cut(reply: &mut Bytes) {
    if reply.len() > MAX_REPLY {
        let is_start = |place: &usize| reply[*place] & 0xC0 != 0x80;
        let end = (0..=MAX_REPLY).rev().find(is_start).unwrap_or(MAX_REPLY);
        *reply = Bytes::copy_from_slice(&reply[..end]);
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let bytes = self.lock().bytes;
        self.room.give_back(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: usize = 8 << 20;

    const HTTPS_POST: Transport = Transport {
        is_https: true,
        is_post: true,
    };

    fn journal(capacity: usize) -> Journal {
        Journal::new(capacity, Arc::new(Room::new(ROOM)))
    }

    fn entry(order_number: &str, code: i32) -> Entry {
        let endpoint = Endpoint::named("!autoRevokeCS").unwrap();
        let mut form = Form::default();
        form.push(&b"ORDERNUMBER"[..], order_number.as_bytes());
        Entry {
            id: 0,
            time: Timestamp::EPOCH,
            real_time: Timestamp::EPOCH,
            subject: Subject::Call(endpoint, HTTPS_POST, KeptForm::new(&form, endpoint, Untold::default())),
            login_name: None,
            unknown_name: None,
            order_number: None,
            status: 200,
            code: Some(code),
            reply: Bytes::from_static(b"0\n"),
            took_us: 1,
            fault: None,
            hint: Cow::default(),
        }
    }

    #[test]
    fn a_form_is_whole_if_each_argument_is_the_endpoints_and_none_was_cut() {
        let endpoint = Endpoint::named("!autoRevokeCS").unwrap();
        let kept = |pairs: &[(&str, &[u8])]| {
            let mut form = Form::default();
            for (name, value) in pairs {
                form.push(name.as_bytes(), *value);
            }
            KeptForm::new(&form, endpoint, Untold::default())
        };
        let long = vec![b'1'; KeptForm::MAX_KEPT + 1];
        let sent: [(&str, &[u8]); 3] = [
            ("ordernumber", b"\xFF"),
            ("loginPassword", b"x&y"),
            ("orderNumber", b""),
        ];
        let whole = kept(&sent);
        assert!(whole.whole(endpoint, ArgumentNames::Exact).is_none());
        let whole = whole.whole(endpoint, ArgumentNames::AnyCase).unwrap();
        let found: Vec<_> = whole.pairs().iter().map(|pair| (&*pair.name, &*pair.value)).collect();
        let expected: [(&[u8], &[u8]); 3] = [
            (b"orderNumber", b"\xFF"),
            (b"loginPassword", b"x&y"),
            (b"orderNumber", b""),
        ];
        assert_eq!(found, expected);
        assert!(
            kept(&[])
                .whole(endpoint, ArgumentNames::Exact)
                .unwrap()
                .pairs()
                .is_empty()
        );
        assert!(kept(&[sent[1]; 64]).whole(endpoint, ArgumentNames::Exact).is_some());
        for part in [&[("other", &b""[..])][..], &[sent[0]; 65], &[("orderNumber", &long)]] {
            assert!(kept(part).whole(endpoint, ArgumentNames::AnyCase).is_none());
        }
    }

    #[test]
    fn a_form_keeps_what_of_it_stood_in_the_query() {
        let endpoint = Endpoint::named("!autoRevokeCS").unwrap();
        for (query, body) in [
            ("", "orderNumber=1"),
            ("orderNumber=1", ""),
            ("orderNumber=1&codeReason=2", "orderNumber=3"),
        ] {
            let mut form = Form::of_query(query);
            form.push_urlencoded(body.as_bytes());
            let kept = KeptForm::new(&form, endpoint, Untold::default());
            assert_eq!(kept.whole(endpoint, ArgumentNames::Exact), Some(form));
        }
    }

    #[test]
    fn a_call_is_found_by_its_number() {
        let journal = journal(2);
        let entered: Vec<_> = (0..3).map(|_| journal.enter(entry("7", 0)).id).collect();
        assert_eq!(entered, [1, 2, 3]);
        let found = [0, 1, 2, 3, 4, u64::MAX].map(|id| journal.get(id).map(|entry| entry.id));
        assert_eq!(found, [None, None, Some(2), Some(3), None, None]);
    }

    #[test]
    fn the_oldest_go_first() {
        let journal = journal(2);
        for number in ["1", "2", "3"] {
            journal.enter(entry(number, 0));
        }
        let kept: Vec<_> = journal
            .find(&Filter::default())
            .calls
            .iter()
            .map(|entry| entry.id)
            .collect();
        assert_eq!(kept, [2, 3]);
        assert_eq!(journal.after(2, 9).len(), 1);
        journal.clear();
        journal.enter(entry("4", 0));
        assert_eq!(journal.after(0, 9)[0].id, 4);
    }

    #[test]
    fn many_bytes_count_as_many_calls() {
        let journal = journal(1000);
        for _ in 0..1000 {
            journal.enter(entry(&"1".repeat(1 << 20), 0));
        }
        assert!(journal.lock().bytes <= ROOM && journal.lock().bytes > ROOM / 2);
    }

    #[test]
    fn what_went_is_told_where_it_may_have_been_asked_for() {
        let journal = journal(1);
        let at = |millis| Timestamp::from_unix_millis(millis);
        for (endpoint, time) in [("!autoRevokeCS", 1), ("!autoRevokeCS", 5), ("!AutoReplaceSMIME", 3)] {
            journal.enter(Entry {
                subject: Subject::Call(Endpoint::named(endpoint).unwrap(), HTTPS_POST, KeptForm::default()),
                time: at(time),
                ..entry("7", 0)
            });
        }
        let forgotten = |endpoint, since: Option<i64>| {
            let filter = Filter {
                endpoint,
                since: since.map(at),
                ..Filter::default()
            };
            journal.find(&filter).forgotten
        };
        assert_eq!(forgotten(None, None), 2);
        assert_eq!(forgotten(Some("!autoRevokeCS"), Some(5)), 2);
        assert_eq!(forgotten(Some("!autoRevokeCS"), Some(6)), 0);
        assert_eq!(forgotten(Some("!AutoReplaceSMIME"), None), 0);
        journal.clear();
        assert_eq!(forgotten(None, None), 0);
    }

    #[test]
    fn journals_share_their_room_and_give_it_back() {
        let bytes = 3 * entry(&"1".repeat(1000), 0).bytes();
        let room = Arc::new(Room::new(bytes));
        let taken = || room.taken();
        let [one, other] = [(); 2].map(|()| Journal::new(1000, room.clone()));
        let fill = |journal: &Journal| drop(journal.enter(entry(&"1".repeat(1000), 0)));
        (0..2).for_each(|_| fill(&one));
        (0..2).for_each(|_| fill(&other));
        // Whoever enters a call for which there is no room gives up its own.
        assert_eq!((one.len(), other.len()), (2, 1));
        assert_eq!(taken(), bytes);
        drop(one);
        (0..3).for_each(|_| fill(&other));
        assert_eq!(other.len(), 3);
        other.clear();
        assert_eq!(taken(), 0);
    }

    #[test]
    fn the_newest_stays_and_its_reply_is_cut() {
        let journal = Journal::new(1000, Arc::new(Room::new(1000)));
        let long = "1".repeat(2000);
        for reply in ["0\n".to_owned(), "é".repeat(MAX_REPLY)] {
            journal.enter(Entry {
                reply: reply.into(),
                ..entry(&long, 0)
            });
        }
        let kept = journal.find(&Filter::default()).calls;
        assert_eq!(kept.iter().map(|entry| entry.id).collect::<Vec<_>>(), [2]);
        assert_eq!(kept[0].reply(), "é".repeat(MAX_REPLY / 2));
    }

    #[test]
    fn counting_goes_on_from_where_it_was() {
        let journal = journal(2);
        let (filter, mut counted) = (Filter::default(), Counted::default());
        for number in 1..=3 {
            journal.enter(entry("7", 0));
            assert_eq!(journal.count_on(&filter, &mut counted), number);
        }
        // All were counted when they came.
        assert_eq!(counted.forgotten, 0);
        let mut late = Counted::default();
        assert_eq!(journal.count_on(&filter, &mut late), 2);
        assert_eq!(late.forgotten, 1);
        for _ in 0..3 {
            journal.enter(entry("7", 0));
        }
        assert_eq!(journal.count_on(&filter, &mut late), 4);
        assert_eq!(late.forgotten, 2);
        journal.clear();
        assert_eq!(journal.count_on(&filter, &mut counted), 0);
        journal.enter(entry("7", 0));
        assert_eq!(journal.count_on(&filter, &mut counted), 1);
    }

    #[test]
    fn names_the_nearest_and_how_it_differs() {
        let journal = journal(10);
        journal.enter(entry("7", -21));
        journal.enter(entry("8", -4));
        let wanted = Filter {
            order_number: Some("7".to_owned()),
            code: Some(0),
            ..Filter::default()
        };
        assert!(journal.find(&wanted).calls.is_empty());
        let near = journal.nearest(&wanted, 1);
        assert_eq!(near[0].0.id, 1);
        assert_eq!(
            near[0].1,
            [Difference {
                field: "code",
                wanted: "0".to_owned(),
                found: Some("-21".to_owned()),
            }]
        );
    }
}
