//! The guard at the dialler: the client dials what this resolver returns and nothing else, so what
//! was checked is what is dialled.

use std::net::SocketAddr;
use std::sync::Arc;

use domain::address::{AddressPolicy, Forbidden};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{Names, Unresolvable};

/// Resolves names and refuses those with a forbidden address.
#[derive(Debug, Clone)]
pub struct Guard {
    pub policy: Arc<AddressPolicy>,
    pub names: Arc<dyn Names>,
}

/// A name points to an address that may not be dialled.
#[derive(Debug, thiserror::Error)]
#[error("{host} points to an address that is refused: {forbidden}")]
pub struct Refused {
    host: String,
    forbidden: Forbidden,
}

/// A name has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name {host} could not be resolved: {why}")]
pub struct Unresolved {
    host: String,
    why: String,
    /// Nobody was asked, for want of something on this machine.
    pub not_asked: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let resolving = self.names.resolve(host.clone());
        let policy = Arc::clone(&self.policy);
        Box::pin(async move {
            let addresses = match resolving.await {
                Ok(addresses) if addresses.is_empty() => {
                    Err(Unresolvable::NoAddress("it has no address".to_owned()))
                }
                answer => answer,
            };
            let addresses = match addresses {
                Ok(addresses) => addresses,
                Err(Unresolvable::NoAddress(why)) => {
                    return Err(Unresolved { host, why, not_asked: false }.into());
                }
                Err(Unresolvable::NotAsked(why)) => {
                    return Err(Unresolved { host, why, not_asked: true }.into());
                }
            };
            // One bad address spoils the name: which of them is dialled is not ours to choose.
            for address in &addresses {
                if let Err(forbidden) = policy.check(*address) {
                    return Err(Refused { host, forbidden }.into());
                }
            }
            // Port 0 stands for the port of the URL.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
