//! Every command in the documentation is run: blocks marked `console`, lines that begin with `$ `.
//! A line that ends with `# exit N` must end so; all others must succeed. Lines after a command are
//! what it prints. Blocks of one page share one folder, in which the shipped samples lie under
//! `samples/`. Where they name a default address of `headwater serve`, a server runs meanwhile, on
//! free ports that are put in its place.

use std::path::{Path, PathBuf};

use headwater_testkit::{Headwater, RunningServer, TOKEN, repository};

use crate::headwater;

/// A command of a page.
#[derive(Default)]
struct Documented {
    text: String,
    /// The exit code it must have.
    code: i32,
    /// What it must print, when the page shows it.
    output: String,
}

/// Commands of a page.
fn commands(page: &str) -> Vec<Documented> {
    let mut commands: Vec<Documented> = Vec::new();
    let mut inside = false;
    let mut continued = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line.trim() == "```console";
            continue;
        }
        if !inside {
            continue;
        }
        let text = match (line.strip_prefix("$ "), continued) {
            (Some(command), _) => {
                commands.push(Documented::default());
                command
            }
            (None, true) => line,
            (None, false) => {
                let last = commands.last_mut().expect("a command before its output");
                last.output.push_str(line);
                last.output.push('\n');
                continue;
            }
        };
        let last = commands.last_mut().expect("a command before its continuation");
        let (text, code) = match text.rsplit_once("# exit ") {
            Some((text, code)) => (text, code.trim().parse().expect("a number")),
            None => (text, 0),
        };
        last.text.push_str(text);
        last.text.push('\n');
        last.code = code;
        continued = text.trim_end().ends_with('\\')
            || last.text.matches('"').count() % 2 == 1
            || last.text.matches('\'').count() % 2 == 1;
    }
    commands
}

fn pages() -> Vec<PathBuf> {
    let root = repository();
    let mut pages = vec![root.join("README.md")];
    let guides = std::fs::read_dir(root.join("docs/guides")).expect("docs/guides");
    pages.extend(guides.map(|entry| entry.expect("a page").path()));
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

/// The protocols of a server that a page talks to, at the default addresses.
struct Served(Vec<(&'static str, &'static str)>);

/// That server, at other addresses.
struct Redirected {
    server: RunningServer,
    served: Served,
}

impl Served {
    const DEFAULTS: [(&'static str, &'static str); 3] =
        [("hec", "127.0.0.1:8088"), ("elastic", "127.0.0.1:9200"), ("api", "127.0.0.1:8080")];

    fn of(commands: &[Documented]) -> Option<Self> {
        let is_used = |(_, address): &(&str, &str)| {
            commands.iter().any(|command| command.text.contains(*address))
        };
        let served: Vec<_> = Self::DEFAULTS.into_iter().filter(is_used).collect();
        (!served.is_empty()).then_some(Self(served))
    }

    fn start(self, lake: &Headwater) -> Redirected {
        let protocols: Vec<&str> = self.0.iter().map(|(protocol, _)| *protocol).collect();
        Redirected { server: lake.serve(&protocols, &[]), served: self }
    }
}

impl Redirected {
    fn redirect(&self, command: &str) -> String {
        self.served.0.iter().fold(command.to_owned(), |command, (protocol, address)| {
            command.replace(address, self.server.address(protocol))
        })
    }
}

fn run_page(page: &Path) -> usize {
    let lake = headwater();
    let samples = repository().join("crates/cli/samples");
    for entry in std::fs::read_dir(samples).expect("samples") {
        let path = entry.expect("a sample").path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        lake.file(&format!("samples/{name}"), std::fs::read(&path).expect("a sample"));
    }
    copy(&repository().join("examples"), &lake.folder().join("examples"));
    let binary = Path::new(env!("CARGO_BIN_EXE_headwater")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(binary.to_path_buf())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    )
    .unwrap();
    let text = std::fs::read_to_string(page).expect("the page");
    let commands = commands(&text);
    let server = Served::of(&commands).map(|served| served.start(&lake));
    for Documented { text, code, output: shown } in &commands {
        let command = &server.as_ref().map_or_else(|| text.clone(), |it| it.redirect(text));
        let mut shell = lake.command::<&str>(&[]);
        shell = {
            let mut bash = std::process::Command::new("bash");
            bash.arg("-c").arg(command).current_dir(lake.folder()).env_clear();
            for (name, value) in shell.get_envs() {
                if let Some(value) = value {
                    bash.env(name, value);
                }
            }
            bash.env("PATH", &path).env("HEADWATER_TOKEN", TOKEN);
            bash
        };
        let output = shell.output().expect("bash runs");
        assert_eq!(
            output.status.code(),
            Some(*code),
            "{}: {command}{}{}",
            page.display(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        if !shown.trim().is_empty() {
            let printed = String::from_utf8_lossy(&output.stdout);
            assert_eq!(printed.trim_end(), shown.trim_end(), "{}: {command}", page.display());
        }
    }
    commands.len()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

#[test]
fn every_command_in_the_documentation_works() {
    let total: usize = pages().iter().map(|page| run_page(page)).sum();
    assert!(total > 10, "only {total} commands found");
}
