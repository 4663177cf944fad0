"""A primary that is frozen but keeps its sockets: how long logins fail, and that none is lost."""

import concurrent.futures
import contextlib
import pathlib
import signal
import tempfile
import threading
import time

from backends.tokens import decoded
from process import Failure, read, until
from report import Report
from service import sandbox, service

from .cluster import ADVISED, DEFAULT, cluster
from .servers import programs

# Logins at once; enough that some are under way at every moment.
PHONES = 8


def run(report: Report) -> None:
    for name, settings in (("default", DEFAULT), ("advised", ADVISED)):
        version = read("dpkg-query", "--showformat=${Version}", "--show", "patroni").split("-")[0]
        row = report.row("database", f"Patroni with etcd, {name} settings", version)
        row.check("a frozen primary loses no login", frozen, row, settings)


def frozen(row, settings: dict) -> None:
    with tempfile.TemporaryDirectory(prefix="wxlogin-") as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        members, url = stack.enter_context(cluster(folder, settings))
        psql = [f"{programs('15')}/psql", f"postgres://postgres@127.0.0.1:{members[0].port}/postgres", "--command"]
        read(*psql, "CREATE DATABASE wxlogin")
        wechat = stack.enter_context(sandbox(folder))
        replica = stack.enter_context(service(folder, wechat, DATABASE__URL=url))
        load = Load(replica)
        with load.under_way():
            until("logins", lambda: len(load.acknowledged) > 100)
            members[0].signal(signal.SIGSTOP)
            begun = time.monotonic()
            until("the other member to lead", lambda: members[1].role() == "master", 120)
            led = time.monotonic() - begun
            until("a login", lambda: load.last > begun + led, 60)
            until("more logins", lambda: load.last > begun + led + 3, 60)
        gap, longest = load.gap(), load.longest
        lost = load.lost(members[1].port)
        row.row.note = f"{gap:.0f} s without logins, the new primary after {led:.0f} s, no call over {longest:.1f} s"
        row.row.note_zh = f"{gap:.0f} 秒无法登录，{led:.0f} 秒后有新主库，每次调用不超过 {longest:.1f} 秒"
        print(f"      {len(load.acknowledged)} logins acknowledged, {row.row.note}, {len(lost)} lost", flush=True)
        if lost:
            raise Failure(f"{len(lost)} of {len(load.acknowledged)} acknowledged logins are lost")
        # database.timeout_ms, and what a login spends besides.
        if longest > 8:
            raise Failure(f"a call took {longest:.1f} s")


class Load:
    """Phones that log in again and again."""

    def __init__(self, replica) -> None:
        self.replica = replica
        self.acknowledged: list[tuple[float, str]] = []
        self.last = 0.0
        self.longest = 0.0
        self.ended = threading.Event()

    @contextlib.contextmanager
    def under_way(self):
        with concurrent.futures.ThreadPoolExecutor(PHONES) as pool:
            phones = [pool.submit(self.phone, number) for number in range(PHONES)]
            try:
                yield
            finally:
                self.ended.set()
        for phone in phones:
            phone.result()

    def phone(self, number: int) -> None:
        user = ("alice", "bob", "carol")[number % 3]
        while not self.ended.is_set():
            begun = time.monotonic()
            with contextlib.suppress(OSError):
                login = self.replica.login(user)
                self.last = time.monotonic()
                self.acknowledged.append((self.last, login["token"]))
            self.longest = max(self.longest, time.monotonic() - begun)
            # So that the load does not starve what it is to measure.
            self.ended.wait(0.05)

    def gap(self) -> float:
        times = sorted(at for at, _ in self.acknowledged)
        return max(after - before for before, after in zip(times, times[1:], strict=False))

    def lost(self, port: int) -> list[str]:
        """The acknowledged sessions that the new primary does not have."""
        url = f"postgres://postgres@127.0.0.1:{port}/wxlogin"
        command = [f"{programs('15')}/psql", url, "-t", "-A", "-c", "SELECT id FROM sessions"]
        stored = set(read(*command).split())
        return [session for session in (session_of(token) for _, token in self.acknowledged) if session not in stored]


def session_of(token: str) -> str:
    return decoded(token.split(".")[1])["sid"]
