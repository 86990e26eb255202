//! Changes of accounts and groups, and who looked at them.

use super::super::record::Record;
use super::{of, privileges, subject};

const EVENTS: &[(i64, i64, i64, &str)] = &[
    (4720, 3001, 1, ""),
    (4722, 3001, 2, ""),
    (4723, 3001, 3, ""),
    (4724, 3001, 4, ""),
    (4725, 3001, 5, ""),
    (4726, 3001, 6, ""),
    (4738, 3001, 99, "Change"),
    (4740, 3001, 9, ""),
    (4741, 3001, 1, ""),
    (4742, 3001, 99, "Change"),
    (4743, 3001, 6, ""),
    (4765, 3001, 99, "Add SID History"),
    (4766, 3001, 99, "Add SID History"),
    (4767, 3001, 12, ""),
    (4780, 3001, 99, "Set Security"),
    (4781, 3001, 99, "Rename"),
    (4794, 3001, 4, ""),
    (4797, 3001, 99, "Query Blank Password"),
    (4798, 3001, 99, "Enumerate Groups"),
    (4704, 3005, 1, ""),
    (4705, 3005, 2, ""),
    (4717, 3005, 1, ""),
    (4718, 3005, 2, ""),
    (4727, 3006, 6, ""),
    (4731, 3006, 6, ""),
    (4744, 3006, 6, ""),
    (4749, 3006, 6, ""),
    (4754, 3006, 6, ""),
    (4759, 3006, 6, ""),
    (4728, 3006, 3, ""),
    (4732, 3006, 3, ""),
    (4746, 3006, 3, ""),
    (4751, 3006, 3, ""),
    (4756, 3006, 3, ""),
    (4761, 3006, 3, ""),
    (4729, 3006, 4, ""),
    (4733, 3006, 4, ""),
    (4747, 3006, 4, ""),
    (4752, 3006, 4, ""),
    (4757, 3006, 4, ""),
    (4762, 3006, 4, ""),
    (4730, 3006, 5, ""),
    (4734, 3006, 5, ""),
    (4748, 3006, 5, ""),
    (4753, 3006, 5, ""),
    (4758, 3006, 5, ""),
    (4763, 3006, 5, ""),
    (4735, 3006, 99, "Change"),
    (4737, 3006, 99, "Change"),
    (4745, 3006, 99, "Change"),
    (4750, 3006, 99, "Change"),
    (4755, 3006, 99, "Change"),
    (4760, 3006, 99, "Change"),
    (4764, 3006, 99, "Change"),
    (4799, 3006, 99, "Enumerate Members"),
];

const ACCOUNT: &[(&str, &str)] = &[
    ("TargetUserName", "user.name"),
    ("OldTargetUserName", "user.name"),
    ("TargetDomainName", "user.domain"),
    ("TargetSid", "user.uid"),
    ("NewTargetUserName", "user_result.name"),
    ("Workstation", "src_endpoint.name"),
];

const GROUP: &[(&str, &str)] = &[
    ("TargetUserName", "group.name"),
    ("TargetDomainName", "group.domain"),
    ("TargetSid", "group.uid"),
    ("MemberSid", "user.uid"),
    ("MemberName", "user.ldap_person.ldap_dn"),
];

pub(super) fn map(record: &mut Record<'_, '_>) -> bool {
    let Some((class, activity, name)) = of(EVENTS, record.id) else { return false };
    record.class(class, activity, name);
    match class {
        3001 => {
            if record.id == 4740 {
                // The domain is that of the computer at which the account was locked out.
                record.put("TargetDomainName", "src_endpoint.name");
            }
            record.table(ACCOUNT);
        }
        3005 => {
            record.table(&[("TargetSid", "user.uid")]);
            for name in ["PrivilegeList", "AccessGranted", "AccessRemoved"] {
                privileges(record, name);
            }
        }
        _ => {
            record.table(GROUP);
            if record.mapper.written("user.uid").is_none() {
                record.put("MemberName", "user.name");
            }
        }
    }
    subject(record);
    true
}
