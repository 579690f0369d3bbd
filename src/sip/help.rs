//! Who is heard when he calls for help, whatever else his source has sent.

use super::interface::Network;
use std::net::IpAddr;

/// Calls for help from places of the house: neither a ban nor a rate of their source holds for them.
#[derive(Clone, Debug, Default)]
pub struct Help {
    /// Where phones of the house stand.
    pub networks: Vec<Network>,
    /// The emergency numbers.
    pub numbers: Vec<String>,
}

impl Help {
    /// Whether this user part of a Request-URI is an emergency number.
    pub fn is_number(&self, user: &[u8]) -> bool {
        self.numbers.iter().any(|number| number.as_bytes() == user)
    }

    /// Whether who calls this user part of a Request-URI from that address calls for help.
    pub fn is_called(&self, user: &[u8], from: IpAddr) -> bool {
        self.is_number(user) && self.networks.iter().any(|network| network.contains(from))
    }
}
