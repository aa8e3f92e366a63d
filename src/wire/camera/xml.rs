//! Foreign XML into the same tree as JSON: names without their namespace prefix, no entities, no document type.
//!
//! An element with text alone is that text; otherwise it is an object of its children, its attributes as `@name` and
//! its text as `#text`. A name that repeats becomes a list.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use serde_json::{Map, Value};

use super::document::Unreadable;
use super::json::{NODES_MAX, TEXT_MAX_BYTES};
use crate::wire::bounds::DEPTH_MAX;

/// An element that is open.
#[derive(Default)]
struct Element {
    name: String,
    children: Map<String, Value>,
    text: Text,
}

/// Text as it is gathered; a picture is left out.
#[derive(Default)]
struct Text {
    kept: String,
    bytes: usize,
}

impl Text {
    fn add(&mut self, more: &str) {
        self.bytes = self.bytes.saturating_add(more.len());
        if self.bytes <= TEXT_MAX_BYTES {
            self.kept.push_str(more);
        }
    }

    fn take(self) -> Value {
        if self.bytes > TEXT_MAX_BYTES { Value::Null } else { self.kept.trim().into() }
    }
}

impl Element {
    fn close(self) -> (String, Value) {
        let text = self.text.take();
        let mut children = self.children;
        if children.is_empty() {
            return (self.name, text);
        }
        if text.as_str().is_some_and(|text| !text.is_empty()) {
            children.insert("#text".to_owned(), text);
        }
        (self.name, Value::Object(children))
    }

    fn take(&mut self, (name, value): (String, Value)) {
        match self.children.get_mut(&name) {
            Some(Value::Array(list)) => list.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
            None => {
                self.children.insert(name, value);
            }
        }
    }
}

/// Elements under way, and what they may cost.
struct Tree {
    open: Vec<Element>,
    nodes: u32,
}

/// Reads one XML document.
pub(super) fn read(text: &str) -> Result<Value, Unreadable> {
    let mut reader = Reader::from_str(text);
    let mut tree = Tree { open: vec![Element::default()], nodes: 0 };
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|error| Unreadable::malformed(place(at), error.to_string()))?;
        if let Event::Eof = event {
            break;
        }
        tree.take(event).map_err(|message| Unreadable::malformed(place(at), message))?;
    }
    let mut open = tree.open;
    let Some(document) = open.pop().filter(|_| open.is_empty()) else {
        return Err(Unreadable::malformed(place(reader.buffer_position()), "an element is not closed"));
    };
    if document.children.len() != 1 {
        return Err(Unreadable::malformed("byte 0", "one root element is expected"));
    }
    Ok(Value::Object(document.children))
}

fn place(byte: u64) -> String {
    format!("byte {byte}")
}

impl Tree {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(start) => {
                let element = self.element(&start)?;
                if self.open.len() > DEPTH_MAX {
                    return Err(format!("the XML is nested deeper than {DEPTH_MAX} levels"));
                }
                self.open.push(element);
            }
            Event::Empty(start) => {
                let element = self.element(&start)?;
                self.here()?.take(element.close());
            }
            Event::End(_) => {
                let closed = self.open.pop().ok_or("an element is closed that was not opened")?;
                self.here()?.take(closed.close());
            }
            Event::Text(text) => self.here()?.text.add(&text.xml10_content()),
            Event::CData(text) => self.here()?.text.add(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = resolve(&reference)?;
                self.here()?.text.add(character.encode_utf8(&mut [0; 4]));
            }
            Event::DocType(_) => return Err("a document type is not expected from a camera".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn here(&mut self) -> Result<&mut Element, String> {
        self.open.last_mut().ok_or_else(|| "something stands outside of the root element".to_owned())
    }

    fn element(&mut self, start: &BytesStart<'_>) -> Result<Element, String> {
        self.count()?;
        let name = start.local_name().into_inner().to_owned();
        let mut element = Element { name, ..Element::default() };
        for attribute in start.attributes() {
            self.count()?;
            let attribute = attribute.map_err(|error| error.to_string())?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let name = format!("@{}", attribute.key.local_name().into_inner());
            let mut text = Text::default();
            let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0);
            text.add(&value.map_err(|error| error.to_string())?);
            element.children.insert(name, text.take());
        }
        Ok(element)
    }

    fn count(&mut self) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > NODES_MAX { Err(format!("there are more than {NODES_MAX} elements")) } else { Ok(()) }
    }
}

/// A character reference, or one of the five names that need no document type.
fn resolve(reference: &BytesRef<'_>) -> Result<char, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character);
    }
    let name = reference.xml10_content();
    match name.as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(format!("the entity `&{name};` is not expanded")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn namespaces_are_left_out_and_repeats_become_lists() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
            <h:Alert xmlns:h="http://www.isapi.org/ver20/XMLSchema" version="2.0" xmlns="http://www.hikvision.com/x">
              <h:plate> 123 ABC&#x20;02 </h:plate><pic><id>1</id></pic><pic><id>2</id></pic><pic/>
              <note kind="a">b &amp; <![CDATA[<c>]]></note>
            </h:Alert>"#;
        let expected = json!({ "Alert": {
            "@version": "2.0", "plate": "123 ABC 02", "pic": [{ "id": "1" }, { "id": "2" }, ""],
            "note": { "@kind": "a", "#text": "b & <c>" },
        } });
        assert_eq!(read(text), Ok(expected));
    }

    #[test]
    fn h24_hostile_xml_is_refused_with_its_place() {
        let bomb = r#"<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>"#;
        for (text, expected) in [
            (bomb, "byte 0: a document type"),
            ("<a>&c;</a>", "byte 3: the entity `&c;` is not expanded"),
            ("<a><b></a>", "byte 6"),
            ("<a>", "not closed"),
            ("<a/><b/>", "one root element"),
            ("", "one root element"),
            ("<a b='1' b='2'/>", "duplicate"),
            (&"<a>".repeat(DEPTH_MAX + 1), "deeper than"),
            (&format!("<a>{}</a>", "<b/>".repeat(NODES_MAX as usize)), "more than 20000"),
        ] {
            let error = read(text).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_picture_in_the_text_is_left_out() {
        let text = format!("<a><p>1</p><pic>{}</pic></a>", "A".repeat(TEXT_MAX_BYTES + 1));
        assert_eq!(read(&text), Ok(json!({ "a": { "p": "1", "pic": null } })));
    }
}
