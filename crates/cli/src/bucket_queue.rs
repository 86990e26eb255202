//! Buckets that are followed through a queue of Amazon SQS: the queue's client from settings and
//! environment, and the task beside a server.

use std::collections::BTreeMap;

use headwater_event::ErrorKind;
use headwater_ingest::{BucketReport, IngestContext, IngestError, IngestOptions, follow};
use headwater_sources::sigv4::{AwsKey, SecretKey};
use headwater_sources::sqs::{SqsOptions, SqsQueue};
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

use crate::context::{Context, now};
use crate::failure::Failure;
use crate::screen;

/// The queue at a URL, asked with the access key of the environment (`AWS_ACCESS_KEY_ID` and so on)
/// or of `lake.storage`, which wins. The region is that of the URL, else the one that is set.
///
/// # Errors
/// Something is missing or wrong.
pub(crate) fn queue(context: &Context, url: &str) -> Result<SqsQueue, Failure> {
    let mut options: BTreeMap<String, String> = context.object_store_options()?.collect();
    let mut take = |name: &str| {
        let set = options.remove(name);
        set.or_else(|| options.remove(&format!("aws_{name}")))
    };
    let invalid = |message: &str| Failure::new(ErrorKind::Invalid, message.to_owned());
    let key = (take("access_key_id"), take("secret_access_key"));
    let (Some(id), Some(secret)) = key else {
        return Err(invalid("a queue needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"));
    };
    let session_token = take("session_token").or_else(|| take("token")).map(SecretKey::from_text);
    let region = region_of(url).or_else(|| take("region")).or_else(|| take("default_region"));
    let region = region.ok_or_else(|| invalid("a queue needs a region: set AWS_REGION"))?;
    let options = SqsOptions {
        queue_url: url.to_owned(),
        region,
        key: AwsKey { id, secret: SecretKey::from_text(secret), session_token },
        visibility_timeout: SqsOptions::VISIBILITY_TIMEOUT,
    };
    Ok(SqsQueue::new(options, now).map_err(IngestError::from)?)
}

/// `sqs.REGION.amazonaws.com`, or the older `REGION.queue.amazonaws.com`.
fn region_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?.strip_suffix(".cn").or(url.host_str())?;
    let host = host.strip_suffix(".amazonaws.com")?;
    host.strip_prefix("sqs.").or_else(|| host.strip_suffix(".queue")).map(str::to_owned)
}

/// One line about a batch of messages.
pub(crate) fn show(report: &BucketReport, json: bool) -> Result<(), Failure> {
    for failed in &report.ingest.failed {
        screen::note(format_args!("error: {}: {}", failed.name, failed.error));
    }
    if json {
        return screen::json(report);
    }
    screen::note(format_args!(
        "{} events from {} objects ({} in the lake already, {} gone); {} of {} messages done",
        screen::count(report.ingest.events),
        screen::count(report.objects),
        screen::count(report.ingest.files_skipped),
        screen::count(report.objects_gone),
        screen::count(report.messages_deleted),
        screen::count(report.messages),
    ));
    Ok(())
}

/// The buckets that a server follows.
pub(crate) struct Followed {
    tasks: JoinSet<Result<(), IngestError>>,
    stop: watch::Sender<bool>,
}

impl Followed {
    /// Starts to follow them.
    pub(crate) fn start(
        queues: Vec<SqsQueue>,
        ingest: &IngestContext,
        options: &IngestOptions,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for queue in queues {
            let (ingest, options) = (ingest.clone(), options.clone());
            let mut stopped = stopped.clone();
            tasks.spawn(async move {
                let stop = async move {
                    // Whoever could stop it is gone: the same as a stop.
                    let _ = stopped.wait_for(|stop| *stop).await;
                };
                follow(&ingest, &queue, &options, stop, |report| {
                    tracing::info!(
                        events = report.ingest.events,
                        objects = report.objects,
                        messages = report.messages,
                        "a queue announced objects"
                    );
                })
                .await
            });
        }
        Self { tasks, stop }
    }

    /// Waits until one cannot go on.
    pub(crate) async fn failed(&mut self) -> Failure {
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.into(),
                Err(error) => return Failure::new(ErrorKind::Internal, error.to_string()),
            }
        }
        std::future::pending().await
    }

    /// Stops: what is being read goes into the lake, or is announced again.
    pub(crate) async fn finish(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::region_of;

    #[test]
    fn the_region_is_in_the_url() {
        for (url, region) in [
            ("https://sqs.eu-central-1.amazonaws.com/123456789012/logs", Some("eu-central-1")),
            ("https://us-west-2.queue.amazonaws.com/123456789012/logs", Some("us-west-2")),
            ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/logs", Some("cn-north-1")),
            ("http://127.0.0.1:5000/123456789012/logs", None),
            ("not a url", None),
        ] {
            assert_eq!(region_of(url).as_deref(), region, "{url}");
        }
    }
}
