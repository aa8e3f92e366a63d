//! Checks an expression against the schema, so that a wrong word is found when the profile is loaded and not when the
//! truck stands in the lane.
//!
//! Refused are: names and words that don't exist, values that can't be compared or added, functions that profiles
//! don't have, and lists that an expression may not go through because they would have no known length.

mod kinds;
mod range;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, SelectExpr, operators};

use super::schema::{self, Item, Kind, Nullable, called};
use kinds::{is_number, is_text, joined, joined_kinds};
use range::is_bounded;

/// Loops within loops.
const LOOPS_DEEP_MAX: usize = 2;
/// What the parser calls the result under way of `exists`, `all`, `map` and `filter`.
const ACCUMULATOR: &str = "@result";

/// What is wrong, and at which node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) node: u64,
    pub(super) message: String,
}

type Checked = Result<Kind, Wrong>;

const BOOL: Kind = Kind::One(Item::Bool);
const INT: Kind = Kind::One(Item::Int);
const ANY: Kind = Kind::One(Item::Any);

/// Checks that an expression is made of what there is, and that it is true or false.
pub(super) fn check(expr: &IdedExpr) -> Result<(), Wrong> {
    let mut checker = Checker { scope: vec![], loops: 0 };
    checker.bool(expr).map(|_| ())
}

struct Checker {
    /// Names that loops bind, the innermost last.
    scope: Vec<(String, Kind)>,
    loops: usize,
}

fn wrong<T>(node: &IdedExpr, message: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { node: node.id, message: message.into() })
}

impl Checker {
    fn kind(&mut self, expr: &IdedExpr) -> Checked {
        match &expr.expr {
            Expr::Literal(literal) => self.literal(expr, literal),
            Expr::Ident(name) => self.name(expr, name),
            Expr::Select(select) => self.select(expr, select),
            Expr::Call(call) => self.call(expr, call),
            Expr::List(list) => self.list(list),
            Expr::Comprehension(comprehension) => self.comprehension(expr, comprehension),
            Expr::Map(_) | Expr::Struct(_) => wrong(expr, "profiles have no map and message literals"),
            Expr::Unspecified => wrong(expr, "an expression is expected"),
        }
    }

    fn literal(&self, expr: &IdedExpr, literal: &LiteralValue) -> Checked {
        match literal {
            LiteralValue::Boolean(_) => Ok(BOOL),
            LiteralValue::Int(_) => Ok(INT),
            LiteralValue::Double(_) => Ok(Kind::One(Item::Double)),
            LiteralValue::String(_) => Ok(Kind::One(Item::Text)),
            LiteralValue::Null => Ok(Kind::One(Item::Null)),
            LiteralValue::Bytes(_) | LiteralValue::UInt(_) => {
                wrong(expr, "profiles have no bytes and unsigned numbers")
            }
        }
    }

    fn name(&self, expr: &IdedExpr, name: &str) -> Checked {
        if let Some((_, kind)) = self.scope.iter().rev().find(|(bound, _)| bound == name) {
            return Ok(*kind);
        }
        match schema::find(name) {
            Some(variable) => Ok(variable.kind),
            None => wrong(expr, unknown("variable", name, schema::VARIABLES.iter().map(|variable| variable.name))),
        }
    }

    fn select(&mut self, expr: &IdedExpr, select: &SelectExpr) -> Checked {
        let field = match self.kind(&select.operand)? {
            Kind::One(Item::Record(fields)) => match fields.iter().find(|field| field.name == select.field) {
                Some(field) => field.kind,
                None => return wrong(expr, unknown("field", &select.field, fields.iter().map(|field| field.name))),
            },
            Kind::One(Item::Any) => ANY,
            other @ (Kind::One(_) | Kind::List(_)) => {
                return wrong(expr, format!("{} has no fields, so no `{}`", called(other), select.field));
            }
        };
        Ok(if select.test { BOOL } else { field })
    }

    fn list(&mut self, list: &ListExpr) -> Checked {
        let mut of = Item::Any;
        for element in &list.elements {
            let Kind::One(item) = self.kind(element)? else { return wrong(element, "a list in a list is too deep") };
            match joined(of, item) {
                Some(joined) => of = joined,
                None => return wrong(element, "the values of a list must be of one kind"),
            }
        }
        Ok(Kind::List(of))
    }

