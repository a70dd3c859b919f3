//! Hash functions that systems place keys with. One file each; the work is done by well-kept crates.

#[cfg(test)]
mod tests;

/// One line per function: module and type, id, name, help, and how many bits its values have.
macro_rules! functions {
    ($( $module:ident :: $member:ident, $bits:literal, $id:literal, $label:literal, $help:literal; )*) => {
        choice! {
            /// A hash function, as chosen in settings.
            Hash: $( $module::$member, $id, $label, $help; )*
        }

        impl Hash {
            /// The hash of some bytes, below 2 to the power of [`Hash::bits`].
            pub fn of(self, bytes: &[u8]) -> u64 {
                match self { $( Hash::$member => $module::hash(bytes), )* }
            }

            /// How many bits a value has.
            pub fn bits(self) -> u32 {
                match self { $( Hash::$member => $bits, )* }
            }
        }
    };
}

functions! {
    xx_hash64::XxHash64, 64, "xxhash64", "xxHash64", "Fast, and mixes every bit.";
    murmur3::Murmur3, 64, "murmur3", "MurmurHash3", "What Cassandra places its rows with.";
    md5::Md5, 64, "md5", "MD5", "Slow and broken as a signature, but it mixes well; ketama's choice.";
    sip_hash::SipHash, 64, "siphash", "SipHash-2-4", "Keyed against those who choose keys to collide.";
    fnv1a::Fnv1a, 64, "fnv-1a", "FNV-1a", "A byte at a time; neighbours differ little in the high bits.";
    crc16::Crc16, 16, "crc16", "CRC-16", "A checksum: what Redis Cluster finds slots with.";
    java::Java, 31, "java", "String.hashCode", "Java's: similar keys get neighbouring values.";
}
