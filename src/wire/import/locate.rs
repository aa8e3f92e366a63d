//! Where values stand in JSON text: a scan that keeps no tree and looks at each byte once.

/// Why a value has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// The text ends inside of it.
    Unclosed,
    /// A string has a line break in it: its closing quote is missing.
    BrokenString(usize),
}

/// The offset behind the value that begins at `start`. Brackets are only counted; the parser checks the rest.
pub(super) fn end_of_value(bytes: &[u8], start: usize) -> Result<usize, Open> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match bytes.get(at) {
            None if depth > 0 || at == start => return Err(Open::Unclosed),
            None => return Ok(at),
            Some(b'"') => {
                at = end_of_string(bytes, at)?;
                if depth == 0 {
                    return Ok(at);
                }
            }
            Some(b'{' | b'[') => {
                depth += 1;
                at += 1;
            }
            Some(b'}' | b']') => {
                if depth <= 1 {
                    // A bracket too many belongs to what is around the value.
                    return Ok(at + depth);
                }
                depth -= 1;
                at += 1;
            }
            Some(b',' | b' ' | b'\t' | b'\r' | b'\n') if depth == 0 => return Ok(at),
            Some(_) => at += 1,
        }
    }
}

fn end_of_string(bytes: &[u8], start: usize) -> Result<usize, Open> {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            None => return Err(Open::Unclosed),
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at += 2,
            Some(b'\n') => return Err(Open::BrokenString(at)),
            Some(_) => at += 1,
        }
    }
}

/// The first offset from `at` on that is not blank.
pub(super) fn skip_blank(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Where the value of a path like `$.goods[1].code` begins, or the innermost value around it that is there.
pub(super) fn locate(json: &[u8], path: &str) -> usize {
    let mut at = skip_blank(json, 0);
    for step in path.trim_start_matches('$').split(['.', '[']).filter(|step| !step.is_empty()) {
        let inner = match step.strip_suffix(']').map(str::parse::<usize>) {
            Some(Ok(index)) => nth(json, at, index),
            Some(Err(_)) => None,
            None => member(json, at, step),
        };
        match inner {
            Some(inner) => at = inner,
            None => break,
        }
    }
    at
}

fn nth(json: &[u8], array: usize, index: usize) -> Option<usize> {
    let mut at = inside(json, array, b'[')?;
    for _ in 0..index {
        at = next(json, end_of_value(json, at).ok()?)?;
    }
    (json.get(at) != Some(&b']')).then_some(at)
}

fn member(json: &[u8], object: usize, key: &str) -> Option<usize> {
    let mut at = inside(json, object, b'{')?;
    loop {
        let end = end_of_value(json, at).ok()?;
        let name = json.get(at + 1..end.checked_sub(1)?)?;
        let colon = skip_blank(json, end);
        let value = skip_blank(json, (json.get(colon) == Some(&b':')).then_some(colon + 1)?);
        if name == key.as_bytes() {
            return Some(value);
        }
        at = next(json, end_of_value(json, value).ok()?)?;
    }
}

fn inside(json: &[u8], at: usize, bracket: u8) -> Option<usize> {
    (json.get(at) == Some(&bracket)).then(|| skip_blank(json, at + 1))
}

/// The element behind a comma.
fn next(json: &[u8], end: usize) -> Option<usize> {
    let comma = skip_blank(json, end);
    (json.get(comma) == Some(&b',')).then(|| skip_blank(json, comma + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_ends_where_its_brackets_do() {
        for (text, end) in [
            (r#"{"a":[1,{"b":"}"}]} x"#, Ok(19)),
            (r#""a\"b",1"#, Ok(6)),
            ("12, 3", Ok(2)),
            ("true]", Ok(4)),
            (r#"{"a":1"#, Err(Open::Unclosed)),
            ("{\"a\n\":1}", Err(Open::BrokenString(3))),
            ("", Err(Open::Unclosed)),
        ] {
            assert_eq!(end_of_value(text.as_bytes(), 0), end, "{text}");
        }
    }

    #[test]
    fn a_path_leads_to_its_value_or_to_what_is_around_it() {
        let json = br#" {"number": "A", "goods": [ {"code": 1}, {"code" : "x,]"} ], "holder": {"id": "H"}}"#;
        let seen = |path| std::str::from_utf8(&json[locate(json, path)..]).expect("text").chars().take(5).collect();
        let cases: [(&str, &str); 7] = [
            ("$", "{\"num"),
            ("$.number", "\"A\", "),
            ("$.goods[1].code", "\"x,]\""),
            ("$.goods[1].item", "{\"cod"),
            ("$.goods[7]", "[ {\"c"),
            ("$.holder.id", "\"H\"}}"),
            ("$.nothing", "{\"num"),
        ];
        for (path, start) in cases {
            let found: String = seen(path);
            assert_eq!(found, start, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100), path in ".{0,20}") {
            if let Ok(end) = end_of_value(&bytes, 0) {
                prop_assert!(end <= bytes.len());
            }
            prop_assert!(locate(&bytes, &path) <= bytes.len());
        }
    }
}
