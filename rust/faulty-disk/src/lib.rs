//! A disk for tests: put before libc with `LD_PRELOAD`, it stands between a process and the files of one folder.
//!
//! It counts what is done to them, makes one operation fail in one of several ways, and remembers what was not synced,
//! so that it can put the folder into a state in which a loss of power could have left it. Everything else goes through
//! to the system untouched. `tests/disk/faulty.py` is how Python talks to it.

// The hooks are what uses the disk; a test of it must not stand before its own libc.
#![cfg_attr(any(test, not(target_os = "linux")), allow(dead_code))]

mod content;
mod dice;
mod disk;
mod fault;
mod names;

#[cfg(all(target_os = "linux", not(test)))]
mod control;
#[cfg(all(target_os = "linux", not(test)))]
mod hooks;
#[cfg(all(target_os = "linux", not(test)))]
mod raw;
