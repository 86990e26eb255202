//! `contains` for networks, `ip_prefix`, `ip_subnet_*`, `is_subnet_of`, `is_private_ip`. Addresses
//! and networks are text.

use std::fmt::Write as _;
use std::net::IpAddr;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err, plan_err};

use super::argument::Argument;
use super::call::{Call, Compiled, text_list};
use super::definition::{Definition, Planned};
use super::network::{Network, NotNetwork, is_private, parse_address};
use super::reference::{Group, Reference};

pub(super) static CONTAINS: Definition = Definition {
    reference: Reference {
        name: "contains",
        aliases: &[],
        group: Group::Ip,
        syntax: "contains(network, address) | contains(array, element) | contains(text, part)",
        result: "boolean",
        description: "Whether the address is in the network, when the first argument is a text of \
            the form `10.0.0.0/8` or `2001:db8::/32`; NULL when the second is not an address. \
            Whether the array has the element, when the first argument is an array. For any other \
            text, whether the part occurs in it, as DataFusion's function of that name. A \
            constant network with too many bits is an error.",
        example: ("contains('10.0.0.0/8', '10.255.255.255')", "true"),
        difference: "Addresses are text, so there is no IPADDRESS to write; the third form is not \
            Trino's.",
    },
    forms: &[&[Argument::Text, Argument::Text], &[Argument::Array, Argument::Any]],
    returns: contains_type,
    strict: true,
    evaluate: evaluate_contains,
};

pub(super) static IP_PREFIX: Definition = Definition {
    reference: reference(
        "ip_prefix",
        "ip_prefix(address, bits)",
        "varchar",
        "The network of the address with this many common bits.",
        ("ip_prefix('192.168.255.255', 9)", "192.128.0.0/9"),
    ),
    forms: &[&[Argument::Text, Argument::Integer]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: evaluate_prefix,
};

pub(super) static IP_SUBNET_MIN: Definition = Definition {
    reference: reference(
        "ip_subnet_min",
        "ip_subnet_min(network)",
        "varchar",
        "The lowest address of the network.",
        ("ip_subnet_min('192.168.255.255/9')", "192.128.0.0"),
    ),
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: |call| evaluate_bound(call, |network| network.first()),
};

pub(super) static IP_SUBNET_MAX: Definition = Definition {
    reference: reference(
        "ip_subnet_max",
        "ip_subnet_max(network)",
        "varchar",
        "The highest address of the network.",
        ("ip_subnet_max('192.64.0.0/9')", "192.127.255.255"),
    ),
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: |call| evaluate_bound(call, |network| network.last()),
};

pub(super) static IP_SUBNET_RANGE: Definition = Definition {
    reference: reference(
        "ip_subnet_range",
        "ip_subnet_range(network)",
        "array(varchar)",
        "The lowest and the highest address of the network.",
        ("ip_subnet_range('1.2.3.160/24')", "[1.2.3.0, 1.2.3.255]"),
    ),
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(text_list()),
    strict: true,
    evaluate: evaluate_range,
};

pub(super) static IS_SUBNET_OF: Definition = Definition {
    reference: reference(
        "is_subnet_of",
        "is_subnet_of(network, address | network)",
        "boolean",
        "Whether the address, or all of the second network, is in the network.",
        ("is_subnet_of('192.168.3.131/26', '192.168.3.144/30')", "true"),
    ),
    forms: &[&[Argument::Text, Argument::Text]],
    returns: |planned| {
        planned.check_text(0, Network::parse_lenient)?;
        Ok(DataType::Boolean)
    },
    strict: true,
    evaluate: evaluate_is_subnet,
};

pub(super) static IS_PRIVATE_IP: Definition = Definition {
    reference: reference(
        "is_private_ip",
        "is_private_ip(address)",
        "boolean",
        "Whether the address cannot be reached from the internet: private, loopback, link-local, \
            shared, documentation and reserved ranges.",
        ("is_private_ip('10.0.0.1')", "true"),
    ),
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Boolean),
    strict: true,
    evaluate: |call| {
        let addresses = call.text(0)?;
        call.collect::<BooleanArray, _>(|row| match addresses.value(row) {
            Some(text) => address_of(call, text).map(|address| Some(is_private(address))),
            None => Ok(None),
        })
    },
};

