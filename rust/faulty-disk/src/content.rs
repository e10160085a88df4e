//! One file: what of it is surely on the disk, and what was written since and may be or not.

use crate::dice::Dice;

/// How much of what was not synced a loss of power leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing of it.
    Nothing,
    /// All of it: what a process finds that is killed while the power stays.
    Everything,
    /// As many changes as chance says in their order, the next one torn at any byte.
    Prefix,
    /// Each change or not, whatever came before it: a disk that writes in its own order.
    Any,
}

/// What a change did to a file.
#[derive(Clone, Debug)]
pub enum Change {
    /// Bytes were written from here on.
    Write(usize, Vec<u8>),
    /// The file was made as long as this.
    Size(usize),
}

/// How sure it is that a change is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Waiting,
    /// Its sync has failed. The system takes the page for clean from then on, so that no later sync writes it.
    Doomed,
    Synced,
}

/// A file as the disk has it.
#[derive(Clone, Debug, Default)]
pub struct Content {
    kept: Vec<u8>,
    since: Vec<(Change, Fate)>,
}

impl Content {
    /// A file that is on the disk as it is.
    pub fn kept(bytes: Vec<u8>) -> Self {
        Self { kept: bytes, since: Vec::new() }
    }

    /// Something was changed and not synced.
    pub fn change(&mut self, change: Change) {
        self.since.push((change, Fate::Waiting));
    }

    /// A sync has returned well.
    pub fn sync(&mut self) {
        if self.since.iter().all(|(_, fate)| *fate == Fate::Waiting) {
            for (change, _) in self.since.drain(..) {
                apply(&mut self.kept, &change);
            }
            return;
        }
        self.turn(Fate::Synced);
    }

    /// A sync has failed.
    pub fn fail_sync(&mut self) {
        self.turn(Fate::Doomed);
    }

    fn turn(&mut self, into: Fate) {
        for (_, fate) in &mut self.since {
            if *fate == Fate::Waiting {
                *fate = into;
            }
        }
    }

    /// What is there after a loss of power.
    pub fn after(&self, left: Left, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.kept.clone();
        let waiting = self.since.iter().filter(|(_, fate)| *fate == Fate::Waiting).count();
        let whole = dice.below(waiting + 1);
        let mut passed = 0;
        for (change, fate) in &self.since {
            let there = match (fate, left) {
                (Fate::Synced, _) | (_, Left::Everything) => true,
                (_, Left::Nothing) => false,
                (Fate::Doomed, _) | (_, Left::Any) => dice.coin(),
                (Fate::Waiting, Left::Prefix) => passed < whole,
            };
            if there {
                apply(&mut bytes, change);
            } else if *fate == Fate::Waiting && left == Left::Prefix && passed == whole {
                tear(&mut bytes, change, dice);
            }
            passed += usize::from(*fate == Fate::Waiting);
        }
        bytes
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Size(size) => bytes.resize(*size, 0),
        Change::Write(at, written) => {
            let end = at + written.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*at..end].copy_from_slice(written);
        }
    }
}

fn tear(bytes: &mut Vec<u8>, change: &Change, dice: &mut Dice) {
    if let Change::Write(at, written) = change {
        let cut = dice.below(written.len());
        if cut > 0 {
            apply(bytes, &Change::Write(*at, written[..cut].to_vec()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(at: usize, text: &str) -> Change {
        Change::Write(at, text.as_bytes().to_vec())
    }

    fn states(content: &Content, left: Left) -> Vec<String> {
        let mut found: Vec<String> =
            (0..400).map(|seed| String::from_utf8(content.after(left, &mut Dice::new(seed))).unwrap()).collect();
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn what_is_synced_is_there_and_the_rest_is_any_prefix_with_one_torn_write() {
        let mut content = Content::default();
        content.change(write(0, "ab"));
        content.sync();
        content.change(write(2, "cd"));
        content.change(write(4, "ef"));
        assert_eq!(states(&content, Left::Nothing), ["ab"]);
        assert_eq!(states(&content, Left::Everything), ["abcdef"]);
        assert_eq!(states(&content, Left::Prefix), ["ab", "abc", "abcd", "abcde", "abcdef"]);
        assert_eq!(states(&content, Left::Any), ["ab", "ab\0\0ef", "abcd", "abcdef"]);
    }

    #[test]
    fn what_a_sync_failed_on_is_not_made_sure_by_a_later_one() {
        let mut content = Content::default();
        content.change(write(0, "ab"));
        content.fail_sync();
        content.change(write(2, "cd"));
        content.sync();
        assert_eq!(states(&content, Left::Nothing), ["\0\0cd"]);
        assert_eq!(states(&content, Left::Prefix), ["\0\0cd", "abcd"]);
    }

    #[test]
    fn a_file_that_was_cut_is_cut_once_that_is_synced() {
        let mut content = Content::kept(b"abcdef".to_vec());
        content.change(Change::Size(2));
        content.change(write(1, "x"));
        assert_eq!(states(&content, Left::Prefix), ["ab", "abcdef", "ax"]);
        content.sync();
        assert_eq!(states(&content, Left::Nothing), ["ax"]);
    }
}
