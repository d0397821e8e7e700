//! The file beside the database that says: this store is taken.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::{at_path, with_suffix};
use crate::error::StoreError;

/// Held until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, never used")] File);

impl Lock {
    pub(super) fn take(store: &Path) -> Result<Lock, StoreError> {
        let path = with_suffix(store, ".lock");
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(|error| at_path(&path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { lock: path, pid: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(at_path(&path, &error)),
        }
        sign(&mut file).map_err(|error| at_path(&path, &error))?;
        Ok(Lock(file))
    }
}

/// Who wrote itself into the file; some systems do not let others read it.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}
