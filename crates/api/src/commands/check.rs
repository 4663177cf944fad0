//! `wxlogin check`: tries what a login needs, and says what to do about what does not work.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use domain::ports::{Clock, NotReady, ReadinessProbe};
use wxclient::app_client::Resource;
use wxclient::{AppClient, AppSecret, WechatError};

use super::print::print;
use crate::settings::{self, Settings, TargetUrl};
use crate::startup::{Checkup, SystemClock, service_clock};

/// How far this machine's clock may be from WeChat's, s. The age of open data is judged by it.
const TOLERANCE_S: i64 = 60;

/// How long a target of the push relay may take: as long as for a message.
const TARGET_TIMEOUT: Duration = Duration::from_secs(4);

pub(super) fn run(config: Option<&Path>) -> anyhow::Result<()> {
    let findings = actix_web::rt::System::new().block_on(findings(config));
    for finding in &findings {
        print(&format!("{finding}\n"))?;
    }
    match findings.iter().filter(|finding| finding.is_bad()).count() {
        0 => Ok(()),
        bad => bail!("{bad} of {} checks failed", findings.len()),
    }
}

async fn findings(config: Option<&Path>) -> Vec<Finding> {
    let checkup = Settings::load(config)
        .map_err(anyhow::Error::from)
        .and_then(Checkup::new);
    let checkup = match checkup {
        Ok(checkup) => checkup,
        Err(error) => return vec![Finding::bad("configuration", format!("{error:#}"))],
    };
    let mut findings = vec![configuration(&checkup)];
    findings.extend(database(&checkup).await);
    findings.push(clock(&checkup).await);
    findings.extend(database_clock(&checkup).await);
    for app in &checkup.apps {
        findings.push(app_secret(&checkup, app).await);
    }
    for app in &checkup.settings.apps {
        for rule in &app.push_relay {
            findings.push(push_target(&rule.url).await);
        }
    }
    if let Some(sandbox) = checkup.sandbox {
        sandbox.stop().await;
    }
    findings
}

/// Any answer tells that the target is there. It is a GET, so that no target takes it for a message.
async fn push_target(url: &TargetUrl) -> Finding {
    let what = format!("push relay to {url:?}");
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(TARGET_TIMEOUT)
        .build();
    let answer = match client {
        Ok(client) => client.get(url.0.clone()).send().await,
        Err(error) => Err(error),
    };
    match answer.map(|answer| answer.status()) {
        Ok(status) if status.is_redirection() => Finding::bad(
            what,
            format!(
                "answers {status}, and redirects are not followed: set the URL that it points to"
            ),
        ),
        Ok(status) if matches!(status.as_u16(), 502..=504) => Finding::bad(
            what,
            format!("answers {status}: see that the service behind it runs"),
        ),
        Ok(_) => Finding::good(what, "reachable"),
        Err(error) => {
            let error = anyhow::Error::new(error.without_url());
            Finding::bad(
                what,
                format!("{error:#}; see that it runs and that push_relay has the right URL"),
            )
        }
    }
}

fn configuration(checkup: &Checkup) -> Finding {
    let told = match (&checkup.sandbox, checkup.apps.len()) {
        (Some(_), _) => String::from(
            "no app is configured, so the built-in sandbox plays WeChat; a real one needs `apps`",
        ),
        (None, 1) => String::from("1 app"),
        (None, apps) => format!("{apps} apps"),
    };
    Finding::good("configuration", told)
}

async fn database(checkup: &Checkup) -> Vec<Finding> {
    let what = format!("database {}", checkup.settings.database.shown());
    let mut findings = vec![database_state(checkup, what.clone()).await];
    match checkup.database.examine().await {
        Ok(found) => findings.extend(found.into_iter().map(|found| match found {
            persistence::Finding::Unfit(told) | persistence::Finding::Warning(told) => {
                Finding::bad(what.clone(), told)
            }
            persistence::Finding::Advice(told) => Finding {
                verdict: Verdict::Advice,
                ..Finding::good(what.clone(), told)
            },
        })),
        // Told already.
        Err(_) if findings.iter().any(Finding::is_bad) => {}
        Err(error) => findings.push(Finding::bad(what, in_full(error))),
    }
    findings
}

/// Whether the service could work with it.
async fn database_state(checkup: &Checkup, what: String) -> Finding {
    let may_migrate = checkup.settings.database.migrate_on_start;
    match checkup.database.readiness().probe().await {
        Ok(()) => match checkup.database.rehearse().await {
            Ok(()) => Finding::good(what, "reachable, writable, with the newest schema"),
            Err(error) => Finding::bad(what, in_full(error)),
        },
        Err(NotReady::SchemaOutdated) if may_migrate => {
            match checkup.database.may_migrate().await {
                Ok(()) => Finding::good(
                    what,
                    "reachable; the next start brings its schema up to date",
                ),
                Err(error) => Finding::bad(what, in_full(error)),
            }
        }
        Err(NotReady::SchemaOutdated) => Finding::bad(
            what,
            "reachable, but its schema is not the newest: run `wxlogin migrate`",
        ),
        Err(error @ (NotReady::WrongMasterKey | NotReady::NoSigningKeys)) => {
            Finding::bad(what, error.to_string())
        }
        Err(error @ NotReady::CannotWrite(_)) => match checkup.database.rehearse().await {
            Ok(()) => Finding::bad(what, in_full(error)),
            // This one says what to do about it.
            Err(missing) => Finding::bad(what, in_full(missing)),
        },
        Err(error @ NotReady::Unreachable(_)) => Finding::bad(
            what,
            format!(
                "{}; see that it runs and that database.url has the right host, port, user and password",
                in_full(error)
            ),
        ),
    }
}

