//! The organisation whose events are generated: its people, machines, accounts and visitors. Made
//! once from the seed; events draw from it with Zipf's law, as real logs do.

use super::random::{Random, Ranked};

const FIRST_NAMES: [&str; 24] = [
    "ada", "amir", "bea", "carlos", "chen", "dana", "emil", "fatima", "goran", "hana", "ivan",
    "jamal", "kaya", "lena", "marta", "nadia", "omar", "priya", "quinn", "rosa", "sven", "tariq",
    "uma", "yuki",
];
const LAST_NAMES: [&str; 20] = [
    "adler", "baker", "costa", "dietz", "evans", "fuchs", "garcia", "haddad", "ito", "jansen",
    "kovacs", "lopez", "moreau", "novak", "okafor", "patel", "rossi", "silva", "tanaka", "weber",
];
const SERVICES: [&str; 12] = [
    "ingest",
    "billing",
    "search",
    "checkout",
    "catalog",
    "identity",
    "mailer",
    "reports",
    "scheduler",
    "thumbnailer",
    "webhooks",
    "backup",
];

/// AWS regions in which the organisation works.
const REGIONS: [&str; 6] =
    ["us-east-1", "eu-central-1", "us-west-2", "eu-west-1", "ap-southeast-2", "sa-east-1"];

/// A person, with the key and account used most.
#[derive(Debug)]
pub(super) struct User {
    /// `ada.adler`
    pub(super) name: String,
    /// Unique id of the IAM user.
    pub(super) principal: String,
    /// Access key id.
    pub(super) access_key: String,
    /// AWS account.
    pub(super) account: u64,
}

/// A role that programs take.
#[derive(Debug)]
pub(super) struct Role {
    /// `prod-ingest-worker`
    pub(super) name: String,
    /// Unique id of the IAM role.
    pub(super) principal: String,
    /// AWS account.
    pub(super) account: u64,
}

/// A Windows machine.
#[derive(Debug)]
pub(super) struct Host {
    /// Name with domain.
    pub(super) name: String,
    /// Address in the internal network.
    pub(super) address: String,
    /// Who works on it, without the domain.
    pub(super) user: String,
}

/// Everything events name. Lists are ordered by how often they occur.
#[derive(Debug)]
pub(super) struct World {
    users: Ranked<User>,
    roles: Ranked<Role>,
    hosts: Ranked<Host>,
    office_addresses: Ranked<String>,
    internal_addresses: Ranked<String>,
    internet_addresses: Ranked<String>,
    agents: Ranked<String>,
    regions: Ranked<&'static str>,
}

impl World {
    /// The organisation of a seed.
    #[must_use]
    pub(super) fn new(seed: u64) -> Self {
        // A stream of its own: the events of a file use seeds of their own, too.
        let mut random = Random::new(seed ^ 0x0077_6F72_6C64);
        let random = &mut random;
        let accounts: Vec<u64> =
            (0..18).map(|_| random.between(100_000_000_000, 1_000_000_000_000)).collect();
        let users = (0..420).map(|number| user(number, &accounts, random)).collect();
        let roles = (0..90).map(|number| role(number, &accounts, random)).collect();
        let hosts = (0..350).map(|number| host(number, random)).collect();
        let office = |random: &mut Random| format!("203.0.113.{}", random.below(256));
        let internal = |random: &mut Random| {
            format!("10.{}.{}.{}", random.below(16), random.below(256), random.between(1, 255))
        };
        Self {
            users: Ranked::new(users),
            roles: Ranked::new(roles),
            hosts: Ranked::new(hosts),
            office_addresses: Ranked::new((0..40).map(|_| office(random)).collect()),
            internal_addresses: Ranked::new((0..3_000).map(|_| internal(random)).collect()),
            internet_addresses: Ranked::new((0..60_000).map(|_| internet(random)).collect()),
            agents: Ranked::new((0..160).map(|number| agent(number, random)).collect()),
            regions: Ranked::new(REGIONS.to_vec()),
        }
    }

    /// A person.
    pub(super) fn user(&self, random: &mut Random) -> &User {
        self.users.draw(random)
    }

    /// A role.
    pub(super) fn role(&self, random: &mut Random) -> &Role {
        self.roles.draw(random)
    }

    /// A Windows machine.
    pub(super) fn host(&self, random: &mut Random) -> &Host {
        self.hosts.draw(random)
    }

    /// An address from which people of the organisation reach the internet.
    pub(super) fn office_address(&self, random: &mut Random) -> &str {
        self.office_addresses.draw(random)
    }

