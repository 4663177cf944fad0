"""PostgreSQL in the versions that are supported, and what is restored from a dump."""

import os
import pathlib
import re
import tempfile

from process import Failure, free_port, read
from report import Report, same
from service import ROOT, fetch, sandbox, service

from . import failover, poolers
from .servers import PACKAGES, programs, server

# The oldest and the newest run the whole suite, the others the contract of the store.
WHOLE = ("15", "18")


def run(report: Report, wanted: set[str], fast: bool) -> None:
    if fast:
        return
    for major in ("15", *PACKAGES):
        if not wanted or major in wanted:
            row = report.row("database", f"PostgreSQL {major}", version(major))
            row.check("the tests of the store", tests, row, major)
    if not wanted or "restore" in wanted:
        row = report.row("database", "pg_dump and pg_restore", version("15"))
        row.check("a dump of a running service is restored with its sessions", restores)
    if not wanted or "poolers" in wanted:
        poolers.run(report)
    if not wanted or "patroni" in wanted:
        failover.run(report)


def version(major: str) -> str:
    return re.search(r"\d+\.\d+", read(f"{programs(major)}/postgres", "--version"))[0]


def tests(row, major: str) -> None:
    which = [] if major in WHOLE else ["-E", "test(contract) or test(migrations)"]
    environment = os.environ | {"PG_BIN": str(programs(major))}
    said = read("cargo", "nextest", "run", "--package", "persistence", *which, env=environment, cwd=ROOT, timeout=3600)
    found = re.search(r"\b([1-9]\d*) tests? run", said)
    if not found:
        raise Failure(said[-2000:])
    row.row.note, row.row.note_zh = f"{found[1]} tests pass", f"{found[1]} 个测试通过"


def restores() -> None:
    with tempfile.TemporaryDirectory(prefix="wxlogin-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        tools = programs("15")
        with server(folder, "15") as url, sandbox(folder) as wechat:
            read(f"{tools}/psql", url, "--command", "CREATE DATABASE restored")
            other = url.rsplit("/", 1)[0] + "/restored"
            with service(folder, wechat, DATABASE__URL=url) as replica:
                before = replica.login("alice")
                read(f"{tools}/pg_dump", "--format=custom", f"--file={folder}/copy.dump", url)
                later = replica.login("bob")
            read(f"{tools}/pg_restore", "--no-owner", f"--dbname={other}", f"{folder}/copy.dump")
            with service(folder, wechat, free_port(), DATABASE__URL=other) as replica:
                same(status(replica, before["token"]), 200, "a session from before the dump")
                same(status(replica, later["token"]), 401, "a session from after it")
                again = replica.login("alice")
                same((again["userId"], again["isNewUser"]), (before["userId"], False), "the user")


def status(replica, token: str) -> int:
    try:
        fetch(f"{replica.url}/user/me", headers={"authorization": f"Bearer {token}"})
        return 200
    except OSError as error:
        return getattr(error, "code", 0)
