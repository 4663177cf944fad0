//! Starts and stops a sandbox.

use std::any::Any;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::{io, thread};

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::rt::System;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use socket2::SockRef;

use crate::config::{ConfigError, SandboxConfig};
use crate::control::{self, Control};
use crate::state::World;
use crate::{cloud, guard, not_found, page, phone, push, wire};

/// WeChat and its phones, at a local address.
#[derive(Debug)]
pub struct Sandbox;

/// Where to listen.
#[derive(Debug)]
pub enum Listen {
    /// At this address; port 0 takes a free one.
    At(SocketAddr),
    /// On this socket.
    On(TcpListener),
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self::At(address)
    }
}

impl From<TcpListener> for Listen {
    fn from(listener: TcpListener) -> Self {
        Self::On(listener)
    }
}

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration cannot work.
    #[error("the sandbox's configuration is wrong: {0}")]
    Config(#[from] ConfigError),
    /// The address cannot be listened at.
    #[error("the sandbox cannot listen{}; is the port taken?", at(*address))]
    Listen {
        /// The address, if it was the trouble.
        address: Option<SocketAddr>,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Other machines would be served, which was not allowed.
    #[error(
        "{0} is not a loopback address, and anyone who reaches the sandbox can log in as any user; if this is intended, allow it with --allow-remote (allow_remote)"
    )]
    Remote(SocketAddr),
    /// The system gives no thread.
    #[error("the sandbox cannot start its thread")]
    Thread(#[source] io::Error),
}

fn at(address: Option<SocketAddr>) -> String {
    address.map_or_else(String::new, |address| format!(" at {address}"))
}

/// A sandbox that is running. It stops when this is dropped.
#[derive(Debug)]
pub struct RunningSandbox {
    address: SocketAddr,
    base_url: String,
    control: Control,
    handle: ServerHandle,
}

impl Sandbox {
    /// Starts a sandbox on a thread of its own, independent of the caller's runtime.
    ///
    /// # Errors
    /// If the configuration is wrong or the address cannot be listened at.
    pub fn start(
        config: SandboxConfig,
        listen: impl Into<Listen>,
    ) -> Result<RunningSandbox, StartError> {
        config.check()?;
        let listener = bind(listen.into())?;
        let address = listener.local_addr().map_err(|source| StartError::Listen {
            address: None,
            source,
        })?;
        if !config.allow_remote && !address.ip().is_loopback() {
            return Err(StartError::Remote(address));
        }
        let (workers, with_control) = (config.workers, config.control);
        let world = Arc::new(World::new(config));
        let control = Control { world };
        let handle = serve(control.clone(), listener, workers, with_control)?;
        Ok(RunningSandbox {
            address,
            base_url: format!("http://{address}"),
            control,
            handle,
        })
    }
}

impl RunningSandbox {
    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address, without a slash at the end: what takes the place of
    /// `https://api.weixin.qq.com`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Pulls the strings from within this process.
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// Stops at once and waits until the port is free again.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        // The command is sent by the call; its future only waits for the end.
        drop(self.handle.stop(false));
    }
}

fn bind(listen: Listen) -> Result<TcpListener, StartError> {
    match listen {
        Listen::On(listener) => Ok(listener),
        Listen::At(address) => TcpListener::bind(address).map_err(|source| StartError::Listen {
            address: Some(address),
            source,
        }),
    }
}

fn serve(
    control: Control,
    listener: TcpListener,
    workers: usize,
    with_control: bool,
) -> Result<ServerHandle, StartError> {
    let (report, started) = mpsc::sync_channel(1);
    let body =
        move || System::new().block_on(run(control, listener, workers, with_control, report));
    let thread = thread::Builder::new().name("wxsandbox".to_owned());
    thread.spawn(body).map_err(StartError::Thread)?;
    let outcome = started.recv().map_err(io::Error::other);
    outcome
        .and_then(|handle| handle)
        .map_err(|source| StartError::Listen {
            address: None,
            source,
        })
}

async fn run(
    control: Control,
    listener: TcpListener,
    workers: usize,
    with_control: bool,
    report: mpsc::SyncSender<io::Result<ServerHandle>>,
) {
    actix_web::rt::spawn(push::keep_sending(Arc::clone(&control.world)));
    let world: web::Data<World> = web::Data::from(Arc::clone(&control.world));
    let control = web::Data::new(control);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(world.clone())
            .app_data(control.clone())
            .app_data(control::routes::json_config())
            .configure(wire::configure)
            .configure(phone::routes::configure)
            .configure(cloud::configure)
            .configure(|config| {
                if with_control {
                    control::routes::configure(config);
                    page::configure(config);
                }
            })
            .configure(not_found::configure)
            .wrap(from_fn(guard::keep_to_this_machine))
    });
    let server = server
        .workers(workers.max(1))
        .on_connect(keep_socket)
        .disable_signals()
        .listen(listener);
    match server {
        Ok(server) => {
            let server = server.run();
            // The caller waits for this message. If it is gone, the sandbox is not needed.
            if report.send(Ok(server.handle())).is_ok()
                && let Err(error) = server.await
            {
                tracing::error!(error = %error, "the sandbox's server ended with an error");
            }
        }
        Err(error) => drop(report.send(Err(error))),
    }
}

/// Keeps a handle to each connection's socket, so that a fault can reset it.
fn keep_socket(connection: &dyn Any, kept: &mut Extensions) {
    let stream = connection.downcast_ref::<TcpStream>();
    if let Some(Ok(socket)) = stream.map(|stream| SockRef::from(stream).try_clone()) {
        kept.insert(socket);
    }
}
