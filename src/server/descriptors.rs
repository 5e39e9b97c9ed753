//! File descriptors: how many there are, and how many of them may be used for which connections.

/// The most connections of a listener at a time, even if there are more file descriptors.
const MAX_CONNECTIONS: usize = 4096;

/// The most pushes that are on their way at a time.
const MAX_PUSHES: usize = 64;

/// File descriptors for all else: the standard streams, the runtime, the listeners, the files of the state and the CAs.
const RESERVE: usize = 48;

/// How many connections there may be at a time. All together and the reserve never need more file descriptors than there are,
/// so a full listener takes none from the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Connections {
    /// The limit of the HTTPS listener, and of the HTTP listener; further connections wait.
    pub(crate) api: usize,
    /// The limit of the control listener; further connections wait.
    pub(crate) control: usize,
    /// How many pushes may be on their way, of all sandboxes.
    pub(crate) pushes: usize,
}

impl Connections {
    /// The limits for the process's limit of open files.
    pub(crate) fn allowed() -> Self {
        let limit = rlimit::getrlimit(rlimit::Resource::NOFILE).map_or(u64::MAX, |(soft, _)| soft);
        Self::within(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// A sixteenth of the descriptors for pushes. Of those that are left beside the reserve, three eighths for each listener of
    /// the API, a quarter for the control listener.
    fn within(limit: usize) -> Self {
        let pushes = (limit / 16).clamp(1, MAX_PUSHES);
        let others = RESERVE + pushes;
        let eighth = (limit - others.min(limit / 2)) / 8;
        let share = |eighths: usize| eighth.saturating_mul(eighths).clamp(1, MAX_CONNECTIONS);
        Self {
            api: share(3),
            control: share(2),
            pushes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_connections_never_need_more_descriptors_than_there_are() {
        for limit in [16, 64, 100, 256, 1024, 4096, 20_000] {
            let Connections { api, control, pushes } = Connections::within(limit);
            let files = (RESERVE + pushes).min(limit / 2);
            assert!(
                api > 0 && control > 0 && pushes > 0 && 2 * api + control + files <= limit,
                "{limit}"
            );
        }
    }

    #[test]
    fn the_connections_are_limited_even_with_many_descriptors() {
        let usual = Connections {
            api: MAX_CONNECTIONS,
            control: MAX_CONNECTIONS,
            pushes: MAX_PUSHES,
        };
        assert_eq!(Connections::within(1 << 20), usual);
        assert_eq!(Connections::within(usize::MAX), usual);
        let few = Connections {
            api: 72,
            control: 48,
            pushes: 16,
        };
        assert_eq!(Connections::within(256), few);
    }
}
