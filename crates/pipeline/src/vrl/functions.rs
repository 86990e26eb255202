//! The functions that a program may call: the standard library without what would make a plugin
//! impure. Refused functions stay known by name, so that the compiler says why instead of
//! "undefined function".

use std::fmt;
use std::sync::LazyLock;

use vrl::compiler::function::{ArgumentList, Compiled, Example, FunctionCompileContext};
use vrl::compiler::state::TypeState;
use vrl::compiler::value::kind;
use vrl::compiler::{
    Category, Context, Function, FunctionExpression, Parameter, Resolved, TypeDef,
};
use vrl::diagnostic::{DiagnosticMessage, Label, Note, Span};
use vrl::path::{OwnedTargetPath, OwnedValuePath, PathPrefix};
use vrl::value::Value;

use super::facts::RECEIVED_AT;

const CHANCE: &str = "chance is refused: an event that is replayed must give the same result";
const MACHINE: &str = "a result must not depend on the machine that computes it";
const NETWORK: &str = "plugins do no network I/O";
const FILES: &str = "plugins read no files";

/// Functions that are refused, with the reason and what to do instead. Some are not even compiled
/// in; they are listed because their absence is a decision.
const REFUSED: [(&str, &str, &str); 15] = [
    ("random_bool", CHANCE, "derive the value from the event, for example from `.eventid`"),
    ("random_bytes", CHANCE, "derive the value from the event, for example from `.eventid`"),
    ("random_float", CHANCE, "derive the value from the event, for example from `.eventid`"),
    ("random_int", CHANCE, "derive the value from the event, for example from `.eventid`"),
    ("uuid_v4", CHANCE, "every event gets an id in `.eventid`"),
    ("uuid_v7", CHANCE, "every event gets an id in `.eventid`"),
    ("get_env_var", "plugins do not read the environment", "write the value into the program"),
    ("get_hostname", MACHINE, "the host that sent the event is `%host`"),
    ("get_timezone_name", MACHINE, "times without a zone are read as UTC"),
    (
        "log",
        "plugins write no log: the content of events must not get there",
        "set a member of the event",
    ),
    ("dns_lookup", NETWORK, "keep the answers in the program, or look them up before ingest"),
    ("reverse_dns", NETWORK, "keep the answers in the program, or look them up before ingest"),
    ("http_request", NETWORK, "keep the answers in the program, or look them up before ingest"),
    ("parse_proto", FILES, "decode the data before ingest"),
    ("validate_json_schema", FILES, "check the members that matter in the program"),
];

/// Names of the arguments of refused functions.
const KEYWORDS: [&str; 16] = [
    "value",
    "name",
    "level",
    "rate_limit_secs",
    "min",
    "max",
    "length",
    "timestamp",
    "qtype",
    "options",
    "url",
    "method",
    "headers",
    "body",
    "schema_definition",
    "ignore_unknown_formats",
];

/// All functions, built once: their list is long.
pub(super) fn all() -> &'static [Box<dyn Function>] {
    static ALL: LazyLock<Vec<Box<dyn Function>>> = LazyLock::new(|| {
        let replaced = |name: &str| name == Now.identifier() || is_refused(name);
        let standard = vrl::stdlib::all().into_iter().filter(|one| !replaced(one.identifier()));
        let refused = REFUSED.iter().map(|(identifier, reason, instead)| {
            Box::new(Refused { identifier, reason, instead }) as Box<dyn Function>
        });
        standard.chain(refused).chain([Box::new(Now) as Box<dyn Function>]).collect()
    });
    &ALL
}

fn is_refused(name: &str) -> bool {
    refused().any(|identifier| identifier == name)
}

/// Names of the functions that are refused.
pub(super) fn refused() -> impl Iterator<Item = &'static str> {
    REFUSED.iter().map(|(identifier, ..)| *identifier)
}

/// `now()`: when the event arrived. In a stream that is now, and it stays the same in a replay.
#[derive(Debug, Clone, Copy)]
struct Now;

