//! Falco: Detection Finding for a rule that matched. Contract: Falco's JSON output, `output_fields`
//! as its rules name them.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::text_line::severity_of;
use super::well_known::{file, product};

/// Where the fields that rules print go. Their names hold dots.
const FIELDS: &[(&str, &str)] = &[
    ("output_fields.proc.name", "evidences[0].process.name"),
    ("output_fields.proc.pid", "evidences[0].process.pid"),
    ("output_fields.proc.cmdline", "evidences[0].process.cmd_line"),
    ("output_fields.proc.cwd", "evidences[0].process.working_directory"),
    ("output_fields.proc.pname", "evidences[0].process.parent_process.name"),
    ("output_fields.proc.ppid", "evidences[0].process.parent_process.pid"),
    ("output_fields.proc.pcmdline", "evidences[0].process.parent_process.cmd_line"),
    ("output_fields.user.name", "evidences[0].actor.user.name"),
    ("output_fields.user.uid", "evidences[0].actor.user.uid"),
    ("output_fields.container.id", "evidences[0].container.uid"),
    ("output_fields.container.name", "evidences[0].container.name"),
    ("output_fields.container.image.repository", "evidences[0].container.image.name"),
    ("output_fields.container.image.tag", "evidences[0].container.image.tag"),
    ("output_fields.fd.sip", "evidences[0].dst_endpoint.ip"),
    ("output_fields.fd.sport", "evidences[0].dst_endpoint.port"),
    ("output_fields.fd.cip", "evidences[0].src_endpoint.ip"),
    ("output_fields.fd.cport", "evidences[0].src_endpoint.port"),
];

#[derive(Debug)]
pub(super) struct Falco;

impl Mapping for Falco {
    fn name(&self) -> &'static str {
        "falco"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["rule", "priority", "output_fields"], &["rule", "priority", "output", "time"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("priority").is_some_and(|word| severity_of(&word).is_some())
            && source.has("output")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        mapper.class(2004, 1);
        product(mapper, "Falco", "Falco");
        mapper.time(&["time", "output_fields.evt.time", "output_fields.evt.time.iso8601"]);
        let severity = mapper.source().text("priority").and_then(|word| severity_of(&word));
        mapper.set("severity_id", severity.unwrap_or(0));
        mapper.table(&[
            ("uuid", "metadata.uid"),
            ("priority", "metadata.log_level"),
            ("source", "metadata.log_name"),
            ("hostname", "device.hostname"),
            ("output", "message"),
            ("tags", "finding_info.types"),
        ]);
        if mapper.written("device.hostname").is_some() {
            mapper.set("device.type_id", 0_i64);
        }
        mapper.copy("rule", "finding_info.title");
        mapper.copy("rule", "finding_info.analytic.name");
        mapper.set("finding_info.analytic.type_id", 1_i64);
        // An alert has a number of its own only since Falco 0.42.
        mapper.copy_first(&["uuid", "rule"], "finding_info.uid");
        mapper.set("is_alert", true);
        mapper.table(FIELDS);
        process(mapper);
    }
}

/// Objects that need an identity which rules do not always print.
fn process(mapper: &mut Mapper<'_>) {
    // An image needs an identity: the repository names one where the rule prints no digest.
    mapper.copy_first(
        &[
            "output_fields.container.image.digest",
            "output_fields.container.image.id",
            "output_fields.container.image.repository",
        ],
        "evidences[0].container.image.uid",
    );
    let to = "evidences[0].process";
    file(mapper, "output_fields.proc.exepath", &format!("{to}.file"));
    let has = |path: &str| mapper.written((to, path)).is_some();
    if !has("pid") && (has("name") || has("cmd_line") || has("file.path")) {
        mapper.set((to, "uid"), "Unknown");
    }
    let parent = format!("{to}.parent_process");
    let has = |path: &str| mapper.written((&parent, path)).is_some();
    if !has("pid") && (has("name") || has("cmd_line")) {
        mapper.set((&parent, "uid"), "Unknown");
    }
    if mapper.source().text("output_fields.fd.name").is_some_and(|name| name.starts_with('/')) {
        file(mapper, "output_fields.fd.name", "evidences[0].file");
    }
}
