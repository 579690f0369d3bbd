//! Who is heard when he calls for help, whatever else his source has sent.

use super::interface::Network;
use std::net::IpAddr;

/// Calls for help from places of the house, and from where its phones are logged in: neither a ban nor a rate of their
/// source holds for them, nor a crowd of callers.
#[derive(Clone, Debug, Default)]
pub struct Help {
    /// Where phones of the house stand.
    pub networks: Vec<Network>,
    /// The emergency numbers.
    pub numbers: Vec<String>,
}

impl Help {
    /// Whether that number, as it is dialled, is for emergencies.
    pub fn is_number(&self, dialled: &str) -> bool {
        self.numbers.iter().any(|number| number == dialled)
    }

    /// Whether phones of the house stand there.
    pub fn is_place(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}
