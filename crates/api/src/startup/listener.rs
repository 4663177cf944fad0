//! The listening sockets.

use std::io;
use std::net::{SocketAddr, TcpListener};

use anyhow::Context;
use socket2::{Domain, Protocol, Socket, Type};

use crate::settings::Listen;

/// How many connections may wait to be taken: as many as actix-web asks for. With std's 128 the rest of
/// a burst would try again after a second. (Linux allows no more than `net.core.somaxconn`.)
const BACKLOG: i32 = 1_024;

/// An address that is bound but does not accept connections yet.
pub(super) struct Reserved {
    socket: Socket,
    address: SocketAddr,
}

impl Reserved {
    pub(super) fn new(Listen(address): Listen) -> anyhow::Result<Self> {
        let socket = reserve(address).with_context(|| taken(address))?;
        Ok(Self { socket, address })
    }

    /// The address, with its port.
    pub(super) fn address(&self) -> anyhow::Result<SocketAddr> {
        let address = self.socket.local_addr()?.as_socket();
        address.context("the listener has no internet address")
    }

    pub(super) fn listen(self) -> anyhow::Result<TcpListener> {
        let listening = self.socket.listen(BACKLOG);
        listening.with_context(|| taken(self.address))?;
        Ok(self.socket.into())
    }
}

pub(super) fn bind(listen: Listen) -> anyhow::Result<TcpListener> {
    Reserved::new(listen)?.listen()
}

fn taken(address: SocketAddr) -> String {
    format!(
        "cannot listen on {address}; is another program there? (each address is a setting: server.listen, server.ops_listen, sandbox.listen)"
    )
}

fn reserve(address: SocketAddr) -> io::Result<Socket> {
    let kind = Type::STREAM;
    let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::TCP))?;
    // A port that an earlier process has just left can be taken, as with std.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_of_connections_waits_to_be_taken() {
        let listener = bind(Listen::loopback(0)).unwrap();
        let address = listener.local_addr().unwrap();
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(500));
        let waiting: Result<Vec<_>, _> = (0..300).map(connect).collect();
        assert_eq!(waiting.unwrap().len(), 300);
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let listener = bind(Listen::loopback(0)).unwrap();
        let address = listener.local_addr().unwrap();
        let error = bind(Listen(address)).unwrap_err();
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    }
}
