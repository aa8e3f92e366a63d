//! The parts of a multipart body (RFC 2046, RFC 7578), by reference: pictures are passed over, never copied.

use super::document::Unreadable;

/// Parts of one body: a document and its pictures are a handful.
const PARTS_MAX: usize = 32;
/// Longest head of a part, bytes.
const HEAD_MAX_BYTES: usize = 4_096;
/// Longest boundary (RFC 2046, 5.1.1), bytes.
const BOUNDARY_MAX_BYTES: usize = 70;

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Its content type, lower case, without parameters; empty when it says none.
    pub(super) content_type: String,
    /// What it holds.
    pub(super) bytes: &'a [u8],
}

/// The boundary of a content type, or of a body that was stored without one.
pub(super) fn boundary<'a>(content_type: Option<&'a str>, body: &'a [u8]) -> Option<&'a str> {
    let declared = content_type.and_then(|text| {
        let (kind, parameters) = text.split_once(';')?;
        if !kind.trim().to_ascii_lowercase().starts_with("multipart/") {
            return None;
        }
        let named = |one: &'a str| {
            let (name, value) = one.split_once('=')?;
            name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
        };
        parameters.split(';').find_map(named)
    });
    let found = || {
        let first = body.strip_prefix(b"--")?.split(|byte| *byte == b'\n').next()?;
        std::str::from_utf8(first).ok().map(str::trim_end)
    };
    declared.or_else(found).filter(|text| (1..=BOUNDARY_MAX_BYTES).contains(&text.len()))
}

/// Splits a body at its boundary. A missing last boundary is forgiven: some cameras send none.
pub(super) fn split<'a>(boundary: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, Unreadable> {
    let malformed = |at: usize, message: &str| Unreadable::malformed(format!("part {}", at + 1), message);
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    for section in sections(delimiter.as_bytes(), body) {
        if parts.len() == PARTS_MAX {
            return Err(malformed(PARTS_MAX, "a body has at most 32 parts"));
        }
        let at = parts.len();
        let (head, bytes) = head_and_bytes(section).ok_or_else(|| malformed(at, "its head has no end"))?;
        let head = std::str::from_utf8(head).map_err(|_| malformed(at, "its head is not UTF-8"))?;
        let content_type = head.lines().find_map(content_type).unwrap_or_default();
        parts.push(Part { content_type, bytes });
    }
    if parts.is_empty() {
        Err(malformed(0, "the boundary that the content type names is not in the body"))
    } else {
        Ok(parts)
    }
}

/// What stands between two delimiters, which begin a line each; without the line break before the next one.
fn sections<'a>(delimiter: &[u8], body: &'a [u8]) -> Vec<&'a [u8]> {
    let mut starts = Vec::new();
    let mut line = 0;
    while let Some(rest) = body.get(line..) {
        if rest.strip_prefix(delimiter).is_some_and(ends_delimiter) {
            starts.push(line);
            if starts.len() > PARTS_MAX + 1 {
                break;
            }
        }
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(length) => line += length + 1,
            None => break,
        }
    }
    let mut sections = Vec::new();
    for (index, start) in starts.iter().enumerate() {
        let from = start + delimiter.len();
        let end = starts.get(index + 1).copied().unwrap_or(body.len());
        let Some(section) = body.get(from..end) else { continue };
        if section.starts_with(b"--") {
            break;
        }
        let section = section.strip_suffix(b"\n").unwrap_or(section);
        sections.push(section.strip_suffix(b"\r").unwrap_or(section));
    }
    sections
}

/// A longer boundary that begins the same is another one.
fn ends_delimiter(rest: &[u8]) -> bool {
    rest.first().is_none_or(u8::is_ascii_whitespace) || rest.starts_with(b"--")
}

/// A part's head ends at its first empty line.
fn head_and_bytes(section: &[u8]) -> Option<(&[u8], &[u8])> {
    // The section begins with the line break that ends the delimiter's line.
    let mut line = section.iter().position(|byte| *byte == b'\n')? + 1;
    let head_from = line;
    while line <= head_from + HEAD_MAX_BYTES {
        let rest = section.get(line..)?;
        let length = rest.iter().position(|byte| *byte == b'\n')?;
        let next = line + length + 1;
        if rest.get(..length)?.iter().all(|byte| *byte == b'\r') {
            return Some((section.get(head_from..line)?, section.get(next..)?));
        }
        line = next;
    }
    None
}

fn content_type(line: &str) -> Option<String> {
    let (name, value) = line.split_once(':')?;
    let kind = value.split(';').next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case("content-type").then(|| kind.trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BODY: &[u8] = b"--7e1\r\nContent-Disposition: form-data; name=\"anpr.xml\"\r\nContent-Type: text/xml; charset=\"UTF-8\"\r\n\r\n<a/>\r\n--7e1\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\n--7e11\r\n\xff\r\n--7e1--\r\n";

    #[test]
    fn a_document_and_its_picture_are_two_parts() {
        let parts = split("7e1", BODY).expect("parts");
        let part = |content_type: &str, bytes| Part { content_type: content_type.to_owned(), bytes };
        assert_eq!(parts, [part("text/xml", b"<a/>".as_slice()), part("image/jpeg", b"\xff\xd8\n--7e11\r\n\xff")]);
    }

    #[test]
    fn the_boundary_is_declared_quoted_or_found() {
        for (content_type, expected) in [
            (Some("multipart/form-data; boundary=7e1"), Some("7e1")),
            (Some("Multipart/Mixed; charset=x; Boundary=\"a b\""), Some("a b")),
            (Some("multipart/form-data"), Some("7e1")),
            (None, Some("7e1")),
        ] {
            assert_eq!(boundary(content_type, BODY), expected, "{content_type:?}");
        }
        assert_eq!(boundary(Some("application/json"), b"{}"), None);
        assert_eq!(boundary(None, &[b'-'; 200]), None, "longer than a boundary is");
    }

    #[test]
    fn a_camera_may_leave_out_the_last_boundary_and_the_carriage_returns() {
        let parts = split("b", b"--b\nContent-Type: application/json\n\n{}\n").expect("parts");
        assert_eq!(parts[0].bytes, b"{}");
    }

    #[test]
    fn what_is_no_multipart_is_refused_with_its_part() {
        for (body, expected) in [
            (b"--b\r\nContent-Type: text/xml\r\n".to_vec(), "part 1: its head has no end"),
            (b"--b\r\n\xff: x\r\n\r\n{}\r\n".to_vec(), "part 1: its head is not UTF-8"),
            (b"nothing".to_vec(), "not in the body"),
            (b"--b\r\n\r\n\r\n".repeat(40), "at most 32 parts"),
        ] {
            let error = split("b", &body).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(head in proptest::collection::vec(any::<u8>(), 0..60), tail in proptest::collection::vec(any::<u8>(), 0..60)) {
            let body = [head.as_slice(), b"\r\n--b", &tail].concat();
            drop(split("b", &body));
            std::hint::black_box(boundary(None, &body));
        }
    }
}
