"""Programs that ask the service about each token: openid-client, Django OAuth Toolkit and mod_auth_openidc."""

import json
import os
import pathlib
import urllib.error

from documents import block, replaced
from gateways.upstream import upstream
from process import free_port, read, running
from report import Report, same
from service import Service, fetch

from . import installed

NAME = "orders.api"
# Signs that form-escaping changes, and some that only openid-client escapes.
KEY = "orders-key_with.signs+and=more-0123"
MODULES = "mpm_event authn_core authz_core authz_user headers proxy proxy_http auth_openidc".split()


def run(report: Report, wanted: set[str], fast: bool, replica: Service, issuer: str, folder: pathlib.Path, trust: dict) -> None:
    if not wanted or "openid-client" in wanted:
        openid_client(report, replica, issuer, trust)
    if not wanted or "django-oauth-toolkit" in wanted:
        django_oauth_toolkit(report, replica, issuer, trust)
    if not fast and (not wanted or "mod_auth_openidc" in wanted):
        version = read("dpkg-query", "--showformat=${Version}", "--show", "libapache2-mod-auth-openidc").split("-")[0]
        row = report.row("introspection", "mod_auth_openidc", version)
        row.check("follows a logout", mod_auth_openidc, replica, issuer, folder, trust)


def openid_client(report: Report, replica: Service, issuer: str, trust: dict) -> None:
    login = replica.login("bob")
    given = {"issuer": issuer, "name": NAME, "key": KEY, "token": login["token"], "service": replica.url}
    program = ["node", str(installed.node() / "introspect.mjs")]
    found = json.loads(read(*program, input=json.dumps(given), env=trust, stderr=None))
    row = report.row("introspection", "openid-client", found["version"])
    for way in ("basic", "post"):
        row.check(f"credentials by {way}", same, found["before"][way], login["userId"], "the user")
        row.check(f"a logout, by {way}", same, found["after"][way], "not active", "after the logout")


def django_oauth_toolkit(report: Report, replica: Service, issuer: str, trust: dict) -> None:
    """Runs the block of docs/backends.md."""
    settings = replaced(block("backends", "# settings.py"), {
        "https://login.example.com": issuer, '("orders"': f'("{NAME}"', "the-API-key": KEY})
    login, out = replica.login("alice"), replica.login("carol")
    fetch(f"{replica.url}/user/logout", b"{}", {"authorization": f"Bearer {out['token']}"})
    tokens = {"good": login["token"], "logged out": out["token"], "bad": "x.y.z"}
    program = [str(installed.python() / "python"), str(installed.HERE / "introspect.py")]
    given = json.dumps({"settings": settings, "tokens": tokens})
    found = json.loads(read(*program, input=given, env=trust, stderr=None))
    row = report.row("introspection", "django-oauth-toolkit", found["version"])
    row.check("accepts a token", same, found["answers"]["good"], [200, login["userId"]], "the answer")
    for name in ("logged out", "bad"):
        row.check(f"refuses a token that is {name}", same, found["answers"][name], [401, None], "the answer")


def mod_auth_openidc(replica: Service, issuer: str, folder: pathlib.Path, trust: dict) -> None:
    """Runs the block of docs/backends.md."""
    with upstream() as (orders, seen):
        port = free_port()
        text = replaced(block("backends", "/etc/apache2/conf-available/wxlogin.conf"), {
            "https://login.example.com": issuer, "127.0.0.1:8080": f"127.0.0.1:{orders}",
            "OIDCOAuthClientID     orders": f"OIDCOAuthClientID     {NAME}",
            "the-API-key": KEY})
        modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES)
        main = folder / "apache.conf"
        main.write_text(f"""{modules}
            ServerRoot {folder}\nServerName localhost\nPidFile {folder}/apache.pid\nDefaultRuntimeDir {folder}
            ErrorLog {folder}/apache.log\nUser www-data\nGroup www-data\nListen 127.0.0.1:{port}
            OIDCCABundlePath {folder}/tls.pem\n{text}""")
        command = ["apache2", "-D", "FOREGROUND", "-f", str(main)]
        with running(command, folder / "apache.log", port, env=os.environ | trust):
            login = replica.login("carol")
            same(status(port, "x.y.z"), 401, "a bad token")
            same(status(port, login["token"]), 200, "a good token")
            names = {name: value for name, value in seen[-1]["headers"]}
            same((names["x-user-id"], names["x-app-id"]), (login["userId"], replica.sandbox.apps[0]["app_id"]), "the headers")
            fetch(f"{replica.url}/user/logout", b"{}", {"authorization": f"Bearer {login['token']}"})
            same(status(port, login["token"]), 401, "after the logout")


def status(port: int, token: str) -> int:
    try:
        fetch(f"http://127.0.0.1:{port}/orders/1", headers={"authorization": f"Bearer {token}", "X-User-Id": "forged"})
        return 200
    except urllib.error.HTTPError as error:
        return error.code
