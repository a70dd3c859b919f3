//! SipHash-2-4 with the key 0: Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT
//! 2012.

use siphasher::sip::SipHasher24;

/// The hash of some bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    SipHasher24::new().hash(bytes)
}
