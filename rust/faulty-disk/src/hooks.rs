//! The functions of libc that a process reaches its files by, each asking the disk first.
//!
//! The variable last argument of `open` is taken as a fixed one: Linux passes both in the same way.
#![allow(unsafe_code)]
#![allow(clippy::missing_safety_doc)] // each is the function of libc of its name
#![allow(missing_docs)]

use std::path::{Path, PathBuf};

use libc::{AT_FDCWD, EIO, ENOSPC, c_char, c_int, c_long, c_uint, c_void, iovec, mode_t, off_t, size_t, ssize_t};

use crate::content::Change;
use crate::control::{lasts, with_disk};
use crate::disk::{Disk, Fate};
use crate::fault::{Act, Fault};
use crate::names::Naming;
use crate::raw::{Status, failed, path_at, path_of, status, system};

fn error_of(fault: Fault) -> c_int {
    if matches!(fault, Fault::NoSpace | Fault::Full) { ENOSPC } else { EIO }
}

/// Where an open file of the folder is; None for any other descriptor.
fn ours(disk: &Disk, descriptor: c_int) -> Option<(PathBuf, Status)> {
    let path = path_of(descriptor)?;
    if path.starts_with(disk.folder()) { Some((path, status(descriptor)?)) } else { None }
}

// bytes

/// Write at a place, or where the descriptor stands.
fn write_at(descriptor: c_int, bytes: *const c_void, size: size_t, place: Option<off_t>) -> ssize_t {
    let plainly = |size: size_t| match place {
        Some(place) => system!(libc::SYS_pwrite64, descriptor, bytes, size, place),
        None => system!(libc::SYS_write, descriptor, bytes, size),
    };
    let done = with_disk(|disk| {
        let (path, status) = ours(disk, descriptor)?;
        let at = place.or_else(|| standing(descriptor, status.size)).and_then(|at| usize::try_from(at).ok())?;
        let note = |disk: &mut Disk, count: usize| {
            if lasts(&path) && count > 0 {
                // SAFETY: the caller gave at least as many bytes as were written.
                let written = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), count) }.to_vec();
                disk.changed(status.key, Change::Write(at, written));
            }
        };
        let (wanted, fault) = match disk.judge(Act::Write, size, at + size > status.size) {
            Fate::Done => (size, None),
            Fate::Fails(fault) => return Some(failed(error_of(fault))),
            Fate::Part(fault, part) => (part, Some(fault)),
            Fate::Last => {
                note(disk, size);
                return Some(failed(EIO));
            }
        };
        let count = plainly(wanted);
        note(disk, usize::try_from(count).unwrap_or(0));
        Some(if fault == Some(Fault::Torn) { failed(EIO) } else { count })
    });
    done.unwrap_or_else(|| plainly(size)) as ssize_t
}

