//! Any lives of users and sessions, with restarts, go as they do in memory.

use std::sync::Arc;

use domain::account::{Page, Withdrawal};
use domain::audit::{AuditAction, AuditEntry};
use domain::ports::{
    AccountRepository, AuditLog, BanRepository, ChangeFeed, MergeRepository, PhoneLookups,
    SessionLifecycle, SessionRepository, SignatoryRepository, TokenUse, UserRepository,
    WechatTokenRepository,
};
use domain::profile::{Edit, ProfileEdit};
use domain::session::Generation;
use domain::testing::InMemoryStore;
use domain::testing::repository_contract::{Guest, StoreUnderTest, entry};
use domain::time::{Duration, Timestamp, after};
use domain::visit::Visit;
use persistence::Database;
use proptest::prelude::*;
use proptest::sample::Index;
use uuid::Uuid;

use crate::store::{Store, options};

/// What happens. An index is of a login that was before.
#[derive(Clone, Debug)]
enum Step {
    LogIn {
        guest: Guest,
        lives_seconds: u64,
    },
    /// A token of a generation is used, a refresh token with its new end.
    Use {
        login: Index,
        generation: u32,
        refresh: bool,
    },
    LogOut {
        login: Index,
        everywhere: bool,
    },
    Disable {
        login: Index,
        yes: bool,
    },
    Edit(Index),
    Delete(Index),
    Withdraw {
        login: Index,
        what: Withdrawal,
    },
    /// The operator decides on the first merge candidate.
    Decide {
        apply: bool,
    },
    /// The operator lifts the first ban.
    Lift,
    Restart,
}

