//! Opens and checks the open data of WeChat Mini Programs
