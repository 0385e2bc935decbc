//! Names as the system's configuration has them: its hosts file and its name servers.

use std::time::Duration;

use hickory_resolver::config::{LookupIpStrategy, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{Resolver, TokioResolver};

use crate::failure::is_want;
use crate::{Names, Resolving, Unresolvable};

/// How long one name server may take to answer one question.
const QUESTION_MAX: Duration = Duration::from_secs(2);
/// How long a name may take altogether; within an attempt's own time.
const RESOLVE_MAX: Duration = Duration::from_secs(4);
/// The most answers that are remembered.
const CACHED_ANSWERS_MAX: u64 = 4096;
/// How long an answer is remembered at most, whatever its owner allows: receivers move.
const CACHED_MAX: Duration = Duration::from_secs(60);
/// How long a name that does not exist is remembered at most: somebody is about to create it.
const CACHED_ABSENT_MAX: Duration = Duration::from_secs(5);

/// The system's resolver configuration, as it was when the client was built.
#[derive(Debug)]
pub struct SystemNames {
    resolver: Result<TokioResolver, String>,
    /// Why there are no name servers.
    without_servers: Option<String>,
}

impl SystemNames {
    /// Reads the configuration. Without one, only the hosts file counts, and errors say so.
    pub fn read() -> Self {
        let (config, options, without_servers) = match read_system_conf() {
            Ok((config, options)) => (config, options, None),
            Err(error) => {
                tracing::warn!("Cannot read the system's resolver configuration: {error}");
                let why = format!("the system's resolver configuration cannot be read: {error}");
                let none = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
                (none, ResolverOpts::default(), Some(why))
            }
        };
        let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(options);
        let options = builder.options_mut();
        options.timeout = options.timeout.min(QUESTION_MAX);
        options.attempts = options.attempts.min(1);
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.cache_size = CACHED_ANSWERS_MAX;
        options.positive_max_ttl = Some(CACHED_MAX);
        options.negative_max_ttl = Some(CACHED_ABSENT_MAX);
        Self { resolver: builder.build().map_err(|error| error.to_string()), without_servers }
    }
}

impl Names for SystemNames {
    fn resolve(&self, host: String) -> Resolving {
        let resolver = self.resolver.clone();
        let without_servers = self.without_servers.clone();
        Box::pin(async move {
            let no_address = Unresolvable::NoAddress;
            let resolver = resolver.map_err(|error| {
                no_address(format!("the resolver could not be set up: {error}"))
            })?;
            // As an absolute name, so that no search domain is put behind it.
            let mut name = Name::from_utf8(&host)
                .map_err(|_| no_address("it is not a valid name".to_owned()))?;
            name.set_fqdn(true);
            match tokio::time::timeout(RESOLVE_MAX, resolver.lookup_ip(name)).await {
                Ok(Ok(found)) => Ok(found.iter().collect()),
                Ok(Err(NetError::Io(error))) if is_want(&error) => {
                    Err(Unresolvable::NotAsked(format!("this machine cannot ask now: {error}")))
                }
                Ok(Err(error)) => Err(no_address(without_servers.unwrap_or_else(|| why(&error)))),
                Err(_) => Err(no_address(format!("no answer within {} s", RESOLVE_MAX.as_secs()))),
            }
        })
    }
}

fn why(error: &NetError) -> String {
    if error.is_nx_domain() {
        "it does not exist".to_owned()
    } else if error.is_no_records_found() {
        "it has no address".to_owned()
    } else {
        format!("the name servers gave no answer ({error})")
    }
}
