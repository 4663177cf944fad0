//! Phones that walk through the service, and the rules that listen.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use proptest::test_runner::TestCaseError;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::commands::{Ask, Command, Lateness, Pick, Recent, Which, Wish};
use super::replicas::{Pair, Replicas};
use super::rules::{Call, Heard, Replica, SessionNumber, Span, What, World};
use crate::stack::Answer;

const USERS: [&str; 2] = ["alice", "bob"];

/// A login can be repeated for a minute; later than this the test does not try.
const REPEATED_WITHIN: Duration = Duration::from_secs(45);

type Outcome<T = ()> = Result<T, TestCaseError>;

pub(super) struct Phones<'a> {
    replicas: &'a mut Replicas,
    sessions: Vec<Known>,
    /// Every way the sessions can be, as far as can be told from outside.
    worlds: Vec<World>,
}

/// What the phones, or those who read along, know of a session.
struct Known {
    id: Value,
    user: usize,
    login: Value,
    opened: Instant,
    pairs: Vec<Held>,
}

struct Held {
    pair: Pair,
    is_lost: bool,
}

impl<'a> Phones<'a> {
    /// Phones whose replaced refresh tokens are still taken, if `has_grace`.
    pub(super) fn new(replicas: &'a mut Replicas, has_grace: bool) -> Self {
        Self {
            replicas,
            sessions: Vec::new(),
            worlds: vec![World::new(has_grace)],
        }
    }

    pub(super) async fn walk(mut self, commands: &[Command]) -> Outcome {
        for user in 0..USERS.len() {
            self.log_in(user, 0).await?;
        }
        for command in commands {
            self.obey(command).await?;
        }
        self.settle().await
    }

    async fn obey(&mut self, command: &Command) -> Outcome {
        match command {
            Command::Login { user, at } => self.log_in(*user, *at).await,
            Command::Ask(asks) => self.ask(asks).await,
            Command::Lose(session) => {
                let session = self.session(*session);
                let pairs = self.sessions[session].pairs.iter_mut();
                if let Some(newest) = pairs.rev().find(|held| !held.is_lost) {
                    newest.is_lost = true;
                }
                Ok(())
            }
            Command::Restart(at) => {
                let at = at % self.replicas.count();
                self.replicas.restart(at).await;
                self.worlds.iter_mut().for_each(|world| world.restart(at));
                Ok(())
            }
            Command::Late(lateness, asks) => self.ask_while_late(*lateness, asks).await,
            Command::SetClock(seconds) => {
                self.replicas.set_clock(*seconds);
                Ok(())
            }
        }
    }

    async fn ask_while_late(&mut self, lateness: Lateness, asks: &[Ask]) -> Outcome {
        self.replicas.begin(lateness);
        for ask in asks {
            let ask = Ask {
                at: 0,
                ..ask.clone()
            };
            self.ask(&[ask]).await?;
        }
        self.replicas.end(lateness);
        if let Lateness::Suspended = lateness {
            // It believes nothing of what it remembered, as after a restart.
            self.worlds.iter_mut().for_each(|world| world.restart(1));
        }
        Ok(())
    }

    async fn log_in(&mut self, user: usize, at: Replica) -> Outcome {
        let nonce = format!("the nonce of session {}", self.sessions.len());
        let code = self.replicas.stack.code(USERS[user]);
        let login = json!({ "platCode": code, "nonce": nonce });
        let opened = Instant::now();
        let answer = self.replicas.log_in(at, &login).await;
        let pair = Pair::read(&answer.body["data"])
            .filter(|pair| pair.generation == 1)
            .ok_or_else(|| TestCaseError::fail(format!("a login was answered {answer:?}")))?;
        self.worlds.iter_mut().for_each(|world| world.log_in(user));
        self.sessions.push(Known {
            id: pair.session.clone(),
            user,
            login,
            opened,
            pairs: vec![Held {
                pair,
                is_lost: false,
            }],
        });
        Ok(())
    }

    async fn ask(&mut self, asks: &[Ask]) -> Outcome {
        let calls: Vec<(Call, Pair)> = asks.iter().filter_map(|ask| self.call(ask)).collect();
        self.make(calls).await.map(drop)
    }

    fn call(&self, ask: &Ask) -> Option<(Call, Pair)> {
        let session = self.session(ask.pair.session);
        let what = match ask.what {
            Wish::Refresh => What::Refresh,
            Wish::Use => What::Use,
            Wish::LogOut => What::LogOut,
            Wish::LogOutEverywhere => What::LogOutEverywhere,
            Wish::End(other) => What::End(self.session(other)),
            Wish::RepeatLogin => What::RepeatLogin,
        };
        let is_late = self.sessions[session].opened.elapsed() > REPEATED_WITHIN;
        let pair = self.pair(ask.pair);
        let call = Call {
            what,
            session,
            generation: pair.generation,
            at: ask.at % self.replicas.count(),
        };
        (what != What::RepeatLogin || !is_late).then(|| (call, pair.clone()))
    }

