//! A simulator of WeChat's server side and of the phone, to develop Mini Program logins against
