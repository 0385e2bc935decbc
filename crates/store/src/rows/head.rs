//! Headers of an answer as a blob: names are text, values whatever bytes came. Lengths stand in
//! front (little endian); a version byte begins it.

const VERSION: u8 = 1;

/// Writes headers down. What does not fit its length field is cut; egress caps far below that.
pub fn encode_head(headers: &[(String, Vec<u8>)]) -> Vec<u8> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let mut blob = Vec::with_capacity(1 + bytes);
    blob.push(VERSION);
    for (name, value) in headers {
        let name = &name.as_bytes()[..name.len().min(usize::from(u16::MAX))];
        blob.extend(u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
        blob.extend(name);
        let value = &value[..value.len().min(usize::from(u16::MAX))];
        blob.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
        blob.extend(value);
    }
    blob
}

/// Reads headers back; `None` where the bytes are not such a blob.
pub fn decode_head(blob: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let (version, mut rest) = blob.split_first()?;
    if *version != VERSION {
        return None;
    }
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let (name, after_name) = take(rest)?;
        let (value, after_value) = take(after_name)?;
        headers.push((String::from_utf8(name.to_vec()).ok()?, value.to_vec()));
        rest = after_value;
    }
    Some(headers)
}

fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_come_back() {
        let headers = vec![
            ("content-type".to_owned(), b"text/plain".to_vec()),
            ("x-odd".to_owned(), vec![0, 255, 10]),
            ("empty".to_owned(), Vec::new()),
        ];
        assert_eq!(decode_head(&encode_head(&headers)), Some(headers));
        assert_eq!(decode_head(&encode_head(&[])), Some(Vec::new()));
    }

    #[test]
    fn garbage_is_no_head_and_no_panic() {
        let whole = encode_head(&[("a".to_owned(), b"b".to_vec())]);
        for cut in (0..whole.len()).filter(|cut| *cut != 1) {
            assert_eq!(decode_head(&whole[..cut]), None, "{cut}");
        }
        for byte in 0..=255 {
            let _ = decode_head(&[VERSION, byte, byte, byte, byte]);
            assert_eq!(decode_head(&[2, byte]), None);
        }
    }
}
