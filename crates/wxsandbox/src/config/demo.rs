//! The demo: two apps of one Open Platform account, three users.

use super::{
    AppConfig, ClockStart, Gender, PhoneNumber, Policy, Profile, ResourcePack, SandboxConfig,
    UserConfig, VirtualPaymentConfig,
};
use crate::dice::Derivation;

/// The seed of [`SandboxConfig::default`].
pub const DEFAULT_SEED: u64 = 20_170_109;

impl SandboxConfig {
    /// The demo with another seed, so with other appids, secrets and openids.
    pub fn seeded(seed: u64) -> Self {
        let derive = Derivation::new(seed);
        Self {
            seed,
            clock: ClockStart::System,
            workers: 1,
            control: true,
            allow_remote: false,
            service: None,
            apps: vec![
                demo_app(derive, 1, "Demo Shop"),
                demo_app(derive, 2, "Demo Members"),
            ],
            components: Vec::new(),
            users: demo_users(),
            policy: Policy::default(),
        }
    }
}

fn demo_app(derive: Derivation, number: u32, name: &str) -> AppConfig {
    let app_id = derive.app_id(number);
    let secret = derive.secret(&app_id);
    AppConfig {
        name: name.to_owned(),
        open_platform: Some("demo".to_owned()),
        resource_packs: ["10000077", "10000086"]
            .map(|spu_id| ResourcePack {
                spu_id: spu_id.to_owned(),
                all: 1000,
                used: 0,
            })
            .to_vec(),
        virtual_payment: Some(VirtualPaymentConfig {
            offer_id: derive.offer_id(&app_id),
            app_key: derive.app_key(&app_id, 0).into(),
            sandbox_app_key: derive.app_key(&app_id, 1).into(),
            goods: Vec::new(),
        }),
        ..AppConfig::new(app_id, secret)
    }
}

fn demo_users() -> Vec<UserConfig> {
    vec![
        demo_user(
            "alice",
            "爱丽丝 Alice",
            Gender::Female,
            ["Guangzhou", "Guangdong", "China"],
            ["86", "13800138000"],
        ),
        demo_user(
            "bob",
            "小波 Bob",
            Gender::Male,
            ["Chengdu", "Sichuan", "China"],
            ["86", "13900139000"],
        ),
        demo_user(
            "carol",
            "Carol 🌻",
            Gender::Unknown,
            ["", "", "Hong Kong"],
            ["852", "51234567"],
        ),
    ]
}

fn demo_user(
    name: &str,
    nick_name: &str,
    gender: Gender,
    [city, province, country]: [&str; 3],
    [country_code, number]: [&str; 2],
) -> UserConfig {
    UserConfig {
        profile: Profile {
            nick_name: nick_name.to_owned(),
            gender,
            language: "zh_CN".to_owned(),
            city: city.to_owned(),
            province: province.to_owned(),
            country: country.to_owned(),
            avatar_url: format!("https://thirdwx.qlogo.cn/mmopen/vi_32/{name}/132"),
        },
        phone: Some(PhoneNumber {
            country_code: country_code.to_owned(),
            number: number.to_owned(),
        }),
        ..UserConfig::new(name)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn the_demo_is_the_same_at_every_start() {
        let (one, two) = (SandboxConfig::default(), SandboxConfig::default());
        for (a, b) in one.apps().iter().zip(two.apps()) {
            assert_eq!(a.app_id, b.app_id);
            assert_eq!(a.secret.expose_secret(), b.secret.expose_secret());
        }
        assert_ne!(one.apps[0].app_id, SandboxConfig::seeded(1).apps[0].app_id);
    }

    #[test]
    fn demo_apps_look_like_real_ones() {
        for app in SandboxConfig::default().apps() {
            let digits = app.app_id.strip_prefix("wx").unwrap();
            let secret = app.secret.expose_secret();
            assert_eq!((digits.len(), secret.len()), (16, 32));
            assert!(
                digits
                    .chars()
                    .chain(secret.chars())
                    .all(|c| matches!(c, '0'..='9' | 'a'..='f'))
            );
        }
    }
}
