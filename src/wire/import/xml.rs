//! XML: documents known by their root elements, at the top of the file or inside of envelopes.
//!
//! The file is read as a stream and only one document at a time is kept as a tree, within limits of depth, elements
//! and text. Document type declarations and entities beyond XML's five are refused, so nothing expands.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::draft::{Draft, Origin};
use super::node::{At, Node};
use super::place::Lines;
use super::{BOM, Contents, Fault, Found, Place, Supplement, eaeu, ncts, tir};
use crate::model::registry::RegisterKind;

/// Largest XML file, bytes.
const XML_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Deepest nesting, envelopes included.
const DEPTH_MAX: usize = 32;
/// Elements of one document.
const ELEMENTS_MAX: usize = 200_000;
/// Text directly inside one element, bytes.
const TEXT_MAX_BYTES: usize = 64 * 1024;
/// Attributes of one element.
const ATTRIBUTES_MAX: usize = 64;

type Map = fn(&At<'_>, &mut Draft, &Supplement);

/// Root elements and what maps them.
const ROOTS: [(&str, RegisterKind, Map); 7] = [
    ("CC015C", RegisterKind::Declaration, ncts::declared),
    ("CC029C", RegisterKind::Declaration, ncts::released),
    ("CD050C", RegisterKind::Declaration, ncts::released),
    ("CD118C", RegisterKind::Declaration, ncts::crossed),
    ("AutoPreliminaryInformation", RegisterKind::Notification, eaeu::by_road),
    ("Declaration", RegisterKind::Declaration, tir::declaration),
    ("InterGov", RegisterKind::Declaration, tir::declaration),
];

pub(super) fn read(kind: Option<RegisterKind>, supplement: Supplement, bytes: &[u8]) -> Contents {
    if bytes.len() > XML_MAX_BYTES {
        let message = format!("{} bytes are more than the {XML_MAX_BYTES} that an XML file may have", bytes.len());
        return Contents::broken(Place::START, "file", message);
    }
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let lines = Lines::of(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let place = lines.place(error.valid_up_to());
            return Contents::broken(place, "file", "this is no UTF-8; XML in UTF-8 is expected");
        }
    };
    let mut reading =
        Reading { kind, supplement, lines: &lines, contents: Contents::default(), open: vec![], elements: 0 };
    reading.run(text);
    reading.finish()
}

/// An element that is not closed yet.
enum Open {
    /// Around documents.
    Envelope(String),
    /// A document's root, or an element inside of it.
    Part(Node),
}

struct Reading<'a> {
    kind: Option<RegisterKind>,
    supplement: Supplement,
    lines: &'a Lines<'a>,
    contents: Contents,
    open: Vec<Open>,
    elements: usize,
}

