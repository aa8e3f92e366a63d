//! One message of a camera as a tree, whatever its syntax, and the paths that point into it.

use serde_json::Value;

use super::{json, multipart, xml};

/// Why a camera's message gives no read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing in it is a document.
    #[error("neither XML nor JSON was found; {0}")]
    NoDocument(String),
    /// A document that isn't what its syntax, or the preset, wants.
    #[error("{place}: {message}")]
    Malformed {
        /// Where: a path in the document, a byte, or a part.
        place: String,
        /// What is wrong, and what is expected.
        message: String,
    },
}

impl Unreadable {
    pub(super) fn malformed(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Malformed { place: place.into(), message: message.into() }
    }
}

/// One message as a tree. XML and JSON are the same from here on.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub(super) root: Value,
}

impl Document {
    /// Finds and reads the document of a body: the body itself, or the first part of a multipart one that is XML or
    /// JSON. `None` for an empty body, as connection tests send it.
    ///
    /// # Errors
    /// When there is none, or it is malformed.
    pub fn read(content_type: Option<&str>, body: &[u8]) -> Result<Option<Self>, Unreadable> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let Some(boundary) = multipart::boundary(content_type, body) else {
            let why = || Unreadable::NoDocument(format!("the content type is {}", content_type.unwrap_or("not given")));
            return syntax(body).ok_or_else(why)?.map(Some);
        };
        let parts = multipart::split(boundary, body)?;
        let kinds: Vec<_> = parts.iter().map(|part| part.content_type.clone()).collect();
        let documents = parts.iter().filter(|part| !part.content_type.starts_with("image/"));
        match documents.filter_map(|part| syntax(part.bytes)).next() {
            Some(document) => document.map(Some),
            None => Err(Unreadable::NoDocument(format!("the parts are [{}]", kinds.join(", ")))),
        }
    }

    /// The text at the first of these paths that has one.
    pub(super) fn text(&self, paths: &[Path]) -> Option<String> {
        let here = Scope { root: &self.root, item: &self.root };
        here.text(paths).map(|(_, text)| text)
    }
}

/// Reads bytes that look like a document; `None` when they don't.
fn syntax(bytes: &[u8]) -> Option<Result<Document, Unreadable>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    let root = match bytes.first()? {
        b'{' | b'[' => json::read(bytes),
        b'<' => match std::str::from_utf8(bytes) {
            Ok(text) => xml::read(text),
            Err(error) => {
                let place = format!("byte {}", error.valid_up_to());
                Err(Unreadable::malformed(place, "the XML is not UTF-8; set the camera to it"))
            }
        },
        b'C' if bytes.starts_with(b"Code=") => event_line(bytes),
        _ => return None,
    };
    Some(root.map(|root| Document { root }))
}

/// `Code=TrafficJunction;action=Pulse;index=0;data={…}`: an event as Dahua's attached streams print it.
fn event_line(bytes: &[u8]) -> Result<Value, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::malformed("byte 0", "the event is not UTF-8"))?;
    let (head, data) = text.split_once(";data=").unwrap_or((text, "null"));
    let mut event = serde_json::Map::new();
    for (name, value) in head.split(';').filter_map(|pair| pair.split_once('=')) {
        event.insert(name.trim().to_owned(), value.trim().into());
    }
    let data = json::read(data.trim().as_bytes())?;
    event.insert("data".to_owned(), data);
    Ok(Value::Object(event))
}

/// Steps of a path; deeper documents are refused anyway.
const STEPS_MAX: usize = 16;

/// Where a value stands: `/a/b` from the root of the message, `./b` from an entry of a list. Steps are JSON Pointer's
/// (RFC 6901); a name on a list looks into its first entry, so that a repeated element reads like a single one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    base: Base,
    steps: Vec<String>,
    shown: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    Root,
    Item,
}

impl Path {
    /// Parses a path; the error says what is expected.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (base, rest) = match text.strip_prefix('.') {
            Some(rest) => (Base::Item, rest),
            None => (Base::Root, text),
        };
        let steps: Vec<_> = match rest.strip_prefix('/') {
            Some(rest) => rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect(),
            None if rest.is_empty() => Vec::new(),
            None => return Err(format!("`{text}` is no path; /name/name, or ./name within a list, is expected")),
        };
        if steps.len() > STEPS_MAX || steps.iter().any(String::is_empty) {
            return Err(format!("`{text}` is no path; at most {STEPS_MAX} names, none of them empty, are expected"));
        }
        Ok(Self { base, steps, shown: text.to_owned() })
    }

    /// As the preset writes it.
    pub(super) fn as_str(&self) -> &str {
        if self.shown.is_empty() { "/" } else { &self.shown }
    }

    pub(super) fn is_of_item(&self) -> bool {
        self.base == Base::Item
    }
}

