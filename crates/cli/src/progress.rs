//! Progress of long work on standard error: a bar with rate, redrawn a few times a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use headwater_ingest::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// Time between two drawings.
const REDRAW_INTERVAL: Duration = Duration::from_millis(150);

/// Draws the progress of one ingest run until stopped.
pub(crate) struct IngestDisplay {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl IngestDisplay {
    /// Starts drawing, when `visible`.
    pub(crate) fn start(progress: &Arc<Progress>, visible: bool) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = visible.then(|| {
            let (progress, stop) = (Arc::clone(progress), Arc::clone(&stop));
            std::thread::spawn(move || draw(&progress, &stop))
        });
        Self { stop, thread }
    }

    /// Takes the bar away.
    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread {
            thread.thread().unpark();
            // The drawing thread only draws; there is nothing to do about its failure.
            let _ = thread.join();
        }
    }
}

fn draw(progress: &Progress, stop: &AtomicBool) {
    let bar = ProgressBar::new(0);
    let template = "{bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    while !stop.load(Ordering::Relaxed) {
        bar.set_length(Progress::read(&progress.bytes_found));
        bar.set_position(Progress::read(&progress.bytes_read));
        bar.set_message(format!(
            "{} events, {} rejects, {} files",
            crate::screen::count(Progress::read(&progress.events)),
            crate::screen::count(Progress::read(&progress.rejects)),
            crate::screen::count(Progress::read(&progress.files)),
        ));
        std::thread::park_timeout(REDRAW_INTERVAL);
    }
    bar.finish_and_clear();
}
