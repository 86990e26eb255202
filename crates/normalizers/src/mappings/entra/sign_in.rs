//! Sign-ins of users, applications and managed identities: Authentication.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::super::audit_log::{AUTHENTICATION, complete, os, unpack};
use super::super::well_known::table_below;
use super::super::well_known::{product, status};
use super::{envelope, prefix};

const FIELDS: &[(&str, &str)] = &[
    ("id", "metadata.uid"),
    ("correlationId", "metadata.correlation_uid"),
    ("userPrincipalName", "user.name"),
    ("userId", "user.uid"),
    ("userDisplayName", "user.full_name"),
    ("servicePrincipalName", "user.name"),
    ("servicePrincipalId", "user.uid"),
    ("appDisplayName", "service.name"),
    ("appId", "service.uid"),
    ("resourceDisplayName", "dst_endpoint.svc_name"),
    ("resourceId", "dst_endpoint.uid"),
    ("ipAddress", "src_endpoint.ip"),
    ("autonomousSystemNumber", "src_endpoint.autonomous_system.number"),
    ("location.city", "src_endpoint.location.city"),
    ("location.state", "src_endpoint.location.region"),
    ("location.countryOrRegion", "src_endpoint.location.country"),
    ("deviceDetail.deviceId", "src_endpoint.uid"),
    ("deviceDetail.displayName", "src_endpoint.name"),
    ("userAgent", "http_request.user_agent"),
    ("status.errorCode", "status_code"),
    ("status.failureReason", "status_detail"),
    ("status.additionalDetails", "status_detail"),
    ("uniqueTokenIdentifier", "session.credential_uid"),
    ("sessionId", "session.uid"),
    ("homeTenantId", "user.org.uid"),
];

const COORDINATES: &[(&str, &str)] = &[
    ("location.geoCoordinates.latitude", "src_endpoint.location.lat"),
    ("location.geoCoordinates.longitude", "src_endpoint.location.long"),
];

/// The columns of the table.
const COLUMNS: &[(&str, &str)] = &[
    ("Id", "metadata.uid"),
    ("OperationName", "metadata.event_code"),
    ("UserPrincipalName", "user.name"),
    ("UserId", "user.uid"),
    ("UserDisplayName", "user.full_name"),
    ("ServicePrincipalName", "user.name"),
    ("ServicePrincipalId", "user.uid"),
    ("AppDisplayName", "service.name"),
    ("AppId", "service.uid"),
    ("ResourceDisplayName", "dst_endpoint.svc_name"),
    ("ResourceIdentity", "dst_endpoint.uid"),
    ("IPAddress", "src_endpoint.ip"),
    ("LocationDetails.city", "src_endpoint.location.city"),
    ("LocationDetails.state", "src_endpoint.location.region"),
    ("LocationDetails.countryOrRegion", "src_endpoint.location.country"),
    ("Location", "src_endpoint.location.country"),
    ("DeviceDetail.deviceId", "src_endpoint.uid"),
    ("DeviceDetail.displayName", "src_endpoint.name"),
    ("UserAgent", "http_request.user_agent"),
    ("ResultType", "status_code"),
    ("ResultDescription", "status_detail"),
    ("UniqueTokenIdentifier", "session.credential_uid"),
];

#[derive(Debug)]
pub(in super::super) struct EntraSignIn;

impl Mapping for EntraSignIn {
    fn name(&self) -> &'static str {
        "entra_sign_in"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["category", "properties", "time"],
            &["appDisplayName", "createdDateTime", "ipAddress", "status"],
            &["AppDisplayName", "ResultType", "IPAddress", "TimeGenerated"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        let of_diagnostics =
            source.text("category").is_some_and(|category| category.ends_with("SignInLogs"));
        of_diagnostics || source.has("status.errorCode") || source.has("AppDisplayName")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        mapper.class(AUTHENTICATION, 1);
        product(mapper, "Microsoft", "Microsoft Entra ID");
        let prefix = prefix(&mapper.source());
        let field = |name: &str| format!("{prefix}{name}");
        mapper.time(&[&field("createdDateTime"), "CreatedDateTime", "time", "TimeGenerated"]);
        for name in ["DeviceDetail", "LocationDetails", "Status"] {
            unpack(mapper, name);
        }
        let of_user = mapper.source().text(&field("userPrincipalName")).is_some();
        if !of_user && mapper.source().text(&field("servicePrincipalId")).is_some() {
            mapper.set("user.type_id", 4_i64);
        }
        os(mapper, &field("deviceDetail.operatingSystem"), "src_endpoint");
        os(mapper, "DeviceDetail.operatingSystem", "src_endpoint");
        how(mapper, prefix);
        table_below(mapper, prefix, FIELDS);
        // Coordinates alone are no location, and 0 where nothing is known.
        if mapper.has_any("src_endpoint.location", &["city", "country"]) {
            table_below(mapper, prefix, COORDINATES);
        }
        mapper.table(COLUMNS);
        envelope(mapper);
        outcome(mapper);
        complete(mapper, AUTHENTICATION, "Microsoft Entra ID");
    }
}

/// Protocol, kind and risk of the sign-in.
fn how(mapper: &mut Mapper<'_>, prefix: &str) {
    let text = |mapper: &Mapper<'_>, name: &str| {
        mapper.source().text(&format!("{prefix}{name}")).map(Cow::into_owned)
    };
    if text(mapper, "authenticationProtocol").is_some_and(|protocol| protocol != "none") {
        mapper.copy(&format!("{prefix}authenticationProtocol"), "auth_protocol_id");
    }
    if text(mapper, "isInteractive").is_some_and(|value| value == "true") {
        mapper.set("logon_type_id", 2_i64);
    }
    match text(mapper, "authenticationRequirement").as_deref() {
        Some("multiFactorAuthentication") => mapper.set("is_mfa", true),
        Some("singleFactorAuthentication") => mapper.set("is_mfa", false),
        _ => false,
    };
    for name in ["riskLevelDuringSignIn", "riskLevelAggregated"] {
        if text(mapper, name).is_some_and(|level| ["low", "medium", "high"].contains(&&*level))
            && mapper.copy(&format!("{prefix}{name}"), "risk_level_id")
        {
            return;
        }
    }
}

/// By the error number; by the envelope's result where there is none.
fn outcome(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let fields = [
        "properties.status.errorCode",
        "status.errorCode",
        "ResultType",
        "resultType",
        "resulttype",
    ];
    let result = fields.iter().find_map(|path| source.text(path)).map(Cow::into_owned);
    if let Some(result) = result {
        mapper.copy_first(&["resultType", "resulttype"], "status_code");
        status(mapper, result == "0" || result.eq_ignore_ascii_case("success"));
    }
}
