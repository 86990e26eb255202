//! `headwater lambda firehose-transform`: the pipeline as a Lambda function that Amazon Data
//! Firehose calls for the records of a stream (AWS documentation, "Transform source data in Amazon
//! Data Firehose" and "Lambda runtime API"). Nothing is written anywhere; Firehose delivers what
//! comes back.

use std::process::ExitCode;
use std::sync::Arc;

use headwater_event::{Envelope, ErrorKind, Event, Origin, Reject};
use headwater_pipeline::{Output, Pipeline, Worker};
use headwater_sources::firehose::{Transformed, transform};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

use crate::context::{Context, now};
use crate::failure::Failure;

/// Arguments of `lambda`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    function: Function,
}

/// What the function does.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
enum Function {
    /// Run the plugins on the records of a Firehose stream
    FirehoseTransform,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    let Function::FirehoseTransform = arguments.function;
    if !context.environment().is_lambda() {
        let message = "this is not a Lambda function: AWS_LAMBDA_RUNTIME_API and \
            AWS_LAMBDA_FUNCTION_NAME, _MEMORY_SIZE and _VERSION are not all set";
        return Err(Failure::new(ErrorKind::Invalid, message));
    }
    let pipeline = context.pipeline(None)?;
    let function = service_fn(move |event: LambdaEvent<Value>| {
        let pipeline = Arc::clone(&pipeline);
        async move { answer(&pipeline, &event.payload) }
    });
    let ended = lambda_runtime::run(function).await;
    ended.map_err(|error| {
        let message = format!("the Lambda runtime API failed: {error}");
        Failure::new(ErrorKind::Unavailable, message)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The answer to one invocation.
fn answer(pipeline: &Arc<Pipeline>, event: &Value) -> Result<Value, lambda_runtime::Error> {
    let origin = Origin {
        source: stream_name(event).map(Into::into),
        name: "firehose".into(),
        ..Origin::default()
    };
    let mut worker = pipeline.worker();
    let answer = transform(event, |document| process(&mut worker, document, &origin));
    answer.ok_or_else(|| "the event has no `records`: only Firehose may call this function".into())
}

/// Name of the stream that calls.
fn stream_name(event: &Value) -> Option<&str> {
    let arn = event.get("deliveryStreamArn")?.as_str()?;
    arn.rsplit_once(":deliverystream/").map(|(_, name)| name)
}

/// One record: an object, or a list of some. It is transformed as a whole or not at all.
fn process(worker: &mut Worker, document: &[u8], origin: &Origin) -> Transformed {
    let json = document.trim_ascii();
    let mut made = Made::default();
    let envelope = Envelope { original: json, json, origin, time: None, received_at: now() };
    worker.process(envelope, &mut made);
    if let Some(reject) = made.reject {
        let (stage, plugin) = (reject.stage.name(), reject.plugin.as_deref());
        tracing::warn!(stage, plugin, reason = reject.reason, "a record was not transformed");
        return Transformed::Failed;
    }
    // The texts of several events are lines.
    match String::from_utf8(made.lines) {
        Ok(lines) if lines.is_empty() => Transformed::Dropped,
        Ok(lines) => Transformed::Ok(lines),
        Err(_) => Transformed::Failed,
    }
}

/// What the pipeline made of one record.
#[derive(Debug, Default)]
struct Made {
    lines: Vec<u8>,
    reject: Option<Reject>,
}

impl Output for Made {
    fn event(&mut self, event: &Event, _: Envelope<'_>) -> Result<(), String> {
        if !self.lines.is_empty() {
            self.lines.push(b'\n');
        }
        event.json.write(event.json.root(), &mut self.lines);
        Ok(())
    }

    fn reject(&mut self, reject: Reject, _: &Origin) {
        self.reject.get_or_insert(reject);
    }

    fn dropped(&mut self) {}
}
