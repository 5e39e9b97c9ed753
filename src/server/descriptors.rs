//! File descriptors: how many there are, and how many of them each listener may use for connections.

/// The most connections of a listener at a time, even if there are more file descriptors.
const MAX_CONNECTIONS: usize = 4096;

/// File descriptors for all else: the standard streams, the runtime, the listeners, the files of the state and the CAs.
const RESERVE: usize = 64;

/// How many connections each listener may have at a time; further connections wait. All listeners and the reserve
/// together never need more file descriptors than there are, so a full listener takes none from the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Connections {
    /// The limit of the HTTPS listener, and of the HTTP listener.
    pub(crate) api: usize,
    /// The limit of the control listener.
    pub(crate) control: usize,
}

impl Connections {
    /// The limits for the process's limit of open files.
    pub(crate) fn allowed() -> Self {
        let limit = rlimit::getrlimit(rlimit::Resource::NOFILE).map_or(u64::MAX, |(soft, _)| soft);
        Self::within(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// Three eighths of the descriptors for each listener of the API, a quarter for the control listener.
    fn within(limit: usize) -> Self {
        let eighth = (limit - RESERVE.min(limit / 2)) / 8;
        let share = |eighths: usize| eighth.saturating_mul(eighths).clamp(1, MAX_CONNECTIONS);
        Self {
            api: share(3),
            control: share(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listeners_never_need_more_descriptors_than_there_are() {
        for limit in [16, 64, 100, 256, 1024, 4096, 20_000] {
            let Connections { api, control } = Connections::within(limit);
            let files = RESERVE.min(limit / 2);
            assert!(api > 0 && control > 0 && 2 * api + control + files <= limit, "{limit}");
        }
    }

    #[test]
    fn the_connections_are_limited_even_with_many_descriptors() {
        let usual = Connections {
            api: MAX_CONNECTIONS,
            control: MAX_CONNECTIONS,
        };
        assert_eq!(Connections::within(1 << 20), usual);
        assert_eq!(Connections::within(usize::MAX), usual);
        assert_eq!(Connections::within(1024), Connections { api: 360, control: 240 });
    }
}
