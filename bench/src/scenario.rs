//! What is asked of whom.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use testpg::TestDatabase;

use crate::check::check;
use crate::guests::Guests;
use crate::load::{Connection, Pace, Window};
use crate::measurement::{Cost, Watched, measure};
use crate::meter::Meter;
use crate::postgres::Postgres;
use crate::programs::{Program, Service, Store, Transport};
use crate::scripts::{Exchange, LogIn, Refresh, Show, log_in};

/// How many users log in, again and again. Few, so that all have an account after the warm-up.
const USERS: u64 = 4_096;

/// A comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) ask: Ask,
    pub(crate) database: Database,
    pub(crate) connections: usize,
    /// Requests a second; as fast as they are answered if none.
    pub(crate) rate: Option<f64>,
    pub(crate) wechat_latency: Duration,
    pub(crate) transport: Transport,
    /// Who is compared; the first is ours, and `axum + sqlx` the measure.
    pub(crate) services: &'static [Service],
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Login,
    /// With encryptedData of a known user.
    LoginWithData,
    /// With encryptedData of a new user.
    FirstLogin,
    Me,
    Verify,
    Refresh,
}

impl Ask {
    /// Who asks: `users` people, or new ones each time.
    pub(crate) fn guests(self, users: u64) -> Arc<Guests> {
        match self {
            Self::LoginWithData => Guests::returning_with_data(users),
            Self::FirstLogin => Guests::new_each_time(),
            Self::Login | Self::Me | Self::Verify | Self::Refresh => Guests::returning(users),
        }
    }
}

/// Where the data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    Postgres,
    Sqlite,
}

impl Database {
    /// An empty one, called `name` in the folder `home` if it is a file. It lasts as long as the
    /// second value.
    ///
    /// # Errors
    /// If PostgreSQL does not make it.
    pub(crate) fn store(
        self,
        postgres: &Postgres,
        home: &TempDir,
        name: &str,
    ) -> anyhow::Result<(Store, Option<TestDatabase>)> {
        let (url, database) = match self {
            Self::Postgres => {
                let database = postgres.database()?;
                (database.url(), Some(database))
            }
            Self::Sqlite => {
                let path = home.path().join(format!("{name}.db"));
                (format!("sqlite://{}", path.display()), None)
            }
        };
        Ok((Store { url }, database))
    }

    /// Of its server, if that is a process of its own.
    ///
    /// # Errors
    /// If this system does not tell.
    pub(crate) fn meter(self, postgres: &Postgres) -> anyhow::Result<Option<Meter>> {
        match self {
            Self::Postgres => postgres.meter().map(Some),
            Self::Sqlite => Ok(None),
        }
    }
}

const LOGIN: Scenario = Scenario {
    name: "login-256",
    title: "Logins on PostgreSQL, 256 at once",
    ask: Ask::Login,
    database: Database::Postgres,
    connections: 256,
    rate: None,
    wechat_latency: Duration::ZERO,
    transport: Transport::Http,
    services: &[
        Service::Wxlogin,
        Service::Yardstick,
        Service::YardstickWithPings,
        Service::YardstickOneStatement,
    ],
};

const WITH_DATA: Scenario = Scenario {
    name: "data-256",
    title: "Logins with encryptedData on PostgreSQL, 256 at once",
    ask: Ask::LoginWithData,
    services: &[
        Service::Wxlogin,
        Service::Yardstick,
        Service::YardstickOneStatement,
    ],
    ..LOGIN
};

const ME: Scenario = Scenario {
    name: "me",
    title: "GET /user/me, 32 at once",
    ask: Ask::Me,
    connections: 32,
    services: &[Service::Wxlogin, Service::Yardstick, Service::Echo],
    ..LOGIN
};

