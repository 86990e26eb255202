//! What a program costs: wall time, CPU time and peak memory, as the Linux kernel accounts for
//! them.

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Clock ticks per second in `/proc/*/stat`: fixed to 100 in the kernel's interface to programs.
const TICKS_PER_SECOND: u64 = 100;

/// Pause between two looks at a program's memory. The kernel keeps the peak, so only what happens
/// in the last pause of a program's life can be missed.
const MEMORY_INTERVAL: Duration = Duration::from_millis(5);

/// Cost of one run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// From start to end.
    pub wall: Duration,
    /// User and system time of all threads.
    pub cpu: Duration,
    /// Largest resident memory in bytes; 0 where it was not measured.
    pub peak_bytes: u64,
}

impl Usage {
    /// Speed in MiB per second of wall time, for so many bytes of input.
    #[must_use]
    pub fn speed(&self, bytes: u64) -> f64 {
        mebibytes(bytes) / self.wall.as_secs_f64()
    }

    /// Speed in MiB per second of CPU time: what one core does.
    #[must_use]
    pub fn speed_per_core(&self, bytes: u64) -> f64 {
        mebibytes(bytes) / self.cpu.as_secs_f64()
    }

    /// Of several runs, the middle one of each cost.
    #[must_use]
    pub fn median(runs: &[Self]) -> Self {
        Self {
            wall: median(runs.iter().map(|run| run.wall)),
            cpu: median(runs.iter().map(|run| run.cpu)),
            // Not a matter of chance: the worst one counts.
            peak_bytes: runs.iter().map(|run| run.peak_bytes).max().unwrap_or_default(),
        }
    }
}

/// The middle one of some durations; the lower one of the two in the middle.
#[must_use]
pub fn median(durations: impl IntoIterator<Item = Duration>) -> Duration {
    let mut sorted: Vec<Duration> = durations.into_iter().collect();
    sorted.sort_unstable();
    let middle = sorted.len().saturating_sub(1) / 2;
    sorted.get(middle).copied().unwrap_or_default()
}

/// Bytes as MiB.
#[must_use]
pub fn mebibytes(bytes: u64) -> f64 {
    // Sizes here are far below 2^53.
    bytes as f64 / f64::from(1 << 20)
}

/// Runs a program to its end. Its standard output is returned, its standard error passed on.
/// Programs that are measured must run one after the other, and no other child may end meanwhile.
///
/// # Errors
/// The program cannot be started, or the system has no `/proc`.
pub fn run(command: &mut Command) -> Result<(Output, Usage)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let before = ProcessTimes::now()?.children;
    let start = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start {name}"))?;
    let (output, peak_bytes) = watch(child).with_context(|| format!("failed to run {name}"))?;
    let wall = start.elapsed();
    let cpu = ProcessTimes::now()?.children.saturating_sub(before);
    Ok((output, Usage { wall, cpu, peak_bytes }))
}

/// Waits for a child and keeps an eye on its memory.
fn watch(child: Child) -> Result<(Output, u64)> {
    let id = child.id();
    let (peak, over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                peak.fetch_max(peak_memory(id), Ordering::Relaxed);
                std::thread::sleep(MEMORY_INTERVAL);
            }
        });
        let output = child.wait_with_output();
        over.store(true, Ordering::Relaxed);
        Ok((output?, peak.load(Ordering::Relaxed)))
    })
}

/// Largest resident memory of a process so far, in bytes; 0 when it is gone.
#[must_use]
pub fn peak_memory(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kibibytes.unwrap_or_default() << 10
}

/// Measures work of this process, without its memory, which earlier work has shaped. Other threads'
/// CPU time counts too, so nothing else may run.
///
/// # Errors
/// Those of the work; the system has no `/proc`.
pub fn work<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Usage)> {
    let before = ProcessTimes::now()?.own;
    let start = Instant::now();
    let result = work()?;
    let wall = start.elapsed();
    let cpu = ProcessTimes::now()?.own.saturating_sub(before);
    Ok((result, Usage { wall, cpu, peak_bytes: 0 }))
}

