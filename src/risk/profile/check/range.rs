//! Which lists an expression may go through.

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr};

/// Whether it is known how long the list can be: a field, a filter of one, or a literal.
pub(super) fn is_bounded(range: &IdedExpr) -> bool {
    match &range.expr {
        Expr::Ident(_) => true,
        Expr::Select(select) => !select.test && is_bounded(&select.operand),
        Expr::Comprehension(comprehension) => is_filter(comprehension) && is_bounded(&comprehension.iter_range),
        Expr::List(list) => list.elements.iter().all(|element| matches!(element.expr, Expr::Literal(_))),
        Expr::Unspecified | Expr::Call(_) | Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) => false,
    }
}

/// `filter` adds the loop's own name to its result.
fn is_filter(comprehension: &ComprehensionExpr) -> bool {
    let Expr::Call(step) = &comprehension.loop_step.expr else { return false };
    let [_, added, _] = step.args.as_slice() else { return false };
    let Expr::Call(added) = &added.expr else { return false };
    let Some(Expr::List(list)) = added.args.last().map(|last| &last.expr) else { return false };
    matches!(list.elements.as_slice(), [one] if matches!(&one.expr, Expr::Ident(name) if *name == comprehension.iter_var))
}
