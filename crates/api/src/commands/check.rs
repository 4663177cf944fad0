//! `wxlogin check`: tries what a login needs, and says what to do about what does not work.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use domain::ports::{Clock, NotReady, ReadinessProbe};
use wxclient::app_client::Resource;
use wxclient::{AppClient, AppSecret, WechatError};

use super::print;
use crate::machine_time::SystemClock;
use crate::relay::target_client;
use crate::settings::{self, Settings, TargetUrl};
use crate::startup::{Checkup, service_clock};

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
        Err(error) => return vec![finding("configuration", Err(format!("{error:#}")))],
    };
    let mut findings = vec![finding("configuration", Ok(configuration(&checkup)))];
    findings.extend(database(&checkup).await);
    findings.push(finding("clock", clock(&checkup).await));
    findings.extend(database_clock(&checkup).await);
    for app in &checkup.apps {
        findings.push(app_secret(&checkup, app).await);
    }
    for rule in checkup.settings.apps.iter().flat_map(|app| &app.push_relay) {
        let told = push_target(&rule.url).await;
        findings.push(finding(format!("push relay to {:?}", rule.url), told));
    }
    if let Some(sandbox) = checkup.sandbox {
        sandbox.stop().await;
    }
    findings
}

/// Any answer tells that the target is there. It is a GET, so that no target takes it for a message.
async fn push_target(url: &TargetUrl) -> Told {
    let client = target_client().timeout(TARGET_TIMEOUT).build();
    let answer = async { client?.get(url.0.clone()).send().await }.await;
    match answer.map(|answer| answer.status()) {
        Ok(status) if status.is_redirection() => Err(format!(
            "answers {status}, and redirects are not followed: set the URL that it points to"
        )),
        Ok(status) if matches!(status.as_u16(), 502..=504) => Err(format!(
            "answers {status}: see that the service behind it runs"
        )),
        Ok(_) => Ok("reachable".into()),
        Err(error) => Err(format!(
            "{}; see that it runs and that push_relay has the right URL",
            in_full(error.without_url())
        )),
    }
}

fn configuration(checkup: &Checkup) -> String {
    match (&checkup.sandbox, checkup.apps.len()) {
        (Some(_), _) => String::from(
            "no app is configured, so the built-in sandbox plays WeChat; a real one needs `apps`",
        ),
        (None, 1) => String::from("1 app"),
        (None, apps) => format!("{apps} apps"),
    }
}

async fn database(checkup: &Checkup) -> Vec<Finding> {
    let what = format!("database {}", checkup.settings.database.shown());
    let examined = checkup.database.examine().await;
    let is_unfit =
        matches!(&examined, Ok(found) if found.iter().any(persistence::Finding::is_unfit));
    let mut findings = Vec::new();
    // Otherwise no connection is ready, for the reason that the examination gives.
    if !is_unfit {
        findings.push(finding(what.as_str(), database_state(checkup).await));
    }
    match examined {
        Ok(found) => findings.extend(found.into_iter().map(|found| match found {
            persistence::Finding::Unfit(told) | persistence::Finding::Warning(told) => {
                finding(what.as_str(), Err(told))
            }
            persistence::Finding::Advice(told) => Finding {
                verdict: Verdict::Advice,
                ..finding(what.as_str(), Ok(told))
            },
        })),
        // Told already.
        Err(_) if findings.iter().any(Finding::is_bad) => {}
        Err(error) => findings.push(finding(what, Err(in_full(error)))),
    }
    findings
}

/// Whether the service could work with it.
async fn database_state(checkup: &Checkup) -> Told {
    let may_migrate = checkup.settings.database.migrate_on_start;
    match checkup.database.readiness().probe().await {
        Ok(()) => {
            checkup.database.rehearse().await.map_err(in_full)?;
            Ok("reachable, writable, with the newest schema".into())
        }
        Err(NotReady::SchemaOutdated) if may_migrate => {
            checkup.database.may_migrate().await.map_err(in_full)?;
            Ok("reachable; the next start brings its schema up to date".into())
        }
        Err(NotReady::SchemaOutdated) => {
            Err("reachable, but its schema is not the newest: run `wxlogin migrate`".into())
        }
        Err(error @ (NotReady::WrongMasterKey | NotReady::NoSigningKeys)) => Err(error.to_string()),
        Err(error @ NotReady::CannotWrite(_)) => {
            // What is missing says what to do about it.
            let missing = checkup.database.rehearse().await;
            Err(missing.map_or_else(in_full, |()| in_full(error)))
        }
        Err(error @ NotReady::Unreachable(_)) => Err(format!(
            "{}; see that it runs and that database.url has the right host, port, user and password",
            in_full(error)
        )),
    }
}

/// An error with everything behind it.
fn in_full(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::new(error))
}

async fn clock(checkup: &Checkup) -> Told {
    let wechats = checkup.wechat.server_time().await;
    let ours = SystemClock.now();
    let ahead = match wechats {
        Ok(Some(theirs)) => ours.as_second() - theirs.as_second(),
        Ok(None) => {
            return Ok("not compared, because WeChat's answer does not say the time".into());
        }
        Err(error) => return Err(format!("not compared: {}", told(error))),
    };
    let relation = if ahead < 0 { "behind" } else { "ahead of" };
    let told = format!("{} s {relation} WeChat's", ahead.abs());
    if ahead.abs() > TOLERANCE_S {
        let todo = "set the clock and keep it right with NTP (chrony, systemd-timesyncd)";
        return Err(format!("{told}; {todo}"));
    }
    Ok(told)
}

/// Nothing if the database does not answer, which another finding says, or has no clock.
async fn database_clock(checkup: &Checkup) -> Option<Finding> {
    let theirs = checkup.database_clock.now().await.ok()??;
    let told = match service_clock::disagreement(SystemClock.now(), theirs) {
        None => Ok("agrees with this machine's".into()),
        Some(told) => Err(told),
    };
    Some(finding("database clock", told))
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
    let answer = match (taken.as_slice(), refused) {
        ([], Some((_, error))) => return finding(what, Err(told(error))),
        ([only], Some((place, _))) => format!(
            "WeChat takes the {only} of its two AppSecrets and refuses the {place}; take that one out"
        ),
        _ => String::from("WeChat takes its AppSecret"),
    };
    let left = phone_numbers(checkup, app).await;
    finding(what, Ok(format!("{answer}; {left}")))
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

/// What is good, or what is wrong and what to do about it.
type Told = Result<String, String>;

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

fn finding(what: impl Into<String>, told: Told) -> Finding {
    let (verdict, told) = match told {
        Ok(told) => (Verdict::Good, told),
        Err(told) => (Verdict::Bad, told),
    };
    let what = what.into();
    Finding {
        verdict,
        what,
        told,
    }
}

impl Finding {
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
