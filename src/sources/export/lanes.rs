//! JSON's strings as bytes: where one ends, sixteen bytes at once, and what it says without its escapes.

use wide::u8x16;

/// How many bytes are looked at together.
const LANE: usize = 16;

/// Bits for quotes and backslashes.
fn text_ends(lane: [u8; LANE]) -> u32 {
    let lane = u8x16::new(lane);
    (lane.simd_eq(u8x16::splat(b'"')) | lane.simd_eq(u8x16::splat(b'\\'))).to_bitmask()
}

/// Bits for quotes, backslashes and control characters.
fn unusual(lane: [u8; LANE]) -> u32 {
    let lane = u8x16::new(lane);
    let controls = lane.saturating_sub(u8x16::splat(0x1f)).simd_eq(u8x16::splat(0));
    (lane.simd_eq(u8x16::splat(b'"')) | lane.simd_eq(u8x16::splat(b'\\')) | controls).to_bitmask()
}

/// The place of the first bit in any lane, or of the first byte behind them that is one.
fn first(bytes: &[u8], bits: impl Fn([u8; LANE]) -> u32, one: impl Fn(u8) -> bool) -> usize {
    let (lanes, rest) = bytes.as_chunks::<LANE>();
    for (at, lane) in lanes.iter().enumerate() {
        let found = bits(*lane);
        if found != 0 {
            return at * LANE + found.trailing_zeros() as usize;
        }
    }
    bytes.len() - rest.len() + rest.iter().position(|byte| one(*byte)).unwrap_or(rest.len())
}

/// How many bytes of a string come before one that may end it.
pub(super) fn text_end(bytes: &[u8]) -> usize {
    first(bytes, text_ends, |byte| matches!(byte, b'"' | b'\\'))
}

/// How many bytes a string goes on without a quote, an escape or a character that JSON does not allow.
pub(super) fn usual(bytes: &[u8]) -> usize {
    first(bytes, unusual, |byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
}

/// A string's text. Characters beyond the first plane come in pairs of escapes: those are left to the parser.
pub(super) fn unescaped(raw: &str, out: &mut String) -> Option<()> {
    out.clear();
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let sign = rest.bytes().next()?;
        out.push(match sign {
            b'"' | b'\\' | b'/' => char::from(sign),
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let digits = rest.get(1..5).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
                rest = &rest[4..];
                u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?
            }
            _ => return None,
        });
        rest = &rest[1..];
    }
    out.push_str(rest);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_first_is_found(bytes in proptest::collection::vec(proptest::prop_oneof![
            8 => proptest::strategy::Just(b'a'),
            1 => proptest::prelude::any::<u8>(),
            1 => proptest::sample::select(b"\"\\\x1f\x20\x21\x23\x5b\x5d\xa2\xdc\x80\x9f\xa0\x00".to_vec()),
        ], 0..50)) {
            let find = |is: &dyn Fn(u8) -> bool| bytes.iter().position(|byte| is(*byte)).unwrap_or(bytes.len());
            proptest::prop_assert_eq!(text_end(&bytes), find(&|byte| matches!(byte, b'"' | b'\\')));
            proptest::prop_assert_eq!(usual(&bytes), find(&|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')));
        }
    }
}