/// CPU time of a running process so far.
///
/// # Errors
/// The process is gone.
pub fn cpu_of(process: u32) -> Result<Duration> {
    let file = format!("/proc/{process}/stat");
    let text = fs::read_to_string(&file).with_context(|| format!("failed to read {file}"))?;
    Ok(ProcessTimes::parse(&text)?.own)
}

/// CPU time of this process and of its children that have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ProcessTimes {
    own: Duration,
    children: Duration,
}

impl ProcessTimes {
    fn now() -> Result<Self> {
        let text = fs::read_to_string("/proc/self/stat")
            .context("failed to read /proc/self/stat: measuring needs Linux")?;
        Self::parse(&text)
    }

    /// Reads the line; the second field is the program's name and may hold anything but a `)` after
    /// it.
    fn parse(text: &str) -> Result<Self> {
        let (_, fields) = text.rsplit_once(')').context("no program name in /proc/self/stat")?;
        // Numbered as in proc(5), where the name is field 2.
        let place = |number: usize| {
            let field = fields.split_ascii_whitespace().nth(number - 3);
            field.and_then(|field| field.parse::<u64>().ok())
        };
        let (Some(user), Some(system), Some(children_user), Some(children_system)) =
            (place(14), place(15), place(16), place(17))
        else {
            bail!("no times in /proc/self/stat");
        };
        let time = |ticks: u64| Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND);
        Ok(Self { own: time(user + system), children: time(children_user + children_system) })
    }
}

/// Makes the allocator keep what is freed, as the program does for the commands that are measured.
/// To be called first of all.
#[expect(unsafe_code, reason = "the allocator's options have no safe wrapper")]
pub fn keep_freed_memory() {
    /// Number of the option `purge_delay` in `mimalloc.h`; -1 means never.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: sets a number in a static table; not thread-safe, and there is only this thread yet.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::process::Command;
    use std::time::Duration;

    use super::{ProcessTimes, Usage, cpu_of, median, peak_memory, run};

    #[test]
    fn times_are_found_behind_a_program_name_with_brackets() {
        let line = "42 (a) b (c) S 1 2 3 4 -1 6 7 8 9 10 250 50 7 3 20 0 5 0 99";
        assert_eq!(
            ProcessTimes::parse(line).unwrap(),
            ProcessTimes { own: Duration::from_secs(3), children: Duration::from_millis(100) }
        );
        assert!(ProcessTimes::parse("42 (a) S 1").is_err());
    }

    #[test]
    fn the_output_of_a_program_is_returned() {
        let (output, _) = run(Command::new("sh").args(["-c", "echo done"])).unwrap();
        assert_eq!(output.stdout, b"done\n");
        assert!(run(&mut Command::new("there-is-no-such-program")).is_err());
    }

    #[test]
    fn the_peak_of_a_running_process_is_known_and_that_of_none_is_not() {
        assert!(peak_memory(std::process::id()) > 100_000);
        assert_eq!(peak_memory(u32::MAX), 0);
        assert!(cpu_of(u32::MAX).is_err());
    }

    #[test]
    fn the_median_is_the_middle_one() {
        let of = |values: &[u64]| median(values.iter().copied().map(Duration::from_secs));
        assert_eq!(of(&[9, 1, 5]), Duration::from_secs(5));
        assert_eq!(of(&[4, 1, 2, 3]), Duration::from_secs(2));
        assert_eq!(of(&[]), Duration::ZERO);
        let usage =
            Usage { wall: Duration::from_secs(2), cpu: Duration::from_secs(4), peak_bytes: 0 };
        assert!((usage.speed(8 << 20) - 4.0).abs() < 1e-9);
        assert!((usage.speed_per_core(8 << 20) - 2.0).abs() < 1e-9);
    }
}
