//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use url::Url;
use wxsandbox::{DEFAULT_SEED, Moment};

/// A simulator of WeChat's server side and of the phone, to develop Mini Program logins against.
///
/// Point a login backend at it instead of https://api.weixin.qq.com; get codes with
/// `curl -X POST http://127.0.0.1:5001/phone/alice/login`; break things with
/// `curl http://127.0.0.1:5001/sandbox/faults -d '{"effect":"errcode","code":-1,"times":1}'`.
/// It holds no real data and authenticates no one: do not expose it to public networks.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "WXSANDBOX_LISTEN", default_value = "127.0.0.1:5001")]
    pub(crate) listen: SocketAddr,

    /// The same seed gives the same appids, secrets and openids at every start.
    #[arg(long, env = "WXSANDBOX_SEED", default_value_t = DEFAULT_SEED, conflicts_with = "config")]
    pub(crate) seed: u64,

    /// A TOML file with apps, users and rules; without it there are two demo apps and the users
    /// alice, bob and carol. The README describes it.
    #[arg(long, env = "WXSANDBOX_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Threads that answer requests [default: one per core].
    #[arg(long, env = "WXSANDBOX_WORKERS", value_name = "NUMBER")]
    pub(crate) workers: Option<usize>,

    /// Start with a clock that stands at this moment (milliseconds since 1970) until it is moved;
    /// codes, keys and tokens then repeat from run to run.
    #[arg(long, env = "WXSANDBOX_FIXED_CLOCK_MS", value_name = "MS", value_parser = moment)]
    pub(crate) fixed_clock_ms: Option<Moment>,

    /// Serve neither /sandbox/… (users, apps, faults, clock) nor the page at /.
    #[arg(long, env = "WXSANDBOX_NO_CONTROL")]
    pub(crate) no_control: bool,

    /// Serve others than this machine too: listen on any address, answer under any host's name, call
    /// any host. For containers; everybody who reaches the sandbox can log in as anyone.
    #[arg(long, env = "WXSANDBOX_ALLOW_REMOTE")]
    pub(crate) allow_remote: bool,

    /// The backend that the page at / logs in to, such as http://127.0.0.1:5000. It must let pages of the
    /// sandbox's address call it (CORS).
    #[arg(long, env = "WXSANDBOX_SERVICE", value_name = "URL")]
    pub(crate) service: Option<Url>,

    /// Ask the sandbox that listens there whether it answers, and exit: 0 if it does.
    #[arg(long)]
    pub(crate) probe: bool,
}

fn moment(text: &str) -> Result<Moment, std::num::ParseIntError> {
    text.parse().map(Moment::from_unix_millis)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound_and_stays_on_this_machine_by_default() {
        Arguments::command().debug_assert();
        let arguments = Arguments::parse_from(["wxsandbox"]);
        assert!(arguments.listen.ip().is_loopback());
    }
}
