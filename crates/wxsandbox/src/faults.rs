//! Faults on request: what goes wrong, for which call and app, and how often.

use serde::{Deserialize, Serialize};

use crate::api::Api;

/// A fault to inject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The call it strikes; every call if absent.
    #[serde(default)]
    pub api: Option<Api>,
    /// The app it strikes; every app if absent.
    #[serde(default)]
    pub app_id: Option<String>,
    /// So many calls are spared first.
    #[serde(default)]
    pub skip: u32,
    /// So many calls are struck; all, until it is cleared, if absent.
    #[serde(default)]
    pub times: Option<u32>,
    /// Whether the call does its work (uses up the code, makes the token …) before the fault
    /// strikes. Matters for errcode, delay, hang, reset, html, redirect and body; the others change
    /// an answer that has been made.
    #[serde(default)]
    pub consume: bool,
    /// What happens.
    #[serde(flatten)]
    pub effect: FaultEffect,
}

/// What a fault does. In JSON the name stands in `effect`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultEffect {
    /// The answer is this errcode.
    Errcode {
        /// The code, for instance -1.
        code: i64,
        /// Its text; WeChat's, as far as known, if absent.
        #[serde(default)]
        errmsg: Option<String>,
    },
    /// The answer comes late.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// The answer never comes, and the connection stays open.
    Hang,
    /// The connection is reset instead of an answer.
    Reset,
    /// The connection ends in the middle of the body.
    HalfBody,
    /// An HTML page, as a gateway in trouble sends it.
    Html {
        /// The HTTP status.
        #[serde(default = "bad_gateway")]
        status: u16,
    },
    /// A redirect.
    Redirect {
        /// Where to.
        location: String,
    },
    /// Another content type around the same body.
    ContentType {
        /// For instance `application/json`.
        value: String,
    },
    /// `"errcode":"40029"` instead of the number.
    ErrcodeAsString,
    /// `"errcode":0,"errmsg":"ok"` where success usually has neither.
    ErrcodeZero,
    /// Fields that no document mentions.
    ExtraFields,
    /// `/` written as `\/`.
    EscapedSlashes,
    /// A field is missing.
    WithoutField {
        /// For instance `openid`.
        field: String,
    },
    /// Any body at all.
    Body {
        /// The body.
        body: String,
        /// The HTTP status.
        #[serde(default = "ok")]
        status: u16,
        /// The content type.
        #[serde(default = "text_plain")]
        content_type: String,
    },
}

const fn bad_gateway() -> u16 {
    502
}

const fn ok() -> u16 {
    200
}

fn text_plain() -> String {
    "text/plain".to_owned()
}

impl Fault {
    /// A fault that strikes every call of this sort until it is cleared.
    pub const fn on(api: Api, effect: FaultEffect) -> Self {
        Self {
            api: Some(api),
            app_id: None,
            skip: 0,
            times: None,
            consume: false,
            effect,
        }
    }

    /// Strikes so many calls only.
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes one app's calls only.
    pub fn for_app(mut self, app_id: impl Into<String>) -> Self {
        self.app_id = Some(app_id.into());
        self
    }

    /// Strikes after the call has done its work.
    pub const fn after_the_work(mut self) -> Self {
        self.consume = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_a_person_would_write_it() {
        let text = r#"{"api":"/sns/jscode2session","effect":"errcode","code":-1,"times":2}"#;
        let expected = Fault::on(
            Api::Code2Session,
            FaultEffect::Errcode {
                code: -1,
                errmsg: None,
            },
        );
        assert_eq!(
            serde_json::from_str::<Fault>(text).unwrap(),
            expected.times(2)
        );
    }
}
