//! An errcode and the useful part of its errmsg.

use std::fmt;
use std::net::IpAddr;

use crate::catalogue;

/// WeChat answered with an errcode.
///
/// Of errmsg only the rid is kept, by which WeChat's support (and 查询 rid 信息 in the console)
/// finds the call, and for 40164 the address that belongs into the app's IP whitelist. The rest
/// is not stable and may show what it should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The errcode. Never 0.
    pub code: i64,
    /// WeChat's id of the call.
    pub rid: Option<String>,
    /// The address under which WeChat sees this service, if that is the trouble (40164).
    pub seen_ip: Option<IpAddr>,
}

impl Refusal {
    pub(crate) fn new(code: i64, errmsg: &str) -> Self {
        Self {
            code,
            rid: rid(errmsg),
            seen_ip: seen_ip(errmsg).filter(|_| code == catalogue::IP_NOT_LISTED),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meaning = catalogue::lookup(self.code).meaning.en;
        write!(f, "errcode {} ({meaning})", self.code)?;
        if let Some(ip) = self.seen_ip {
            write!(f, ", seen from {ip}")?;
        }
        if let Some(rid) = &self.rid {
            write!(f, ", rid {rid}")?;
        }
        Ok(())
    }
}

/// The rid at the end of an errmsg: `…, rid: 652d44d0-6f2b9a51-3c1e7d42`, or of old
/// `…, hints: [ req_id: MdoBRh4FE-_iqKea ]`. Only these shapes, so that nothing else slips out.
fn rid(errmsg: &str) -> Option<String> {
    let new = after(errmsg, "rid: ").filter(|id| {
        let groups: Vec<_> = id.split('-').collect();
        groups.len() == 3 && groups.iter().all(|group| is_8_hex_digits(group))
    });
    let is_of_an_id = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let old = after(errmsg, "req_id: ").filter(|id| id.len() == 16 && id.bytes().all(is_of_an_id));
    new.or(old).map(ToOwned::to_owned)
}

fn is_8_hex_digits(group: &str) -> bool {
    group.len() == 8 && group.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The address in `invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist, rid: …`.
fn seen_ip(errmsg: &str) -> Option<IpAddr> {
    after(errmsg, "ip ")?.parse().ok()
}

fn after<'a>(errmsg: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = errmsg.split_once(label)?;
    rest.split([' ', ',', ']']).next()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const RID: Option<&str> = Some("652d44d0-6f2b9a51-3c1e7d42");

    #[rstest]
    #[case::comma("invalid code, rid: 652d44d0-6f2b9a51-3c1e7d42", RID)]
    #[case::space("access_token expired rid: 652d44d0-6f2b9a51-3c1e7d42", RID)]
    #[case::old(
        "invalid code, hints: [ req_id: MdoBRh4FE-_iqKea ]",
        Some("MdoBRh4FE-_iqKea")
    )]
    #[case::none("system error", None)]
    #[case::other_shape("x, rid: 021ByuFs0fNXie1T5lJs0IwBFs0ByuF1", None)]
    fn the_rid_is_found_in_each_spelling(#[case] errmsg: &str, #[case] rid: Option<&str>) {
        assert_eq!(Refusal::new(40029, errmsg).rid.as_deref(), rid);
    }

    #[test]
    fn the_address_is_kept_for_40164_alone() {
        let errmsg = "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist, rid: 652d44d0-6f2b9a51-3c1e7d42";
        let refusal = Refusal::new(40164, errmsg);
        assert_eq!(refusal.seen_ip, Some(IpAddr::from([1, 2, 3, 4])));
        assert!(refusal.to_string().contains("1.2.3.4"), "{refusal}");
        assert_eq!(Refusal::new(40029, errmsg).seen_ip, None);
    }
}
