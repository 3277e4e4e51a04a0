//! JSON's strings as bytes: where one ends, eight bytes at once, and what it says without its escapes. Of the marks of eight bytes only the
//! lowest is exact: what stands behind it may be marked by a carry.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks bytes that are zero.
fn zeros(eight: u64) -> u64 {
    eight.wrapping_sub(ONES) & !eight & HIGHS
}

/// Marks quotes and backslashes.
pub(super) fn text_ends(eight: [u8; 8]) -> u64 {
    let eight = u64::from_le_bytes(eight);
    zeros(eight ^ (ONES * b'"' as u64)) | zeros(eight ^ (ONES * b'\\' as u64))
}

/// Marks control characters.
pub(super) fn controls(eight: [u8; 8]) -> u64 {
    let eight = u64::from_le_bytes(eight);
    eight.wrapping_sub(ONES * 0x20) & !eight & HIGHS
}

/// The place of the first mark.
pub(super) fn first(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// How many bytes a string goes on without a quote, an escape or a character that JSON does not allow.
pub(super) fn usual(bytes: &[u8]) -> usize {
    let (eights, rest) = bytes.as_chunks::<8>();
    for (at, eight) in eights.iter().enumerate() {
        let ends = text_ends(*eight) | controls(*eight);
        if ends != 0 {
            return at * 8 + first(ends);
        }
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    bytes.len() - rest.len() + rest.iter().position(ends).unwrap_or(rest.len())
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
        fn the_first_is_found(eight in proptest::array::uniform8(proptest::prop_oneof![
            proptest::prelude::any::<u8>(),
            proptest::sample::select(b"\"\\\x1f\x20\x21\x23\x5b\x5d\xa2\xdc\x80\x9f\xa0\x00".to_vec()),
        ])) {
            let place = |marks: u64| (marks != 0).then(|| first(marks));
            let find = |is: &dyn Fn(u8) -> bool| eight.iter().position(|byte| is(*byte));
            proptest::prop_assert_eq!(place(text_ends(eight)), find(&|byte| matches!(byte, b'"' | b'\\')));
            proptest::prop_assert_eq!(place(controls(eight)), find(&|byte| byte < 0x20));
            let both = text_ends(eight) | controls(eight);
            proptest::prop_assert_eq!(place(both), find(&|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')));
        }
    }
}
