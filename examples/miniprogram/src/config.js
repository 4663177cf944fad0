// 服务的地址；`cargo run` 之后就是它。真机上要用 https，并在公众平台配置为 request 和 uploadFile 合法域名。
module.exports = { baseUrl: 'http://127.0.0.1:5000' }
