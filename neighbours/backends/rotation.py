"""jose, which reads the key set at most every 30 s, while the service changes its signing key."""

import contextlib
import json
import pathlib
import subprocess
import tempfile
import time

from process import Failure, stop
from report import Report, same
from service import fetch, sandbox, service

from . import installed, tokens

PROGRAM = "jose while the key changes"
SETTINGS = {"TOKENS__ISSUER": "https://login.example.com", "TOKENS__AUDIENCE": "orders"}
# A new key signs after 50 s at the latest.
LIMIT = 60
# How many tokens of the new key are verified.
NEW = 5


class Verifier:
    def __init__(self, program: subprocess.Popen) -> None:
        self.program = program
        self.version = self.line()

    def line(self) -> str:
        return self.program.stdout.readline().strip()

    def verify(self, token: str) -> str:
        print(token, file=self.program.stdin, flush=True)
        return self.line()


def run(report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="wxlogin-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        with sandbox(folder) as wechat, service(folder, wechat, **SETTINGS) as replica:
            unknown = token_of_another_key(folder, wechat)
            with verifier(replica) as jose:
                row = report.row("library", PROGRAM, jose.version)
                row.check("refuses no token", refuses_none, row.row, replica, jose, unknown)


def refuses_none(row, replica, jose: Verifier, unknown: str) -> None:
    """Verifies a login a second. A token of an unknown key after each makes jose read the key set
    whenever it may, so that it has always just read it, and waits, when the service changes the key."""
    first = replica.login()
    same(jose.verify(first["token"]), first["userId"], "the first token")
    replica.command("keys", "rotate")
    start, old = time.monotonic(), kid(first["token"])
    published = signed = None
    count = new = 0
    while new < NEW:
        now = time.monotonic() - start
        if now > LIMIT:
            raise Failure(f"after {now:.0f} s only {new} tokens of the new key")
        login = replica.login()
        same(jose.verify(login["token"]), login["userId"], f"the token after {now:.0f} s")
        count += 1
        if published is None and len(key_set(replica)) > 1:
            published = now
        if kid(login["token"]) != old:
            new += 1
            signed = now if signed is None else signed
        if not jose.verify(unknown).startswith("refused"):
            raise Failure("a token of an unknown key is accepted")
        time.sleep(max(0, start + count - time.monotonic()))
    row.note = f"accepts {count} of {count} tokens; the new key is published after {published:.0f} s, signs after {signed:.0f} s"
    row.note_zh = f"{count} 个令牌全部接受；新密钥 {published:.0f} 秒后公布，{signed:.0f} 秒后开始签名"


@contextlib.contextmanager
def verifier(replica):
    command = ["node", str(installed.node() / "rotation.mjs"), f"{replica.url}/.well-known/jwks.json", *SETTINGS.values()]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield Verifier(program)
    finally:
        stop(program)


def token_of_another_key(folder: pathlib.Path, wechat) -> str:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    with service(elsewhere, wechat, **SETTINGS) as other:
        return other.login()["token"]


def key_set(replica) -> list:
    return json.loads(fetch(f"{replica.url}/.well-known/jwks.json"))["keys"]


def kid(token: str) -> str:
    return tokens.decoded(token.split(".")[0])["kid"]
