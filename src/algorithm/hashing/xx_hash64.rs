//! xxHash64 with seed 0: Collet, "xxHash fast digest algorithm", specification 0.1.1.

/// The hash of some bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    twox_hash::XxHash64::oneshot(0, bytes)
}
