//! From the text of a file to a plugin: header, program, types; every fault with its place.

use std::sync::atomic::AtomicBool;

use vrl::compiler::state::ExternalEnv;
use vrl::compiler::{
    CompilationResult, CompileConfig, ProgramInfo, TimeZone, compile_with_external,
};
use vrl::path::{OwnedSegment, OwnedTargetPath, OwnedValuePath, PathPrefix};
use vrl::value::Kind;
use vrl::value::kind::Collection;

use super::diagnostic::Source;
use super::header::Header;
use super::selection::{Selection, Selections};
use super::{Diagnostic, STEPS_MAX, Severity, VrlError, VrlPlugin, facts, functions};

/// Compiles the text of one plugin; faults name the file `<name>.vrl`.
///
/// # Errors
/// [`VrlError::Invalid`] with all faults of the text.
pub fn compile(name: &str, text: &str) -> Result<VrlPlugin, VrlError> {
    compile_file(&format!("{name}.vrl"), name, text)
        .map_err(|diagnostics| VrlError::Invalid { diagnostics })
}

/// Compiles one file. A wrong header does not hide what is wrong with the program.
pub(super) fn compile_file(
    file: &str,
    name: &str,
    text: &str,
) -> Result<VrlPlugin, Vec<Diagnostic>> {
    let source = Source { file, text };
    let mut faults: Vec<Diagnostic> = check_name(file, name).into_iter().collect();
    let header = Header::parse(&source).map_err(|fault| faults.push(*fault)).ok();
    let result = compile_program(&source).map_err(|list| faults.extend(list)).ok();
    match (header, result) {
        (Some(header), Some(result)) if faults.is_empty() => {
            Ok(build(&source, name, header, result))
        }
        _ => Err(faults),
    }
}

fn build(source: &Source<'_>, name: &str, header: Header, result: CompilationResult) -> VrlPlugin {
    let info = result.program.info();
    let of = |document| Selection::of(document, &info.target_queries, &info.target_assignments);
    let selections =
        Selections { event: of(PathPrefix::Event), metadata: of(PathPrefix::Metadata) };
    let warnings = result.warnings.iter().map(|one| convert(source, one)).collect();
    VrlPlugin {
        name: name.to_owned(),
        kind: header.kind(),
        registration: header.registration,
        priority: header.priority,
        description: header.description,
        warnings,
        text: source.text.to_owned(),
        widened: selections.widened(),
        selections,
        steps_max: STEPS_MAX,
        needs_all: AtomicBool::new(false),
        // Never the zone of the machine. UTC is a name that every zone database has.
        time_zone: TimeZone::parse("UTC").unwrap_or_default(),
        program: result.program,
    }
}

/// The file's name becomes a word of the audit trail and of SQL queries over it.
fn check_name(file: &str, name: &str) -> Option<Diagnostic> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.is_empty() && name.bytes().all(good) {
        return None;
    }
    let better: String = name
        .chars()
        .map(|one| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { '_' })
        .collect();
    let message = "the name of a plugin has lower-case letters, digits and `_` only".to_owned();
    Some(Diagnostic::of_file(file, message).with_help(&format!("rename the file: {better}.vrl")))
}

fn compile_program(source: &Source<'_>) -> Result<CompilationResult, Vec<Diagnostic>> {
    let mut config = CompileConfig::default();
    for fact in facts::FACTS {
        config.set_read_only_path(
            OwnedTargetPath::metadata(OwnedValuePath::single_field(fact)),
            true,
        );
    }
    let environment = ExternalEnv::new_with_kind(Kind::object(Collection::any()), facts::kind());
    let result = compile_with_external(source.text, functions::all(), &environment, config)
        .map_err(|list| list.iter().map(|one| convert(source, one)).collect::<Vec<_>>())?;
    let mut faults = unknown_facts(source, result.program.info());
    let last = result.program.final_type_info().state.external;
    let ocsf = last.metadata_kind().at_path(&OwnedValuePath::single_field(facts::OCSF));
    let documents = [
        ("event", last.target_kind(), EVENT_HELP),
        ("OCSF object", &ocsf, "assign an object to `%ocsf`, or null to empty it"),
    ];
    for (name, kind, help) in documents {
        if !kind.contains_object() && !kind.contains_null() && !kind.contains_undefined() {
            let message = format!("the program always makes the {name} {kind}");
            faults.push(Diagnostic::of_file(source.file, message).with_help(help));
        }
    }
    if faults.is_empty() { Ok(result) } else { Err(faults) }
}