/// Where paths look: the message, and the entry of a list that is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) root: &'a Value,
    pub(super) item: &'a Value,
}

impl<'a> Scope<'a> {
    /// The value at a path; `null` counts as none.
    pub(super) fn find(&self, path: &Path) -> Option<&'a Value> {
        let mut here = match path.base {
            Base::Root => self.root,
            Base::Item => self.item,
        };
        for step in &path.steps {
            here = enter(here, step)?;
        }
        (!here.is_null()).then_some(here)
    }

    /// The first path with a text, number or boolean, and that as text.
    pub(super) fn text<'p>(&self, paths: &'p [Path]) -> Option<(&'p Path, String)> {
        paths.iter().find_map(|path| Some((path, text_of(self.find(path)?)?)))
    }
}

fn enter<'a>(here: &'a Value, step: &str) -> Option<&'a Value> {
    match here {
        Value::Object(object) => object.get(step),
        Value::Array(list) => match step.parse::<usize>() {
            Ok(index) => list.get(index),
            Err(_) => list.first().and_then(|first| enter(first, step)),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Object(object) => text_of(object.get("#text")?),
        Value::Null | Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(content_type: Option<&str>, body: &[u8]) -> Result<Option<Value>, Unreadable> {
        Document::read(content_type, body).map(|found| found.map(|document| document.root))
    }

    #[test]
    fn the_document_is_found_whatever_the_content_type_says() {
        let json = Ok(Some(serde_json::json!({ "a": 1 })));
        let multipart = b"--b\r\nContent-Type: image/jpeg\r\n\r\n{no\r\n--b\r\n\r\n {\"a\":1}\r\n--b--";
        for (content_type, body) in [
            (Some("application/json"), b" {\"a\":1}".as_slice()),
            (Some("application/octet-stream"), b"\xef\xbb\xbf{\"a\":1}"),
            (None, b"{\"a\":1}\n"),
            (Some("multipart/form-data; boundary=b"), multipart),
            (None, multipart),
        ] {
            assert_eq!(read(content_type, body), json, "{content_type:?}");
        }
        assert_eq!(read(Some("text/xml"), b" \r\n"), Ok(None), "a connection test");
        let event = b"Code=TrafficJunction;action=Pulse;index=0;data={\"Lane\":2}";
        let expected =
            serde_json::json!({ "Code": "TrafficJunction", "action": "Pulse", "index": "0", "data": { "Lane": 2 } });
        assert_eq!(read(None, event), Ok(Some(expected)));
    }

    #[test]
    fn what_is_no_document_says_what_came_instead() {
        for (content_type, body, expected) in [
            (Some("image/jpeg"), b"\xff\xd8".as_slice(), "the content type is image/jpeg"),
            (None, b"plate=123", "not given"),
            (
                Some("multipart/form-data; boundary=b"),
                b"--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--b--",
                "the parts are [image/jpeg]",
            ),
        ] {
            let error = read(content_type, body).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = read(None, b"<a>\xcf\xf0</a>").expect_err("windows-1251").to_string();
        assert!(error.starts_with("byte 3: the XML is not UTF-8"), "{error}");
    }

    #[test]
    fn a_path_finds_its_value_through_lists_and_escapes() {
        let root =
            serde_json::json!({ "a": [{ "b": " x " }, { "b": 2 }], "c/d": { "#text": "t", "@k": true }, "n": null });
        let item = serde_json::json!({ "b": 0.5 });
        let scope = Scope { root: &root, item: &item };
        for (path, expected) in [
            ("/a/b", Some("x")),
            ("/a/1/b", Some("2")),
            ("/a/2/b", None),
            ("/c~1d", Some("t")),
            ("/c~1d/@k", Some("true")),
            ("/n", None),
            ("/a", None),
            ("./b", Some("0.5")),
            (".", None),
        ] {
            let paths = [Path::parse(path).expect(path)];
            assert_eq!(scope.text(&paths).map(|(_, text)| text).as_deref(), expected, "{path}");
        }
        for wrong in ["a", "a/b", "/a//b", "..", &"/a".repeat(17)] {
            assert!(Path::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(Document::read(None, &bytes));
            drop(Document::read(Some("multipart/form-data; boundary=b"), &bytes));
        }

        #[test]
        fn no_text_that_begins_like_a_document_panics(
            head in prop_oneof!["[{\\[<]", "Code=", "<a>", "<!", "<a b=", "\\{\"a\":", "--b\r\n\r\n<"], tail in ".{0,80}"
        ) {
            drop(Document::read(None, format!("{head}{tail}").as_bytes()));
        }
    }
}
