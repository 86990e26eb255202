//! Generated events as files that are made once and used again.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, anyhow};
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::clock::Period;
use super::world::World;
use super::{EventKind, EventStream, VERSION};

/// File that lists the others; written last, so a folder that has it is complete.
const MANIFEST: &str = "dataset.json";

/// How the files are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Plain text, `*.jsonl`.
    None,
    /// gzip, `*.jsonl.gz`.
    Gzip,
}

impl Compression {
    const fn extension(self) -> &'static str {
        match self {
            Self::None => "jsonl",
            Self::Gzip => "jsonl.gz",
        }
    }
}

/// What to generate.
#[derive(Debug, Clone, Copy)]
pub struct DatasetConfig {
    /// Equal seeds give equal files.
    pub seed: u64,
    /// Size of all files together before compression, in bytes; exceeded by less than one event a
    /// file.
    pub bytes: u64,
    /// Number of files; each covers its part of the period.
    pub files: u32,
    /// Number of whole hours over which the events are spread.
    pub hours: u32,
    /// Compression of the files.
    pub compression: Compression,
}

impl Default for DatasetConfig {
    fn default() -> Self {
        Self { seed: 42, bytes: 1_000_000_000, files: 8, hours: 24, compression: Compression::None }
    }
}

/// Generated files and what is in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// The files, in order of time.
    pub files: Vec<PathBuf>,
    /// Size before compression.
    pub bytes: u64,
    /// Number of events.
    pub events: u64,
    /// How many of them are console logins.
    pub console_logins: u64,
}

impl DatasetConfig {
    /// The files of this configuration below `folder`: those of an earlier run, or new ones.
    ///
    /// # Errors
    /// A file cannot be written or an earlier manifest cannot be read.
    pub fn open_or_generate(&self, folder: &Path) -> Result<Dataset> {
        let folder = folder.join(self.folder_name());
        let manifest = folder.join(MANIFEST);
        if let Ok(text) = fs::read(&manifest) {
            return serde_json::from_slice(&text)
                .with_context(|| format!("failed to read {}", manifest.display()));
        }
        fs::create_dir_all(&folder)
            .with_context(|| format!("failed to create {}", folder.display()))?;
        let dataset = self.generate(&folder)?;
        let unfinished = folder.join("dataset.json.unfinished");
        fs::write(&unfinished, serde_json::to_vec_pretty(&dataset)?)
            .and_then(|()| fs::rename(&unfinished, &manifest))
            .with_context(|| format!("failed to write {}", manifest.display()))?;
        Ok(dataset)
    }

    fn folder_name(&self) -> String {
        let Self { seed, bytes, files, hours, compression } = self;
        let extension = compression.extension();
        format!("events-v{VERSION}-seed{seed}-{bytes}-{files}x-{hours}h-{extension}")
    }

    /// Writes all files, on as many threads as there are cores.
    fn generate(&self, folder: &Path) -> Result<Dataset> {
        let world = World::new(self.seed);
        let next = AtomicU32::new(0);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let work = || -> Result<Vec<(u32, Written)>> {
            let mut written = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.files {
                    return Ok(written);
                }
                written.push((number, self.write_file(folder, number, &world)?));
            }
        };
        let mut written = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let mut all = Vec::new();
            for worker in workers {
                all.extend(worker.join().map_err(|_| anyhow!("generator panicked"))??);
            }
            anyhow::Ok(all)
        })?;
        written.sort_unstable_by_key(|(number, _)| *number);
        let sum = |field: fn(&Written) -> u64| written.iter().map(|(_, file)| field(file)).sum();
        Ok(Dataset {
            bytes: sum(|file| file.bytes),
            events: sum(|file| file.events),
            console_logins: sum(|file| file.console_logins),
            files: written.into_iter().map(|(_, file)| file.path).collect(),
        })
    }

    fn write_file(&self, folder: &Path, number: u32, world: &World) -> Result<Written> {
        let path = folder.join(format!("events-{number:04}.{}", self.compression.extension()));
        let failed = || format!("failed to write {}", path.display());
        let mut output = Output::new(self.compression, File::create(&path).with_context(failed)?);
        let size = self.bytes / u64::from(self.files.max(1));
        let before = u64::from(number) * size;
        // Files differ in their seeds and in nothing else but their place in the period.
        let seed = self.seed.wrapping_mul(0x9E37_79B9).wrapping_add(u64::from(number));
        let mut stream = EventStream::new(world, Period::new(self.hours), seed);
        let mut written = Written { path: path.clone(), bytes: 0, events: 0, console_logins: 0 };
        let mut text = String::with_capacity(1 << 16);
        while written.bytes < size {
            text.clear();
            let kind = stream.write_next(before + written.bytes, self.bytes, &mut text);
            output.write(text.as_bytes()).with_context(failed)?;
            written.bytes += text.len() as u64;
            written.events += 1;
            written.console_logins += u64::from(kind == EventKind::ConsoleLogin);
        }
        output.finish().with_context(failed)?;
        Ok(written)
    }
}

