//! Published values of every function.

use super::*;

/// The RFC's own tests, and those of the functions' authors; sources beside them.
#[test]
fn published_values() {
    // RFC 1321, A.5: MD5 ("") = d41d8cd98f00b204e9800998ecf8427e, ("abc") = 900150983cd24fb0d696…
    assert_eq!(Hash::Md5.of(b""), 0xd41d_8cd9_8f00_b204);
    assert_eq!(Hash::Md5.of(b"abc"), 0x9001_5098_3cd2_4fb0);
    // xxHash's specification, "sanity check" of the reference code: empty input with seed 0; and
    // python-xxhash's README: xxhash.xxh64(b'Nobody inspects the spammish repetition').
    assert_eq!(Hash::XxHash64.of(b""), 0xef46_db37_51d8_e999);
    assert_eq!(
        Hash::XxHash64.of(b"Nobody inspects the spammish repetition"),
        0xfbce_a83c_8a37_8bf1
    );
    // Python's mmh3: hash64("foo", signed=False)[0].
    assert_eq!(Hash::Murmur3.of(b"foo"), 16_316_970_633_193_145_697);
    // draft-eastlake-fnv, appendix C: FNV-1a 64 of "", "a" and "foobar".
    assert_eq!(Hash::Fnv1a.of(b""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(Hash::Fnv1a.of(b"a"), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(Hash::Fnv1a.of(b"foobar"), 0x8594_4171_f739_67e8);
    // Redis Cluster specification, appendix A: "123456789" gives 31C3.
    assert_eq!(Hash::Crc16.of(b"123456789"), 0x31c3);
    // Java: "A0" is 65 * 31 + 48; "hello" is 99162322 (a well-known example).
    assert_eq!(Hash::Java.of(b"A0"), 2_063);
    assert_eq!(Hash::Java.of(b"hello"), 99_162_322);
}

/// The authors' vector of SipHash-2-4 has the key 00 to 0f; the crate is checked with it, and our
/// choice of the key 0 against it.
#[test]
fn siphash_of_the_paper() {
    let key: [u8; 16] = std::array::from_fn(|at| at as u8);
    let message: [u8; 15] = std::array::from_fn(|at| at as u8);
    let hasher = siphasher::sip::SipHasher24::new_with_key(&key);
    // Appendix A of the paper.
    assert_eq!(hasher.hash(&message), 0xa129_ca61_49be_45e5);
    let zero = siphasher::sip::SipHasher24::new_with_key(&[0; 16]);
    assert_eq!(Hash::SipHash.of(&message), zero.hash(&message));
}

#[test]
fn values_fit_their_bits() {
    for hash in Hash::ALL.iter().copied() {
        for at in 0..1_000 {
            let value = hash.of(format!("key {at}").as_bytes());
            assert!(hash.bits() == 64 || value >> hash.bits() == 0, "{hash:?} of key {at}");
        }
    }
}
