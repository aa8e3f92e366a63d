//! One expression: parsed, checked, and evaluated within its limits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::common::ast::IdedExpr;
use cel::parser::PrattParser;
use cel::{Context, Env, ExecutionError, ParseErrors, Value};

use super::check::{Wrong, check};
use super::cost::{VISITS_MAX, size, visits};
use super::facts::Facts;

/// Longest text of an expression, bytes.
pub const EXPRESSION_MAX_BYTES: usize = 4_096;
/// Most nodes of an expression, macros written out.
pub const NODES_MAX: usize = 1_000;
/// Deepest nesting of an expression: the interpreter needs 40 KiB of stack for each level in a debug build.
pub const DEPTH_MAX: usize = 20;
/// Deepest recursion of the parser, which counts brackets more than once.
const PARSER_DEPTH_MAX: u16 = 96;

/// What is wrong with an expression, and at which byte of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) message: String,
}

/// An expression that has been checked.
#[derive(Debug, Clone)]
pub(super) struct Expression {
    root: IdedExpr,
}

/// What an expression says of a passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    True,
    False,
    /// It can't tell; why, without naming any value.
    Undecidable(String),
}

impl Expression {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        if text.len() > EXPRESSION_MAX_BYTES {
            let message = format!("{} bytes are more than the {EXPRESSION_MAX_BYTES} of an expression", text.len());
            return Err(Fault { at: 0, message });
        }
        let root = parse(text).map_err(|errors| first(text, &errors))?;
        let (nodes, depth) = size(&root);
        if nodes > NODES_MAX || depth > DEPTH_MAX {
            let message = format!(
                "{nodes} nodes, {depth} deep: at most {NODES_MAX}, {DEPTH_MAX} deep are allowed; make two profiles of it"
            );
            return Err(Fault { at: 0, message });
        }
        check(&root).map_err(|Wrong { node, message }| Fault { at: place(text, node), message })?;
        Ok(Self { root })
    }

    /// Evaluates within `left` visits, which it lessens.
    pub(super) fn evaluate(&self, facts: &Facts, context: &Context<'_, '_>, left: &mut u64) -> Said {
        let cost = visits(&self.root, facts);
        if cost > VISITS_MAX {
            return Said::Undecidable(format!("it would be too much work: {cost} steps for this passage"));
        }
        if cost > *left {
            return Said::Undecidable("the profiles before it left no time for it".to_owned());
        }
        *left -= cost;
        // A fault of the interpreter must not end the lane: the vehicle is held instead.
        let said = catch_unwind(AssertUnwindSafe(|| Value::resolve(&self.root, context)));
        match said {
            Ok(Ok(Value::Bool(true))) => Said::True,
            Ok(Ok(Value::Bool(false))) => Said::False,
            Ok(Ok(_)) => Said::Undecidable("it is neither true nor false".to_owned()),
            Ok(Err(error)) => Said::Undecidable(why(&error)),
            Err(_) => Said::Undecidable("the interpreter failed".to_owned()),
        }
    }
}

/// The functions that expressions have.
pub(super) fn environment() -> Arc<Env> {
    Arc::new(Env::stdlib())
}

fn parse(text: &str) -> Result<IdedExpr, ParseErrors> {
    PrattParser::new().max_recursion_depth(PARSER_DEPTH_MAX).parse(text)
}

fn first(text: &str, errors: &ParseErrors) -> Fault {
    let Some(error) = errors.errors.first() else {
        return Fault { at: 0, message: "this is no expression".to_owned() };
    };
    let line = usize::try_from(error.pos.0).unwrap_or(1).saturating_sub(1);
    let column = usize::try_from(error.pos.1).unwrap_or(1).saturating_sub(1);
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let message = error.msg.trim_start_matches("Syntax error: ").replace("<EOF>", "the end");
    Fault { at: (before + column).min(text.len()), message }
}

/// Where a node stands. The parser tells places only with an error: one is provoked behind the expression.
fn place(text: &str, node: u64) -> usize {
    let Err(provoked) = parse(&format!("{text}\n)")) else { return 0 };
    let places = provoked.errors.into_iter().find_map(|error| error.source_info);
    let at = places.and_then(|places| places.offset_for(node)).map_or(0, |(start, _)| start);
    usize::try_from(at).unwrap_or(0)
}

/// In words, and without the values of the passage: they may be plates (invariant C8).
#[allow(clippy::wildcard_enum_match_arm, reason = "the interpreter leaves its errors open")]
fn why(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(name) => format!("`{name}` is not there"),
        ExecutionError::NoSuchOverload(overload)
            if overload.argument_types().iter().any(|kind| kind == "null_type") =>
        {
            "a document or party that it asks about is not there".to_owned()
        }
        ExecutionError::UndeclaredReference(name) => format!("`{name}` is not there"),
        ExecutionError::NoSuchOverload(overload) => {
            format!("`{}` has no meaning for these values", overload.function())
        }
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "it divides by zero".to_owned(),
        ExecutionError::Overflow(..) => "a number becomes too large".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "the list is shorter".to_owned(),
        ExecutionError::FunctionError { function, .. } => format!("{function}() can not read its text"),
        _ => "its values do not fit together".to_owned(),
    }
}
