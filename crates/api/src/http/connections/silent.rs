//! Connections that have not sent the head of a request: how many there may be, and for how long.

use std::mem::MaybeUninit;
use std::net::{IpAddr, Shutdown};
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use parking_lot::Mutex;
use socket2::{SockRef, Socket};
use tokio::time::{MissedTickBehavior, interval};

use super::crowd::Crowd;
use crate::http::extractors::TrustedProxies;
use crate::http::extractors::client_address::network_of;

/// How often the connections are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// At how many looks a connection may be found silent: a phone has ten seconds, as with a body. Looks are
/// counted and not seconds, so a pause of the process ends no connection.
const PATIENCE: u32 = 10;

/// The silent connections. One too many closes the oldest one of the address that has most.
pub(crate) struct Silent {
    most: usize,
    proxies: TrustedProxies,
    crowd: Mutex<Crowd<Peer, Watched>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Peer {
    /// All users behind a trusted proxy share its address, so its connections are closed last.
    is_proxy: bool,
    address: Option<IpAddr>,
}

struct Watched {
    /// Another descriptor of the connection: actix-web keeps the first for itself.
    socket: Socket,
    looks: u32,
}

/// A silent connection, until its head is there or it has ended.
pub(crate) struct Place {
    silent: Arc<Silent>,
    peer: Peer,
    number: u64,
}

impl Silent {
    /// At most `most` at once. Each needs a descriptor besides the connection's.
    pub(crate) fn new(most: usize, proxies: TrustedProxies) -> Self {
        Self {
            most,
            proxies,
            crowd: Mutex::default(),
        }
    }

    pub(crate) fn watch(self: &Arc<Self>, connection: &TcpStream) -> Option<Place> {
        let connected = SockRef::from(connection);
        let Ok(socket) = connected.try_clone() else {
            // Nothing would end it, so it ends now.
            close(&connected);
            return None;
        };
        let address = connection.peer_addr().ok();
        let address = address.map(|peer| peer.ip().to_canonical());
        let peer = Peer {
            is_proxy: address.is_some_and(|address| self.proxies.trusts(address)),
            address: address.map(network_of),
        };
        Some(self.enter(peer, socket))
    }

    fn enter(self: &Arc<Self>, peer: Peer, socket: Socket) -> Place {
        let mut crowd = self.crowd.lock();
        let number = crowd.enter(peer, Watched { socket, looks: 0 });
        let has_many = crowd.count() > self.most;
        let fullest = has_many.then(|| crowd.fullest(|peer| !peer.is_proxy));
        let oldest = fullest.flatten().and_then(|peer| {
            // What has arrived and was not read yet may be a whole request.
            crowd.take_oldest(peer, |oldest| !has_unread(&oldest.socket))
        });
        drop(crowd);
        if let Some(Watched { socket, .. }) = oldest {
            close(&socket);
        }
        Place {
            silent: Arc::clone(self),
            peer,
            number,
        }
    }

    /// Closes, again and again, those that have been silent for too long.
    pub(crate) async fn keep_looking(self: Arc<Self>) {
        let silent = Arc::downgrade(&self);
        drop(self);
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let Some(silent) = silent.upgrade() else {
                return;
            };
            silent.look();
        }
    }

    fn look(&self) {
        let late = self.crowd.lock().take_all(|watched| {
            watched.looks += 1;
            watched.looks > PATIENCE && !has_unread(&watched.socket)
        });
        for Watched { socket, .. } in late {
            close(&socket);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let watched = self.silent.crowd.lock().remove(self.peer, self.number);
        drop(watched);
    }
}

fn has_unread(socket: &Socket) -> bool {
    // It does not wait: actix-web has made the connection non-blocking.
    matches!(socket.peek(&mut [MaybeUninit::uninit()]), Ok(1..))
}

/// Ends the connection. The worker that serves it sees the end and drops it.
fn close(socket: &Socket) {
    if let Err(error) = socket.shutdown(Shutdown::Both) {
        tracing::trace!(%error, "a silent connection had ended already");
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net;

    use super::*;

    /// A phone's end of a connection, and the other.
    fn connection() -> (net::TcpStream, Socket) {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let phone = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        phone.set_nonblocking(true).unwrap();
        let (socket, _) = listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        (phone, socket.into())
    }

    fn peer(last: u8, is_proxy: bool) -> Peer {
        Peer {
            is_proxy,
            address: Some(IpAddr::from([198, 51, 100, last])),
        }
    }

    fn is_closed(phone: &mut net::TcpStream) -> bool {
        phone.read(&mut [0]).is_ok()
    }

    fn silent(most: usize) -> Arc<Silent> {
        Arc::new(Silent::new(most, TrustedProxies::new(Vec::new())))
    }

    /// Those of the peers, in the order of arrival, that are closed when each has come.
    fn closed_of(most: usize, peers: &[Peer], sends: fn(&mut net::TcpStream)) -> Vec<usize> {
        let silent = silent(most);
        let mut phones = Vec::new();
        let mut places = Vec::new();
        for peer in peers {
            let (mut phone, socket) = connection();
            sends(&mut phone);
            places.push(silent.enter(*peer, socket));
            phones.push(phone);
        }
        let is_closed = |(index, phone)| is_closed(phone).then_some(index);
        phones
            .iter_mut()
            .enumerate()
            .filter_map(is_closed)
            .collect()
    }

    #[test]
    fn one_too_many_closes_the_oldest_of_the_address_that_has_most() {
        let [few, many, proxy] = [peer(1, false), peer(2, false), peer(3, true)];
        let nothing = |_: &mut net::TcpStream| {};
        assert_eq!(
            closed_of(4, &[few, many, many, many, many, few], nothing),
            [1, 2]
        );
        // A proxy has most connections, and loses none while others are silent.
        assert_eq!(
            closed_of(3, &[proxy, proxy, few, proxy, proxy], nothing),
            [0, 2]
        );
    }

    #[test]
    fn what_has_sent_something_that_was_not_read_is_not_closed() {
        let sends = |phone: &mut net::TcpStream| phone.write_all(b"GET").unwrap();
        assert!(closed_of(1, &[peer(1, false); 3], sends).is_empty());
    }

    #[test]
    fn a_connection_that_stays_silent_is_closed_and_one_that_was_heard_is_not() {
        let silent = silent(4);
        let (mut late, socket) = connection();
        let _late = silent.enter(peer(1, false), socket);
        let (mut heard, socket) = connection();
        let kept = socket.try_clone().unwrap();
        drop(silent.enter(peer(1, false), socket));
        for _ in 0..PATIENCE {
            silent.look();
        }
        assert!(!is_closed(&mut late));
        silent.look();
        assert!(is_closed(&mut late));
        assert!(!is_closed(&mut heard));
        drop(kept);
        assert_eq!(silent.crowd.lock().count(), 0);
    }
}
