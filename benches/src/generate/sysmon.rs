//! Events in the shape that winlogbeat 6 gives to Sysmon: `event_data` as text values, the same
//! facts once more in `message`.

use std::fmt::{Display, Write as _};

use super::clock::{Form, Time, WrittenTime};
use super::line::Line;
use super::random::{Random, Weighted};
use super::world::{Host, World};

/// A program that runs on the machines.
#[derive(Debug)]
struct Program {
    image: &'static str,
    parent: &'static str,
    arguments: &'static str,
    description: &'static str,
    weight: u64,
}

const fn program(
    image: &'static str,
    parent: &'static str,
    arguments: &'static str,
    description: &'static str,
    weight: u64,
) -> Program {
    Program { image, parent, arguments, description, weight }
}

const SERVICES_EXE: &str = r"C:\Windows\System32\services.exe";
const SVCHOST: &str = r"C:\Windows\System32\svchost.exe";
const EXPLORER: &str = r"C:\Windows\explorer.exe";
const CMD: &str = r"C:\Windows\System32\cmd.exe";
const POWERSHELL: &str = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";
const OUTLOOK: &str = r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE";

const PROGRAMS: [Program; 16] = [
    program(
        SVCHOST,
        SERVICES_EXE,
        "-k netsvcs -p -s Schedule",
        "Host Process for Windows Services",
        300,
    ),
    program(
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        EXPLORER,
        "--type=renderer --lang=en-US --device-scale-factor=1",
        "Google Chrome",
        220,
    ),
    program(
        r"C:\Windows\System32\conhost.exe",
        CMD,
        "0xffffffff -ForceV1",
        "Console Window Host",
        90,
    ),
    program(CMD, EXPLORER, r#"/c "C:\Scripts\backup.cmd" /quiet"#, "Windows Command Processor", 70),
    program(
        r"C:\Windows\System32\taskhostw.exe",
        SVCHOST,
        "Install $(Arg0)",
        "Host Process for Tasks",
        60,
    ),
    program(OUTLOOK, EXPLORER, "/recycle", "Microsoft Outlook", 50),
    program(
        r"C:\Windows\System32\wbem\WmiPrvSE.exe",
        SVCHOST,
        "-secured -Embedding",
        "WMI Provider Host",
        40,
    ),
    program(
        POWERSHELL,
        CMD,
        r"-NoProfile -File C:\Scripts\inventory.ps1",
        "Windows PowerShell",
        30,
    ),
    program(
        r"C:\Windows\System32\gpupdate.exe",
        SVCHOST,
        "/target:computer",
        "Group Policy Update",
        20,
    ),
    program(r"C:\Windows\System32\net.exe", CMD, r"use \\fileserver\share", "Net Command", 12),
    program(r"C:\Windows\System32\whoami.exe", POWERSHELL, "/all", "whoami", 5),
    program(r"C:\Windows\System32\schtasks.exe", CMD, "/query /fo LIST /v", "Task Scheduler", 5),
    program(
        POWERSHELL,
        r"C:\Windows\System32\wbem\WmiPrvSE.exe",
        "-noP -sta -w 1 -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA",
        "Windows PowerShell",
        2,
    ),
    program(
        r"C:\Windows\System32\rundll32.exe",
        OUTLOOK,
        r"javascript:\..\mshtml,RunHTMLApplication",
        "Windows host process (Rundll32)",
        1,
    ),
    program(
        r"C:\Windows\System32\vssadmin.exe",
        CMD,
        "delete shadows /all /quiet",
        "VSS Administration",
        1,
    ),
    program(r"C:\Windows\System32\certutil.exe", CMD, "-urlcache -split -f", "CertUtil.exe", 1),
];

const LIBRARIES: [&str; 10] = [
    "ntdll.dll",
    "kernel32.dll",
    "user32.dll",
    "amsi.dll",
    "wininet.dll",
    "clr.dll",
    "dbghelp.dll",
    "FirewallAPI.dll",
    "System.Management.Automation.ni.dll",
    "vaultcli.dll",
];

const REGISTRY_KEYS: [&str; 6] = [
    r"HKLM\System\CurrentControlSet\Services\Tcpip\Parameters",
    r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\SoftwareProtectionPlatform",
    r"HKU\S-1-5-21-1004336348\Software\Microsoft\Office\16.0\Outlook\Profiles",
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run",
    r"HKLM\System\CurrentControlSet\Control\Lsa",
    r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender",
];

/// Sysmon's event types that are generated, with the title of their message.
#[derive(Debug, Clone, Copy)]
enum Type {
    ProcessCreate,
    NetworkConnect,
    ImageLoad,
    FileCreate,
    RegistryValueSet,
}

impl Type {
    const fn id(self) -> u64 {
        match self {
            Self::ProcessCreate => 1,
            Self::NetworkConnect => 3,
            Self::ImageLoad => 7,
            Self::FileCreate => 11,
            Self::RegistryValueSet => 13,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::ProcessCreate => "Process Create",
            Self::NetworkConnect => "Network connection detected",
            Self::ImageLoad => "Image loaded",
            Self::FileCreate => "File created",
            Self::RegistryValueSet => "Registry value set",
        }
    }

    const fn rule(self) -> &'static str {
        match self {
            Self::ProcessCreate => "ProcessCreate",
            Self::NetworkConnect => "NetworkConnect",
            Self::ImageLoad => "ImageLoad",
            Self::FileCreate => "FileCreate",
            Self::RegistryValueSet => "RegistryEvent",
        }
    }
}

