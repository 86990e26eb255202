//! The channel `Security`: who did what to which object, by event id. There is a table for each
//! kind of thing that is audited.
//!
//! HELK's renames, without those of its slips that would put a value into the wrong field.

mod accounts;
mod logon;
mod objects;
mod system;

use super::rules::{EventRules, IndexEntry, Rename, count_ids, find, index_by_id, renames};

/// The rules of a Security event; events without any get only the names that every channel has.
pub(crate) fn rules(event_id: u32) -> Option<&'static EventRules> {
    find(&INDEX, event_id)
}

/// The rules by event id.
pub(crate) fn index() -> &'static [IndexEntry] {
    &INDEX
}

const TABLES: &[&[EventRules]] = &[logon::RULES, accounts::RULES, objects::RULES, system::RULES];

static INDEX: [IndexEntry; count_ids(TABLES)] = index_by_id(TABLES);

/// The account that acted.
const SUBJECT: &[Rename] = renames! {
    "subjectusersid" => "user_sid", "subjectusername" => "user_name",
    "subjectdomainname" => "user_domain", "subjectlogonid" => "user_logon_id",
};

/// The account that reported, in events that are about another one. Its logon id is listed with the
/// events: HELK calls it `reporter_logon_id` or `user_reporter_logon_id`.
const REPORTER: &[Rename] = renames! {
    "subjectusersid" => "user_reporter_sid", "subjectusername" => "user_reporter_name",
    "subjectdomainname" => "user_reporter_domain",
};

/// The account that the event is about.
const TARGET: &[Rename] = renames! {
    "targetdomainname" => "user_domain", "targetusername" => "user_name",
    "targetusersid" => "user_sid",
};

/// The account that was acted on.
const TARGET_USER: &[Rename] = renames! {
    "targetdomainname" => "target_user_domain", "targetusersid" => "target_user_sid",
    "targetusername" => "target_user_name",
};

/// The account that was acted on, in events that call its SID `TargetSid`.
const TARGET_SID_USER: &[Rename] = renames! {
    "targetdomainname" => "target_user_domain", "targetsid" => "target_user_sid",
    "targetusername" => "target_user_name",
};

const OBJECT: &[Rename] = renames! {
    "objectname" => "object_name", "objectserver" => "object_server",
    "objecttype" => "object_type",
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{INDEX, rules};
    use crate::windows_winlogbeat::rules::suite::check_index;

    #[test]
    fn every_event_is_in_one_set_and_renames_each_field_once() {
        check_index(&INDEX);
    }

    #[test]
    fn knows_the_events_that_helk_knows() {
        #[rustfmt::skip]
        let known: &[u32] = &[
            4610, 4611, 4614, 4616, 4622, 4624, 4625, 4626, 4627, 4634, 4647, 4648, 4649, 4656,
            4657, 4658, 4659, 4660, 4661, 4662, 4663, 4664, 4670, 4672, 4673, 4674, 4688, 4689,
            4690, 4692, 4693, 4694, 4695, 4696, 4697, 4698, 4699, 4700, 4701, 4702, 4703, 4704,
            4715, 4719, 4720, 4722, 4723, 4724, 4725, 4726, 4727, 4728, 4729, 4730, 4731, 4732,
            4733, 4734, 4735, 4737, 4738, 4740, 4741, 4742, 4743, 4744, 4745, 4746, 4747, 4748,
            4749, 4750, 4751, 4752, 4753, 4754, 4755, 4756, 4757, 4758, 4759, 4760, 4761, 4762,
            4763, 4764, 4767, 4768, 4769, 4770, 4771, 4772, 4773, 4774, 4775, 4776, 4777, 4778,
            4779, 4781, 4782, 4793, 4794, 4797, 4798, 4799, 4800, 4801, 4802, 4803, 4817, 4825,
            4882, 4883, 4902, 4904, 4905, 4906, 4907, 4908, 4912, 4956, 4957, 4964, 4985, 5051,
            5058, 5059, 5061, 5136, 5137, 5138, 5139, 5140, 5141, 5142, 5143, 5144, 5145, 5152,
            5154, 5156, 5157, 5158, 5168, 5169, 5170, 5376, 5377, 5378, 5379, 5447, 5632, 5633,
            6144, 6416,
        ];
        let indexed: Vec<u32> = INDEX.iter().map(|(id, _)| u32::from(*id)).collect();
        assert_eq!(indexed, known);
        assert!(rules(4).is_none() && rules(4624 + 65_536).is_none());
    }

    fn check(event_id: u32, from: &str, to: &str) {
        let rules = rules(event_id).expect("a known event");
        let renamed = rules.all_renames().find(|rename| rename.from == from);
        assert_eq!(renamed.map(|rename| rename.to), Some(to), "{from} of {event_id}");
    }

    #[test]
    fn subject_and_target_mean_what_the_event_says() {
        check(4624, "subjectusername", "user_reporter_name");
        check(4624, "targetusername", "user_name");
        check(4624, "subjectlogonid", "reporter_logon_id");
        check(4649, "subjectlogonid", "user_reporter_logon_id");
        check(4688, "subjectusername", "user_name");
        check(4688, "targetusername", "target_user_name");
        check(4688, "processid", "process_parent_id");
        check(4726, "targetsid", "target_user_sid");
        check(4732, "targetusername", "group_name");
        check(4742, "targetusername", "target_host_name");
        check(4778, "logonid", "user_logon_id");
        check(5156, "sourceport", "src_port");
    }

    #[test]
    fn values_do_not_land_in_fields_of_another_meaning() {
        check(4738, "passwordlastset", "target_user_password_last_set");
        let share = rules(5140).expect("a known event");
        assert!(share.copies.iter().all(|copy| copy.to != "dsobject_domain"));
        let task = rules(4702).expect("a known event");
        assert_eq!(task.copies[0].to, "task_name");
    }
}
