//! The addresses of a host, for connections that are not SIP: the system's resolver, bounded in time by whoever asks.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use std::net::IpAddr;
use std::sync::Arc;

/// Hosts and their addresses.
#[derive(Clone)]
pub struct Names {
    resolver: Option<Arc<TokioResolver>>,
}

impl Names {
    /// As the system's configuration has it. Without one, only the names of this machine are found.
    pub fn system() -> Self {
        let resolver = TokioResolver::builder_tokio().and_then(|mut builder| {
            builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
            builder.options_mut().timeout = super::SERVER_MAX;
            builder.build()
        });
        let resolver = resolver.inspect_err(|error| {
            tracing::warn!(%error, "names cannot be resolved: requests reach numeric hosts alone");
        });
        Self { resolver: resolver.ok().map(Arc::new) }
    }

    /// The addresses of a host, IPv4 first; none if it has none. `localhost` needs no server (RFC 6761 §6.3).
    pub async fn addresses(&self, host: &str) -> Vec<IpAddr> {
        if host == "localhost" || host.ends_with(".localhost") {
            return vec![[127, 0, 0, 1].into(), std::net::Ipv6Addr::LOCALHOST.into()];
        }
        let Some(resolver) = &self.resolver else { return Vec::new() };
        let Ok(found) = resolver.lookup_ip(host).await else { return Vec::new() };
        let mut addresses: Vec<IpAddr> = found.iter().collect();
        addresses.sort_by_key(IpAddr::is_ipv6);
        addresses
    }
}