    fn bool(&mut self, expr: &IdedExpr) -> Checked {
        match self.kind(expr)? {
            kind @ (BOOL | ANY) => Ok(kind),
            other @ (Kind::One(_) | Kind::List(_)) => {
                wrong(expr, format!("true or false is expected, this is {}", called(other)))
            }
        }
    }

    fn call(&mut self, expr: &IdedExpr, call: &CallExpr) -> Checked {
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, None, [a, b]) => {
                self.bool(a)?;
                self.bool(b)?;
                Ok(BOOL)
            }
            (operators::LOGICAL_NOT | operators::NOT_STRICTLY_FALSE, None, [a]) => {
                self.bool(a)?;
                Ok(BOOL)
            }
            (operators::CONDITIONAL, None, [condition, a, b]) => {
                self.bool(condition)?;
                let (a, b) = (self.kind(a)?, self.kind(b)?);
                match joined_kinds(a, b) {
                    Some(kind) => Ok(kind),
                    None => wrong(expr, format!("one way gives {}, the other {}", called(a), called(b))),
                }
            }
            (operators::EQUALS | operators::NOT_EQUALS, None, [a, b]) => self.equal(expr, a, b),
            (
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                None,
                [a, b],
            ) => self.ordered(expr, a, b),
            (operators::IN, None, [element, list]) => self.contained(expr, element, list),
            (operators::INDEX, None, [list, index]) => match (self.kind(list)?, self.kind(index)?) {
                (Kind::List(item), INT) => Ok(Kind::One(item)),
                _other => wrong(expr, "a list and a whole number are expected"),
            },
            (name, None, [a, b]) if is_arithmetic(name) => self.arithmetic(expr, name, a, b),
            (operators::NEGATE, None, [a]) => match self.kind(a)? {
                kind @ (INT | Kind::One(Item::Double)) => Ok(kind),
                other @ (Kind::One(_) | Kind::List(_)) => {
                    wrong(expr, format!("a number is expected, this is {}", called(other)))
                }
            },
            (name, target, arguments) => self.function(expr, name, target, arguments),
        }
    }

    fn equal(&mut self, expr: &IdedExpr, a: &IdedExpr, b: &IdedExpr) -> Checked {
        let kinds = (self.kind(a)?, self.kind(b)?);
        let null = Kind::One(Item::Null);
        if kinds.0 == null || kinds.1 == null {
            let other = if kinds.0 == null { b } else { a };
            let may_be_null = |name: &str| schema::find(name).is_some_and(|found| found.null == Nullable::Maybe);
            return match &other.expr {
                Expr::Ident(name) if may_be_null(name) => Ok(BOOL),
                Expr::Select(select) => {
                    wrong(expr, format!("a missing field is not null: ask has(….{})", select.field))
                }
                Expr::Unspecified
                | Expr::Call(_)
                | Expr::Comprehension(_)
                | Expr::Ident(_)
                | Expr::List(_)
                | Expr::Literal(_)
                | Expr::Map(_)
                | Expr::Struct(_) => wrong(expr, "this is never null"),
            };
        }
        let (Kind::One(left), Kind::One(right)) = kinds else {
            return wrong(expr, "lists are not compared: use `in`, exists() or all()");
        };
        same_word(left, b)?;
        same_word(right, a)?;
        let numbers = is_number(left) && is_number(right);
        let records = matches!((left, right), (Item::Record(_), _) | (_, Item::Record(_)));
        if records || !numbers && joined(left, right).is_none() {
            return wrong(expr, format!("{} is never equal to {}", called(kinds.0), called(kinds.1)));
        }
        Ok(BOOL)
    }

    fn ordered(&mut self, expr: &IdedExpr, a: &IdedExpr, b: &IdedExpr) -> Checked {
        let (a, b) = (self.kind(a)?, self.kind(b)?);
        match (a, b) {
            (ANY, _) | (_, ANY) => Ok(BOOL),
            (Kind::One(left), Kind::One(right))
                if is_number(left) && is_number(right) || is_text(left) && is_text(right) =>
            {
                Ok(BOOL)
            }
            (Kind::One(left), Kind::One(right)) if left == right && matches!(left, Item::Time | Item::Span) => Ok(BOOL),
            _other => wrong(expr, format!("{} has no order with {}", called(a), called(b))),
        }
    }

    fn contained(&mut self, expr: &IdedExpr, element: &IdedExpr, list: &IdedExpr) -> Checked {
        let Kind::One(item) = self.kind(element)? else { return wrong(element, "one value is expected, not a list") };
        let Kind::List(of) = self.kind(list)? else { return wrong(list, "a list is expected after `in`") };
        same_word(of, element)?;
        if let Expr::List(literal) = &list.expr {
            for word in &literal.elements {
                same_word(item, word)?;
            }
        }
        let numbers = is_number(item) && is_number(of);
        if matches!(item, Item::Record(_)) || !numbers && joined(item, of).is_none() {
            let message = format!("the list never holds {}", called(Kind::One(item)));
            return wrong(expr, message);
        }
        Ok(BOOL)
    }

    fn arithmetic(&mut self, expr: &IdedExpr, name: &str, a: &IdedExpr, b: &IdedExpr) -> Checked {
        // `map` and `filter` append to their result; an expression itself may not make lists longer.
        if name == operators::ADD && matches!(&a.expr, Expr::Ident(name) if name == ACCUMULATOR) {
            let kinds = (self.kind(a)?, self.kind(b)?);
            return joined_kinds(kinds.0, kinds.1).map_or_else(|| wrong(expr, "these can not be added"), Ok);
        }
        let (left, right) = match (self.kind(a)?, self.kind(b)?) {
            (Kind::One(left), Kind::One(right)) => (left, right),
            (Kind::List(_), _) | (_, Kind::List(_)) => return wrong(expr, "lists can not be added"),
        };
        let add = name == operators::ADD;
        let subtract = name == operators::SUBSTRACT;
        match (left, right) {
            (Item::Any, other) | (other, Item::Any) => Ok(Kind::One(other)),
            (Item::Int, Item::Int) => Ok(INT),
            (Item::Double, Item::Double) if name != operators::MODULO => Ok(Kind::One(Item::Double)),
            (Item::Int, Item::Double) | (Item::Double, Item::Int) => {
                wrong(expr, "a whole and a decimal number don't mix: write 300.0 for 300, or use double()")
            }
            (Item::Time, Item::Time) if subtract => Ok(Kind::One(Item::Span)),
            (Item::Time, Item::Span) if add || subtract => Ok(Kind::One(Item::Time)),
            (Item::Span, Item::Time) if add => Ok(Kind::One(Item::Time)),
            (Item::Span, Item::Span) if add || subtract => Ok(Kind::One(Item::Span)),
            (left, right) if add && is_text(left) && is_text(right) => Ok(Kind::One(Item::Text)),
            (left, right) => {
                let (left, right) = (called(Kind::One(left)), called(Kind::One(right)));
                wrong(expr, format!("{left} and {right} can not be reckoned with so"))
            }
        }
    }

    fn function(&mut self, expr: &IdedExpr, name: &str, target: Option<&IdedExpr>, rest: &[IdedExpr]) -> Checked {
        let mut kinds = vec![];
        for argument in target.into_iter().chain(rest) {
            kinds.push(self.kind(argument)?);
        }
        let items: Vec<Item> = kinds.iter().map(|(Kind::One(item) | Kind::List(item))| *item).collect();
        let lists = kinds.iter().any(|kind| matches!(kind, Kind::List(_)));
        let member = target.is_some();
        if name == "size" && kinds.len() == 1 {
            return if lists || items.iter().all(|item| is_text(*item)) {
                Ok(INT)
            } else {
                wrong(expr, "size() is for a list or a text")
            };
        }
        let found = match (name, member, items.as_slice()) {
            _ if lists => None,
            ("startsWith" | "endsWith" | "contains", true, [a, b]) if is_text(*a) && is_text(*b) => Some(Item::Bool),
            ("timestamp", false, [text]) if is_text(*text) => Some(Item::Time),
            ("duration", false, [text]) if is_text(*text) => Some(Item::Span),
            ("int", false, [from]) if is_number(*from) || is_text(*from) => Some(Item::Int),
            ("double", false, [from]) if is_number(*from) || is_text(*from) => Some(Item::Double),
            (part, true, [Item::Time] | [Item::Time, Item::Text]) if TIME_PARTS.contains(&part) => Some(Item::Int),
            ("getHours" | "getMinutes" | "getSeconds", true, [Item::Span]) => Some(Item::Int),
            _other => None,
        };
        match found {
            Some(item) => Ok(Kind::One(item)),
            None if FUNCTIONS.contains(&name) || TIME_PARTS.contains(&name) => {
                let kinds: Vec<_> = kinds.into_iter().map(called).collect();
                wrong(expr, format!("{name}() can not be used so, with {}", kinds.join(" and ")))
            }
            None => {
                let known = FUNCTIONS.iter().chain(MACROS).chain(TIME_PARTS).copied();
                wrong(expr, unknown("function", name, known))
            }
        }
    }

    fn comprehension(&mut self, expr: &IdedExpr, comprehension: &ComprehensionExpr) -> Checked {
        if self.loops == LOOPS_DEEP_MAX {
            return wrong(expr, format!("more than {LOOPS_DEEP_MAX} loops within each other"));
        }
        if !is_bounded(&comprehension.iter_range) || comprehension.iter_var2.is_some() {
            let message = "only a field, a filter() of one or a list of literals can be gone through";
            return wrong(&comprehension.iter_range, message);
        }
        let item = match self.kind(&comprehension.iter_range)? {
            Kind::List(item) => item,
            other => return wrong(&comprehension.iter_range, format!("a list is expected, this is {}", called(other))),
        };
        if schema::find(&comprehension.iter_var).is_some() {
            return wrong(expr, format!("`{}` is a variable: choose another name", comprehension.iter_var));
        }
        let result = self.kind(&comprehension.accu_init)?;
        self.scope.push((comprehension.iter_var.clone(), Kind::One(item)));
        self.scope.push((comprehension.accu_var.clone(), result));
        self.loops += 1;
        let result = self.looped(comprehension);
        self.loops -= 1;
        self.scope.truncate(self.scope.len() - 2);
        result
    }

    fn looped(&mut self, comprehension: &ComprehensionExpr) -> Checked {
        self.kind(&comprehension.loop_cond)?;
        let step = self.kind(&comprehension.loop_step)?;
        // What the steps give is what the loop gives.
        if let Some((_, result)) = self.scope.last_mut() {
            *result = step;
        }
        self.kind(&comprehension.result)
    }
}

