//! Syslog daemons as shippers run them: Debian's rsyslog and syslog-ng, from the folder that
//! `scripts/setup.sh` makes, in the foreground, with everything they write in a temporary folder.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::repository;

/// Longest time for a daemon to start.
const START_TIME_MAX: Duration = Duration::from_secs(60);

/// A daemon of one of these makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyslogDaemon {
    /// rsyslog.
    Rsyslog,
    /// syslog-ng.
    SyslogNg,
}

/// A running daemon; killed when dropped.
#[derive(Debug)]
pub struct RunningDaemon {
    process: Child,
    folder: TempDir,
}

impl SyslogDaemon {
    /// Every make.
    pub const ALL: [Self; 2] = [Self::Rsyslog, Self::SyslogNg];

    /// Starts the daemon and waits until its sockets of these names are there. In `settings` the
    /// word `FOLDER` stands for the folder of these sockets.
    ///
    /// # Panics
    /// When it is not installed (`make test` and scripts/setup.sh do that) or does not start.
    #[must_use]
    pub fn start(self, settings: &str, sockets: &[&str]) -> RunningDaemon {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        let settings = settings.replace("FOLDER", &folder.path().to_string_lossy());
        std::fs::write(path("settings.conf"), settings).expect("a settings file");
        let log = std::fs::File::create(path("log")).expect("a log file");
        let mut command = match self {
            Self::Rsyslog => {
                let mut command = Command::new(program("rsyslogd"));
                command.args(["-n", "-f"]).arg(path("settings.conf"));
                command.arg("-i").arg(path("pid"));
                command
            }
            Self::SyslogNg => {
                let mut command = Command::new(program("syslog-ng"));
                command.args(["-F", "-e", "--no-caps", "-f"]).arg(path("settings.conf"));
                command.arg("-R").arg(path("persist"));
                command.arg("-p").arg(path("pid")).arg("-c").arg(path("control"));
                command
            }
        };
        let mut process = command
            .env("TZ", "UTC")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone().expect("the log file")))
            .stderr(Stdio::from(log))
            .spawn()
            .expect("the daemon runs");
        let begun = Instant::now();
        while !sockets.iter().all(|socket| is_open(&path(socket))) {
            let ended = process.try_wait().expect("its state");
            assert!(
                ended.is_none() && begun.elapsed() < START_TIME_MAX,
                "{self:?} did not start: {}",
                std::fs::read_to_string(path("log")).unwrap_or_default()
            );
            std::thread::yield_now();
        }
        RunningDaemon { process, folder }
    }
}

impl RunningDaemon {
    /// Hands a message to a socket, as `logger` and the C library do.
    ///
    /// # Panics
    /// When the daemon does not take it.
    pub fn log(&self, socket: &str, message: &str) {
        let sender = UnixDatagram::unbound().expect("a socket");
        let path = self.folder.path().join(socket);
        sender.send_to(message.as_bytes(), path).expect("the daemon listens");
    }

    /// What the daemon said about itself.
    #[must_use]
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for RunningDaemon {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_open(socket: &Path) -> bool {
    UnixDatagram::unbound().is_ok_and(|sender| sender.connect(socket).is_ok())
}

/// A program of the folder that `scripts/setup.sh` makes: `$HEADWATER_SENDERS`, else `.senders` in
/// the repository.
fn program(name: &str) -> PathBuf {
    let folder = std::env::var_os("HEADWATER_SENDERS")
        .map_or_else(|| repository().join(".senders"), PathBuf::from);
    let program = folder.join("bin").join(name);
    assert!(
        program.exists(),
        "{} is missing: run `make test` or scripts/setup.sh",
        program.display()
    );
    program
}