const fn reference(
    name: &'static str,
    syntax: &'static str,
    result: &'static str,
    description: &'static str,
    example: (&'static str, &'static str),
) -> Reference {
    Reference {
        name,
        aliases: &[],
        group: Group::Ip,
        syntax,
        result,
        description,
        example,
        difference: "Addresses and networks are text; one that cannot be read is an error. An IPv4 \
            address written as IPv6 counts as IPv4.",
    }
}

fn contains_type(planned: &Planned<'_>) -> Result<DataType> {
    if let Some(text) = planned.constant_text(0)
        && let Err(wrong @ NotNetwork::Bits(_)) = Network::parse(text)
    {
        return plan_err!("contains: {wrong}");
    }
    Ok(DataType::Boolean)
}

fn evaluate_contains(call: &Call<'_>) -> Result<ArrayRef> {
    if matches!(call.data_type(0)?, DataType::List(_) | DataType::LargeList(_)) {
        return internal_err!("contains of an array was not rewritten");
    }
    let (texts, parts) = (call.text(0)?, call.text(1)?);
    let mut compiled = Compiled::new();
    call.collect::<BooleanArray, _>(|row| {
        let (Some(text), Some(part)) = (texts.value(row), parts.value(row)) else {
            return Ok(None);
        };
        // Most texts are no networks: look for the slash before trying.
        let network = if text.len() > MAX_NETWORK_CHARS || !text.contains('/') {
            &None
        } else {
            let compile = |text: &str| Ok::<_, std::convert::Infallible>(Network::parse(text).ok());
            match compiled.of(text, compile) {
                Ok(network) => network,
                Err(impossible) => match impossible {},
            }
        };
        Ok(match network {
            Some(network) => parse_address(part).map(|address| network.contains(address)),
            None => Some(text.contains(part)),
        })
    })
}

/// The longest spelling of a network: eight groups, a zoneless IPv4 tail, and `/128`.
const MAX_NETWORK_CHARS: usize = 50;

fn address_of(call: &Call<'_>, text: &str) -> Result<IpAddr> {
    parse_address(text).ok_or_else(|| call.error(format!("'{text}' is not an IP address")))
}

fn evaluate_prefix(call: &Call<'_>) -> Result<ArrayRef> {
    let (addresses, bits) = (call.text(0)?, call.integer(1)?);
    call.build_text(|row, out| {
        let (Some(text), Some(bits)) = (addresses.value(row), bits.value(row)) else {
            return Ok(false);
        };
        let address = address_of(call, text)?;
        let network = u8::try_from(bits).ok().and_then(|bits| Network::new(address, bits));
        let network =
            network.ok_or_else(|| call.error(format!("{address} has no prefix of {bits} bits")))?;
        let _infallible = write!(out, "{network}");
        Ok(true)
    })
}

fn evaluate_bound(call: &Call<'_>, bound: fn(&Network) -> IpAddr) -> Result<ArrayRef> {
    let networks = call.text(0)?;
    call.build_text(|row, out| {
        let Some(text) = networks.value(row) else { return Ok(false) };
        let network = Network::parse_lenient(text).map_err(|error| call.error(error))?;
        let _infallible = write!(out, "{}", bound(&network));
        Ok(true)
    })
}

fn evaluate_range(call: &Call<'_>) -> Result<ArrayRef> {
    let networks = call.text(0)?;
    call.build_texts(|row, elements| {
        let Some(text) = networks.value(row) else { return Ok(false) };
        let network = Network::parse_lenient(text).map_err(|error| call.error(error))?;
        elements.append_value(network.first().to_string());
        elements.append_value(network.last().to_string());
        Ok(true)
    })
}

fn evaluate_is_subnet(call: &Call<'_>) -> Result<ArrayRef> {
    let (networks, others) = (call.text(0)?, call.text(1)?);
    let mut compiled = Compiled::new();
    call.collect::<BooleanArray, _>(|row| {
        let (Some(network), Some(other)) = (networks.value(row), others.value(row)) else {
            return Ok(None);
        };
        let network =
            compiled.of(network, Network::parse_lenient).map_err(|error| call.error(error))?;
        let other = Network::parse_lenient(other).map_err(|error| call.error(error))?;
        Ok(Some(network.includes(&other)))
    })
}
