//! `headwater replay`: rejected records through the plugins again.

use std::path::PathBuf;
use std::process::ExitCode;

use headwater_ingest::ReplayOptions;
use headwater_sources::files::Format;

use crate::context::{Context, Overrides};
use crate::failure::Failure;
use crate::screen;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater replay
  headwater replay --stage normalize --plugins fixed-plugins/
  headwater replay --reason 'JSON ends early' --format lines --dry-run

What becomes an event now is marked in `rejects` (replayed_at), once; the rest stays as it is.")]
pub(crate) struct Arguments {
    /// Only rejects whose reason contains this text
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only rejects of this stage: read, parse, normalize, enrich, write
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
    /// Only rejects of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only rejects of this plugin
    #[arg(long, value_name = "NAME")]
    plugin: Option<String>,
    /// What the original bytes are: json, lines, syslog
    #[arg(long, default_value = "json", value_name = "FORMAT")]
    format: Format,
    /// Folder with VRL plugins (*.vrl)
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// Only report what would become an event
    #[arg(long)]
    dry_run: bool,
    /// Print the report as one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let ingest = context.ingest(&Overrides { plugins: arguments.plugins.clone() })?;
    let options = ReplayOptions {
        reason: arguments.reason.clone(),
        stage: arguments.stage.clone(),
        source: arguments.source.clone(),
        plugin: arguments.plugin.clone(),
        format: arguments.format,
        dry_run: arguments.dry_run,
        raw: context.ingest_options().raw,
    };
    let report = headwater_ingest::replay(&ingest, &options).await?;
    if arguments.json {
        screen::json(&report)?;
    } else {
        screen::note(format_args!(
            "{} {} records as {} events; {} are still rejected",
            if arguments.dry_run { "would replay" } else { "replayed" },
            screen::count(report.replayed),
            screen::count(report.events),
            screen::count(report.rejects),
        ));
    }
    Ok(ExitCode::SUCCESS)
}
