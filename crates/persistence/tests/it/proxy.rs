//! A wire between the repositories and PostgreSQL that can be cut at the worst moment.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use testpg::TestDatabase;

/// Forwards everything, until it is told to lose an answer.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    stage: AtomicUsize,
    lost: AtomicUsize,
    /// What stands in the statement whose answer is to be lost.
    statement: Mutex<&'static str>,
}

/// Forward everything.
const CALM: usize = 0;
/// Wait for the statement to be prepared.
const ARMED: usize = 1;
/// It is being prepared; what the client says next is to carry it out.
const PREPARING: usize = 2;
/// The answer to that is the one to be lost.
const CARRYING_OUT: usize = 3;
/// Wait for the statement, which is not prepared.
const WAITING: usize = 4;

impl Proxy {
    /// A proxy before the server that listens at `port` of the loopback address.
    fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", port)));
                let server = server.unwrap();
                let (to_client, to_server) = (client.try_clone(), server.try_clone());
                let (to_client, to_server) = (to_client.unwrap(), to_server.unwrap());
                let (there, back) = (Arc::clone(&shared), Arc::clone(&shared));
                thread::spawn(move || forward(client, to_server, |sent| there.client_says(sent)));
                thread::spawn(move || forward(server, to_client, |_| back.server_may_answer()));
            }
        });
        Self {
            port: own_port,
            state,
        }
    }

    /// A proxy before the server of a database, and the database's URL by way of it.
    pub(crate) fn of(database: &TestDatabase) -> (Self, String) {
        let url = database.url();
        let (before, after) = url.rsplit_once(':').unwrap();
        let (port, after) = after.split_once('/').unwrap();
        let proxy = Self::before(port.parse().unwrap());
        let url = format!("{before}:{}/{after}", proxy.port);
        (proxy, url)
    }

    /// Lets the first statement through that has this in its text, when it is carried out for the
    /// first time, and cuts the wire before its answer.
    pub(crate) fn lose_the_answer_to(&self, statement: &'static str) {
        *self.state.statement.lock().unwrap() = statement;
        self.state.stage.store(ARMED, Ordering::SeqCst);
    }

    /// The same for a statement that is not prepared, such as COMMIT.
    pub(crate) fn lose_the_answer_to_query(&self, statement: &'static str) {
        *self.state.statement.lock().unwrap() = statement;
        self.state.stage.store(WAITING, Ordering::SeqCst);
    }

    /// How many answers were lost.
    pub(crate) fn lost(&self) -> usize {
        self.state.lost.load(Ordering::SeqCst)
    }
}

impl State {
    fn client_says(&self, sent: &[u8]) -> bool {
        let statement = *self.statement.lock().unwrap();
        let names_it = !statement.is_empty()
            && sent
                .windows(statement.len())
                .any(|window| window == statement.as_bytes());
        match self.stage.load(Ordering::SeqCst) {
            WAITING if names_it => self.stage.store(CARRYING_OUT, Ordering::SeqCst),
            ARMED if names_it => self.stage.store(PREPARING, Ordering::SeqCst),
            PREPARING => self.stage.store(CARRYING_OUT, Ordering::SeqCst),
            _ => {}
        }
        true
    }

    fn server_may_answer(&self) -> bool {
        let swap = Ordering::SeqCst;
        let is_lost = self
            .stage
            .compare_exchange(CARRYING_OUT, CALM, swap, swap)
            .is_ok();
        self.lost.fetch_add(usize::from(is_lost), swap);
        !is_lost
    }
}

/// Forwards from one to the other while `may_pass`; then cuts both off.
fn forward(mut from: TcpStream, mut to: TcpStream, may_pass: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 65536];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let sent = &buffer[..length];
        if !may_pass(sent) || to.write_all(sent).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