/// Draws event types and programs by their frequency, and holds memory for one event's facts.
#[derive(Debug)]
pub(super) struct Sysmon {
    types: Weighted,
    programs: Weighted,
    facts: Vec<(&'static str, String)>,
    message: String,
}

const TYPES: [(Type, u64); 5] = [
    (Type::ProcessCreate, 18),
    (Type::NetworkConnect, 34),
    (Type::ImageLoad, 14),
    (Type::FileCreate, 18),
    (Type::RegistryValueSet, 16),
];

impl Default for Sysmon {
    fn default() -> Self {
        Self {
            types: Weighted::new(TYPES.iter().map(|(_, weight)| *weight)),
            programs: Weighted::new(PROGRAMS.iter().map(|program| program.weight)),
            facts: Vec::new(),
            message: String::new(),
        }
    }
}

impl Sysmon {
    /// Writes one event.
    pub(super) fn write_event(
        &mut self,
        world: &World,
        time: Time,
        random: &mut Random,
        out: &mut String,
    ) {
        let host = world.host(random);
        let (event_type, _) = *self.types.pick(&TYPES, random);
        let program = self.programs.pick(&PROGRAMS, random);
        // The collector writes a little after the fact.
        let happened = time.minus_millis(random.between(1, 900)).written(Form::Blank);
        self.facts.clear();
        self.collect(event_type, program, host, world, happened, random);
        self.message.clear();
        let _ = write!(self.message, "{}:\nRuleName: ", event_type.title());
        for (name, value) in &self.facts {
            let _ = write!(self.message, "\n{name}: {value}");
        }
        let mut line = Line::begin(out);
        line.text("@timestamp", time.written(Form::Millis));
        line.object("@metadata", |line| {
            for (key, value) in [
                ("beat", "winlogbeat"),
                ("type", "doc"),
                ("version", "6.8.23"),
                ("topic", "winlogbeat"),
            ] {
                line.text(key, value);
            }
        });
        line.text("computer_name", &host.name);
        line.bare("event_id", event_type.id());
        line.text("log_name", "Microsoft-Windows-Sysmon/Operational");
        line.text("source_name", "Microsoft-Windows-Sysmon");
        line.text("task", format_args!("{} (rule: {})", event_type.title(), event_type.rule()));
        line.text("record_number", random.between(1_000_000, 90_000_000));
        line.bare("process_id", random.between(500, 9_000));
        line.bare("thread_id", random.between(500, 9_000));
        line.text("level", "Information");
        line.text("opcode", "Info");
        line.text("type", "wineventlog");
        line.text("provider_guid", "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}");
        line.object("beat", |line| {
            line.text("name", "collector-1");
            line.text("version", "6.8.23");
        });
        line.object("user", |line| {
            line.text("domain", "NT AUTHORITY");
            line.text("identifier", "S-1-5-18");
            line.text("name", "SYSTEM");
        });
        line.object("event_data", |line| {
            for (name, value) in &self.facts {
                line.text(name, value);
            }
        });
        line.text("message", &self.message);
        line.finish();
    }

