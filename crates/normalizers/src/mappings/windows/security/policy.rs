//! The system itself: audit policy, trusts, time, firewall, the log.

use super::super::record::Record;
use super::{SUBJECT, of, subject};

const EVENTS: &[(i64, i64, i64, &str)] = &[
    (1100, 1008, 7, ""),
    (1101, 1008, 99, "Drop Events"),
    (1102, 1008, 1, ""),
    (1104, 1008, 99, "Full"),
    (1105, 1008, 4, ""),
    (1108, 1008, 99, "Error"),
    (4608, 1008, 6, ""),
    (4609, 1008, 7, ""),
    (4612, 1008, 99, "Drop Events"),
    (4616, 5019, 1, ""),
    (4719, 5019, 1, ""),
    (4739, 5019, 1, ""),
    (4902, 5019, 1, ""),
    (4904, 5019, 1, ""),
    (4905, 5019, 1, ""),
    (4906, 5019, 1, ""),
    (4908, 5019, 1, ""),
    (4912, 5019, 1, ""),
    (4944, 5019, 1, ""),
    (4945, 5019, 1, ""),
    (4946, 5019, 1, ""),
    (4947, 5019, 1, ""),
    (4948, 5019, 1, ""),
    (4949, 5019, 1, ""),
    (4950, 5019, 1, ""),
    (4954, 5019, 1, ""),
    (4956, 5019, 1, ""),
    (4957, 5019, 1, ""),
    (5120, 201_004, 3, ""),
    (5121, 201_004, 4, ""),
    (5122, 5019, 1, ""),
    (5123, 5019, 1, ""),
    (5124, 5019, 1, ""),
    (5446, 5019, 1, ""),
    (5447, 5019, 1, ""),
    (5448, 5019, 1, ""),
    (5449, 5019, 1, ""),
    (5450, 5019, 1, ""),
    (6144, 5019, 1, ""),
    (6145, 5019, 1, ""),
    (5024, 201_004, 3, ""),
    (5025, 201_004, 4, ""),
    (5033, 201_004, 3, ""),
    (5034, 201_004, 4, ""),
    (4706, 3004, 1, ""),
    (4707, 3004, 4, ""),
    (4713, 3004, 3, ""),
    (4716, 3004, 3, ""),
    (4865, 3004, 1, ""),
    (4866, 3004, 4, ""),
    (4867, 3004, 3, ""),
];

/// Services whose events say that they started or stopped.
const SERVICES: &[(i64, &str)] = &[
    (5024, "Windows Firewall"),
    (5025, "Windows Firewall"),
    (5033, "Windows Firewall Driver"),
    (5034, "Windows Firewall Driver"),
    (5120, "OCSP Responder"),
    (5121, "OCSP Responder"),
];

pub(super) fn map(record: &mut Record<'_, '_>) -> bool {
    let Some((class, activity, name)) = of(EVENTS, record.id) else { return false };
    record.class(class, activity, name);
    match class {
        1008 => {
            record.mapper.set("log_name", "Security");
            record.mapper.set("log_type_id", 1_i64);
            record.table(&[("BackupPath", "file")]);
            record.table(SUBJECT);
            return true;
        }
        3004 => {
            record.table(&[
                ("DomainName", "entity.name"),
                ("TopLevelName", "entity.name"),
                ("DomainSid", "entity.uid"),
            ]);
            record.mapper.set("entity.name", "Trust");
            record.mapper.set("entity.type_id", 99_i64);
            record.mapper.set("entity.type", "Domain Trust");
        }
        201_004 => {
            let name =
                SERVICES.iter().find(|(id, _)| *id == record.id).map_or("", |(_, name)| name);
            record.mapper.set("win_service.name", name);
            record.mapper.set("win_service.service_type_id", 0_i64);
        }
        _ => {
            record.table(&[("UserSid", "actor.user.uid"), ("UserName", "actor.user")]);
        }
    }
    subject(record);
    true
}
