//! How much work an expression is, reckoned before it is done.
//!
//! The interpreter has no limit of its own. Its work is the nodes that it visits, and loops visit theirs once for each
//! element; how long each list is, the facts tell.

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr};

use super::facts::Facts;

/// Visits of nodes that one expression may cost: about 5 ms in a release build.
pub const VISITS_MAX: u64 = 50_000;
/// Visits that all profiles together may cost for one passage: about 50 ms.
pub const VISITS_ALL_MAX: u64 = 500_000;

/// Nodes of an expression, and how deep they are nested.
pub(super) fn size(expr: &IdedExpr) -> (usize, usize) {
    let (mut nodes, mut deepest) = (1, 0);
    for child in children(expr) {
        let (within, depth) = size(child);
        nodes += within;
        deepest = deepest.max(depth);
    }
    (nodes, deepest + 1)
}

/// Visits that an expression costs at most for these facts.
pub(super) fn visits(expr: &IdedExpr, facts: &Facts) -> u64 {
    Reckoner { facts, scope: vec![] }.visits(expr)
}

/// Where the elements come from that a loop goes through.
#[derive(Debug, Clone)]
enum Range<'e> {
    Path(Vec<&'e str>),
    Literal(u64),
}

struct Reckoner<'e> {
    facts: &'e Facts,
    /// Names that loops bind, with the path of what they are bound to.
    scope: Vec<(&'e str, Range<'e>)>,
}

impl<'e> Reckoner<'e> {
    fn visits(&mut self, expr: &'e IdedExpr) -> u64 {
        let Expr::Comprehension(comprehension) = &expr.expr else {
            return children(expr).into_iter().fold(1, |sum, child| sum.saturating_add(self.visits(child)));
        };
        let range = self.range(&comprehension.iter_range);
        let rounds = match &range {
            Range::Path(path) => self.facts.longest(path),
            Range::Literal(elements) => *elements,
        };
        let before = self.visits(&comprehension.iter_range).saturating_add(self.visits(&comprehension.accu_init));
        let element = match range {
            Range::Path(mut path) => {
                path.push("*");
                Range::Path(path)
            }
            literal @ Range::Literal(_) => literal,
        };
        self.scope.push((&comprehension.iter_var, element));
        let step = self.visits(&comprehension.loop_cond).saturating_add(self.visits(&comprehension.loop_step));
        let after = self.visits(&comprehension.result);
        self.scope.pop();
        before.saturating_add(rounds.saturating_mul(step)).saturating_add(after).saturating_add(1)
    }

    fn range(&self, expr: &'e IdedExpr) -> Range<'e> {
        match &expr.expr {
            Expr::Ident(name) => {
                let bound = self.scope.iter().rev().find(|(bound, _)| bound == name);
                bound.map_or_else(|| Range::Path(vec![name]), |(_, range)| range.clone())
            }
            Expr::Select(select) => match self.range(&select.operand) {
                Range::Path(mut path) => {
                    path.push(&select.field);
                    Range::Path(path)
                }
                literal @ Range::Literal(_) => literal,
            },
            Expr::Comprehension(filter) => self.range(&filter.iter_range),
            Expr::List(list) => Range::Literal(u64::try_from(list.elements.len()).unwrap_or(u64::MAX)),
            // The check lets nothing else through.
            Expr::Unspecified | Expr::Call(_) | Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) => {
                Range::Literal(u64::MAX)
            }
        }
    }
}

fn children(expr: &IdedExpr) -> Vec<&IdedExpr> {
    match &expr.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => vec![],
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| entries(&entry.expr)).collect(),
        Expr::Struct(message) => message.entries.iter().flat_map(|entry| entries(&entry.expr)).collect(),
        Expr::Comprehension(loops) => {
            let ComprehensionExpr { iter_range, accu_init, loop_cond, loop_step, result, .. } = loops.as_ref();
            vec![iter_range, accu_init, loop_cond, loop_step, result]
        }
    }
}

fn entries(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}
