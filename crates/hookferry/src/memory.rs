//! How this process takes memory from the system.

/// Takes it in small pages: with huge ones, which the allocator asks for, a node that does nothing
/// holds twice as much, and is no faster.
pub fn take_small_pages() {
    // Where it cannot be had, more memory is taken and nothing else is different.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