    fn collect(
        &mut self,
        event_type: Type,
        program: &Program,
        host: &Host,
        world: &World,
        happened: WrittenTime,
        random: &mut Random,
    ) {
        self.fact("UtcTime", happened);
        self.fact("ProcessGuid", guid(random));
        self.fact("ProcessId", random.between(400, 12_000));
        self.fact("Image", program.image);
        match event_type {
            Type::ProcessCreate => self.process_create(program, host, random),
            Type::NetworkConnect => self.network_connect(host, world, random),
            Type::ImageLoad => {
                let library = random.pick(&LIBRARIES);
                self.fact("ImageLoaded", format_args!(r"C:\Windows\System32\{library}"));
                self.fact("FileVersion", "10.0.17763.1 (WinBuild.160101.0800)");
                self.fact("Company", "Microsoft Corporation");
                self.fact("Hashes", format_args!("MD5={:032X}", random.next_bits()));
                self.fact("Signed", !random.chance(20_000));
                self.fact("SignatureStatus", "Valid");
            }
            Type::FileCreate => {
                let name = random.next_bits();
                self.fact(
                    "TargetFilename",
                    format_args!(r"C:\Users\{}\AppData\Local\Temp\{name:016x}.tmp", host.user),
                );
                self.fact("CreationUtcTime", happened);
            }
            Type::RegistryValueSet => {
                self.fact("EventType", "SetValue");
                let value = random.below(300);
                let key = random.pick(&REGISTRY_KEYS);
                self.fact("TargetObject", format_args!(r"{key}\Value{value}"));
                self.fact("Details", format_args!("DWORD (0x{:08x})", random.below(1 << 32)));
            }
        }
    }

    fn process_create(&mut self, program: &Program, host: &Host, random: &mut Random) {
        self.fact("FileVersion", "10.0.17763.1 (WinBuild.160101.0800)");
        self.fact("Description", program.description);
        self.fact("Product", "Microsoft® Windows® Operating System");
        self.fact("Company", "Microsoft Corporation");
        self.fact("CommandLine", format_args!("\"{}\" {}", program.image, program.arguments));
        self.fact("CurrentDirectory", r"C:\Windows\system32\");
        self.fact("User", format_args!(r"CORP\{}", host.user));
        self.fact("LogonGuid", guid(random));
        self.fact("LogonId", format_args!("0x{:x}", random.below(1 << 28)));
        self.fact("TerminalSessionId", random.below(3));
        self.fact("IntegrityLevel", random.pick(&["Medium", "High", "System"]));
        let hash = [random.next_bits(), random.next_bits()];
        self.fact(
            "Hashes",
            format_args!("MD5={:016X}{:016X},IMPHASH={:032X}", hash[0], hash[1], hash[0] >> 5),
        );
        self.fact("ParentProcessGuid", guid(random));
        self.fact("ParentProcessId", random.between(400, 12_000));
        self.fact("ParentImage", program.parent);
        self.fact("ParentCommandLine", program.parent);
    }

    fn network_connect(&mut self, host: &Host, world: &World, random: &mut Random) {
        self.fact("User", format_args!(r"CORP\{}", host.user));
        self.fact("Protocol", "tcp");
        self.fact("Initiated", random.chance(800_000));
        self.fact("SourceIsIpv6", false);
        self.fact("SourceIp", &host.address);
        self.fact("SourceHostname", &host.name);
        self.fact("SourcePort", random.between(49_152, 65_535));
        self.fact("DestinationIsIpv6", false);
        let destination = if random.chance(400_000) {
            world.internet_address(random)
        } else {
            world.internal_address(random)
        };
        self.fact("DestinationIp", destination);
        let (port, name) =
            random.pick(&[(443, "https"), (389, "ldap"), (88, "kerberos"), (445, "microsoft-ds")]);
        self.fact("DestinationPort", port);
        self.fact("DestinationPortName", name);
    }

    fn fact(&mut self, name: &'static str, value: impl Display) {
        self.facts.push((name, value.to_string()));
    }
}

fn guid(random: &mut Random) -> String {
    let [high, low] = [random.next_bits(), random.next_bits()];
    format!(
        "{{A98268C1-{:04X}-{:04X}-{:04X}-{:012X}}}",
        high >> 48,
        high >> 32 & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF
    )
}