/// An error with everything behind it.
fn in_full(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::new(error))
}

async fn clock(checkup: &Checkup) -> Finding {
    let wechats = checkup.wechat.server_time().await;
    let ours = SystemClock.now();
    let ahead = match wechats {
        Ok(Some(theirs)) => ours.as_second() - theirs.as_second(),
        Ok(None) => {
            let told = "not compared, because WeChat's answer does not say the time";
            return Finding::good("clock", told);
        }
        Err(error) => return Finding::bad("clock", format!("not compared: {}", told(error))),
    };
    let relation = if ahead < 0 { "behind" } else { "ahead of" };
    let told = format!("{} s {relation} WeChat's", ahead.abs());
    if ahead.abs() > TOLERANCE_S {
        let todo = "set the clock and keep it right with NTP (chrony, systemd-timesyncd)";
        return Finding::bad("clock", format!("{told}; {todo}"));
    }
    Finding::good("clock", told)
}

/// Nothing if the database does not answer, which another finding says, or has no clock.
async fn database_clock(checkup: &Checkup) -> Option<Finding> {
    let theirs = checkup.database_clock.now().await.ok()??;
    let what = "database clock";
    Some(
        match service_clock::disagreement(SystemClock.now(), theirs) {
            None => Finding::good(what, "agrees with this machine's"),
            Some(told) => Finding::bad(what, told),
        },
    )
}

/// In normal mode stable_token gives the token that is in use, so no other token is invalidated.
async fn app_secret(checkup: &Checkup, app: &wxclient::App) -> Finding {
    let of_app = |settings: &&settings::App| settings.app_id == app.app_id.as_str();
    let settings = checkup.settings.apps.iter().find(of_app);
    let name = settings.and_then(|settings| settings.name.as_deref());
    let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
    let what = format!("app {}{name}", app.app_id);
    let mut taken = Vec::new();
    let mut refused = None;
    let secrets = settings.map_or(&[][..], settings::App::app_secrets);
    for (secret, place) in secrets.iter().zip(["first", "second"]) {
        let alone = wxclient::App {
            app_id: app.app_id.clone(),
            secret: AppSecret::new(secret.expose()),
        };
        match checkup.wechat.stable_token(&alone).await {
            Ok(_) => taken.push(place),
            Err(error) => refused = Some((place, error)),
        }
    }
    match (taken.as_slice(), refused) {
        ([], Some((_, error))) => Finding::bad(what, told(error)),
        ([only], Some((place, _))) => Finding::good(
            what,
            format!(
                "WeChat takes the {only} of its two AppSecrets and refuses the {place}; take that one out; {}",
                phone_numbers(checkup, app).await
            ),
        ),
        _ => Finding::good(
            what,
            format!(
                "WeChat takes its AppSecret; {}",
                phone_numbers(checkup, app).await
            ),
        ),
    }
}

/// How many phone numbers are left. An app that asks for none needs none, so this fails no check.
async fn phone_numbers(checkup: &Checkup, app: &wxclient::App) -> String {
    let client = AppClient::new(checkup.wechat.clone(), app.clone());
    let mut told = Vec::new();
    for (resource, name) in Resource::ALL.into_iter().zip(["quick", "verified"]) {
        told.push(match client.left_of(resource).await {
            Ok(left) => format!("{} {name} ({})", left.max(0), resource.spu_id()),
            Err(error) => format!("unknown of {name} ({}): {error}", resource.spu_id()),
        });
    }
    format!("phone numbers left: {}", told.join(", "))
}

/// The error, what to do about it in both languages, and what is behind it.
fn told(error: WechatError) -> String {
    let zh = error.verdict().todo.zh;
    let en = error.to_string();
    let behind: Vec<_> = anyhow::Error::new(error)
        .chain()
        .skip(1)
        .map(ToString::to_string)
        .collect();
    if behind.is_empty() {
        return format!("{en}（{zh}）");
    }
    format!("{en}（{zh}） [{}]", behind.join(": "))
}

/// A line of the report.
struct Finding {
    verdict: Verdict,
    what: String,
    told: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    /// It works; the operator should know this.
    Advice,
    Bad,
}

impl Finding {
    fn good(what: impl Into<String>, told: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Good,
            what: what.into(),
            told: told.into(),
        }
    }

    fn bad(what: impl Into<String>, told: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Bad,
            ..Self::good(what, told)
        }
    }

    fn is_bad(&self) -> bool {
        self.verdict == Verdict::Bad
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Good => "ok  ",
            Verdict::Advice => "note",
            Verdict::Bad => "fail",
        };
        // What others say may have several lines; a finding has one.
        let told: Vec<_> = self.told.split_whitespace().collect();
        write!(f, "{verdict}  {}: {}", self.what, told.join(" "))
    }
}
