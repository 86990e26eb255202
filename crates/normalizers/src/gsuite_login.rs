//! Google Workspace (G Suite) login reports, as the Reports API sends them: names the user, the
//! address, the outcome, and says in one line what happened.
//!
//! Sets `source`, `category`, `summary` and `utctimestamp` whatever they were, and in `details`:
//! `user`, `sourceipaddress` (renamed from `ipaddress`), `success` and `suspicious`. A different
//! value that `details` has there already is set aside (`user_2`).

use std::borrow::Cow;

use headwater_event::Event;
use headwater_event::json::{NodeId, Scalar, Tree};
use headwater_event::time;
use headwater_pipeline::{Metadata, Plugin, PluginKind, Verdict};

/// What `kind` contains in every report of the Reports API.
const KIND: &str = "admin#reports#activity";

#[derive(Debug)]
pub(crate) struct GsuiteLogin;

impl Plugin for GsuiteLogin {
    fn name(&self) -> &str {
        "gsuite_login"
    }

    fn kind(&self) -> PluginKind {
        PluginKind::Normalize
    }

    fn registration(&self) -> Vec<String> {
        vec!["kind".to_owned()]
    }

    /// Between `timestamps`, whose result it overrides, and `ip_addresses`, which reads its key.
    fn priority(&self) -> i32 {
        21
    }

    fn process(&self, event: &mut Event, metadata: &mut Metadata<'_>) -> Verdict {
        let details = event.details();
        let json = &mut event.json;
        if !is_report(json, details) {
            return Verdict::Keep;
        }
        if let Some(address) = json.get(details, "ipaddress") {
            json.set_aside(details, "sourceipaddress");
            json.rename(address, "sourceipaddress");
        }
        if let Some(email) = text_at(json, details, "actor.email").map(Cow::into_owned) {
            put(json, details, "user", email.as_str());
        }
        let summary = summary_of(json, details);
        if let Some(success) = success_of(json, details) {
            put(json, details, "success", success);
        }
        if is_suspicious(json, details) {
            put(json, details, "suspicious", true);
        }
        let time = text_at(json, details, "id.time");
        if let Some(time) = time.and_then(|text| time::parse(&text, metadata.received_at)) {
            event.set_shell("utctimestamp", &*time.to_iso());
        }
        event.set_shell("source", "gsuite");
        event.set_shell("category", "authentication");
        event.set_shell("summary", summary.as_str());
        event.add_tag("gsuite");
        Verdict::Keep
    }
}

fn is_report(json: &Tree, details: NodeId) -> bool {
    text_at(json, details, "kind").is_some_and(|kind| kind.contains(KIND))
        && json.get(details, "id").is_some()
        && json.get(details, "etag").is_some()
}

fn text_at<'a>(json: &'a Tree, details: NodeId, path: &str) -> Option<Cow<'a, str>> {
    json.scalar_text(json.lookup_from(details, path)?)
}

/// Sets a member of `details`; another value that is there already keeps existing under a new name.
fn put<'a>(json: &mut Tree, details: NodeId, key: &str, value: impl Into<Scalar<'a>>) {
    let value = value.into();
    let is_there = json.get(details, key).is_some_and(|id| match value {
        Scalar::String(text) => json.as_str(id).is_some_and(|there| there == text),
        Scalar::Bool(flag) => json.as_bool(id) == Some(flag),
        _ => false,
    });
    if !is_there {
        json.set_aside(details, key);
        json.append(details, key, value);
    }
}

/// `<user> <event> from IP <address>`; what is missing is empty.
fn summary_of(json: &Tree, details: NodeId) -> String {
    let text = |path| text_at(json, details, path).unwrap_or_default();
    format!("{} {} from IP {}", text("user"), text("events.0.name"), text("sourceipaddress"))
}

/// Told by the event's name alone: a user may be called `failsafe@example.com`.
fn success_of(json: &Tree, details: NodeId) -> Option<bool> {
    let name = text_at(json, details, "events.0.name")?;
    if name.contains("fail") {
        return Some(false);
    }
    name.contains("success").then_some(true)
}