/// All comparisons.
pub(crate) const SCENARIOS: [Scenario; 15] = [
    LOGIN,
    Scenario {
        name: "login-32",
        title: "Logins on PostgreSQL, 32 at once",
        connections: 32,
        ..LOGIN
    },
    Scenario {
        name: "login-far",
        title: "Logins on PostgreSQL, 256 at once, WeChat answers after 20 ms",
        wechat_latency: Duration::from_millis(20),
        services: &[Service::Wxlogin, Service::Yardstick],
        ..LOGIN
    },
    Scenario {
        name: "quiet",
        title: "100 logins a second on PostgreSQL, WeChat answers after 20 ms",
        connections: 64,
        rate: Some(100.0),
        wechat_latency: Duration::from_millis(20),
        services: &[Service::Wxlogin, Service::Yardstick, Service::Wechat],
        ..LOGIN
    },
    Scenario {
        name: "login-sqlite",
        title: "Logins on SQLite (synchronous=FULL), 256 at once",
        database: Database::Sqlite,
        services: &[Service::Wxlogin, Service::Yardstick],
        ..LOGIN
    },
    WITH_DATA,
    Scenario {
        name: "data-32",
        title: "Logins with encryptedData on PostgreSQL, 32 at once",
        connections: 32,
        ..WITH_DATA
    },
    Scenario {
        name: "data-far",
        title: "Logins with encryptedData on PostgreSQL, 256 at once, WeChat answers after 20 ms",
        wechat_latency: Duration::from_millis(20),
        services: &[Service::Wxlogin, Service::Yardstick],
        ..WITH_DATA
    },
    Scenario {
        name: "data-sqlite",
        title: "Logins with encryptedData on SQLite (synchronous=FULL), 256 at once",
        database: Database::Sqlite,
        services: &[Service::Wxlogin, Service::Yardstick],
        ..WITH_DATA
    },
    Scenario {
        name: "data-tls",
        title: "Logins with encryptedData on PostgreSQL, 256 at once, WeChat over TLS",
        transport: Transport::Tls,
        services: &[
            Service::Wxlogin,
            Service::WxloginOverHttp,
            Service::Yardstick,
        ],
        ..WITH_DATA
    },
    Scenario {
        name: "first",
        title: "First logins with encryptedData on PostgreSQL, 256 at once",
        ask: Ask::FirstLogin,
        ..WITH_DATA
    },
    ME,
    Scenario {
        name: "verify",
        title: "GET /auth/verify, 32 at once",
        ask: Ask::Verify,
        ..ME
    },
    Scenario {
        name: "refresh-256",
        title: "POST /user/refresh on PostgreSQL, 256 at once",
        ask: Ask::Refresh,
        services: &[Service::Wxlogin, Service::Yardstick],
        ..LOGIN
    },
    Scenario {
        name: "refresh-32",
        title: "POST /user/refresh on PostgreSQL, 32 at once",
        ask: Ask::Refresh,
        connections: 32,
        services: &[Service::Wxlogin, Service::Yardstick],
        ..LOGIN
    },
];

impl Scenario {
    /// Puts the load on `program`. `run` is another number each time.
    ///
    /// # Errors
    /// If an answer is not 200.
    pub(crate) async fn put_on(
        &self,
        service: Service,
        program: &Program,
        database: Option<Meter>,
        window: Window,
        run: u32,
    ) -> anyhow::Result<Cost> {
        let guests = self.ask.guests(USERS);
        let count = self.connections;
        let pace = self.rate.map_or(Pace::AtOnce, Pace::PerSecond);
        let watched = Watched {
            service: program,
            database,
        };
        if service == Service::Echo {
            let echo = || Show {
                path: "/echo",
                token: String::from("none"),
            };
            let scripts = (0..count).map(|_| echo()).collect();
            return measure(watched, scripts, pace, window).await;
        }
        if service == Service::Wechat {
            let ask = || Exchange {
                guests: Arc::clone(&guests),
                run,
            };
            let scripts = (0..count).map(|_| ask()).collect();
            return measure(watched, scripts, pace, window).await;
        }
        if matches!(self.ask, Ask::LoginWithData | Ask::FirstLogin) {
            check(program.address, run).await?;
        }
        if matches!(self.ask, Ask::Login | Ask::LoginWithData | Ask::FirstLogin) {
            let scripts = (0..count).map(|_| LogIn::new(&guests, run)).collect();
            return measure(watched, scripts, pace, window).await;
        }
        let mut connection = Connection::open(program.address).await?;
        let tokens = log_in(&mut connection, &guests, run, count).await?;
        drop(connection);
        let tokens = tokens.into_iter();
        if self.ask == Ask::Refresh {
            let scripts = tokens.map(|tokens| Refresh {
                token: tokens.refresh,
            });
            return measure(watched, scripts.collect(), pace, window).await;
        }
        let path = match self.ask {
            Ask::Verify => "/auth/verify",
            _ => "/user/me",
        };
        let scripts = tokens.map(|tokens| Show {
            path,
            token: tokens.access,
        });
        measure(watched, scripts.collect(), pace, window).await
    }
}
