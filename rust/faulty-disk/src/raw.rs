//! The system itself, past libc: what the hooks call when an operation is to be done.
#![allow(unsafe_code)]

use std::path::{Path, PathBuf};
use std::{ffi::CStr, ffi::OsStr, mem::MaybeUninit, os::unix::ffi::OsStrExt};

use libc::{c_char, c_int, c_long};

use crate::disk::Key;

/// A system call of up to four arguments; errors are in `errno`, as libc has it.
macro_rules! system {
    ($number:expr $(, $argument:expr)*) => {
        // SAFETY: the arguments are those that a caller of libc gave, or our own of the types that the call takes.
        unsafe { libc::syscall($number $(, $argument)*) }
    };
}
pub(crate) use system;

/// Set `errno` and be the result of what failed.
pub fn failed(error: c_int) -> c_long {
    // SAFETY: libc's own place for this thread.
    unsafe { *libc::__errno_location() = error };
    -1
}

/// Where a descriptor leads.
pub fn path_of(descriptor: c_int) -> Option<PathBuf> {
    let link = format!("/proc/self/fd/{descriptor}\0");
    let mut text = [0_u8; libc::PATH_MAX as usize];
    let size = system!(libc::SYS_readlinkat, libc::AT_FDCWD, link.as_ptr(), text.as_mut_ptr(), text.len());
    let found = text.get(..usize::try_from(size).ok()?)?;
    Some(PathBuf::from(OsStr::from_bytes(found)))
}

/// The whole path of a name that is given beside a folder.
pub fn path_at(folder: c_int, name: *const c_char) -> Option<PathBuf> {
    if name.is_null() {
        return None;
    }
    // SAFETY: libc's callers give a text that ends in a zero.
    let name = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()));
    if name.is_absolute() {
        return Some(name.to_path_buf());
    }
    let home = if folder == libc::AT_FDCWD { std::env::current_dir().ok()? } else { path_of(folder)? };
    Some(home.join(name))
}

/// What a descriptor is, and how large.
pub struct Status {
    /// The file.
    pub key: Key,
    /// Its bytes.
    pub size: usize,
    /// It is a folder.
    pub folder: bool,
}

/// Ask the system about a descriptor.
pub fn status(descriptor: c_int) -> Option<Status> {
    let mut found = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the system fills it in when it returns 0.
    let found = unsafe { (libc::fstat(descriptor, found.as_mut_ptr()) == 0).then(|| found.assume_init()) }?;
    Some(Status {
        key: (found.st_dev, found.st_ino),
        size: usize::try_from(found.st_size).ok()?,
        folder: found.st_mode & libc::S_IFMT == libc::S_IFDIR,
    })
}
