//! Numbers of bytes in 16 bits, exact to one part in 2,000: requests carry two of them.

use serde::{Deserialize, Serialize};

/// A number of bytes: 11 bits of value, 5 bits of how often it is doubled. Exact below 2,048; above
/// that, rounded to the nearest of 1,024 steps an octave; at most some 4 TB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    bits: u16,
}

crate::stable! { Size { bits } }

impl Size {
    /// The nearest there is to this many bytes.
    pub const fn bytes(bytes: u64) -> Self {
        let mut doubled = 0;
        let mut value = bytes;
        while value > 2_047 && doubled < 31 {
            doubled += 1;
            // Rounded to nearest at the place where it is cut.
            value = (bytes >> doubled) + (bytes >> (doubled - 1) & 1);
        }
        let value = if value > 2_047 { 2_047 } else { value };
        Self { bits: (doubled as u16) << 11 | value as u16 }
    }

    /// How many bytes.
    pub const fn get(self) -> u64 {
        (self.bits as u64 & 2_047) << (self.bits >> 11)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact_when_small_and_close_when_large() {
        for bytes in 0..2_048 {
            assert_eq!(Size::bytes(bytes).get(), bytes);
        }
        let mut bytes = 2_048u64;
        while bytes < 4_000_000_000_000 {
            let off = Size::bytes(bytes).get().abs_diff(bytes);
            assert!(off * 2_000 <= bytes, "{bytes}: {off} off");
            bytes += bytes / 37 + 1;
        }
        assert_eq!(Size::bytes(u64::MAX).get(), 2_047 << 31);
    }
}
