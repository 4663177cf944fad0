//! A developer's server that records requests and returns configured responses.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Result;

#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut pairs = pairs.iter();
    let (_, value) = pairs.find(|(key, _)| key == name)?;
    Some(value)
}

/// What the server answers.
#[derive(Clone)]
pub(crate) enum Answer {
    Text(&'static str),
    /// The `echostr` of the query.
    Echo,
    /// Nothing, for longer than anyone waits.
    Silence,
}

type Log = Arc<Mutex<Vec<Received>>>;

pub(crate) struct Receiver {
    pub(crate) url: String,
    log: Log,
    handle: ServerHandle,
}

impl Receiver {
    pub(crate) fn answering(answer: Answer) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let log = Log::default();
        let data = web::Data::new((Arc::clone(&log), answer));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(take))
        });
        let server = server.workers(1).disable_signals().listen(listener)?.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { url, log, handle })
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn take(
    data: web::Data<(Log, Answer)>,
    request: HttpRequest,
    query: web::Query<Vec<(String, String)>>,
    body: String,
) -> HttpResponse {
    let (log, answer) = data.get_ref();
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| {
        (
            name.as_str().to_owned(),
            value.to_str().unwrap_or_default().to_owned(),
        )
    });
    let received = Received {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: query.into_inner(),
        headers: headers.collect(),
        body,
    };
    let echo = received.query("echostr").unwrap_or_default().to_owned();
    log.lock().unwrap().push(received);
    match answer {
        Answer::Text(text) => HttpResponse::Ok().body(*text),
        Answer::Echo => HttpResponse::Ok().body(echo),
        Answer::Silence => {
            tokio::time::sleep(Duration::from_mins(10)).await;
            HttpResponse::Ok().finish()
        }
    }
}
