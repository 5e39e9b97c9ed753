//! The stage of an order that an entry describes: its state, its times, and what follows where they are not given.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Order;
use crate::api::order::machine::DEFAULT_VALIDITY;
use crate::api::order::state::{Stage, State, Times, Validity};
use crate::clock::Timestamp;
use crate::model::value_error::ValueError;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How old an issued certificate is where the file does not say.
const AGE: Duration = DAY.saturating_mul(30);

/// What was done to an order whose state changes with time alone.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StageEntry {
    /// It was ordered: being-issued until it is due, then issued, expired after its end.
    BeingIssued,
    /// It was issued: issued until its end, then expired.
    Issued,
    /// It was replaced: replaced until its end, then expired.
    Replaced,
}

impl StageEntry {
    /// The stage of an order whose state changes with time alone.
    pub(crate) fn of(stage: Stage) -> Option<Self> {
        match stage {
            Stage::BeingIssued(Some(_)) => Some(Self::BeingIssued),
            Stage::Issued(_) => Some(Self::Issued),
            Stage::Replaced(_) => Some(Self::Replaced),
            Stage::Pending
            | Stage::BeingIssued(None)
            | Stage::Revoked(_)
            | Stage::Rejected
            | Stage::OnHold
            | Stage::Unpaid => None,
        }
    }

    /// The states that it comes by.
    pub(crate) fn states(self) -> &'static [State] {
        match self {
            Self::BeingIssued => &[State::BeingIssued, State::Issued, State::Expired],
            Self::Issued => &[State::Issued, State::Expired],
            Self::Replaced => &[State::Replaced, State::Expired],
        }
    }
}

/// The stage that an entry describes.
pub(super) fn build_stage(entry: &Order, now: Timestamp) -> Result<Stage, ValueError> {
    let unless_given = |given: &[(&'static str, bool)]| match given.iter().find(|(_, is_given)| *is_given) {
        Some((key, _)) => Err(ValueError::at(
            key,
            format!("an order that is {} has no `{key}`", entry.state),
        )),
        None => Ok(()),
    };
    let (issued, expires, due) = (entry.issued.is_some(), entry.expires.is_some(), entry.due.is_some());
    match entry.state.times() {
        Times::None => unless_given(&[("issued", issued), ("expires", expires), ("due", due)])?,
        Times::Due if expires && !due => {
            let message = format!("an order that is {} has no `expires` without `due`", entry.state);
            return Err(ValueError::at("expires", message));
        }
        Times::Due => unless_given(&[("issued", issued)])?,
        Times::Issued => unless_given(&[("due", due)])?,
    }
    if let Some(stage) = entry.stage {
        return build_recorded_stage(entry, stage, now);
    }
    Ok(match entry.state {
        State::Pending => Stage::Pending,
        State::Rejected => Stage::Rejected,
        State::OnHold => Stage::OnHold,
        State::Unpaid => Stage::Unpaid,
        State::BeingIssued => being_issued(entry, now)?,
        State::Issued => Stage::Issued(validity_with_end(entry, now, false)?),
        State::Replaced => Stage::Replaced(validity_with_end(entry, now, false)?),
        // What was revoked or rejected does not expire: that revocation marked the order as replaced.
        State::Expired if entry.revocation.is_some() => Stage::Replaced(validity_with_end(entry, now, true)?),
        State::Expired => Stage::Issued(validity_with_end(entry, now, true)?),
        State::Revoked => Stage::Revoked(validity(entry, now, AGE)?),
    })
}

fn being_issued(entry: &Order, now: Timestamp) -> Result<Stage, ValueError> {
    let due = entry.due.map(|_| validity(entry, now, AGE)).transpose()?;
    Ok(Stage::BeingIssued(due))
}

/// The stage that the entry names. Its state is that of another time, perhaps, but one that the stage comes by.
fn build_recorded_stage(entry: &Order, stage: StageEntry, now: Timestamp) -> Result<Stage, ValueError> {
    if !stage.states().contains(&entry.state) {
        let states: Vec<_> = stage.states().iter().map(|state| state.as_str()).collect();
        return Err(ValueError::at(
            "stage",
            format!(
                "with this stage an order is {}, never {}; leave `stage` out where `state` says it all",
                states.join(" or "),
                entry.state
            ),
        ));
    }
    match (stage, entry.state.times()) {
        (StageEntry::BeingIssued, Times::Due) => being_issued(entry, now),
        (StageEntry::BeingIssued, Times::None | Times::Issued) => {
            Ok(Stage::BeingIssued(Some(validity(entry, now, AGE)?)))
        }
        (StageEntry::Issued, _) => Ok(Stage::Issued(validity(entry, now, AGE)?)),
        (StageEntry::Replaced, _) => Ok(Stage::Replaced(validity(entry, now, AGE)?)),
    }
}

/// The validity of an order whose state says whether its end is past.
fn validity_with_end(entry: &Order, now: Timestamp, is_past: bool) -> Result<Validity, ValueError> {
    let validity = validity(entry, now, if is_past { DEFAULT_VALIDITY + DAY } else { AGE })?;
    match (validity.expires <= now, is_past) {
        (true, false) => Err(ValueError::at(
            if entry.expires.is_some() { "expires" } else { "issued" },
            format!(
                "an order that is {} has its end in the future; one past its end is expired",
                entry.state
            ),
        )),
        (false, true) => Err(ValueError::at(
            if entry.expires.is_some() { "expires" } else { "issued" },
            "an order that is expired has its end in the past",
        )),
        _ => Ok(validity),
    }
}

/// The validity that the entry gives; what it does not give follows from the other end or from `age`.
fn validity(entry: &Order, now: Timestamp, age: Duration) -> Result<Validity, ValueError> {
    let issued = entry.due.or(entry.issued).map(|when| when.from(now));
    let expires = entry.expires.map(|when| when.from(now));
    check_validity(match (issued, expires) {
        (Some(issued), Some(expires)) => Validity { issued, expires },
        (Some(issued), None) => Validity {
            issued,
            expires: issued.after(DEFAULT_VALIDITY),
        },
        (None, Some(expires)) => Validity {
            issued: now.before(age).min(expires.before(DEFAULT_VALIDITY)),
            expires,
        },
        (None, None) => Validity {
            issued: now.before(age),
            expires: now.before(age).after(DEFAULT_VALIDITY),
        },
    })
}

fn check_validity(validity: Validity) -> Result<Validity, ValueError> {
    // An order may be over at the moment that it is issued: so is one that replaces an order in its last minutes.
    if validity.expires < validity.issued {
        return Err(ValueError::at(
            "expires",
            "an order does not expire before it is issued",
        ));
    }
    Ok(validity)
}
