//! PKCS#7 padding (RFC 5652, 6.3): put on, and removed in constant time.

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater};

/// Where the message in a padded buffer ends.
pub(crate) struct Unpadded {
    /// Bytes of message at the front of the buffer, according to the last byte. The same
    /// whether the rest of the padding is right or wrong.
    pub(crate) message_len: usize,
    /// Whether the padding is right. A [`Choice`], which prevents a branch on it by accident.
    pub(crate) is_valid: Choice,
}

/// Finds the padding of `buffer`, padded to a multiple of `block` bytes.
///
/// Takes the same time for all bytes, because length and errors of the padding are information about
/// the plaintext.
pub(crate) fn unpad(buffer: &[u8], block: u8) -> Unpadded {
    let padding = buffer.last().copied().unwrap_or_default();
    let has_whole_blocks =
        !buffer.is_empty() && buffer.len().checked_rem(usize::from(block)) == Some(0);
    let can_be_padding = padding.ct_gt(&0) & !padding.ct_gt(&block);
    let mut is_valid = can_be_padding & Choice::from(u8::from(has_whole_blocks));
    for (place, byte) in (1..=block).zip(buffer.iter().rev()) {
        let is_message = place.ct_gt(&padding);
        is_valid &= is_message | byte.ct_eq(&padding);
    }
    let claimed = u8::conditional_select(&1, &padding, can_be_padding);
    Unpadded {
        message_len: buffer.len().saturating_sub(usize::from(claimed)),
        is_valid,
    }
}

/// Pads `buffer` to a multiple of `block` bytes, by one byte at least.
pub(crate) fn pad(buffer: &mut Vec<u8>, block: u8) {
    let over = u8::try_from(buffer.len() % usize::from(block)).unwrap_or_default();
    let padding = block - over;
    buffer.resize(buffer.len() + usize::from(padding), padding);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message_len(buffer: &[u8], block: u8) -> Option<usize> {
        let unpadded = unpad(buffer, block);
        bool::from(unpadded.is_valid).then_some(unpadded.message_len)
    }

    #[test]
    fn every_length_of_padding_is_found() {
        for block in [16_u8, 32] {
            for padding in 1..=block {
                let mut buffer = vec![0xAA; usize::from(2 * block - padding)];
                let message = buffer.len();
                buffer.resize(usize::from(2 * block), padding);
                assert_eq!(message_len(&buffer, block), Some(message), "{padding}");
            }
        }
    }

    #[test]
    fn padding_of_zero_or_more_than_a_block_is_wrong() {
        for last in [0, 17, 32, 255] {
            assert_eq!(message_len(&[last; 32], 16), None, "{last}");
        }
    }

    #[test]
    fn one_wrong_byte_anywhere_in_the_padding_makes_it_wrong() {
        for place in 16..31 {
            let mut buffer = [16; 32];
            buffer[place] ^= 1;
            assert_eq!(message_len(&buffer, 16), None, "{place}");
        }
    }

    #[test]
    fn a_buffer_that_is_not_whole_blocks_is_never_padded() {
        for buffer in [&[][..], &[1], &[1; 17], &[1; 16]] {
            assert_eq!(message_len(buffer, 32), None, "{buffer:?}");
        }
    }

    #[test]
    fn where_the_message_ends_does_not_tell_whether_the_padding_is_right() {
        let right = [[0xAA; 14].as_slice(), &[2, 2]].concat();
        let wrong = [[0xAA; 14].as_slice(), &[1, 2]].concat();
        assert_eq!(unpad(&right, 16).message_len, unpad(&wrong, 16).message_len);

        let right = [[0xAA; 15].as_slice(), &[1]].concat();
        for last in (17..=255).chain([0]) {
            let wrong = [[0xAA; 15].as_slice(), &[last]].concat();
            assert_eq!(unpad(&right, 16).message_len, unpad(&wrong, 16).message_len);
        }
    }
}
