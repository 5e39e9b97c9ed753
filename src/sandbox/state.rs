//! What changes in a sandbox: its world, its clock, its faults, its dice.

use crate::api::fault::Faults;
use crate::api::world::World;
use crate::clock::Clock;
use crate::model::Built;
use crate::random::Random;
use crate::sandbox::push::Dues;
use crate::sandbox::room::Share;

/// What changes in a sandbox.
#[derive(Debug)]
pub(crate) struct State {
    /// Orders, accounts, assumptions.
    pub(crate) world: World,
    /// Its time.
    pub(crate) clock: Clock,
    /// Its faults.
    pub(crate) faults: Faults,
    /// Its dice.
    pub(crate) random: Random,
    /// The orders that are still to be issued, if any account's are pushed.
    pub(super) dues: Option<Dues>,
    /// What its mails take of the room of all, once there are any.
    pub(super) mails: Option<Share>,
    /// What its orders take of the room of all, once there are any that count.
    pub(super) orders: Option<Share>,
    /// How many bytes of its orders do not count: those that it began with and shares with other sandboxes.
    pub(super) shared_bytes: usize,
    /// The changes of the book that are counted.
    pub(super) counted_changes: u64,
}

impl State {
    /// The state in which a sandbox begins.
    pub(crate) fn new(mut built: Built, random: Random) -> Self {
        if !built.world.book.notes_lifecycles() {
            built.world.book_mut().note_lifecycles();
        }
        Self {
            world: built.world,
            clock: built.clock,
            faults: built.faults,
            random,
            dues: None,
            mails: None,
            orders: None,
            shared_bytes: 0,
            counted_changes: 0,
        }
    }

    /// Does not count the orders that it has now: those of the emulator's fixtures, which most sandboxes share.
    pub(crate) fn with_shared_orders(self) -> Self {
        Self {
            shared_bytes: self.world.book.bytes(),
            ..self
        }
    }

    /// How many bytes of its orders count.
    pub(crate) fn order_bytes(&self) -> usize {
        self.world.book.bytes().saturating_sub(self.shared_bytes)
    }
}