    /// Makes calls at the same moment, and asks the rules whether they could be answered so.
    async fn make(&mut self, calls: Vec<(Call, Pair)>) -> Outcome<Vec<Heard>> {
        let started = Instant::now();
        let answers = join_all(calls.iter().map(|(call, pair)| {
            let other = match call.what {
                What::End(other) => other,
                _ => call.session,
            };
            let (login, other) = (&self.sessions[call.session].login, &self.sessions[other].id);
            self.replicas.ask(call.at, call.what, pair, login, other)
        }))
        .await;
        let finished = Instant::now();
        let heard: Vec<(Call, Heard)> = calls
            .into_iter()
            .zip(answers)
            .map(|((call, _), answer)| (call, self.hear(&answer)))
            .collect();
        let explain = |world: &World| world.explain(&heard, Span { started, finished });
        let worlds: Vec<World> = self.worlds.iter().flat_map(explain).collect();
        if worlds.is_empty() {
            let told = format!("no rule allows {heard:#?}\nin any of {:#?}", self.worlds);
            return Err(TestCaseError::fail(told));
        }
        self.worlds = worlds;
        Ok(heard.into_iter().map(|(_, heard)| heard).collect())
    }

    /// Understands an answer, and keeps the pair it brings.
    fn hear(&mut self, answer: &Answer) -> Heard {
        if answer.status == StatusCode::OK {
            let Some(pair) = Pair::read(&answer.body["data"]) else {
                return Heard::Done;
            };
            let of_pair = |known: &Known| known.id == pair.session;
            let Some(session) = self.sessions.iter().position(of_pair) else {
                return Heard::Other(format!("a pair of an unknown session, {pair:?}"));
            };
            let generation = pair.generation;
            let is_lost = false;
            self.sessions[session].pairs.push(Held { pair, is_lost });
            return Heard::Pair {
                session,
                generation,
            };
        }
        match (answer.status.as_u16(), answer.body["error"].as_str()) {
            (401, Some("refresh_reused")) => Heard::Reused,
            (401, Some("session_revoked")) => Heard::Revoked,
            (401, Some("code_invalid")) => Heard::CodeInvalid,
            (404, Some("not_found")) => Heard::NotFound,
            _ => Heard::Other(format!("{answer:?}")),
        }
    }

    /// What must hold whenever the phones rest: all replicas come to agree in time, what lives
    /// can be used and carried on, and each user's list shows what lives.
    async fn settle(mut self) -> Outcome {
        for session in 0..self.sessions.len() {
            for at in 0..self.replicas.count() {
                self.use_until_agreed(session, at).await?;
            }
        }
        for session in 0..self.sessions.len() {
            let newest = self.newest(session, What::Refresh, 0);
            self.make(vec![newest]).await?;
            for at in 0..self.replicas.count() {
                let newest = self.newest(session, What::Use, at);
                self.make(vec![newest]).await?;
            }
        }
        for session in 0..self.sessions.len() {
            self.compare_list(session).await?;
        }
        Ok(())
    }

    /// The rules say how long a replica may go on to answer for a session that is over.
    async fn use_until_agreed(&mut self, session: SessionNumber, at: Replica) -> Outcome {
        loop {
            let newest = self.newest(session, What::Use, at);
            let heard = self.make(vec![newest]).await?;
            let may_live = self.worlds.iter().any(|world| world.is_live(session));
            if may_live || heard == [Heard::Revoked] {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks with a session's token, if it lives, for the list of its user's sessions.
    async fn compare_list(&self, session: SessionNumber) -> Outcome {
        let lives = |number: SessionNumber| self.worlds.iter().all(|world| world.is_live(number));
        if !lives(session) {
            return Ok(());
        }
        let pair = self.newest(session, What::Use, 0).1;
        let answer = self
            .replicas
            .send(0, Method::GET, "/user/sessions", pair.token.as_str(), None)
            .await;
        let items = answer.body["data"]["items"].as_array();
        let listed: Vec<&Value> = items
            .into_iter()
            .flatten()
            .map(|item| &item["id"])
            .collect();
        for (number, known) in self.sessions.iter().enumerate() {
            let must_be_listed = lives(number) && known.user == self.sessions[session].user;
            if listed.contains(&&known.id) != must_be_listed {
                let told = format!("session {number} listed: {}, {answer:?}", !must_be_listed);
                return Err(TestCaseError::fail(told));
            }
        }
        Ok(())
    }

    fn newest(&self, session: SessionNumber, what: What, at: Replica) -> (Call, Pair) {
        let pair = self.sessions[session].pairs.iter().map(|held| &held.pair);
        let pair = pair.max_by_key(|pair| pair.generation).unwrap();
        let call = Call {
            what,
            session,
            generation: pair.generation,
            at,
        };
        (call, pair.clone())
    }

    fn session(&self, recent: Recent) -> SessionNumber {
        self.sessions.len() - 1 - recent % self.sessions.len()
    }

    fn pair(&self, pick: Pick) -> &Pair {
        let pairs = &self.sessions[self.session(pick.session)].pairs;
        let (is_lost, back) = match pick.which {
            Which::Newest => (false, 0),
            Which::Older(back) => (false, back),
            Which::Lost(back) => (true, back),
        };
        let mut matching: Vec<&Pair> = of(pairs, is_lost);
        if matching.is_empty() {
            matching = of(pairs, !is_lost);
        }
        matching[matching.len() - 1 - back % matching.len()]
    }
}

fn of(pairs: &[Held], is_lost: bool) -> Vec<&Pair> {
    let matching = pairs.iter().filter(|held| held.is_lost == is_lost);
    matching.map(|held| &held.pair).collect()
}
