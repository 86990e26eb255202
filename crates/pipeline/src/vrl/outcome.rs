//! What becomes of the event and its OCSF object after a program, and when it happened.

use headwater_event::{Event, Timestamp, time};
use vrl::path::OwnedSegment;
use vrl::value::ObjectMap;

use super::convert::Refusal;
use super::numbers::Numbers;
use super::target::{Changes, Outcome};
use super::{change, ocsf, reject};
use crate::{Metadata, Verdict};

/// The event's time in its shell.
const SHELL_TIME: &str = "utctimestamp";

/// The event's time in its OCSF object, in milliseconds.
const OCSF_TIME: &str = "time";

impl Outcome {
    /// Writes back what a program did.
    pub(super) fn apply(
        self,
        event: &mut Event,
        metadata: &mut Metadata<'_>,
        numbers: &Numbers,
    ) -> Verdict {
        let times = Times::before(&self, event);
        match self.write_back(event, numbers) {
            Ok(Verdict::Keep) => {
                times.tell(event, metadata);
                Verdict::Keep
            }
            Ok(verdict) => verdict,
            Err(refusal) => reject(&refusal),
        }
    }

    fn write_back(self, event: &mut Event, numbers: &Numbers) -> Result<Verdict, Refusal> {
        match self.event {
            Changes::None => {}
            Changes::Gone => return Ok(Verdict::Drop),
            Changes::NotAnObject(kind) => {
                let reason = "assign an object, or null to drop it";
                return Ok(Verdict::Reject(
                    format!("program made the event {kind}: {reason}").into(),
                ));
            }
            Changes::Members { root, paths } => {
                change::write_back(&mut event.json, &root, &paths, numbers)?;
            }
        }
        match self.ocsf {
            Changes::None => {}
            Changes::Gone => {
                let whole = [Vec::new()];
                ocsf::write_back(&mut event.ocsf, &ObjectMap::new(), &whole, numbers)?;
            }
            Changes::NotAnObject(kind) => {
                let reason = "assign an object, or null to empty it";
                return Ok(Verdict::Reject(
                    format!("program made `%ocsf` {kind}: {reason}").into(),
                ));
            }
            Changes::Members { root, paths } => {
                ocsf::write_back(&mut event.ocsf, &root, &paths, numbers)?;
            }
        }
        Ok(Verdict::Keep)
    }
}

impl Changes {
    /// The path that a program touched at or above a member.
    fn touched(&self, member: &str) -> Option<&[OwnedSegment]> {
        let Self::Members { paths, .. } = self else { return None };
        let is_it = |path: &&Vec<OwnedSegment>| match path.first() {
            None => true,
            Some(OwnedSegment::Field(name)) => name.as_str() == member,
            Some(OwnedSegment::Index(_)) => false,
        };
        paths.iter().find(is_it).map(Vec::as_slice)
    }
}

/// When the event happened, before a program had its say.
struct Times {
    /// What the shell said, when the program may have changed it.
    shell: Option<Option<String>>,
    /// The program assigned to it.
    is_shell_assigned: bool,
    /// What the OCSF object said, when the program may have changed it.
    ocsf: Option<Option<i64>>,
}

impl Times {
    fn before(outcome: &Outcome, event: &Event) -> Self {
        let shell = outcome.event.touched(SHELL_TIME);
        let ocsf = outcome.ocsf.touched(OCSF_TIME);
        Self {
            shell: shell.map(|_| shell_time(event)),
            is_shell_assigned: shell.is_some_and(|path| !path.is_empty()),
            ocsf: ocsf.map(|_| ocsf_time(event)),
        }
    }

    /// A time that the program told counts from now on, as one that the protocol told. The shell is
    /// the finer one, so it counts when the program set both.
    fn tell(self, event: &mut Event, metadata: &mut Metadata<'_>) {
        let text = shell_time(event);
        if self.shell.is_some_and(|before| self.is_shell_assigned || before != text) {
            let text = text.unwrap_or_default();
            if let Some(time) =
                time::parse_iso_fast(&text).or_else(|| time::parse(&text, metadata.received_at))
            {
                metadata.time = Some(time);
                return;
            }
        }
        let millis = ocsf_time(event);
        if self.ocsf.is_some_and(|before| before != millis)
            && let Some(micros) = millis.and_then(|millis| millis.checked_mul(1_000))
        {
            let time = Timestamp::from_micros(micros);
            metadata.time = Some(time);
            event.set_shell(SHELL_TIME, &*time.to_iso());
        }
    }
}

fn shell_time(event: &Event) -> Option<String> {
    event.shell(SHELL_TIME).map(std::borrow::Cow::into_owned)
}

fn ocsf_time(event: &Event) -> Option<i64> {
    event.ocsf.as_i64(event.ocsf.lookup(OCSF_TIME)?)
}
