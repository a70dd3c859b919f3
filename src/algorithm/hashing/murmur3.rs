//! MurmurHash3, the 128-bit variant for 64-bit machines with seed 0, of which the low 64 bits are
//! taken, as Cassandra does: Appleby, smhasher, 2011.

use std::io::Cursor;

/// The hash of some bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    murmur3::murmur3_x64_128(&mut Cursor::new(bytes), 0).map_or(0, |hash| hash as u64)
}