fn is_suspicious(json: &Tree, details: NodeId) -> bool {
    let is_flag = |parameter| {
        text_at(json, parameter, "name").is_some_and(|name| name == "is_suspicious")
            && text_at(json, parameter, "boolvalue").is_some_and(|flag| flag == "true")
    };
    let events = json.get(details, "events").into_iter().flat_map(|list| json.children(list));
    let parameters = events.filter_map(|event| json.get(event, "parameters"));
    parameters.flat_map(|list| json.children(list)).any(is_flag)
}

#[cfg(test)]
mod tests {
    use crate::tests::{RECEIVED_AT, check};

    fn report(name: &str, parameters: &str, more: &str) -> String {
        format!(
            r#"{{"kind":"admin#reports#activity","id":{{"time":"2020-03-02T17:54:33.253Z"}},
            "etag":"e","actor":{{"email":"ann@example.com"}},"ipAddress":"192.0.2.7",
            "events":[{{"type":"login","name":"{name}","parameters":[{parameters}]}}]{more}}}"#
        )
    }

    #[test]
    fn a_login_tells_who_whence_and_how_it_went() {
        check(
            &report("login_success", "", ""),
            &[
                ("source", Some(r#""gsuite""#)),
                ("tags", Some(r#"["gsuite"]"#)),
                ("category", Some(r#""authentication""#)),
                ("summary", Some(r#""ann@example.com login_success from IP 192.0.2.7""#)),
                ("utctimestamp", Some(r#""2020-03-02T17:54:33.253000+00:00""#)),
                ("details.user", Some(r#""ann@example.com""#)),
                ("details.sourceipaddress", Some(r#""192.0.2.7""#)),
                ("details.ipaddress", None),
                ("details.success", Some("true")),
                ("details.suspicious", None),
            ],
        );
    }

    #[test]
    fn success_is_told_by_the_name_of_the_event() {
        for (name, success) in
            [("login_failure", Some("false")), ("login_success", Some("true")), ("logout", None)]
        {
            check(&report(name, "", ""), &[("details.success", success)]);
            let named_so = report(name, "", "").replace("ann@", "failsafe.success@");
            check(&named_so, &[("details.success", success)]);
        }
    }

    #[test]
    fn any_parameter_may_make_it_suspicious() {
        let other = r#"{"name":"login_type","value":"exchange"}"#;
        for (flag, suspicious) in [("true", Some("true")), ("false", None)] {
            let parameters = format!(r#"{other},{{"name":"is_suspicious","boolValue":{flag}}}"#);
            let event = report("login_success", &parameters, "");
            check(&event, &[("details.suspicious", suspicious)]);
        }
    }

    #[test]
    fn missing_fields_render_empty_and_markup_stays_as_it_is() {
        check(
            r#"{"kind":"admin#reports#activity","id":1,"etag":"e"}"#,
            &[
                ("summary", Some(r#""  from IP ""#)),
                ("utctimestamp", Some(&format!("\"{RECEIVED_AT}\""))),
                ("details.user", None),
                ("details.success", None),
            ],
        );
        let event = report("login_success", "", "").replace("ann@", "<b>&'ann'@");
        let summary = r#""<b>&'ann'@example.com login_success from IP 192.0.2.7""#;
        check(&event, &[("summary", Some(summary))]);
    }

    #[test]
    fn other_events_with_a_kind_pass_unchanged() {
        for event in [
            r#"{"kind":"admin#reports#activity"}"#,
            r#"{"kind":"admin#reports#activity","id":1}"#,
            r#"{"kind":"Pod","id":1,"etag":"e"}"#,
            r#"{"kind":7,"id":1,"etag":"e"}"#,
            r#"{"spec":{"kind":"admin#reports#activity","id":1,"etag":"e"}}"#,
        ] {
            check(event, &[("source", Some(r#""UNKNOWN""#)), ("tags", Some("[]"))]);
        }
    }

    #[test]
    fn values_already_in_place_are_set_aside() {
        check(
            &report("login_success", "", r#","user":{"a":1},"sourceIpAddress":"x","success":"no""#),
            &[
                ("details.user_2", Some(r#"{"a":1}"#)),
                ("details.sourceipaddress_2", Some(r#""x""#)),
                ("details.sourceipaddress", Some(r#""192.0.2.7""#)),
                ("details.success_2", Some(r#""no""#)),
                ("details.success", Some("true")),
            ],
        );
    }
}
