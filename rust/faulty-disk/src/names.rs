//! The names in a folder: what a name leads to now, and what it surely leads to after a loss of power.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::content::Left;
use crate::dice::Dice;

/// Which file a name leads to.
pub type Names = BTreeMap<PathBuf, usize>;

/// What was done to a name.
#[derive(Clone, Debug)]
pub enum Naming {
    /// A file was made.
    Make(PathBuf, usize),
    /// A name was taken away.
    Remove(PathBuf),
    /// A name, and whatever is below it, became another one.
    Rename(PathBuf, PathBuf),
}

impl Naming {
    /// The folder whose sync makes it last.
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Make(path, _) | Self::Remove(path) | Self::Rename(_, path) => path.parent(),
        }
    }
}

/// All names below one folder.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// As a process sees them.
    pub now: Names,
    kept: Names,
    since: Vec<Naming>,
}

impl Tree {
    /// Names that are on the disk as they are.
    pub fn kept(names: Names) -> Self {
        Self { now: names.clone(), kept: names, since: Vec::new() }
    }

    /// Something was named otherwise, and its folder not synced.
    pub fn change(&mut self, naming: Naming) {
        apply(&mut self.now, &naming);
        self.since.push(naming);
    }

    /// A folder was synced.
    pub fn sync(&mut self, folder: &Path) {
        let (done, rest) = self.since.drain(..).partition(|naming| naming.folder() == Some(folder));
        self.since = rest;
        let done: Vec<Naming> = done;
        for naming in &done {
            apply(&mut self.kept, naming);
        }
    }

    /// The names after a loss of power: file systems write what happens to names in its order.
    pub fn after(&self, left: Left, dice: &mut Dice) -> Names {
        let count = match left {
            Left::Nothing => 0,
            Left::Everything => self.since.len(),
            Left::Prefix | Left::Any => dice.below(self.since.len() + 1),
        };
        let mut names = self.kept.clone();
        for naming in &self.since[..count] {
            apply(&mut names, naming);
        }
        names
    }
}

fn apply(names: &mut Names, naming: &Naming) {
    match naming {
        Naming::Make(path, file) => {
            names.insert(path.clone(), *file);
        }
        Naming::Remove(path) => {
            names.remove(path);
        }
        Naming::Rename(from, to) => {
            let moved: Vec<PathBuf> = names.keys().filter(|path| path.starts_with(from)).cloned().collect();
            for path in moved {
                if let (Some(file), Ok(rest)) = (names.remove(&path), path.strip_prefix(from)) {
                    let target = if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) };
                    names.insert(target, file);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        PathBuf::from("/disk").join(name)
    }

    fn shown(names: &Names) -> Vec<(String, usize)> {
        names.iter().map(|(path, file)| (path.display().to_string(), *file)).collect()
    }

    #[test]
    fn a_rename_lasts_when_its_folder_was_synced() {
        let mut tree = Tree::kept(Names::from([(path("a"), 0)]));
        tree.change(Naming::Make(path("b.new"), 1));
        tree.change(Naming::Rename(path("b.new"), path("a")));
        assert_eq!(shown(&tree.now), [("/disk/a".into(), 1)]);
        assert_eq!(shown(&tree.after(Left::Nothing, &mut Dice::new(0))), [("/disk/a".into(), 0)]);
        tree.sync(Path::new("/disk"));
        assert_eq!(shown(&tree.after(Left::Nothing, &mut Dice::new(0))), [("/disk/a".into(), 1)]);
    }

    #[test]
    fn a_folder_that_is_renamed_takes_its_files_along() {
        let mut tree = Tree::kept(Names::from([(path("x.partial/a"), 0), (path("x.partial2"), 1)]));
        tree.change(Naming::Rename(path("x.partial"), path("x")));
        tree.change(Naming::Remove(path("x.partial2")));
        assert_eq!(shown(&tree.now), [("/disk/x/a".into(), 0)]);
    }
}