    /// An address in the internal network.
    pub(super) fn internal_address(&self, random: &mut Random) -> &str {
        self.internal_addresses.draw(random)
    }

    /// Any other address.
    pub(super) fn internet_address(&self, random: &mut Random) -> &str {
        self.internet_addresses.draw(random)
    }

    /// A user agent; the last ones of the list are rare.
    pub(super) fn agent(&self, random: &mut Random) -> &str {
        self.agents.draw(random)
    }

    /// A region.
    pub(super) fn region(&self, random: &mut Random) -> &'static str {
        self.regions.draw(random)
    }
}

fn user(number: usize, accounts: &[u64], random: &mut Random) -> User {
    // Both indexes are remainders of the lists' lengths.
    let first = FIRST_NAMES[number % FIRST_NAMES.len()];
    let last = LAST_NAMES[number / FIRST_NAMES.len() % LAST_NAMES.len()];
    User {
        name: format!("{first}.{last}"),
        principal: format!("AIDA{}", letters(16, random)),
        access_key: format!("AKIA{}", letters(16, random)),
        account: *random.pick(accounts),
    }
}

fn role(number: usize, accounts: &[u64], random: &mut Random) -> Role {
    let stage = random.pick(&["prod", "prod", "staging", "dev"]);
    let duty = random.pick(&["worker", "api", "deploy", "reader"]);
    // A remainder of the list's length.
    let service = SERVICES[number % SERVICES.len()];
    Role {
        name: format!("{stage}-{service}-{duty}-{number}"),
        principal: format!("AROA{}", letters(16, random)),
        account: *random.pick(accounts),
    }
}

fn host(number: usize, random: &mut Random) -> Host {
    let kind = random.pick(&["WS", "WS", "WS", "SRV", "DC"]);
    let (first, last) = (random.pick(&FIRST_NAMES), random.pick(&LAST_NAMES));
    Host {
        name: format!("{kind}{number:04}.corp.example.com"),
        address: format!("10.20.{}.{}", number / 250, number % 250 + 1),
        user: format!("{first}.{last}"),
    }
}

/// An address outside the private and special ranges.
fn internet(random: &mut Random) -> String {
    let first = *random.pick(&[5, 18, 23, 34, 45, 52, 77, 89, 104, 141, 156, 178, 185, 194, 212]);
    let [second, third] = [random.below(256), random.below(256)];
    format!("{first}.{second}.{third}.{}", random.between(1, 255))
}

fn agent(number: usize, random: &mut Random) -> String {
    let (minor, patch) = (random.below(40), random.below(30));
    match number % 8 {
        0 => format!(
            "aws-sdk-go/1.{minor}.{patch} (go1.22.{}; linux; amd64) exec-env/AWS_ECS_FARGATE",
            random.below(12)
        ),
        1 => format!(
            "Boto3/1.{minor}.{patch} Python/3.11.{} Linux/6.1.{}-{}.amzn2023.x86_64 Botocore/1.{minor}.{patch}",
            random.below(12),
            random.below(100),
            random.below(200)
        ),
        2 => format!(
            "aws-cli/2.{minor}.{patch} Python/3.11.8 Linux/5.15.0-{} exe/x86_64.ubuntu.22 prompt/off",
            random.below(120)
        ),
        3 => format!(
            "APN/1.0 HashiCorp/1.0 Terraform/1.{}.{} terraform-provider-aws/5.{minor}.{patch}",
            random.below(9),
            random.below(9)
        ),
        4 | 5 => {
            let system = random.pick(&[
                "Windows NT 10.0; Win64; x64",
                "Macintosh; Intel Mac OS X 10_15_7",
                "X11; Linux x86_64",
            ]);
            let version = random.between(110, 140);
            format!(
                "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
            )
        }
        6 => format!(
            "aws-sdk-java/2.{minor}.{patch} Linux/5.10 OpenJDK_64-Bit_Server_VM/17.0.{patch}"
        ),
        _ => format!(
            "{}/{minor}.{patch}",
            random.pick(&["curl", "python-requests", "S3Browser", "axios"])
        ),
    }
}

/// Random capital letters and digits.
pub(super) fn letters(count: usize, random: &mut Random) -> String {
    const LETTERS: [char; 32] = [
        'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R',
        'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', '2', '3', '4', '5', '6', '7',
    ];
    let mut bits = 0;
    (0..count)
        .map(|place| {
            if place % 12 == 0 {
                bits = random.next_bits();
            }
            // Five bits, so below 32.
            let letter = LETTERS[(bits & 31) as usize];
            bits >>= 5;
            letter
        })
        .collect()
}
