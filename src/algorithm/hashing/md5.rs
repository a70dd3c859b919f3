//! MD5: RFC 1321. As a number: its first eight bytes, the first being the highest.

use md5::{Digest, Md5};

/// All sixteen bytes.
pub fn digest(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// The hash of some bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    let digest = digest(bytes);
    u64::from_be_bytes(std::array::from_fn(|at| digest[at]))
}
