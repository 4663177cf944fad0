//! A service of the team's that gets WeChat's messages.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use api::settings::{PushRule, Secret, TargetUrl};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// It listens from the beginning; what it answers can be changed.
pub(crate) struct Target {
    url: String,
    state: Arc<State>,
    handle: ServerHandle,
}

struct State {
    answer: Mutex<(u16, String)>,
    received: Mutex<Vec<Received>>,
}

/// A message as the target got it.
#[derive(Clone)]
pub(crate) struct Received {
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Target {
    pub(crate) fn start(status: u16, answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let state = Arc::new(State {
            answer: Mutex::new((status, answer.to_owned())),
            received: Mutex::default(),
        });
        let shared = web::Data::from(Arc::clone(&state));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .default_service(web::to(receive))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, state, handle }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn answers(&self, status: u16, answer: &str) {
        *self.state.answer.lock().unwrap() = (status, answer.to_owned());
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// The rule that sends `events` here.
    pub(crate) fn rule(&self, events: &[&str]) -> PushRule {
        PushRule {
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            url: TargetUrl(Url::parse(&self.url).unwrap()),
            secret: Secret::new(SECRET),
        }
    }

    pub(crate) async fn stop(&self) {
        self.handle.stop(false).await;
    }
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    /// Asserts that the signature of Standard Webhooks holds.
    pub(crate) fn is_signed(&self) {
        let (id, timestamp) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let key = STANDARD
            .decode(SECRET.trim_start_matches("whsec_"))
            .unwrap();
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &key);
        let text = [format!("{id}.{timestamp}.").as_bytes(), &self.body].concat();
        let signature = STANDARD.encode(aws_lc_rs::hmac::sign(&key, &text));
        assert_eq!(self.header("webhook-signature"), format!("v1,{signature}"));
    }
}

async fn receive(request: HttpRequest, body: web::Bytes, state: web::Data<State>) -> HttpResponse {
    state.received.lock().unwrap().push(Received {
        headers: request.headers().clone(),
        body: body.to_vec(),
    });
    let (status, answer) = state.answer.lock().unwrap().clone();
    HttpResponse::build(StatusCode::from_u16(status).unwrap())
        .insert_header(("location", "http://127.0.0.1:1/"))
        .body(answer)
}
