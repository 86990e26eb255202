//! Events in the shape of AWS VPC flow logs as JSON: small, flat, times as seconds since 1970.

use super::clock::Time;
use super::line::Line;
use super::random::Random;
use super::world::World;

const PORTS: [u64; 12] = [443, 443, 443, 80, 53, 22, 5_432, 3_306, 6_379, 9_092, 3_389, 8_080];

/// Writes one aggregated flow.
pub(super) fn write_flow(world: &World, time: Time, random: &mut Random, out: &mut String) {
    let outgoing = random.chance(550_000);
    let inside = world.internal_address(random);
    let outside = if random.chance(350_000) {
        world.internal_address(random)
    } else {
        world.internet_address(random)
    };
    let (source, destination) = if outgoing { (inside, outside) } else { (outside, inside) };
    let (service_port, client_port) = (*random.pick(&PORTS), random.between(32_768, 61_000));
    let packets = 1 + random.below(40) * random.below(40);
    let mut line = Line::begin(out);
    line.bare("version", 5);
    line.text("account_id", format_args!("{}", 200_000_000_000 + random.below(18)));
    line.text("interface_id", format_args!("eni-{:017x}", random.below(900)));
    line.text("srcaddr", source);
    line.text("dstaddr", destination);
    line.bare("srcport", if outgoing { client_port } else { service_port });
    line.bare("dstport", if outgoing { service_port } else { client_port });
    line.bare("protocol", if service_port == 53 { 17 } else { 6 });
    line.bare("packets", packets);
    line.bare("bytes", packets * random.between(52, 1_460));
    line.bare("start", time.as_seconds());
    line.bare("end", time.as_seconds() + random.below(60));
    line.text("action", if random.chance(60_000) { "REJECT" } else { "ACCEPT" });
    line.text("log_status", "OK");
    line.text("vpc_id", format_args!("vpc-{:017x}", random.below(14)));
    line.text("subnet_id", format_args!("subnet-{:017x}", random.below(60)));
    line.bare("tcp_flags", random.pick(&[2, 3, 19, 18]));
    line.text("flow_direction", if outgoing { "egress" } else { "ingress" });
    line.text("source", "vpcflow");
    line.finish();
}
