//! What a SQL function of ours is: one static [`Definition`] per function, and the adapter that
//! makes DataFusion call it.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, ExpressionPlacement, ReturnFieldArgs,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::SCALAR_AT;
use super::argument::Argument;
use super::call::Call;
use super::reference::Reference;

/// One function.
pub(super) struct Definition {
    /// Documentation, which also holds the name.
    pub(super) reference: Reference,
    /// The accepted argument lists; the first that fits counts.
    pub(super) forms: &'static [&'static [Argument]],
    /// The result type; also the place to refuse constants that can never work.
    pub(super) returns: fn(&Planned<'_>) -> Result<DataType>,
    /// Whether any NULL argument makes the result NULL.
    pub(super) strict: bool,
    /// Computes the result: one value per row.
    pub(super) evaluate: fn(&Call<'_>) -> Result<ArrayRef>,
}

/// What is known about a call while it is planned.
pub(super) struct Planned<'a> {
    name: &'static str,
    fields: &'a [FieldRef],
    constants: &'a [Option<&'a ScalarValue>],
}

impl Planned<'_> {
    /// Type of an argument; `Null` for one that is not there.
    pub(super) fn data_type(&self, index: usize) -> &DataType {
        self.fields.get(index).map_or(&DataType::Null, |field| field.data_type())
    }

    /// Number of arguments.
    pub(super) const fn count(&self) -> usize {
        self.fields.len()
    }

    /// The text of an argument that is a constant, and not NULL.
    pub(super) fn constant_text(&self, index: usize) -> Option<&str> {
        self.constants.get(index).copied().flatten()?.try_as_str().flatten()
    }

    /// The integer of an argument that is a constant, and not NULL.
    pub(super) fn constant_integer(&self, index: usize) -> Option<i64> {
        match self.constants.get(index).copied().flatten()? {
            ScalarValue::Int64(value) => *value,
            _ => None,
        }
    }

    /// Applies a check to a constant text, so that a wrong one is reported before any row is read.
    pub(super) fn check_text<T, E: std::fmt::Display>(
        &self,
        index: usize,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<()> {
        match self.constant_text(index).map(check) {
            Some(Err(error)) => plan_err!("{}: {error}", self.name),
            _ => Ok(()),
        }
    }
}

/// The adapter between DataFusion and a [`Definition`].
#[derive(Debug)]
struct DefinedFunction {
    definition: &'static Definition,
    signature: Signature,
    aliases: Vec<String>,
    documentation: Documentation,
}

impl std::fmt::Debug for Definition {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.reference.name)
    }
}

// A name stands for one definition, so that two instances of one function are equal.
impl PartialEq for DefinedFunction {
    fn eq(&self, other: &Self) -> bool {
        self.definition.reference.name == other.definition.reference.name
    }
}

impl Eq for DefinedFunction {}

impl Hash for DefinedFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.reference.name.hash(state);
    }
}

impl Definition {
    /// The function for DataFusion's registry.
    pub(super) fn to_udf(&'static self) -> ScalarUDF {
        ScalarUDF::new_from_impl(DefinedFunction {
            definition: self,
            signature: Signature::user_defined(Volatility::Immutable),
            aliases: self.reference.aliases.iter().map(ToString::to_string).collect(),
            documentation: documentation(&self.reference),
        })
    }
}

/// The reference entry in DataFusion's words.
fn documentation(reference: &Reference) -> Documentation {
    let section = DocSection { include: true, label: reference.group.title(), description: None };
    let mut description = reference.description.to_owned();
    if !reference.difference.is_empty() {
        let _infallible = write!(description, " {}", reference.difference);
    }
    let (example, result) = reference.example;
    Documentation::builder(section, description, reference.syntax)
        .with_sql_example(format!("```sql\nSELECT {example};\n-- {result}\n```"))
        .build()
}

impl ScalarUDFImpl for DefinedFunction {
    fn name(&self) -> &str {
        self.definition.reference.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let fitting =
            self.definition.forms.iter().find_map(|form| Argument::coerce_all(form, types));
        if let Some(coerced) = fitting {
            return Ok(coerced);
        }
        let given: Vec<String> = types.iter().map(ToString::to_string).collect();
        let forms: Vec<String> =
            self.definition.forms.iter().map(|form| Argument::list(form)).collect();
        let (forms, given) = (forms.join(") or ("), given.join(", "));
        plan_err!("{} takes ({forms}), not ({given})", self.name())
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        internal_err!("{} gives its result type by field", self.name())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let planned = Planned {
            name: self.definition.reference.name,
            fields: args.arg_fields,
            constants: args.scalar_arguments,
        };
        let data_type = (self.definition.returns)(&planned)?;
        Ok(Field::new(self.name(), data_type, true).into())
    }

    fn is_strict(&self) -> bool {
        self.definition.strict
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let null =
            |arg: &ColumnarValue| matches!(arg, ColumnarValue::Scalar(value) if value.is_null());
        let rows = if constant { 1 } else { args.number_rows };
        let result = if self.definition.strict && args.args.iter().any(null) {
            new_null_array(args.return_field.data_type(), rows)
        } else {
            let call = Call::new(self.definition.reference.name, &args, rows);
            (self.definition.evaluate)(&call)?
        };
        if constant {
            return ScalarValue::try_from_array(&result, 0).map(ColumnarValue::Scalar);
        }
        Ok(ColumnarValue::Array(result))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }

    fn placement(&self, args: &[ExpressionPlacement]) -> ExpressionPlacement {
        // A file may have the value as a column: the call has to reach the scan.
        let [ExpressionPlacement::Column, rest @ ..] = args else {
            return ExpressionPlacement::KeepInPlace;
        };
        let is_literal = |arg: &ExpressionPlacement| *arg == ExpressionPlacement::Literal;
        if self.name() == SCALAR_AT && rest.iter().all(is_literal) {
            return ExpressionPlacement::MoveTowardsLeafNodes;
        }
        ExpressionPlacement::KeepInPlace
    }
}
