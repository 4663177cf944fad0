//! The rules of sessions, written a second time: which answers a call may have.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long a replica may not know what another one has ended.
const REVOCATION_TAKES: Duration = Duration::from_secs(5);

/// The number of a replica.
pub(super) type Replica = usize;

/// The number of a session, in the order of the logins.
pub(super) type SessionNumber = usize;

/// A request, as far as the rules see it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) what: What,
    /// Whose token it shows, and of which generation. A repeated login shows neither, but the
    /// code and nonce that opened the session.
    pub(super) session: SessionNumber,
    pub(super) generation: u32,
    pub(super) at: Replica,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    Refresh,
    Use,
    LogOut,
    LogOutEverywhere,
    End(SessionNumber),
    RepeatLogin,
}

/// An answer, as far as the rules see it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    Pair {
        session: SessionNumber,
        generation: u32,
    },
    Done,
    Reused,
    Revoked,
    CodeInvalid,
    NotFound,
    /// What no rule ever allows.
    Other(String),
}

/// When calls were under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) started: Instant,
    pub(super) finished: Instant,
}

/// One way the sessions can be, after all that has been heard.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct World {
    sessions: Vec<Session>,
    /// Whether a replaced refresh token is still taken. The grace lasts longer than a walk, or
    /// there is none.
    has_grace: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Session {
    user: usize,
    /// The newest generation of which something has been used.
    generation: u32,
    end: Option<End>,
}

#[derive(Clone, Debug, PartialEq)]
struct End {
    /// When it was over, at the latest.
    by: Instant,
    /// The replicas that must know.
    known_to: BTreeSet<Replica>,
}

impl World {
    pub(super) fn new(has_grace: bool) -> Self {
        Self {
            sessions: Vec::new(),
            has_grace,
        }
    }

    pub(super) fn log_in(&mut self, user: usize) {
        self.sessions.push(Session {
            user,
            generation: 1,
            end: None,
        });
    }

    /// A replica that starts remembers nothing, so it believes nothing that is over.
    pub(super) fn restart(&mut self, replica: Replica) {
        for end in self.sessions.iter_mut().filter_map(|s| s.end.as_mut()) {
            end.known_to.insert(replica);
        }
    }

    pub(super) fn is_live(&self, session: SessionNumber) -> bool {
        self.sessions[session].end.is_none()
    }

    /// The worlds in which calls that were under way together had these answers: one for each
    /// order of their steps that explains all of them. None if the rules do not allow them.
    pub(super) fn explain(&self, heard: &[(Call, Heard)], span: Span) -> Vec<Self> {
        let mut found = Vec::new();
        let mut next_steps = vec![Some(0); heard.len()];
        self.explain_rest(heard, span, &mut next_steps, &mut found);
        found
    }

    fn explain_rest(
        &self,
        heard: &[(Call, Heard)],
        span: Span,
        next_steps: &mut [Option<usize>],
        found: &mut Vec<Self>,
    ) {
        if next_steps.iter().all(Option::is_none) {
            if !found.contains(self) {
                found.push(self.clone());
            }
            return;
        }
        for (number, (call, answer)) in heard.iter().enumerate() {
            let Some(step) = next_steps[number] else {
                continue;
            };
            let mut world = self.clone();
            if let Some(progress) = world.step(call, step, answer, span) {
                next_steps[number] = match progress {
                    Progress::Answered => None,
                    Progress::Admitted => Some(step + 1),
                };
                world.explain_rest(heard, span, next_steps, found);
                next_steps[number] = Some(step);
            }
        }
    }

    /// Takes one step of a call, if that agrees with its answer. A call with an access token
    /// that also changes something has two: others may come between them.
    fn step(&mut self, call: &Call, step: usize, heard: &Heard, span: Span) -> Option<Progress> {
        let answer = match (call.what, step) {
            (What::Refresh, _) => self.refresh(call, span),
            (What::RepeatLogin, _) => self.repeat_login(call.session),
            (_, 0) => return self.admit(call, heard, span),
            (What::Use, _) => return None,
            (What::LogOut, _) => {
                self.end(call.session, call.at, span);
                Heard::Done
            }
            (What::LogOutEverywhere, _) => self.end_all(call, span),
            (What::End(other), _) => self.end_other(other, call, span),
        };
        (answer == *heard).then_some(Progress::Answered)
    }

    fn refresh(&mut self, call: &Call, span: Span) -> Heard {
        let session = &mut self.sessions[call.session];
        if let Some(end) = &mut session.end {
            end.known_to.insert(call.at);
            return Heard::Revoked;
        }
        let is_in_grace = self.has_grace && call.generation + 1 == session.generation;
        if call.generation < session.generation && !is_in_grace {
            self.end(call.session, call.at, span);
            return Heard::Reused;
        }
        session.generation = session.generation.max(call.generation);
        Heard::Pair {
            session: call.session,
            generation: call.generation + 1,
        }
    }

    fn repeat_login(&self, number: SessionNumber) -> Heard {
        let session = &self.sessions[number];
        match session.end {
            Some(_) => Heard::CodeInvalid,
            None => Heard::Pair {
                session: number,
                generation: session.generation,
            },
        }
    }

    /// An access token is shown.
    fn admit(&mut self, call: &Call, heard: &Heard, span: Span) -> Option<Progress> {
        let session = &mut self.sessions[call.session];
        let is_refused = *heard == Heard::Revoked;
        match &mut session.end {
            None if is_refused => return None,
            None => session.generation = session.generation.max(call.generation),
            Some(end) if is_refused => {
                end.known_to.insert(call.at);
            }
            Some(end) => {
                let must_know =
                    end.known_to.contains(&call.at) || span.started > end.by + REVOCATION_TAKES;
                if must_know {
                    return None;
                }
            }
        }
        match (call.what, heard) {
            (_, Heard::Revoked) | (What::Use, Heard::Done) => Some(Progress::Answered),
            (What::Use, _) => None,
            _ => Some(Progress::Admitted),
        }
    }

    fn end_all(&mut self, call: &Call, span: Span) -> Heard {
        let user = self.sessions[call.session].user;
        for number in 0..self.sessions.len() {
            if self.sessions[number].user == user {
                self.end(number, call.at, span);
            }
        }
        Heard::Done
    }

    fn end_other(&mut self, other: SessionNumber, call: &Call, span: Span) -> Heard {
        let is_theirs = self.sessions[other].user == self.sessions[call.session].user;
        if !is_theirs || !self.is_live(other) {
            return Heard::NotFound;
        }
        self.end(other, call.at, span);
        Heard::Done
    }

    fn end(&mut self, number: SessionNumber, at: Replica, span: Span) {
        let end = self.sessions[number].end.get_or_insert_with(|| End {
            by: span.finished,
            known_to: BTreeSet::new(),
        });
        end.known_to.insert(at);
    }
}

/// How far a call has come.
enum Progress {
    Answered,
    /// Its token is good; the change is still to come.
    Admitted,
}