const EVENT_HELP: &str = "assign an object to `.`, or null to drop the event";

/// `%` members that do not exist: they are always null and keep nothing, so always a mistake.
fn unknown_facts(source: &Source<'_>, info: &ProgramInfo) -> Vec<Diagnostic> {
    let paths = info.target_queries.iter().chain(&info.target_assignments);
    let metadata = paths.filter(|path| path.prefix == PathPrefix::Metadata);
    let mut names: Vec<String> = metadata
        .filter_map(|path| match path.path.segments.first()? {
            OwnedSegment::Field(name) => Some(name.to_string()),
            OwnedSegment::Index(index) => Some(format!("[{index}]")),
        })
        .filter(|name| facts::names().all(|known| known != name))
        .collect();
    names.sort_unstable();
    names.dedup();
    let list: Vec<String> = facts::names().map(|name| format!("%{name}")).collect();
    names
        .into_iter()
        .map(|name| {
            let written = format!("%{name}");
            let start = source.text.find(&written).unwrap_or_default();
            source
                .fault(start..start + written.len(), &format!("there is no `{written}`"))
                .with_help(&format!("known: {}", list.join(", ")))
        })
        .collect()
}

/// A fault of the compiler in our form, with the compiler's own words.
fn convert(source: &Source<'_>, fault: &vrl::diagnostic::Diagnostic) -> Diagnostic {
    // What a function says about its own call comes wrapped; ours have no code.
    let message = fault.message.strip_prefix("function compilation error: ");
    let own = message.and_then(|message| message.strip_prefix("error[E0] "));
    let mut converted =
        Diagnostic::of_file(source.file, own.or(message).unwrap_or(&fault.message).to_owned());
    converted.code = if own.is_some() { 0 } else { fault.code };
    if fault.severity.is_warning() || fault.severity.is_note() {
        converted.severity = Severity::Warning;
    }
    let (primary, context): (Vec<_>, Vec<_>) = fault.labels.iter().partition(|one| one.primary);
    for label in primary.into_iter().chain(context) {
        converted.mark(source, label.span.range(), label.primary, &label.message);
    }
    if is_mistaken(source, fault) {
        return MISTAKEN_HELP.into_iter().fold(converted, |fault, help| fault.with_help(help));
    }
    let notes = fault.notes.iter().map(ToString::to_string);
    converted.help.extend(notes.filter(|note| !note.trim().is_empty()));
    converted
}

/// The compiler's code for an assignment below something that is no object.
const REJECTED_PARENT: usize = 642;

const MISTAKEN_HELP: [&str; 2] = [
    "the compiler takes `%ocsf` for a part of `.`, which the program replaced",
    "assign below `%ocsf` before that, or the whole of it: `%ocsf = merge(%ocsf, {…})`",
];

/// Whether the fault is that of a path of `%`, which this release of the compiler checks against
/// the type of `.`.
fn is_mistaken(source: &Source<'_>, fault: &vrl::diagnostic::Diagnostic) -> bool {
    let is_metadata = |label: &vrl::diagnostic::Label| {
        source.text.get(label.span.start()..).is_some_and(|text| text.starts_with('%'))
    };
    fault.code == REJECTED_PARENT && fault.labels.iter().any(is_metadata)
}
