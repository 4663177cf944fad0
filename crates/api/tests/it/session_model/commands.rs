//! What phones do, at random.

use proptest::collection::vec;
use proptest::prelude::*;

use super::rules::Replica;

/// The most calls that are under way together: all their orders are tried.
const AT_ONCE: usize = 4;

#[derive(Clone, Debug)]
pub(super) enum Command {
    Login {
        user: usize,
        at: Replica,
    },
    /// One call, or several at the same moment.
    Ask(Vec<Ask>),
    /// The phone loses the newest pair of a session: the answer never came.
    Lose(Recent),
    Restart(Replica),
    /// The second replica is late: what the phones ask meanwhile goes to the first.
    Late(Lateness, Vec<Ask>),
    /// Somebody sets the clock of the second replica's machine, by so many seconds.
    SetClock(i64),
}

/// What makes a replica late.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lateness {
    /// Its machine is suspended, and misses 20 s.
    Suspended,
    /// Its link to the database stands still.
    Still,
    /// The link is cut.
    Cut,
}

#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) what: Wish,
    pub(super) pair: Pick,
    pub(super) at: Replica,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    Refresh,
    Use,
    LogOut,
    LogOutEverywhere,
    End(Recent),
    RepeatLogin,
}

/// A session by its age: 0 is the newest.
pub(super) type Recent = usize;

/// A pair of tokens of a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pick {
    pub(super) session: Recent,
    pub(super) which: Which,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    /// The one the phone would use.
    Newest,
    /// So many answers before that.
    Older(usize),
    /// One whose answer was lost, the newest being 0.
    Lost(usize),
}

/// A walk of some length.
pub(super) fn walk() -> impl Strategy<Value = Vec<Command>> {
    vec(command(), 4..40)
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        2 => (0..2_usize, replica()).prop_map(|(user, at)| Command::Login { user, at }),
        16 => ask().prop_map(|ask| Command::Ask(vec![ask])),
        3 => vec(ask(), 2..=AT_ONCE).prop_map(Command::Ask),
        3 => same_refresh_in_parallel(),
        4 => recent().prop_map(Command::Lose),
        1 => replica().prop_map(Command::Restart),
        3 => (lateness(), vec(ask(), 1..4)).prop_map(|(late, asks)| Command::Late(late, asks)),
        1 => prop::sample::select(vec![-3600, -90, 90, 3600]).prop_map(Command::SetClock),
    ]
}

fn lateness() -> impl Strategy<Value = Lateness> {
    prop_oneof![
        Just(Lateness::Suspended),
        Just(Lateness::Still),
        Just(Lateness::Cut),
    ]
}

fn same_refresh_in_parallel() -> impl Strategy<Value = Command> {
    (pick(), vec(replica(), 2..=AT_ONCE)).prop_map(|(pair, replicas)| {
        let refresh = |at| Ask {
            what: Wish::Refresh,
            pair,
            at,
        };
        Command::Ask(replicas.into_iter().map(refresh).collect())
    })
}

fn ask() -> impl Strategy<Value = Ask> {
    let wish = prop_oneof![
        9 => Just(Wish::Refresh),
        9 => Just(Wish::Use),
        2 => Just(Wish::RepeatLogin),
        1 => Just(Wish::LogOut),
        1 => recent().prop_map(Wish::End),
        1 => Just(Wish::LogOutEverywhere),
    ];
    (wish, pick(), replica()).prop_map(|(what, pair, at)| Ask { what, pair, at })
}

fn pick() -> impl Strategy<Value = Pick> {
    let which = prop_oneof![
        6 => Just(Which::Newest),
        2 => (1..4_usize).prop_map(Which::Older),
        2 => (0..2_usize).prop_map(Which::Lost),
    ];
    (recent(), which).prop_map(|(session, which)| Pick { session, which })
}

fn recent() -> impl Strategy<Value = Recent> {
    prop_oneof![5 => Just(0), 2 => Just(1), 1 => 2..5_usize]
}

fn replica() -> impl Strategy<Value = Replica> {
    0..2_usize
}
