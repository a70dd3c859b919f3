//! CRC-16/XMODEM (polynomial 0x1021, start 0), as in the Redis Cluster specification.

use crc::{CRC_16_XMODEM, Crc};

static XMODEM: Crc<u16> = Crc::<u16>::new(&CRC_16_XMODEM);

/// The hash of some bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    XMODEM.checksum(bytes).into()
}
