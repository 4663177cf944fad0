//! The client against real sockets.

mod docs;
mod exchange;
mod faults;
mod proxy;
mod roots;
mod secrecy;
mod server;
mod wechat;