fn standing(descriptor: c_int, size: usize) -> Option<off_t> {
    if system!(libc::SYS_fcntl, descriptor, libc::F_GETFL) & c_long::from(libc::O_APPEND) != 0 {
        return off_t::try_from(size).ok();
    }
    off_t::try_from(system!(libc::SYS_lseek, descriptor, 0, libc::SEEK_CUR)).ok().filter(|at| *at >= 0)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(descriptor: c_int, bytes: *const c_void, size: size_t) -> ssize_t {
    write_at(descriptor, bytes, size, None)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(descriptor: c_int, bytes: *const c_void, size: size_t, place: off_t) -> ssize_t {
    write_at(descriptor, bytes, size, Some(place))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(descriptor: c_int, bytes: *const c_void, size: size_t, place: off_t) -> ssize_t {
    write_at(descriptor, bytes, size, Some(place))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn writev(descriptor: c_int, parts: *const iovec, count: c_int) -> ssize_t {
    if with_disk(|disk| ours(disk, descriptor)).is_none() {
        return system!(libc::SYS_writev, descriptor, parts, count) as ssize_t;
    }
    let mut whole = Vec::new();
    for at in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: the caller gave so many parts, each of its length.
        let part = unsafe { &*parts.add(at) };
        // SAFETY: as above.
        whole.extend_from_slice(unsafe { std::slice::from_raw_parts(part.iov_base.cast::<u8>(), part.iov_len) });
    }
    write_at(descriptor, whole.as_ptr().cast(), whole.len(), None)
}

fn reading(descriptor: c_int) -> Option<c_long> {
    with_disk(|disk| {
        ours(disk, descriptor)?;
        match disk.judge(Act::Read, 0, false) {
            Fate::Fails(fault) => Some(failed(error_of(fault))),
            _ => None,
        }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn read(descriptor: c_int, bytes: *mut c_void, size: size_t) -> ssize_t {
    reading(descriptor).unwrap_or_else(|| system!(libc::SYS_read, descriptor, bytes, size)) as ssize_t
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pread64(descriptor: c_int, bytes: *mut c_void, size: size_t, place: off_t) -> ssize_t {
    reading(descriptor).unwrap_or_else(|| system!(libc::SYS_pread64, descriptor, bytes, size, place)) as ssize_t
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pread(descriptor: c_int, bytes: *mut c_void, size: size_t, place: off_t) -> ssize_t {
    // SAFETY: the same function by another name.
    unsafe { pread64(descriptor, bytes, size, place) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate64(descriptor: c_int, size: off_t) -> c_int {
    let plainly = || system!(libc::SYS_ftruncate, descriptor, size);
    let done = with_disk(|disk| {
        let (path, status) = ours(disk, descriptor)?;
        let wanted = usize::try_from(size).ok()?;
        let fate = disk.judge(Act::Size, 0, wanted > status.size);
        let result = match fate {
            Fate::Fails(fault) => failed(error_of(fault)),
            Fate::Last => failed(EIO),
            _ => plainly(),
        };
        if lasts(&path) && (result == 0 || fate == Fate::Last) {
            disk.changed(status.key, Change::Size(wanted));
        }
        Some(result)
    });
    done.unwrap_or_else(plainly) as c_int
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate(descriptor: c_int, size: off_t) -> c_int {
    // SAFETY: the same function by another name.
    unsafe { ftruncate64(descriptor, size) }
}

// syncs: those of the folder are only remembered, so that thousands of them take no time

fn sync(number: c_long, descriptor: c_int) -> c_int {
    let done = with_disk(|disk| {
        let (path, status) = ours(disk, descriptor)?;
        let result = match disk.judge(Act::Sync, 0, false) {
            Fate::Fails(fault) => failed(error_of(fault)),
            Fate::Last => return Some(failed(EIO)),
            _ => 0,
        };
        if !status.folder {
            disk.synced(status.key, result == 0);
        } else if result == 0 {
            disk.folder_synced(&path);
        }
        Some(result)
    });
    done.unwrap_or_else(|| system!(number, descriptor)) as c_int
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(descriptor: c_int) -> c_int {
    sync(libc::SYS_fsync, descriptor)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(descriptor: c_int) -> c_int {
    sync(libc::SYS_fdatasync, descriptor)
}

// names

/// Do what changes a name, unless the disk says otherwise; `note` remembers it where it is done or may be.
fn naming(
    paths: &[Option<PathBuf>],
    grows: bool,
    plainly: impl Fn() -> c_long,
    note: impl FnOnce(&mut Disk),
) -> c_long {
    let done = with_disk(|disk| {
        if !paths.iter().flatten().any(|path| path.starts_with(disk.folder())) {
            return None;
        }
        match disk.judge(Act::Name, 0, grows) {
            Fate::Fails(fault) => return Some(failed(error_of(fault))),
            Fate::Last => {
                note(disk);
                return Some(failed(EIO));
            }
            _ => {}
        }
        let result = plainly();
        if result >= 0 {
            note(disk);
        }
        Some(result)
    });
    done.unwrap_or_else(plainly)
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn open_at(folder: c_int, name: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    let plainly = || system!(libc::SYS_openat, folder, name, flags, mode);
    let done = with_disk(|disk| {
        let path = path_at(folder, name).filter(|path| path.starts_with(disk.folder()))?;
        let makes = flags & libc::O_CREAT != 0 && !exists(&path);
        let cuts = !makes && flags & libc::O_TRUNC != 0;
        let act = match (makes, cuts) {
            (true, _) => Act::Name,
            (_, true) => Act::Size,
            _ if flags & libc::O_ACCMODE != libc::O_RDONLY => Act::Open,
            _ => return None,
        };
        match disk.judge(act, 0, makes) {
            Fate::Fails(fault) => return Some(failed(error_of(fault))),
            Fate::Last => return Some(failed(EIO)),
            _ => {}
        }
        let descriptor = plainly();
        if descriptor >= 0 && lasts(&path) {
            let key = status(descriptor as c_int)?.key;
            if makes {
                disk.made(&path, key);
            } else if cuts {
                disk.changed(key, Change::Size(0));
            }
        }
        Some(descriptor)
    });
    done.unwrap_or_else(plainly) as c_int
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(name: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    open_at(AT_FDCWD, name, flags, mode)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(name: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    open_at(AT_FDCWD, name, flags, mode)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat(folder: c_int, name: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    open_at(folder, name, flags, mode)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat64(folder: c_int, name: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    open_at(folder, name, flags, mode)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the same function, with the folder that it takes for granted.
    unsafe { renameat(AT_FDCWD, from, AT_FDCWD, to) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn renameat(of: c_int, from: *const c_char, into: c_int, to: *const c_char) -> c_int {
    let paths = [path_at(of, from), path_at(into, to)];
    let plainly = || system!(libc::SYS_renameat, of, from, into, to);
    let result = naming(&paths, true, plainly, |disk| {
        if let [Some(from), Some(to)] = &paths {
            disk.named(Naming::Rename(from.clone(), to.clone()));
        }
    });
    result as c_int
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlink(name: *const c_char) -> c_int {
    // SAFETY: the same function, with the folder that it takes for granted.
    unsafe { unlinkat(AT_FDCWD, name, 0) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlinkat(folder: c_int, name: *const c_char, flags: c_int) -> c_int {
    let paths = [path_at(folder, name)];
    let plainly = || system!(libc::SYS_unlinkat, folder, name, flags);
    if !paths.iter().flatten().any(|path| exists(path)) {
        return plainly() as c_int;
    }
    let result = naming(&paths, false, plainly, |disk| {
        if let [Some(path)] = &paths {
            disk.named(Naming::Remove(path.clone()));
        }
    });
    result as c_int
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mkdir(name: *const c_char, mode: mode_t) -> c_int {
    let plainly = || system!(libc::SYS_mkdirat, AT_FDCWD, name, mode);
    naming(&[path_at(AT_FDCWD, name)], true, plainly, |_| ()) as c_int
}
