//! A link between a replica and its PostgreSQL that can be cut, and that can stand still.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

/// Forwards everything, until it is told otherwise.
pub(crate) struct Link {
    url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    link: Mutex<Kept>,
    changed: Condvar,
}

#[derive(Default)]
struct Kept {
    mode: Mode,
    connections: Vec<TcpStream>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Mode {
    #[default]
    Open,
    /// What is sent waits, in both directions.
    Still,
    /// No connection stands, and none is made.
    Cut,
}

impl Link {
    /// A link to the server of a database's URL.
    pub(crate) fn to(database: &str) -> Self {
        let (before, after) = database.rsplit_once(':').unwrap();
        let (port, path) = after.split_once('/').unwrap();
        let server = ("127.0.0.1", port.parse().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if shared.kept().mode != Mode::Cut {
                    shared.connect(client, TcpStream::connect(server).unwrap());
                }
            }
        });
        Self {
            url: format!("{before}:{own_port}/{path}"),
            state,
        }
    }

    /// The database's URL by way of the link.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn stand_still(&self) {
        self.state.set(Mode::Still);
    }

    pub(crate) fn cut(&self) {
        self.state.set(Mode::Cut);
        for connection in self.state.kept().connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn mend(&self) {
        self.state.set(Mode::Open);
    }
}

impl State {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.link.lock().unwrap()
    }

    fn set(&self, mode: Mode) {
        self.kept().mode = mode;
        self.changed.notify_all();
    }

    fn connect(self: &Arc<Self>, client: TcpStream, server: TcpStream) {
        for (from, to) in [(&client, &server), (&server, &client)] {
            let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let state = Arc::clone(self);
            thread::spawn(move || state.forward(from, to));
        }
        self.kept().connections.extend([client, server]);
    }

    fn forward(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 65536];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if !self.may_pass() || to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    /// Waits while the link stands still. `false` if it has been cut.
    fn may_pass(&self) -> bool {
        let link = self.kept();
        let link = self
            .changed
            .wait_while(link, |link| link.mode == Mode::Still);
        link.unwrap().mode == Mode::Open
    }
}
