//! wxlogin: the login backend for WeChat Mini Programs
