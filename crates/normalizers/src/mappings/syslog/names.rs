//! Sentences of dnsmasq and DHCP servers: DNS Activity, DHCP Activity.

use super::sentence::{Meaning, Sentence, means, named};

const ASKED: Meaning = means(4003, 1, 0);
const ANSWERED: Meaning = means(4003, 2, 1);

pub(super) const DNSMASQ: &[Sentence] = &[
    ("query[{query_type}] {query} from {ip}", ASKED),
    ("{serial} {}/{port} query[{query_type}] {query} from {ip}", ASKED),
    ("forwarded {query} to {local_ip}", named(4003, "Forward", 0)),
    ("{serial} {ip}/{port} forwarded {query} to {local_ip}", named(4003, "Forward", 0)),
    ("reply {query} is {answer*}", ANSWERED),
    ("{serial} {ip}/{port} reply {query} is {answer*}", ANSWERED),
    ("cached {query} is {answer*}", ANSWERED),
    ("{serial} {ip}/{port} cached {query} is {answer*}", ANSWERED),
    ("config {query} is {answer*}", ANSWERED),
    ("{serial} {ip}/{port} config {query} is {answer*}", ANSWERED),
    ("{file} {query} is {answer*}", ANSWERED),
    ("possible DNS-rebind attack detected: {query}", named(4003, "DNS rebind", 2)),
];

pub(super) const LEASES: &[Sentence] = &[
    ("DHCPDISCOVER({interface}) {ip} {mac}", means(4004, 1, 0)),
    ("DHCPDISCOVER({interface}) {mac}", means(4004, 1, 0)),
    ("DHCPDISCOVER from {mac} {*}via {interface}", means(4004, 1, 0)),
    ("DHCPOFFER({interface}) {ip} {mac}", means(4004, 2, 0)),
    ("DHCPOFFER on {ip} to {mac} {*}via {interface}", means(4004, 2, 0)),
    ("DHCPREQUEST({interface}) {ip} {mac}", means(4004, 3, 0)),
    ("DHCPREQUEST for {ip} {*}from {mac} {*}via {interface}", means(4004, 3, 0)),
    ("DHCPACK({interface}) {ip} {mac} {host}", means(4004, 5, 0)),
    ("DHCPACK({interface}) {ip} {mac}", means(4004, 5, 0)),
    ("DHCPACK on {ip} to {mac} {*}via {interface}", means(4004, 5, 0)),
    ("DHCPNAK({interface}) {ip} {mac} {reason*}", means(4004, 6, 2)),
    ("DHCPNAK on {ip} to {mac} via {interface}", means(4004, 6, 2)),
    ("DHCPRELEASE({interface}) {ip} {mac}", means(4004, 7, 0)),
    ("DHCPRELEASE of {ip} from {mac} {*}via {interface} {*}", means(4004, 7, 0)),
    ("DHCPINFORM({interface}) {ip} {mac}", means(4004, 8, 0)),
];
