//! Whether this computer's clock is right: a key has none, so the codes are made of this one.

/// What the kernel says of its clock: whether something keeps it right. `None` where the system does not say.
#[cfg(target_os = "linux")]
pub(super) fn is_synchronised() -> Option<bool> {
    use nix::libc;

    // adjtimex(2) is in neither nix nor rustix, and whoever else knows (systemd-timedated) asks it, too.
    #[expect(unsafe_code, reason = "a system call that no crate in the tree wraps")]
    // SAFETY: `timex` is made of whole numbers, for which zeros are values. With `modes` 0 the call changes nothing,
    // and writes to the record alone, which lives until the block ends.
    let (state, record) = unsafe {
        let mut record: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut record), record)
    };
    (state >= 0).then_some(record.status & libc::STA_UNSYNC == 0)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_synchronised() -> Option<bool> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn the_kernel_says_something_of_its_clock() {
        assert!(super::is_synchronised().is_some());
    }
}
