"""The service and a simulated WeChat, as programs of their own."""

import contextlib
import dataclasses
import json
import os
import pathlib
import urllib.request

from process import Failure, free_port, read, running, until

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# What was installed for the checks.
CACHE = TARGET / "neighbours"
WXLOGIN = os.environ.get("WXLOGIN", str(TARGET / "debug" / "wxlogin"))
WXSANDBOX = os.environ.get("WXSANDBOX", str(TARGET / "debug" / "wxsandbox"))
MASTER_KEY = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="


@dataclasses.dataclass
class Sandbox:
    url: str
    apps: list[dict]

    def code(self, user: str) -> str:
        return fetch(f"{self.url}/phone/{user}/login?format=text").decode().strip()


@dataclasses.dataclass
class Service:
    """One replica."""

    port: int
    ops_port: int
    sandbox: Sandbox
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def login(self, user: str = "alice") -> dict:
        body = json.dumps({"platCode": self.sandbox.code(user)}).encode()
        return json.loads(fetch(f"{self.url}/user/wxlogin", body))["data"]

    def command(self, *arguments: str) -> str:
        """What a command of the program prints that has the settings of this replica."""
        return read(WXLOGIN, *arguments, env=self.environment)

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(fetch(f"http://127.0.0.1:{self.ops_port}/health/ready"))
        return False


def fetch(url: str, body: bytes | None = None, headers: dict | None = None, method: str | None = None) -> bytes:
    headers = {"content-type": "application/json"} | (headers or {})
    request = urllib.request.Request(url, body, headers, method=method)
    # A proxy of the environment is not asked for the own machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=15) as answer:
        return answer.read()


@contextlib.contextmanager
def sandbox(folder: pathlib.Path):
    log = folder / "wxsandbox.log"
    with running([WXSANDBOX, "--listen", "127.0.0.1:0"], log):
        until("the sandbox", lambda: "\nwx.login of" in log.read_text())
        lines = log.read_text().splitlines()
        url = next(line.split()[-1] for line in lines if line.startswith("WeChat's sandbox listens at "))
        words = [line.split() for line in lines if line.startswith("  app ")]
        yield Sandbox(url, [{"app_id": app[1], "secret": app[3]} for app in words])


@contextlib.contextmanager
def service(folder: pathlib.Path, wechat: Sandbox, port: int | None = None, ready: bool = True, **settings: str):
    """A replica; `settings` are named as in the environment, without WXLOGIN_."""
    port, ops_port = port or free_port(), free_port()
    environment = environment_of(folder, wechat, port, ops_port, **settings)
    log = folder / "wxlogin.log"
    with running([WXLOGIN], log, port, env=environment, cwd=folder):
        replica = Service(port, ops_port, wechat, environment)
        if ready:
            try:
                until("the service to be ready", replica.is_ready)
            except Failure as failure:
                raise Failure(f"{failure}\n{log.read_text()[-3000:]}") from None
        yield replica


def environment_of(folder: pathlib.Path, wechat: Sandbox, port: int, ops_port: int, **settings: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "WXLOGIN_SERVER__LISTEN": f"127.0.0.1:{port}",
        "WXLOGIN_SERVER__OPS_LISTEN": f"127.0.0.1:{ops_port}",
        "WXLOGIN_DATABASE__URL": f"sqlite://{folder}/wxlogin.db",
        "WXLOGIN_MASTER_KEY": MASTER_KEY,
        "WXLOGIN_WECHAT__BASE_URL": wechat.url,
        "WXLOGIN_APPS": json.dumps(wechat.apps),
        "WXLOGIN_LIMITS__LOGIN_PER_MINUTE_PER_IP": "0",
        "RUST_LOG": "warn",
    } | {f"WXLOGIN_{name}": value for name, value in settings.items()}
