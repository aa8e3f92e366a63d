//! The fields of a JSON object by their paths, as ranges of its text: what is not touched stays as it was, byte for
//! byte.

use std::ops::Range;

use crate::wire::bounds::DEPTH_MAX;

/// What to do with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Look at what is in it.
    Into,
    /// Go on behind it.
    Over,
}

/// Told of a value's path (`plate.read`, `agencies.0.reason`) and place.
pub(super) type Visit<'v> = dyn FnMut(&str, Range<usize>) -> Step + 'v;

/// Shows every value within an object to `visit`. `None` when the text is no object of JSON.
pub(super) fn walk(text: &str, visit: &mut Visit<'_>) -> Option<()> {
    let mut walk = Walk { bytes: text.as_bytes(), text, at: 0, path: String::new(), visit };
    walk.space();
    walk.object(0)?;
    walk.space();
    (walk.at == text.len()).then_some(())
}

struct Walk<'t, 'v, 'f> {
    bytes: &'t [u8],
    text: &'t str,
    at: usize,
    path: String,
    visit: &'v mut Visit<'f>,
}

impl<'t> Walk<'t, '_, '_> {
    fn object(&mut self, depth: usize) -> Option<()> {
        self.take(b'{')?;
        self.space();
        if self.take(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.space();
            self.take(b':')?;
            self.space();
            let text: &'t str = self.text;
            self.member(text.get(key)?, depth)?;
            self.space();
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
            self.space();
        }
    }

    fn list(&mut self, depth: usize) -> Option<()> {
        self.take(b'[')?;
        self.space();
        if self.take(b']').is_some() {
            return Some(());
        }
        for place in 0_usize.. {
            self.member(&place.to_string(), depth)?;
            self.space();
            if self.take(b',').is_none() {
                return self.take(b']');
            }
            self.space();
        }
        None
    }

    fn member(&mut self, name: &str, depth: usize) -> Option<()> {
        let kept = self.path.len();
        if kept > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        let start = self.at;
        self.value()?;
        let end = self.at;
        let step = (self.visit)(&self.path, start..end);
        if step == Step::Into && depth < DEPTH_MAX {
            self.at = start;
            match self.bytes.get(start) {
                Some(b'{') => self.object(depth + 1)?,
                Some(b'[') => self.list(depth + 1)?,
                Some(_) | None => {}
            }
            self.at = end;
        }
        self.path.truncate(kept);
        Some(())
    }

    /// Goes behind a value of any kind.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.bytes.get(self.at)? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if depth > 0 => self.at += 1,
                _ => self.scalar()?,
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// A number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Option<()> {
        let is_scalar = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let length = self.bytes.get(self.at..)?.iter().take_while(is_scalar).count();
        self.at += length;
        (length > 0).then_some(())
    }

    /// What stands between the quotation marks, as it is written.
    fn string(&mut self) -> Option<Range<usize>> {
        self.take(b'"')?;
        let start = self.at;
        loop {
            match self.bytes.get(self.at)? {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return Some(start..self.at - 1);
                }
                _ => self.at += 1,
            }
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.bytes.get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_field_is_shown_with_its_path_and_its_very_text() {
        let text = r#" {"a" : [1,{"x":"}"}], "b":{"c":"q\"{\\","d":-1.5e3,"e":{}},"f":null } "#;
        let mut seen = Vec::new();
        walk(text, &mut |path, range| {
            seen.push((path.to_owned(), text.get(range).expect("whole characters").to_owned()));
            Step::Into
        })
        .expect("an object");
        let expected = [
            ("a", r#"[1,{"x":"}"}]"#),
            ("a.0", "1"),
            ("a.1", r#"{"x":"}"}"#),
            ("a.1.x", r#""}""#),
            ("b", r#"{"c":"q\"{\\","d":-1.5e3,"e":{}}"#),
            ("b.c", r#""q\"{\\""#),
            ("b.d", "-1.5e3"),
            ("b.e", "{}"),
            ("f", "null"),
        ];
        assert_eq!(seen, expected.map(|(path, value)| (path.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in
            ["", "1", "[]", "{", r#"{"a""#, r#"{"a":1"#, r#"{"a":}"#, r#"{"a":1}x"#, r#"{"a":"x\"#, r#"{"a":]}"#]
        {
            assert_eq!(walk(text, &mut |_, _| Step::Into), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn foreign_text_never_panics_and_every_shown_value_is_json(text in "[{}\\[\\]\",:a1\\\\ é-]{0,40}") {
            walk(&text, &mut |_, range| {
                assert!(text.get(range).is_some(), "ranges are whole characters");
                Step::Into
            });
        }

        #[test]
        fn an_object_of_json_is_walked_to_its_end(texts in proptest::collection::btree_map(".{0,5}", ".{0,12}", 0..6)) {
            let text = serde_json::to_string(&texts).expect("prints");
            let mut values = 0;
            walk(&text, &mut |_, range| {
                assert!(serde_json::from_str::<Value>(text.get(range).expect("whole characters")).is_ok());
                values += 1;
                Step::Into
            }).expect("an object");
            prop_assert_eq!(values, texts.len());
        }
    }
}
