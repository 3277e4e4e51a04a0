//! The account that an AWS access key id belongs to, decoded from the id itself. No call is made.

/// The twelve-digit account id; none where the id has another form.
///
/// Ids made since 2019 carry the account in the base32 digits behind the four-letter prefix: the first six bytes, without the top
/// bit and without the lowest seven (published by Aidan Steele, "AWS Access Key ID formats", and by Tal Be'ery, "A short note on AWS
/// KEY ID", 2023). Older ids have an `I` or `J` right behind the prefix and carry none.
#[must_use]
pub fn of_key(id: &str) -> Option<String> {
    let body = id.get(4..)?;
    if id.len() != 20 || !(id.starts_with("AKIA") || id.starts_with("ASIA")) || body.starts_with(['I', 'J']) {
        return None;
    }
    let mut bits: u64 = 0;
    for digit in body.bytes().take(10) {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        bits = (bits << 5) | u64::from(value);
    }
    // Ten digits are 50 bits; the first six bytes are the upper 48 of them.
    let first = bits >> 2;
    let account = (first & 0x7fff_ffff_ff80) >> 7;
    Some(format!("{account:012}"))
}

#[cfg(test)]
mod tests {
    use super::of_key;

    #[test]
    fn published_examples() {
        // The two keys of the published notes.
        assert_eq!(of_key("ASIAY34FZKBOKMUTVV7A").as_deref(), Some("609629065308"));
        assert_eq!(of_key("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
    }

    #[test]
    fn other_forms_have_none() {
        for id in
            ["AKIAIOSFODNN7EXAMPLE", "AKIA", "ghp_0123456789abcdef", "AKIA0000000000000000", "AKIAé23456789ABCDEFG"]
        {
            assert_eq!(of_key(id), None, "{id}");
        }
    }
}