impl Function for Now {
    fn identifier(&self) -> &'static str {
        "now"
    }

    fn usage(&self) -> &'static str {
        "Returns the time at which the event arrived."
    }

    fn category(&self) -> &'static str {
        Category::Timestamp.as_ref()
    }

    fn return_kind(&self) -> u16 {
        kind::TIMESTAMP
    }

    fn examples(&self) -> &'static [Example] {
        &[]
    }

    fn compile(&self, _: &TypeState, _: &mut FunctionCompileContext, _: ArgumentList) -> Compiled {
        let path = OwnedTargetPath {
            prefix: PathPrefix::Metadata,
            path: OwnedValuePath::single_field(RECEIVED_AT),
        };
        Ok(Arrival { path }.as_expr())
    }
}

#[derive(Debug, Clone)]
struct Arrival {
    path: OwnedTargetPath,
}

impl FunctionExpression for Arrival {
    fn resolve(&self, context: &mut Context<'_>) -> Resolved {
        let value = context.target().target_get(&self.path)?;
        Ok(value.cloned().unwrap_or(Value::Null))
    }

    fn type_def(&self, _: &TypeState) -> TypeDef {
        TypeDef::timestamp()
    }
}

/// A function that never compiles.
#[derive(Debug, Clone, Copy)]
struct Refused {
    identifier: &'static str,
    reason: &'static str,
    instead: &'static str,
}

impl Function for Refused {
    fn identifier(&self) -> &'static str {
        self.identifier
    }

    fn usage(&self) -> &'static str {
        self.reason
    }

    fn category(&self) -> &'static str {
        Category::System.as_ref()
    }

    fn return_kind(&self) -> u16 {
        kind::ANY
    }

    fn examples(&self) -> &'static [Example] {
        &[]
    }

    /// Arguments are checked before [`Function::compile`] is asked, so anything has to pass.
    fn parameters(&self) -> &'static [Parameter] {
        static ANY: LazyLock<Vec<Parameter>> = LazyLock::new(|| {
            KEYWORDS.map(|keyword| Parameter::optional(keyword, kind::ANY, "")).to_vec()
        });
        &ANY
    }

    fn compile(
        &self,
        _: &TypeState,
        context: &mut FunctionCompileContext,
        _: ArgumentList,
    ) -> Compiled {
        Err(Box::new(RefusedCall { function: *self, span: context.span() }))
    }
}

#[derive(Debug)]
struct RefusedCall {
    function: Refused,
    span: Span,
}

impl fmt::Display for RefusedCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "function `{}` is refused", self.function.identifier)
    }
}

impl std::error::Error for RefusedCall {}

impl DiagnosticMessage for RefusedCall {
    fn code(&self) -> usize {
        0
    }

    fn labels(&self) -> Vec<Label> {
        vec![
            Label::primary(self.function.reason, self.span),
            Label::context(format!("instead: {}", self.function.instead), self.span),
        ]
    }

    fn notes(&self) -> Vec<Note> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{all, is_refused};

    #[test]
    fn every_function_that_its_library_calls_not_deterministic_is_refused_or_replaced() {
        let suspects: Vec<_> = vrl::stdlib::all()
            .into_iter()
            .filter(|function| {
                let varies = function.examples().iter().any(|one| !one.deterministic || one.skip);
                varies || ["Random", "System"].contains(&function.category())
            })
            .map(|function| function.identifier())
            .collect();
        assert!(suspects.contains(&"uuid_v4"), "{suspects:?}");
        for name in suspects {
            // Named after random ids, but it computes them from its argument.
            let pure = name == "uuid_from_friendly_id";
            assert!(pure || is_refused(name) || name == "now", "{name}");
        }
    }

    #[test]
    fn no_function_is_listed_twice() {
        let mut names: Vec<_> = all().iter().map(|function| function.identifier()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(count > 180, "{count}");
    }
}