/// A file being written.
enum Output {
    Plain(BufWriter<File>),
    Gzip(Box<GzEncoder<BufWriter<File>>>),
}

impl Output {
    fn new(compression: Compression, file: File) -> Self {
        let file = BufWriter::with_capacity(1 << 20, file);
        match compression {
            Compression::None => Self::Plain(file),
            Compression::Gzip => {
                Self::Gzip(Box::new(GzEncoder::new(file, flate2::Compression::new(6))))
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Gzip(encoder) => encoder.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Gzip(encoder) => encoder.finish()?.flush(),
        }
    }
}

struct Written {
    path: PathBuf,
    bytes: u64,
    events: u64,
    console_logins: u64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::fs;
    use std::io::Read as _;

    use super::{Compression, DatasetConfig};

    const SMALL: DatasetConfig = DatasetConfig {
        seed: 5,
        bytes: 400_000,
        files: 3,
        hours: 24,
        compression: Compression::None,
    };

    #[test]
    fn files_have_the_size_asked_for_and_cover_the_period_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = SMALL.open_or_generate(folder.path()).unwrap();
        assert_eq!(dataset.files.len(), 3);
        assert!((400_000..412_000).contains(&dataset.bytes), "{}", dataset.bytes);
        let texts: Vec<String> =
            dataset.files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        assert_eq!(texts.iter().map(String::len).sum::<usize>() as u64, dataset.bytes);
        assert_eq!(
            texts.iter().map(|text| text.lines().count()).sum::<usize>() as u64,
            dataset.events
        );
        let logins =
            texts.iter().map(|text| text.matches("\"eventName\":\"ConsoleLogin\"").count());
        assert_eq!(logins.sum::<usize>() as u64, dataset.console_logins);
        assert!(texts[0].contains("\"2026-03-01T00:"));
        assert!(!texts[0].contains("\"2026-03-01T20:"));
        assert!(texts[2].contains("\"2026-03-01T23:"));
    }

    #[test]
    fn a_finished_dataset_is_used_again_and_an_unfinished_one_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let first = SMALL.open_or_generate(folder.path()).unwrap();
        let original = fs::read(&first.files[1]).unwrap();
        fs::write(&first.files[1], "changed").unwrap();
        assert_eq!(SMALL.open_or_generate(folder.path()).unwrap(), first);
        assert_eq!(fs::read(&first.files[1]).unwrap(), b"changed");
        fs::remove_file(first.files[1].with_file_name("dataset.json")).unwrap();
        SMALL.open_or_generate(folder.path()).unwrap();
        assert_eq!(fs::read(&first.files[1]).unwrap(), original);
    }

    #[test]
    fn compressed_files_hold_the_same_events() {
        let folder = tempfile::tempdir().unwrap();
        let plain = SMALL.open_or_generate(folder.path()).unwrap();
        let config = DatasetConfig { compression: Compression::Gzip, ..SMALL };
        let compressed = config.open_or_generate(folder.path()).unwrap();
        assert_eq!(compressed.bytes, plain.bytes);
        for (plain, compressed) in plain.files.iter().zip(&compressed.files) {
            let mut text = String::new();
            let file = fs::File::open(compressed).unwrap();
            flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
            assert!(text == fs::read_to_string(plain).unwrap(), "{}", compressed.display());
        }
    }
}
