"""Poolers and proxies between the service and PostgreSQL."""

import contextlib
import json
import pathlib
import re
import subprocess
import tempfile
import urllib.error

from process import Failure, free_port, read, running, until
from report import Report, same
from service import WXLOGIN, environment_of, fetch, sandbox, service

from .debian import unpacked, with_own_libraries
from .failover import Load
from .servers import as_nobody, programs, server, standby

# With what it needs of its own release.
NEWER = ("pgbouncer", "libc6", "libevent-2.1-7t64", "libcares2", "libssl3t64", "libzstd1", "libpam0g", "libaudit1",
         "libcap-ng0", "libsystemd0", "libcap2", "libgcc-s1")
# The logins of a check. WeChat takes a hundred codes of a user a minute, and three log in.
LOGINS = 150


def run(report: Report) -> None:
    for debian, command in ((12, ["pgbouncer"]), (13, newer())):
        version = re.search(r"PgBouncer ([\d.]+)", read(*command, "--version"))[1]
        row = report.row("database", f"PgBouncer of Debian {debian}, session mode", version)
        row.check("logins, refreshes and logouts of two replicas", works, command, "session", None)
        row = report.row("database", f"PgBouncer of Debian {debian}, transaction mode", version)
        if debian == 12:
            row.check("is refused", refused, command)
            row.row.note, row.row.note_zh = "refused at the start and by check", "启动和 check 都会拒绝"
        else:
            row.check("logins, refreshes and logouts of two replicas", works, command, "transaction",
                      "pooler in transaction mode")
            row.check("is refused without max_prepared_statements", refused, command, "max_prepared_statements = 0")
    version = re.search(r"[\d.]+", read("dpkg-query", "--showformat=${Version}", "--show", "pgpool2"))[0]
    row = report.row("database", "Pgpool-II with a standby", version)
    row.check("that splits reads from writes is refused", splitting_is_refused)
    row.check("that does not is used", unsplit_works)


def newer() -> list[str]:
    return with_own_libraries(unpacked("trixie", *NEWER), "usr/sbin/pgbouncer")


@contextlib.contextmanager
def pooler(folder: pathlib.Path, command: list[str], url: str, mode: str, more: str = ""):
    """The URL of the database behind a pooler; in transaction mode with fewer sessions than one replica opens."""
    home, port = folder / "pooler", free_port()
    home.mkdir()
    address, name = url.rsplit("@", 1)[1].split("/")
    host, server_port = address.split(":")
    sessions = 8 if mode == "transaction" else 60
    (home / "users.txt").write_text('"postgres" ""\n')
    (home / "pooler.ini").write_text(f"""[databases]
{name} = host={host} port={server_port} dbname={name} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
auth_file = {home}/users.txt
pool_mode = {mode}
default_pool_size = {sessions}
{more}
""")
    options = as_nobody(home)
    with running([*command, "--quiet", f"{home}/pooler.ini"], folder / "pooler.log", port, cwd=home, **options):
        yield f"postgres://postgres@127.0.0.1:{port}/{name}"


@contextlib.contextmanager
def behind(command: list[str], mode: str, more: str = ""):
    with tempfile.TemporaryDirectory(prefix="wxlogin-") as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        url = stack.enter_context(server(folder, "15"))
        yield folder, stack.enter_context(pooler(folder, command, url, mode, more)), stack.enter_context(sandbox(folder))


def works(command: list[str], mode: str, warning: str | None) -> None:
    with behind(command, mode) as (folder, url, wechat):
        two_replicas(folder, url, wechat, warning)


def two_replicas(folder: pathlib.Path, url: str, wechat, warning: str | None = None) -> None:
    with service(folder, wechat, DATABASE__URL=url) as one, service(folder, wechat, DATABASE__URL=url) as two:
        said = one.command("check")
        if warning and warning not in said:
            raise Failure(f"check does not say {warning!r}:\n{said}")
        session = one.login("alice")
        load = Load(one)
        with load.under_way():
            until(f"{LOGINS} logins", lambda: len(load.acknowledged) >= LOGINS, 120)
            for _ in range(20):
                session |= post(two, "/user/refresh", {"refreshToken": session["refreshToken"]})
            post(two, "/user/logout", {}, session["token"])
            same(status(one, session["token"]), 401, "a session that the other replica ended")
        tokens = [token for _, token in load.acknowledged]
        same({status(two, token) for token in tokens[-20:]}, {200}, "sessions at the other replica")


def post(replica, path: str, body: dict, token: str | None = None) -> dict:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return json.loads(fetch(f"{replica.url}{path}", json.dumps(body).encode(), headers))["data"] or {}


def status(replica, token: str) -> int:
    try:
        fetch(f"{replica.url}/user/me", headers={"authorization": f"Bearer {token}"})
        return 200
    except urllib.error.HTTPError as error:
        return error.code


def refused(command: list[str], more: str = "") -> None:
    with behind(command, "transaction", more) as (folder, url, wechat):
        is_refused(folder, url, wechat, "pooler in transaction mode that mixes up prepared statements")


def is_refused(folder: pathlib.Path, url: str, wechat, reason: str) -> None:
    environment = environment_of(folder, wechat, free_port(), free_port(), DATABASE__URL=url)
    for arguments in ((), ("check",)):
        done = subprocess.run([WXLOGIN, *arguments], env=environment, capture_output=True, text=True, timeout=60,
                              check=False, cwd=folder)
        said = done.stdout + done.stderr
        if done.returncode != 1 or reason not in said:
            raise Failure(f"wxlogin {' '.join(arguments)} ended with {done.returncode} and said:\n{said}")


@contextlib.contextmanager
def pgpool(splits: bool):
    """The database behind Pgpool-II, which sends all reads to the standby if it `splits`."""
    with tempfile.TemporaryDirectory(prefix="wxlogin-") as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        url = stack.enter_context(server(folder, "15"))
        ports = url.rsplit(":", 1)[1].split("/")[0], stack.enter_context(standby(folder, url))
        home, port = folder / "pgpool", free_port()
        home.mkdir()
        backends = "\n".join(f"backend_hostname{number} = '127.0.0.1'\nbackend_port{number} = {server_port}\n"
                             f"backend_weight{number} = {number}" for number, server_port in enumerate(ports))
        (home / "pgpool.conf").write_text(f"""backend_clustering_mode = 'streaming_replication'
listen_addresses = '127.0.0.1'
port = {port}
pcp_port = {free_port()}
socket_dir = '{home}'
pcp_socket_dir = '{home}'
pid_file_name = '{home}/pgpool.pid'
logdir = '{home}'
sr_check_user = 'postgres'
sr_check_database = 'postgres'
num_init_children = 60
max_pool = 1
load_balance_mode = {'on' if splits else 'off'}
{backends}
""")
        command = ["pgpool", "-n", "-f", f"{home}/pgpool.conf"]
        stack.enter_context(running(command, folder / "pgpool.log", port, cwd=home, **as_nobody(home)))
        yield folder, f"postgres://postgres@127.0.0.1:{port}/postgres", stack.enter_context(sandbox(folder))


def splitting_is_refused() -> None:
    with pgpool(splits=True) as (folder, url, wechat):
        is_refused(folder, url, wechat, "load_balance_mode = off")


def unsplit_works() -> None:
    with pgpool(splits=False) as (folder, url, wechat):
        two_replicas(folder, url, wechat)