const FUNCTIONS: &[&str] = &["size", "startsWith", "endsWith", "contains", "timestamp", "duration", "int", "double"];
const MACROS: &[&str] = &["has", "exists", "exists_one", "all", "map", "filter"];
const TIME_PARTS: &[&str] = &[
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
];

fn unknown(what: &str, name: &str, known: impl Iterator<Item = &'static str>) -> String {
    let near = known.map(|known| (strsim::damerau_levenshtein(known, name), known)).min();
    match near {
        Some((distance, known)) if distance <= 3.max(name.len() / 3) => {
            format!("there is no {what} `{name}`; did you mean `{known}`?")
        }
        Some(_) | None => format!("there is no {what} `{name}`"),
    }
}

fn is_arithmetic(name: &str) -> bool {
    [operators::ADD, operators::SUBSTRACT, operators::MULTIPLY, operators::DIVIDE, operators::MODULO].contains(&name)
}

/// A literal beside a word must be one of the words there are: `"suspendd"` would never match, in silence.
fn same_word(item: Item, other: &IdedExpr) -> Result<(), Wrong> {
    match (item, &other.expr) {
        (Item::Word(words), Expr::Literal(LiteralValue::String(text))) if !words.contains(&text.inner()) => {
            wrong(other, format!("\"{}\" is never there; one of {} is", text.inner(), words.join(", ")))
        }
        _other => Ok(()),
    }
}

#[cfg(test)]
mod tests;
