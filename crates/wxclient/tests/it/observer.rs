//! What metrics hear.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use wxclient::{Api, CallObserver, Fault};

use crate::server::{Act, Server};
use crate::wechat::{SESSION, client, exchange, json};

#[derive(Default)]
struct Heard(Mutex<Vec<(Api, &'static str)>>);

impl CallObserver for Heard {
    fn called(&self, api: Api, outcome: Result<(), &Fault>, _took: Duration) {
        let kind = outcome.map_or_else(Fault::kind, |()| "ok");
        self.0.lock().unwrap().push((api, kind));
    }
}

#[tokio::test]
async fn every_call_is_heard_of_once_after_its_last_try() {
    let busy = json(r#"{"errcode":-1}"#);
    let server = Server::start([
        busy,
        json(SESSION),
        json(r#"{"errcode":40029}"#),
        Act::Close,
    ]);
    let server = server.await;
    let heard = Arc::new(Heard::default());
    let mut client = client(&server.url);
    client.observer = Some(Arc::clone(&heard) as _);
    let client = client.build().unwrap();
    for _ in 0..3 {
        let _ = exchange(client.clone()).await;
    }
    let api = Api::Code2Session;
    assert_eq!(
        *heard.0.lock().unwrap(),
        [(api, "ok"), (api, "refused"), (api, "cut_off")]
    );
}
