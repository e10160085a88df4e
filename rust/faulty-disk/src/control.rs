//! What a test calls: watch a folder, arm a fault, count, lose the power.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{CStr, OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use crate::disk::{Disk, Key};
use crate::fault::Fault;

static WATCHING: AtomicBool = AtomicBool::new(false);
static DISK: Mutex<Option<Disk>> = Mutex::new(None);

thread_local! {
    /// What we do to files ourselves is nobody's operation.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Work on the disk that is watched; None where there is none, or where the caller is the disk itself.
pub fn with_disk<R>(work: impl FnOnce(&mut Disk) -> Option<R>) -> Option<R> {
    if !WATCHING.load(Ordering::Relaxed) || INSIDE.get() {
        return None;
    }
    inside(|| DISK.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(work))
}

fn inside<R>(work: impl FnOnce() -> R) -> R {
    INSIDE.set(true);
    let result = work();
    INSIDE.set(false);
    result
}

fn put(disk: Option<Disk>) {
    WATCHING.store(disk.is_some(), Ordering::Relaxed);
    *DISK.lock().unwrap_or_else(PoisonError::into_inner) = disk;
}

/// The shared memory of `SQLite` is a file that no start relies on.
pub fn lasts(path: &Path) -> bool {
    !path.as_os_str().as_bytes().ends_with(b"-shm")
}

fn gather(folder: &Path, found: &mut Vec<(PathBuf, Key, Vec<u8>)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let status = path.symlink_metadata()?;
        if status.is_dir() {
            gather(&path, found)?;
        } else if status.is_file() && lasts(&path) {
            let bytes = fs::read(&path)?;
            found.push((path, (status.dev(), status.ino()), bytes));
        }
    }
    Ok(())
}

fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.symlink_metadata()?.is_dir() {
            clear(&path)?;
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn leave(disk: &Disk, seed: u64, into: &Path) -> io::Result<()> {
    clear(into)?;
    for (path, bytes) in disk.after(seed) {
        let target = into.join(path.strip_prefix(disk.folder()).unwrap_or(&path));
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(target, bytes)?;
    }
    Ok(())
}

fn path(text: *const c_char) -> PathBuf {
    // SAFETY: the caller gives a text that ends in a zero.
    PathBuf::from(OsStr::from_bytes(unsafe { CStr::from_ptr(text) }.to_bytes()))
}

/// Watch a folder, with what is in it as what is on the disk; its path has to be absolute and without links. 0 if so.
#[unsafe(no_mangle)]
pub extern "C" fn sadari_disk_watch(folder: *const c_char) -> c_int {
    inside(|| {
        let folder = path(folder);
        let mut found = Vec::new();
        let good = gather(&folder, &mut found).is_ok();
        put(good.then(|| Disk::holding(folder, found)));
        c_int::from(!good)
    })
}

/// Let the n-th operation that a fault can befall fail so, and count anew; with fault 0 only count.
#[unsafe(no_mangle)]
pub extern "C" fn sadari_disk_arm(fault: u32, number: u64) {
    with_disk(|disk| {
        disk.arm(Fault::of(fault), number);
        Some(())
    });
}

/// How many operations a fault could have befallen since.
#[unsafe(no_mangle)]
pub extern "C" fn sadari_disk_count(fault: u32) -> u64 {
    with_disk(|disk| Fault::of(fault).map(|fault| disk.count(fault))).unwrap_or(0)
}

/// Whether the fault has come.
#[unsafe(no_mangle)]
pub extern "C" fn sadari_disk_fired() -> c_int {
    with_disk(|disk| Some(c_int::from(disk.fired()))).unwrap_or(0)
}

/// Whether these bytes are surely on the disk.
///
/// # Safety
///
/// There are as many bytes as is said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sadari_disk_holds(bytes: *const u8, size: usize) -> c_int {
    // SAFETY: the caller's promise.
    let wanted = unsafe { std::slice::from_raw_parts(bytes, size) };
    with_disk(|disk| Some(c_int::from(disk.holds(wanted)))).unwrap_or(0)
}

/// Put a folder into the state that a loss of power could leave the watched one in; 0 if that was done.
///
/// The folder may be the watched one, of which no file is open then.
#[unsafe(no_mangle)]
pub extern "C" fn sadari_disk_lose_power(seed: u64, into: *const c_char) -> c_int {
    with_disk(|disk| Some(c_int::from(leave(disk, seed, &path(into)).is_err()))).unwrap_or(-1)
}

/// Watch nothing any more: every operation is the system's.
#[unsafe(no_mangle)]
pub extern "C" fn sadari_disk_off() {
    inside(|| put(None));
}
