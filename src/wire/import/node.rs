//! One foreign XML document as a bounded tree, and a cursor that knows its path.

use std::collections::BTreeSet;

use super::draft::{Draft, Origin};
use super::mass::Mass;
use super::place::Lines;

/// An element by its local name; namespaces are not looked at (docs/import.md).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    /// Text directly inside.
    pub(super) text: String,
    /// Local names and values.
    pub(super) attributes: Vec<(String, String)>,
    /// Where its tag begins, bytes from the start of the file.
    pub(super) offset: usize,
    pub(super) children: Vec<Node>,
}

/// An element with the way to it.
#[derive(Debug, Clone)]
pub(super) struct At<'a> {
    node: &'a Node,
    path: String,
    lines: &'a Lines<'a>,
}

/// The text of an element.
#[derive(Debug, Clone)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) origin: Origin,
}

impl<'a> At<'a> {
    pub(super) fn root(node: &'a Node, lines: &'a Lines<'a>) -> Self {
        Self { node, path: node.name.clone(), lines }
    }

    pub(super) fn origin(&self) -> Origin {
        Origin { place: self.lines.place(self.node.offset), path: self.path.clone() }
    }

    pub(super) fn name(&self) -> &'a str {
        &self.node.name
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut known = self.node.attributes.iter().filter(|(known, _)| known == name);
        known.next().map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Children of a name; their paths count them where there are several.
    pub(super) fn children(&self, name: &'a str) -> impl Iterator<Item = At<'a>> + use<'a> {
        let several = self.node.children.iter().filter(|child| child.name == name).count() > 1;
        let (path, lines) = (self.path.clone(), self.lines);
        let named = self.node.children.iter().filter(move |child| child.name == name);
        named.enumerate().map(move |(index, node)| {
            let path = if several { format!("{path}/{name}[{}]", index + 1) } else { format!("{path}/{name}") };
            At { node, path, lines }
        })
    }

    /// The first element at a path like `Holder/Address`.
    pub(super) fn find(&self, path: &'a str) -> Option<At<'a>> {
        path.split('/').try_fold(self.clone(), |at, name| at.children(name).next())
    }

    /// All elements at a path, whatever repeats on the way.
    pub(super) fn all(&self, path: &'a str) -> Vec<At<'a>> {
        path.split('/').fold(vec![self.clone()], |found, name| {
            found.iter().flat_map(|at| at.children(name).collect::<Vec<_>>()).collect()
        })
    }

    /// Its own text, where it has some.
    pub(super) fn own_text(&self) -> Option<Text<'a>> {
        let text = self.node.text.trim();
        (!text.is_empty()).then(|| Text { text, origin: self.origin() })
    }

    /// The text at a path.
    pub(super) fn text(&self, path: &'a str) -> Option<Text<'a>> {
        self.find(path)?.own_text()
    }

    /// The text at a path, or a fault that says what is expected there.
    pub(super) fn need(&self, path: &'a str, expected: &str, draft: &mut Draft) -> Option<Text<'a>> {
        let text = self.text(path);
        if text.is_none() {
            draft.fault(&self.origin(), format!("{path} is missing; {expected} is expected"));
        }
        text
    }

    /// The sum of the counts at a path; `None` where there are none, or where one is a fault.
    pub(super) fn sum(&self, path: &'a str, draft: &mut Draft) -> Option<(u32, Origin)> {
        let mut sum: Option<(u32, Origin)> = None;
        for count in self.all(path).iter().filter_map(At::own_text) {
            let Some(more) = count.text.parse::<u32>().ok() else {
                draft.fault(&count.origin, format!("`{}` is no number of packages", shown(count.text)));
                return None;
            };
            sum = match sum {
                None => Some((more, count.origin)),
                Some((known, origin)) => Some((known.saturating_add(more), origin)),
            };
        }
        sum
    }

    /// The mass at a path, or a fault.
    pub(super) fn need_mass(&self, path: &'a str, draft: &mut Draft) -> Option<(Mass, Origin)> {
        let text = self.need(path, "a mass in kilograms", draft)?;
        mass(&text, draft)
    }
}

/// Reads a mass, or names the fault.
pub(super) fn mass(text: &Text<'_>, draft: &mut Draft) -> Option<(Mass, Origin)> {
    let mass = Mass::parse(text.text);
    if mass.is_none() {
        draft.fault(&text.origin, format!("`{}` is no mass; kilograms like 12500.5 are expected", shown(text.text)));
    }
    Some((mass?, text.origin.clone()))
}

/// A text as a message shows it.
pub(super) fn shown(text: &str) -> String {
    const SHOWN_MAX_CHARS: usize = 40;
    let mut shown: String = text.chars().take(SHOWN_MAX_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Texts in their order, each once.
pub(super) fn put_list(draft: &mut Draft, path: &str, texts: impl IntoIterator<Item = (String, Origin)>) {
    let mut seen = BTreeSet::new();
    for (text, origin) in texts {
        let at = seen.len();
        if seen.insert(text.clone()) {
            draft.put(&format!("{path}[{at}]"), text, origin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_what_repeats_and_nothing_else() {
        let leaf = |text: &str| Node {
            name: "Code".into(),
            text: text.into(),
            attributes: vec![],
            offset: 0,
            children: vec![],
        };
        let item =
            |text: &str| Node { name: "Item".into(), text: String::new(), children: vec![leaf(text)], ..leaf("") };
        let root = Node { name: "Root".into(), children: vec![item("1"), item(" 2 ")], ..leaf("") };
        let lines = Lines::of(b"");
        let root = At::root(&root, &lines);
        let found: Vec<_> = root.all("Item/Code").iter().filter_map(At::own_text).collect();
        let told: Vec<_> = found.iter().map(|text| (text.text, text.origin.path.as_str())).collect();
        assert_eq!(told, [("1", "Root/Item[1]/Code"), ("2", "Root/Item[2]/Code")]);
        assert_eq!(root.text("Item/Code").expect("a text").text, "1");
        assert!(root.text("Item/Other").is_none());
    }
}
