//! The disk: what is counted, what fails next, and what is on it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::content::{Change, Content, Left};
use crate::dice::Dice;
use crate::fault::{ACTS, Act, Fault};
use crate::names::{Names, Naming, Tree};

/// What the system knows a file by: the device and the number on it.
pub type Key = (u64, u64);

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is done.
    Done,
    /// It fails, and nothing was done.
    Fails(Fault),
    /// So many bytes are written; then it fails, or says so.
    Part(Fault, usize),
    /// The power goes: nothing of it is done for the process, and anything of it may be on the disk.
    Last,
}

/// The files of one folder.
#[derive(Debug, Default)]
pub struct Disk {
    folder: PathBuf,
    files: Vec<Content>,
    numbers: HashMap<Key, usize>,
    tree: Tree,
    counts: [u64; ACTS],
    armed: Option<(Fault, u64)>,
    fault: Option<Fault>,
}

impl Disk {
    /// A disk that has these files.
    pub fn holding(folder: PathBuf, found: Vec<(PathBuf, Key, Vec<u8>)>) -> Self {
        let mut disk = Self { folder, ..Self::default() };
        let mut names = Names::new();
        for (path, key, bytes) in found {
            names.insert(path, disk.files.len());
            disk.numbers.insert(key, disk.files.len());
            disk.files.push(Content::kept(bytes));
        }
        disk.tree = Tree::kept(names);
        disk
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Let the n-th operation from now on that a fault can befall fail so; counting begins anew.
    pub fn arm(&mut self, fault: Option<Fault>, number: u64) {
        self.counts = [0; ACTS];
        self.armed = fault.map(|fault| (fault, number));
        self.fault = None;
    }

    /// How many operations there were since that the fault could have befallen.
    pub fn count(&self, fault: Fault) -> u64 {
        ALL_ACTS.into_iter().filter(|act| fault.befalls(*act)).map(|act| self.counts[act as usize]).sum()
    }

    /// Whether the fault has come.
    pub fn fired(&self) -> bool {
        self.fault.is_some()
    }

    /// Count an operation and say what becomes of it.
    ///
    /// `size` is how many bytes are to be written; `grows` says whether it needs room that is not there yet.
    pub fn judge(&mut self, act: Act, size: usize, grows: bool) -> Fate {
        self.counts[act as usize] += 1;
        if let Some(fault) = self.fault {
            return if fault.stays() && fault.befalls(act) && (fault != Fault::Full || grows) {
                Fate::Fails(fault)
            } else {
                Fate::Done
            };
        }
        let Some((fault, number)) = self.armed else { return Fate::Done };
        if !fault.befalls(act) || self.count(fault) < number || (fault == Fault::Full && !grows) {
            return Fate::Done;
        }
        self.fault = Some(fault);
        match fault {
            Fault::Torn | Fault::Short if size > 1 => Fate::Part(fault, size / 2),
            Fault::Short => Fate::Done,
            Fault::Power => Fate::Last,
            _ => Fate::Fails(fault),
        }
    }

    /// A file was made or found under a name.
    pub fn made(&mut self, path: &Path, key: Key) {
        let file = self.files.len();
        self.files.push(Content::default());
        self.numbers.insert(key, file);
        self.tree.change(Naming::Make(path.to_path_buf(), file));
    }

    /// A name was changed or taken away.
    pub fn named(&mut self, naming: Naming) {
        self.tree.change(naming);
    }

    /// The bytes of a file were changed.
    pub fn changed(&mut self, key: Key, change: Change) {
        if let Some(file) = self.numbers.get(&key) {
            self.files[*file].change(change);
        }
    }

    /// A file was synced, or failed to be.
    pub fn synced(&mut self, key: Key, well: bool) {
        if let Some(file) = self.numbers.get(&key) {
            if well {
                self.files[*file].sync();
            } else {
                self.files[*file].fail_sync();
            }
        }
    }

    /// A folder was synced.
    pub fn folder_synced(&mut self, folder: &Path) {
        self.tree.sync(folder);
    }

    /// Every file after a loss of power: seed 0 leaves nothing that was not synced, seed 1 everything.
    pub fn after(&self, seed: u64) -> Vec<(PathBuf, Vec<u8>)> {
        let mut dice = Dice::new(seed);
        let left = match seed {
            0 => Left::Nothing,
            1 => Left::Everything,
            _ if dice.coin() => Left::Prefix,
            _ => Left::Any,
        };
        let names = self.tree.after(left, &mut dice);
        names.into_iter().map(|(path, file)| (path, self.files[file].after(left, &mut dice))).collect()
    }

    /// Whether some file surely holds these bytes, whatever becomes of the power.
    pub fn holds(&self, wanted: &[u8]) -> bool {
        let found = self.after(0);
        found.iter().any(|(_, bytes)| bytes.windows(wanted.len()).any(|window| window == wanted))
    }
}

const ALL_ACTS: [Act; ACTS] = [Act::Write, Act::Sync, Act::Name, Act::Size, Act::Open, Act::Read];

#[cfg(test)]
mod tests {
    use super::*;

    fn written(disk: &mut Disk, size: usize) -> Fate {
        disk.judge(Act::Write, size, true)
    }

    #[test]
    fn the_nth_operation_that_a_fault_can_befall_fails_once() {
        let mut disk = Disk::default();
        disk.arm(Fault::of(3), 2);
        let seen =
            [written(&mut disk, 8), disk.judge(Act::Sync, 0, false), written(&mut disk, 8), written(&mut disk, 8)];
        assert_eq!(seen, [Fate::Done, Fate::Done, Fate::Part(Fault::Torn, 4), Fate::Done]);
        assert_eq!((disk.count(Fault::Torn), disk.count(Fault::Unsynced), disk.fired()), (3, 1, true));
    }

    #[test]
    fn a_full_disk_still_takes_what_needs_no_room() {
        let mut disk = Disk::default();
        disk.arm(Some(Fault::Full), 1);
        let seen: Vec<Fate> = [false, true, false].map(|grows| disk.judge(Act::Write, 8, grows)).into();
        assert_eq!(seen, [Fate::Done, Fate::Fails(Fault::Full), Fate::Done]);
    }

    #[test]
    fn what_was_never_synced_is_not_held() {
        let mut disk = Disk::holding(PathBuf::from("/disk"), vec![(PathBuf::from("/disk/a"), (1, 1), b"old".to_vec())]);
        disk.changed((1, 1), Change::Write(0, b"new".to_vec()));
        assert!(disk.holds(b"old") && !disk.holds(b"new"));
        disk.synced((1, 1), true);
        assert!(disk.holds(b"new"));
        disk.made(Path::new("/disk/b"), (1, 2));
        assert_eq!((disk.after(0).len(), disk.after(1).len()), (1, 2));
        disk.folder_synced(Path::new("/disk"));
        assert_eq!(disk.after(0).len(), 2);
    }
}
