//! Where a request comes from, for limits on attempts.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;

use crate::people::actor::ClientIp;

/// The address of the nearest hop, or, when that is a trusted proxy, the last address of
/// `X-Forwarded-For` that no trusted proxy wrote. Anything before it is the client's own claim.
pub fn of(request: &HttpRequest, trusted: &[IpAddr]) -> ClientIp {
    let peer = request.peer_addr().map(|address| address.ip());
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    ClientIp(peer.map(|peer| nearest_stranger(peer, &hops, trusted)).map(network))
}

fn nearest_stranger(peer: IpAddr, hops: &[&str], trusted: &[IpAddr]) -> IpAddr {
    let mut nearest = peer;
    for hop in hops.iter().rev() {
        if !trusted.contains(&nearest) {
            break;
        }
        match hop.parse() {
            Ok(address) => nearest = address,
            Err(_) => break,
        }
    }
    nearest
}

/// One household has a whole /64 of IPv6 addresses; limits count it as one.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        let ip = |text: &str| -> IpAddr { text.parse().expect("an address") };
        let (proxy, phone) = (ip("10.0.0.1"), ip("203.0.113.9"));
        assert_eq!(nearest_stranger(phone, &["1.2.3.4"], &[proxy]), phone);
        assert_eq!(nearest_stranger(proxy, &["1.2.3.4", "203.0.113.9"], &[proxy]), phone);
        assert_eq!(nearest_stranger(proxy, &["203.0.113.9", "10.0.0.1"], &[proxy]), phone);
        assert_eq!(nearest_stranger(proxy, &["nonsense"], &[proxy]), proxy);
        assert_eq!(network(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
    }
}
