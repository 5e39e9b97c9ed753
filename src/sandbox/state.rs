//! What changes in a sandbox: its world, its clock, its faults, its dice.

use crate::api::fault::Faults;
use crate::api::world::World;
use crate::clock::Clock;
use crate::model::Built;
use crate::random::Random;
use crate::sandbox::budget::Share;
use crate::sandbox::push::Dues;

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
    /// What its mails take of the memory for those of all sandboxes, once there are any.
    pub(super) mail_share: Option<Share>,
    /// What its orders, accounts and faults take of the memory for those of all sandboxes, once there are any that count.
    pub(super) memory_share: Option<Share>,
    /// How many bytes of its orders and accounts do not count: as many as it began with. They get fewer with these.
    pub(super) uncounted_bytes: usize,
    /// The changes of the book that are counted.
    pub(super) counted_changes: u64,
    /// How many bytes of its accounts and faults are counted.
    pub(super) counted_other_bytes: usize,
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
            mail_share: None,
            memory_share: None,
            uncounted_bytes: 0,
            counted_changes: 0,
            counted_other_bytes: 0,
        }
    }

    /// This state with orders and accounts that do not count: those of the emulator's fixtures or of its saved state, which
    /// its owner chose.
    pub(crate) fn without_counting_its_world(self) -> Self {
        Self {
            uncounted_bytes: self.world_bytes(),
            ..self
        }
    }

    /// How many bytes of its orders, of its accounts and of its faults' bodies count.
    pub(crate) fn counted_bytes(&self) -> usize {
        self.world_bytes().saturating_sub(self.uncounted_bytes) + self.faults.bytes()
    }

    /// How many bytes its orders and accounts take.
    pub(super) fn world_bytes(&self) -> usize {
        self.world.book.bytes() + self.world.accounts.memory()
    }
}
