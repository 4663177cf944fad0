//! What a user shows of themselves.

/// WeChat's `gender`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gender {
    /// 0: not told. All that WeChat has said since 2021-10-20.
    Unknown,
    Male,
    Female,
}

impl Gender {
    /// From WeChat's number. `None` for a number WeChat does not define.
    pub fn from_number(number: i64) -> Option<Self> {
        let mut all = [Self::Unknown, Self::Male, Self::Female].into_iter();
        all.find(|gender| i64::from(gender.number()) == number)
    }

    pub const fn number(self) -> i16 {
        match self {
            Self::Unknown => 0,
            Self::Male => 1,
            Self::Female => 2,
        }
    }
}

/// The profile as it is stored. A field without a value is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub nick_name: Option<String>,
    pub avatar_url: Option<String>,
    /// Gender. `Some(Gender::Unknown)` only if the user themselves said so.
    pub gender: Option<Gender>,
    /// Language of the user's WeChat, such as `zh_CN`.
    pub language: Option<String>,
    pub country: Option<String>,
    pub province: Option<String>,
    pub city: Option<String>,
}

/// What becomes of one field of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Edit<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> Edit<T> {
    fn apply_to(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(new) => *field = Some(new),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileEdit {
    pub nick_name: Edit<String>,
    pub avatar_url: Edit<String>,
    pub gender: Edit<Gender>,
    pub language: Edit<String>,
    pub country: Edit<String>,
    pub province: Edit<String>,
    pub city: Edit<String>,
}

/// A profile as WeChat told it at a login, in encryptedData or in signed rawData.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileReport {
    pub profile: Profile,
    /// Whether WeChat gave its placeholder (grey avatar, `微信用户`) in place of the person's
    /// own nickname and avatar (since its changes of April 2021 and November 2022).
    pub is_anonymous: bool,
}

impl ProfileReport {
    /// Nickname WeChat gives to everybody who did not fill in their own.
    pub const ANONYMOUS_NICK_NAME: &str = "微信用户";
}

impl Profile {
    /// Takes over what WeChat reports. Empty text and gender 0 say nothing and change nothing;
    /// an anonymous report fills an empty nickname or avatar but never replaces one.
    pub fn learn(&mut self, report: ProfileReport) {
        let told = report.profile;
        if !(report.is_anonymous && self.nick_name.is_some()) {
            fill(&mut self.nick_name, told.nick_name);
        }
        if !(report.is_anonymous && self.avatar_url.is_some()) {
            fill(&mut self.avatar_url, told.avatar_url);
        }
        if let Some(gender) = told.gender.filter(|gender| *gender != Gender::Unknown) {
            self.gender = Some(gender);
        }
        fill(&mut self.language, told.language);
        fill(&mut self.country, told.country);
        fill(&mut self.province, told.province);
        fill(&mut self.city, told.city);
    }

    pub fn apply(&mut self, edit: ProfileEdit) {
        edit.nick_name.apply_to(&mut self.nick_name);
        edit.avatar_url.apply_to(&mut self.avatar_url);
        edit.gender.apply_to(&mut self.gender);
        edit.language.apply_to(&mut self.language);
        edit.country.apply_to(&mut self.country);
        edit.province.apply_to(&mut self.province);
        edit.city.apply_to(&mut self.city);
    }

    /// This profile, with the fields of `other` where it has none.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            nick_name: self.nick_name.or(other.nick_name),
            avatar_url: self.avatar_url.or(other.avatar_url),
            gender: self.gender.or(other.gender),
            language: self.language.or(other.language),
            country: self.country.or(other.country),
            province: self.province.or(other.province),
            city: self.city.or(other.city),
        }
    }

    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let Self {
            nick_name,
            avatar_url,
            gender: _,
            language,
            country,
            province,
            city,
        } = self;
        let texts = [nick_name, avatar_url, language, country, province, city];
        texts.into_iter().flatten().map(String::as_str)
    }
}

/// Takes over what is told, without NUL characters, which PostgreSQL cannot store, if anything is left.
fn fill(field: &mut Option<String>, told: Option<String>) {
    let mut text = told.unwrap_or_default();
    text.retain(|character| character != '\0');
    if !text.is_empty() {
        *field = Some(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty profile after these reports of nicknames, of which some are anonymous.
    fn after(reports: &[(&str, bool)]) -> Option<String> {
        let mut profile = Profile::default();
        for (nick_name, is_anonymous) in reports {
            profile.learn(ProfileReport {
                profile: Profile {
                    nick_name: Some((*nick_name).to_owned()),
                    ..Profile::default()
                },
                is_anonymous: *is_anonymous,
            });
        }
        profile.nick_name
    }

    #[test]
    fn an_anonymous_nickname_fills_an_empty_one_and_never_replaces_a_real_one() {
        const ANONYMOUS: (&str, bool) = (ProfileReport::ANONYMOUS_NICK_NAME, true);
        for (reports, expected) in [
            (&[("Band", false), ANONYMOUS][..], "Band"),
            (&[ANONYMOUS], ProfileReport::ANONYMOUS_NICK_NAME),
            (&[ANONYMOUS, ("Band", false)], "Band"),
        ] {
            assert_eq!(after(reports).as_deref(), Some(expected), "{reports:?}");
        }
    }

    #[test]
    fn empty_text_and_gender_0_change_nothing() {
        let mut profile = Profile::default();
        let told = |gender, city: &str| Profile {
            gender: Some(gender),
            city: Some(city.to_owned()),
            ..Profile::default()
        };
        let full = told(Gender::Female, "广州");
        for told in [full.clone(), told(Gender::Unknown, "")] {
            profile.learn(ProfileReport {
                profile: told,
                is_anonymous: false,
            });
        }
        assert_eq!(profile, full);
    }

    #[test]
    fn a_nul_character_is_dropped() {
        assert_eq!(after(&[("Ba\0nd", false)]).as_deref(), Some("Band"));
    }
}
