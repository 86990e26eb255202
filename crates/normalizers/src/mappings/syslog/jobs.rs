//! Sentences about jobs and services: Scheduled Job Activity of cron, Application Lifecycle of
//! what systemd manages.

use super::sentence::{Meaning, Sentence, means, named};

const STARTED: Meaning = means(1006, 6, 1);
const UNIT_STARTED: Meaning = means(6002, 3, 1);
const UNIT_STOPPED: Meaning = means(6002, 4, 1);
const UNIT_FAILED: Meaning = named(6002, "Failed", 2);

pub(super) const JOBS: &[Sentence] = &[
    ("({user}) CMD ({command*})", STARTED),
    ("({user}) CMDEND ({command*})", named(1006, "End", 1)),
    ("({user}) CMDOUT ({output*})", named(1006, "Output", 0)),
    ("({user}) BEGIN EDIT ({job})", named(1006, "Begin edit", 0)),
    ("({user}) END EDIT ({job})", named(1006, "End edit", 0)),
    ("({user}) REPLACE ({job})", means(1006, 2, 1)),
    ("({user}) DELETE ({job})", means(1006, 3, 1)),
    ("({user}) LIST ({job})", named(1006, "List", 1)),
    ("({user}) RELOAD ({job})", named(1006, "Reload", 1)),
    ("({user}) ORPHAN ({reason*})", named(1006, "Orphan", 0)),
    ("({user}) WRONG FILE OWNER ({job})", named(1006, "Wrong file owner", 2)),
    ("({user}) AUTH (crontab command not allowed)", means(1006, 1, 2)),
    ("({user}) FAILED to authorize user with PAM ({reason*})", means(1006, 6, 2)),
    ("Job `{job*}' started", STARTED),
    ("Job `{job*}' terminated", named(1006, "End", 1)),
    ("Starting job {number} ({job}) for user '{user}' ({})", STARTED),
];

pub(super) const SERVICES: &[Sentence] = &[
    ("Started {unit*}.", UNIT_STARTED),
    ("Started {unit*}", UNIT_STARTED),
    ("Finished {unit*}", named(6002, "Finished", 1)),
    ("Starting {unit*}", named(6002, "Starting", 0)),
    ("Stopped {unit*}.", UNIT_STOPPED),
    ("Stopped {unit*}", UNIT_STOPPED),
    ("Stopping {unit*}", named(6002, "Stopping", 0)),
    ("Reloading {unit*}", named(6002, "Reloading", 0)),
    ("Reloaded {unit*}", named(6002, "Reloaded", 1)),
    ("Removed slice {unit*}", named(6002, "Removed slice", 1)),
    ("Created slice {unit*}", named(6002, "Created slice", 1)),
    ("Failed to start {unit*}.", means(6002, 3, 2)),
    ("Failed to start {unit*}", means(6002, 3, 2)),
    ("{unit}: Main process exited, code={reason}, status={code*}", UNIT_FAILED),
    ("{unit}: Failed with result '{reason}'.", UNIT_FAILED),
    ("{unit}: Succeeded.", named(6002, "Finished", 1)),
    ("{unit}: Deactivated successfully.", UNIT_STOPPED),
    ("{unit}: Scheduled restart job, {reason*}", means(6002, 5, 0)),
];
