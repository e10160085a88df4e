//! The ways in which an operation fails, and which operations each of them can befall.

/// What an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Bytes into a file.
    Write,
    /// A sync of a file or of a folder.
    Sync,
    /// A file or folder made, a name changed or taken away.
    Name,
    /// A file cut or made longer.
    Size,
    /// An existing file opened for writing.
    Open,
    /// Bytes out of a file.
    Read,
}

/// How many acts there are.
pub const ACTS: usize = 6;

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no room, this once.
    NoSpace = 1,
    /// An input or output error, this once.
    Error,
    /// Half of a write reaches the file, and an error is returned.
    Torn,
    /// Half of a write reaches the file, and that is what is returned.
    Short,
    /// A sync fails, and no later one makes up for it.
    Unsynced,
    /// From here on nothing may grow.
    Full,
    /// From here on nothing can be changed.
    Gone,
    /// From here on nothing happens any more: the power is gone.
    Power,
    /// A read fails, this once.
    Unread,
}

impl Fault {
    const ALL: [Self; 9] = [
        Self::NoSpace,
        Self::Error,
        Self::Torn,
        Self::Short,
        Self::Unsynced,
        Self::Full,
        Self::Gone,
        Self::Power,
        Self::Unread,
    ];

    /// The fault of a number, none for 0 and for what is none.
    pub fn of(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| *fault as u32 == number)
    }

    /// Whether it can befall an operation of this kind.
    pub fn befalls(self, act: Act) -> bool {
        match self {
            Self::Torn | Self::Short => act == Act::Write,
            Self::Unsynced => act == Act::Sync,
            Self::Unread => act == Act::Read,
            Self::NoSpace | Self::Full => !matches!(act, Act::Read | Act::Open),
            Self::Error | Self::Gone => act != Act::Read,
            Self::Power => !matches!(act, Act::Read | Act::Open),
        }
    }

    /// Whether everything after it fails as well.
    pub fn stays(self) -> bool {
        matches!(self, Self::Full | Self::Gone | Self::Power)
    }
}
