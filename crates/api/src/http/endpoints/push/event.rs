//! What an event on a user's data (授权用户资料变更) asks for
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/event_push/platform/authorized_user_information_changes.html>).

use domain::account::Withdrawal;
use domain::id::OpenId;

use super::fields::Fields;

/// Whether this is an event on a user's data, which the service acts on itself.
pub(super) fn concerns_user_data(message: &Fields) -> bool {
    matches!(
        message.event().as_str(),
        "user_info_modified" | "user_authorization_revoke" | "user_authorization_cancellation"
    )
}

/// Whether it tells of a payment (虚拟支付).
pub(super) fn is_of_a_payment(message: &Fields) -> bool {
    message.event().starts_with("xpay_")
}

/// Whether it revokes an authorisation and does not say which.
pub(super) fn revokes_nothing(message: &Fields) -> bool {
    let codes = message.get("revokeinfo").unwrap_or_default();
    message.event() == "user_authorization_revoke" && !codes.contains(|c: char| c.is_ascii_digit())
}

/// Whose data the message is about: `OpenID`, or the sender where WeChat leaves it out.
pub(super) fn user(message: &Fields) -> Option<OpenId> {
    let open_id = message
        .get("openid")
        .or_else(|| message.get("fromusername"))?;
    // PostgreSQL cannot store NUL, so no user has such an openid.
    (!open_id.contains('\0')).then(|| OpenId::new(open_id))
}

/// What must be deleted: nothing, for any other message.
pub(super) fn withdrawals(message: &Fields) -> Vec<Withdrawal> {
    match message.event().as_str() {
        // WeChat has cleaned a risky nickname or avatar; the next login or edit brings the new.
        "user_info_modified" => vec![Withdrawal::NickName, Withdrawal::Avatar],
        "user_authorization_revoke" => revoked(message.get("revokeinfo").unwrap_or_default()),
        "user_authorization_cancellation" => vec![Withdrawal::Identity],
        _ => Vec::new(),
    }
}

/// By the codes of `RevokeInfo`, of which there may be several. What the others stand for
/// (location, invoices, steps …) is not stored here.
fn revoked(codes: &str) -> Vec<Withdrawal> {
    let mut withdrawals = Vec::new();
    for code in codes.split(|c: char| !c.is_ascii_digit()) {
        let named: &[Withdrawal] = match code {
            "6" => &[Withdrawal::NickName, Withdrawal::Avatar],
            "8" => &[Withdrawal::Phone],
            "19" => &[Withdrawal::NickName],
            "20" => &[Withdrawal::Avatar],
            _ => &[],
        };
        for withdrawal in named {
            if !withdrawals.contains(withdrawal) {
                withdrawals.push(*withdrawal);
            }
        }
    }
    withdrawals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &str) -> Vec<Withdrawal> {
        withdrawals(&Fields::parse(message.as_bytes()).unwrap())
    }

    fn of_revoke(codes: &str) -> Vec<Withdrawal> {
        of(&format!(
            r#"{{"Event":"user_authorization_revoke","RevokeInfo":{codes}}}"#
        ))
    }

    #[test]
    fn each_code_deletes_what_it_names_once() {
        use Withdrawal::{Avatar, NickName, Phone};
        assert_eq!(of_revoke("\"6\""), [NickName, Avatar]);
        assert_eq!(of_revoke("8"), [Phone]);
        assert_eq!(of_revoke("\"19\""), [NickName]);
        assert_eq!(of_revoke("20"), [Avatar]);
        assert_eq!(of_revoke("\"8, 20,6,301,x\""), [Phone, Avatar, NickName]);
        for list in ["[6]", "[\"6\",1]", "\"[6]\"", "[[6]]"] {
            assert_eq!(of_revoke(list), [NickName, Avatar], "{list}");
        }
        for nothing in ["\"1\"", "301", "\"\"", "null", "\"68\""] {
            assert_eq!(of_revoke(nothing), [], "{nothing}");
        }
    }

    #[test]
    fn other_messages_delete_nothing() {
        assert_eq!(of(r#"{"MsgType":"text","Content":"6"}"#), []);
        assert_eq!(of(r#"{"Event":"debug_demo","RevokeInfo":"6"}"#), []);
    }

    #[test]
    fn the_user_is_the_openid_and_else_the_sender() {
        let who = |message: &str| user(&Fields::parse(message.as_bytes()).unwrap());
        assert_eq!(
            who(r#"{"FromUserName":"o2","OpenID":"o1"}"#),
            Some(OpenId::new("o1"))
        );
        assert_eq!(who(r#"{"FromUserName":"o2"}"#), Some(OpenId::new("o2")));
        assert_eq!(who(r#"{"OpenID":"a\u0000b"}"#), None);
        assert_eq!(who("{}"), None);
    }
}