fn any_guest() -> impl Strategy<Value = Guest> {
    (0..2_u8, 0..3_u8, prop::option::of(0..3_u8)).prop_map(|(app, open_id, union_id)| {
        let guest = Guest::new(&format!("wx{app}"), &format!("o{open_id}")).in_account("main");
        match union_id {
            Some(union_id) => guest.with_union_id(&format!("u{union_id}")),
            None => guest,
        }
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    let login = any::<Index>;
    let what = prop::sample::select(vec![
        Withdrawal::NickName,
        Withdrawal::Phone,
        Withdrawal::Identity,
    ]);
    prop_oneof![
        8 => (any_guest(), 1..40_u64)
            .prop_map(|(guest, lives_seconds)| Step::LogIn { guest, lives_seconds }),
        10 => (login(), 1..5_u32, any::<bool>())
            .prop_map(|(login, generation, refresh)| Step::Use { login, generation, refresh }),
        2 => (login(), any::<bool>())
            .prop_map(|(login, everywhere)| Step::LogOut { login, everywhere }),
        2 => (login(), any::<bool>()).prop_map(|(login, yes)| Step::Disable { login, yes }),
        1 => login().prop_map(Step::Edit),
        1 => login().prop_map(Step::Delete),
        1 => (login(), what).prop_map(|(login, what)| Step::Withdraw { login, what }),
        2 => any::<bool>().prop_map(|apply| Step::Decide { apply }),
        1 => Just(Step::Lift),
        1 => Just(Step::Restart),
    ]
}

const FIRST: Page<Uuid> = Page {
    after: None,
    limit: 1,
};

/// Takes a step in a store, and tells what came of it.
async fn take(store: &dyn StoreUnderTest, step: &Step, visits: &[Visit], now: Timestamp) -> String {
    let (accounts, lifecycle, merges) = (store.accounts(), store.lifecycle(), store.merges());
    let entry = AuditEntry {
        id: Uuid::from_u128(now.as_microsecond().unsigned_abs().into()),
        at: now,
        ..entry(AuditAction::Withdraw, None)
    };
    if let Step::LogIn { .. } = step {
        let visit = visits.last().unwrap().clone();
        return format!("{:?}", store.users().record_visit(visit).await.unwrap());
    }
    if let Step::Decide { apply } = step {
        let open = merges.open_candidates(FIRST).await.unwrap();
        let Some(id) = open.first().map(|open| open.id) else {
            return String::new();
        };
        let decided = match apply {
            true => format!("{:?}", merges.apply(id, entry).await.unwrap()),
            false => merges.dismiss(id, entry).await.unwrap().to_string(),
        };
        return format!("{open:?} {decided}");
    }
    if let Step::Lift = step {
        let bans = store.bans().list(FIRST).await.unwrap();
        let Some(ban) = bans.first() else {
            return String::new();
        };
        return store.bans().lift(ban.id, entry).await.unwrap().to_string();
    }
    let (Step::Use { login, .. }
    | Step::LogOut { login, .. }
    | Step::Disable { login, .. }
    | Step::Edit(login)
    | Step::Delete(login)
    | Step::Withdraw { login, .. }) = step
    else {
        return String::new();
    };
    if visits.is_empty() {
        return String::new();
    }
    let visit = login.get(visits);
    let session = visit.session.id;
    let found = store.sessions().find(session).await.unwrap();
    let user = found.map_or(visit.new_user_id, |found| found.user.id);
    match step {
        Step::Use {
            generation,
            refresh,
            ..
        } => {
            let token = if *refresh {
                TokenUse::Refresh {
                    expires_at: after(now, Duration::from_secs(20)),
                    grace: Duration::from_secs(5),
                }
            } else {
                TokenUse::Access
            };
            let generation = Generation::new(*generation);
            let outcome = lifecycle.use_generation(session, generation, now, token);
            format!("{:?}", outcome.await.unwrap())
        }
        Step::LogOut {
            everywhere: true, ..
        } => {
            format!("{:?}", lifecycle.end_all(user, now).await.unwrap())
        }
        Step::LogOut { .. } => format!("{:?}", lifecycle.end(user, session, now).await.unwrap()),
        Step::Disable { yes, .. } => {
            let disabled = accounts.set_disabled(user, *yes, entry);
            format!("{:?}", disabled.await.unwrap())
        }
        Step::Edit(_) => {
            let edit = ProfileEdit {
                nick_name: Edit::Set(now.to_string()),
                ..ProfileEdit::default()
            };
            accounts.set_phone(user, "+8613580006666").await.unwrap();
            format!("{:?}", accounts.edit_profile(user, edit).await.unwrap())
        }
        Step::Delete(_) => format!("{:?}", accounts.delete(user, entry).await.unwrap()),
        Step::Withdraw { what, .. } => {
            let what = [*what];
            let withdrawn = accounts.withdraw(&visit.app.id, &visit.open_id, &what, entry);
            format!("{:?}", withdrawn.await.unwrap())
        }
        Step::LogIn { .. } | Step::Decide { .. } | Step::Lift | Step::Restart => String::new(),
    }
}

/// Everything a store tells about the users of these visits.
async fn everything(store: &dyn StoreUnderTest, visits: &[Visit]) -> Vec<String> {
    let all = Page {
        limit: 1000,
        ..FIRST
    };
    let (bans, merges) = (store.bans(), store.merges());
    let mut told = vec![
        format!("{:?}", bans.list(all).await.unwrap()),
        format!("{:?}", merges.open_candidates(all).await.unwrap()),
    ];
    for visit in visits {
        let found = store.sessions().find(visit.session.id).await.unwrap();
        let export = store.accounts().export(visit.new_user_id).await.unwrap();
        told.push(format!("{found:?} {export:?}"));
    }
    told
}

async fn compare(mut real: Store, steps: Vec<Step>) {
    let fake = Fake(Arc::default());
    let mut visits = Vec::new();
    for (second, step) in (0_i64..).zip(&steps) {
        let now = Guest::new("wx0", "o").visit(second).at;
        match step {
            Step::LogIn {
                guest,
                lives_seconds,
            } => {
                let mut visit = guest.visit_as(second, &format!("Name {second}"));
                visit.session.expires_at = after(now, Duration::from_secs(*lives_seconds));
                visits.push(visit);
            }
            Step::Restart => real.database = Database::open(options(real.place.url())).unwrap(),
            _ => {}
        }
        let expected = take(&fake, step, &visits, now).await;
        assert_eq!(take(&real, step, &visits, now).await, expected, "{step:?}");
        let expected = everything(&fake, &visits).await;
        assert_eq!(everything(&real, &visits).await, expected, "after {step:?}");
    }
}

/// The memory.
struct Fake(Arc<InMemoryStore>);

macro_rules! ports {
    ($($name:ident: $port:ident,)*) => {
        impl StoreUnderTest for Fake {
            $(fn $name(&self) -> Arc<dyn $port> {
                Arc::clone(&self.0) as _
            })*

            fn replica(&self) -> Box<dyn StoreUnderTest> {
                Box::new(Self(Arc::clone(&self.0)))
            }
        }
    };
}

ports! {
    users: UserRepository,
    sessions: SessionRepository,
    lifecycle: SessionLifecycle,
    accounts: AccountRepository,
    merges: MergeRepository,
    bans: BanRepository,
    audit: AuditLog,
    signatories: SignatoryRepository,
    changes: ChangeFeed,
    wechat_tokens: WechatTokenRepository,
    phone_lookups: PhoneLookups,
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test);
}

fn any_life() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any_step(), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_life_on_sqlite_goes_as_in_memory(steps in any_life()) {
        run(async { compare(crate::store::sqlite().await, steps).await });
    }

    #[test]
    fn any_life_on_postgres_goes_as_in_memory(steps in any_life()) {
        run(async { compare(crate::store::postgres().await, steps).await });
    }
}