impl Reading<'_> {
    fn run(&mut self, text: &str) {
        let mut reader = Reader::from_str(text);
        loop {
            let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let step = match reader.read_event() {
                Ok(Event::Eof) => match self.open.len() {
                    0 => return,
                    _ => Err("the file ends inside of this element".to_owned()),
                },
                Ok(event) => self.take(event, offset),
                Err(error) => {
                    let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                    self.broken(at, &error.to_string());
                    return;
                }
            };
            if let Err(message) = step {
                self.broken(offset, &message);
                return;
            }
        }
    }

    fn take(&mut self, event: Event<'_>, offset: usize) -> Result<(), String> {
        match event {
            Event::Start(start) => self.start(&start, offset),
            Event::Empty(start) => {
                self.start(&start, offset)?;
                self.end();
                Ok(())
            }
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = character(&reference)?;
                self.text(character.encode_utf8(&mut [0; 4]))
            }
            Event::DocType(_) => Err("document type declarations are refused".to_owned()),
            Event::Decl(declaration) => check_encoding(&declaration),
            Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, offset: usize) -> Result<(), String> {
        if self.open.len() >= DEPTH_MAX {
            return Err(format!("elements are nested deeper than {DEPTH_MAX} levels"));
        }
        let name = start.local_name().as_ref().to_owned();
        let inside = matches!(self.open.last(), Some(Open::Part(_)));
        if !inside && !ROOTS.iter().any(|(root, ..)| *root == name) {
            self.open.push(Open::Envelope(name));
            return Ok(());
        }
        self.elements = if inside { self.elements + 1 } else { 1 };
        if self.elements > ELEMENTS_MAX {
            return Err(format!("a document of more than {ELEMENTS_MAX} elements"));
        }
        let attributes = attributes(start)?;
        self.open.push(Open::Part(Node { name, text: String::new(), attributes, offset, children: vec![] }));
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        let Some(Open::Part(node)) = self.open.last_mut() else { return Ok(()) };
        // Blanks between elements are no text.
        if node.text.is_empty() && text.trim().is_empty() {
            return Ok(());
        }
        if node.text.len() + text.len() > TEXT_MAX_BYTES {
            return Err(format!("a text of more than {TEXT_MAX_BYTES} bytes"));
        }
        node.text.push_str(text);
        Ok(())
    }

    fn end(&mut self) {
        let Some(Open::Part(node)) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(Open::Part(parent)) => parent.children.push(node),
            Some(Open::Envelope(_)) | None => self.document(&node),
        }
    }

    fn document(&mut self, root: &Node) {
        let Some((_, kind, map)) = ROOTS.iter().find(|(name, ..)| *name == root.name) else { return };
        let at = At::root(root, self.lines);
        let mut draft = Draft::new(*kind, at.origin());
        if let Some(asked) = self.kind.filter(|asked| asked != kind) {
            draft.fault(&at.origin(), format!("this is a {}, not a {}", kind.as_str(), asked.as_str()));
        }
        map(&at, &mut draft, &self.supplement);
        self.contents.documents.push(draft.finish(&self.supplement));
    }

    /// Nothing can be read from here on. A document that is open is lost; those before it stay.
    fn broken(&mut self, offset: usize, message: &str) {
        let (names, mut root) = (self.open.iter().map(Open::name).collect::<Vec<_>>(), None);
        for open in &self.open {
            if let (Open::Part(node), None) = (open, root) {
                root = Some(node);
            }
        }
        let path = if names.is_empty() { "file".to_owned() } else { names.join("/") };
        let origin = Origin { place: self.lines.place(offset), path };
        let known = root.and_then(|root| Some((root, ROOTS.iter().find(|(name, ..)| *name == root.name)?)));
        match known {
            None => self.contents.fail(origin.place, &origin.path, message),
            Some((root, (_, kind, _))) => {
                let place = self.lines.place(root.offset);
                let fault = Fault { place: origin.place, path: origin.path, message: message.to_owned() };
                let outcome = Err(vec![fault]);
                let found = Found { place, kind: *kind, number: None, revision: None, outcome };
                self.contents.documents.push(found);
            }
        }
    }

    fn finish(mut self) -> Contents {
        if self.contents.documents.is_empty() && self.contents.faults.is_empty() {
            let known: Vec<_> = ROOTS.iter().map(|(name, ..)| *name).collect();
            let message = format!("no element of it is a known document: {}", known.join(", "));
            self.contents.fail(Place::START, "file", message);
        }
        self.contents
    }
}

impl Open {
    fn name(&self) -> &str {
        match self {
            Self::Envelope(name) => name,
            Self::Part(node) => &node.name,
        }
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let wrong = |what: String| format!("in the tag of {}: {what}", start.local_name().as_ref());
    // The parser's check for duplicates costs the square of their number; here they are counted instead.
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| wrong(error.to_string()))?;
        if found.len() >= ATTRIBUTES_MAX {
            return Err(wrong(format!("more than {ATTRIBUTES_MAX} attributes")));
        }
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| wrong(error.to_string()))?;
        found.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(found)
}

/// One of XML's five entities, or a character by its number.
fn character(reference: &BytesRef<'_>) -> Result<char, String> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => return Ok(character),
        Ok(None) => {}
        Err(error) => return Err(error.to_string()),
    }
    let name: &str = reference;
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(format!("the entity `{}` is refused; only XML's own five are known", super::node::shown(name))),
    }
}

fn check_encoding(declaration: &BytesDecl<'_>) -> Result<(), String> {
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(Ok(encoding)) => Err(format!("the encoding {encoding} is not read; XML in UTF-8 is expected")),
        Some(Err(error)) => Err(error.to_string()),
    }
}
