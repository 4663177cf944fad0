//! A bare actix-web server, as many workers as cores.

use std::net::SocketAddr;

use actix_web::http::header;
use actix_web::rt::System;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Context;
use serde::{Deserialize, Serialize};

/// Answers until it is killed.
pub(crate) fn run(listen: SocketAddr) -> anyhow::Result<()> {
    System::new().block_on(async {
        let server = HttpServer::new(|| {
            App::new()
                .route("/echo", web::get().to(get))
                .route("/echo", web::post().to(post))
        })
        .bind(listen)
        .with_context(|| format!("cannot listen on {listen}"))?;
        for address in server.addrs() {
            println!("listening on {address}");
        }
        Ok(server.run().await?)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    plat_code: Option<String>,
    refresh_token: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    code: u16,
    msg: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    authorization: Option<&'a str>,
    plat_code: Option<String>,
    refresh_token: Option<String>,
}

async fn get(request: HttpRequest) -> HttpResponse {
    answer(&request, None)
}

async fn post(request: HttpRequest, body: web::Json<Body>) -> HttpResponse {
    answer(&request, Some(body.into_inner()))
}

fn answer(request: &HttpRequest, body: Option<Body>) -> HttpResponse {
    let (plat_code, refresh_token) =
        body.map_or((None, None), |body| (body.plat_code, body.refresh_token));
    HttpResponse::Ok().json(Answer {
        code: 200,
        msg: "ok",
        data: Data {
            method: request.method().as_str(),
            path: request.path(),
            query: request.query_string(),
            authorization: request
                .headers()
                .get(header::AUTHORIZATION)
                .and_then(|value| value.to_str().ok()),
            plat_code,
            refresh_token,
        },
    })
}
