//! Hosts, services and software that Zeek saw, and what it says about itself.

use headwater_pipeline::mapping::Mapper;

use super::table;

/// known_hosts, known_services, known_certs: a machine that is there.
pub(super) fn known_host(mapper: &mut Mapper<'_>, _: &str) {
    mapper.class(5001, 1);
    machine(mapper);
}

pub(super) fn software(mapper: &mut Mapper<'_>, _: &str) {
    mapper.class(5020, 1);
    machine(mapper);
    if mapper.copy("name", "package.name") {
        mapper.copy("unparsed_version", "package.version");
        mapper.copy("software_type", "package.type");
    }
}

fn machine(mapper: &mut Mapper<'_>) {
    mapper.set("device.type_id", 0_i64);
    table(mapper, &[("host", "device.ip"), ("host", "device.hostname")]);
}

/// Logs that say nothing that a class has a place for.
pub(super) fn no_class(mapper: &mut Mapper<'_>, _: &str) {
    mapper.class(0, 0);
    let fields = [
        ("message", "message"),
        ("level", "metadata.log_level"),
        ("certStatus", "status_detail"),
        ("failure_reason", "status_detail"),
    ];
    table(mapper, &fields);
    super::status_from(mapper, "success");
}
