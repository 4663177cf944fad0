//! WeChat's server API for Mini Programs over HTTP
