"""Patroni and etcd with two PostgreSQL servers."""

import contextlib
import json
import os
import pathlib
import signal
import urllib.request

from process import free_port, read, running, until

from .servers import as_nobody, programs

# Patroni's own defaults, and what docs/scaling.md advises.
DEFAULT = {"ttl": 30, "loop_wait": 10, "retry_timeout": 10, "maximum_lag_on_failover": 1048576}
ADVISED = {"ttl": 20, "loop_wait": 5, "retry_timeout": 5, "maximum_lag_on_failover": 1048576,
           "synchronous_mode": True}


def ask(port: int, path: str):
    """Asks Patroni, without a proxy of the environment."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(f"http://127.0.0.1:{port}/{path}", timeout=2)


class Member:
    def __init__(self, name: str) -> None:
        self.name, self.port, self.rest = name, free_port(), free_port()
        self.program = None

    def role(self) -> str:
        with contextlib.suppress(OSError), ask(self.rest, "patroni") as answer:
            return json.load(answer).get("role", "")
        return ""

    def is_standby_that_may_lead(self) -> bool:
        """It streams, and with synchronous replication is the synchronous one."""
        with contextlib.suppress(OSError), ask(self.rest, "cluster") as answer:
            members = {member["name"]: member for member in json.load(answer)["members"]}
            return members.get(self.name, {}).get("role") in ("replica", "sync_standby")
        return False

    def signal(self, number: int) -> None:
        """Sends a signal to Patroni and to every process of its PostgreSQL."""
        os.killpg(self.program.pid, number)
        for pid in self.postgres():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def postgres(self) -> list[int]:
        """The server and its children, which have a session of their own."""
        first = int((self.data / "postmaster.pid").read_text().split()[0])
        children = [int(path.parent.name) for path in pathlib.Path("/proc").glob("[0-9]*/stat")
                    if parent(path) == first]
        return [first, *children]


def parent(stat: pathlib.Path) -> int:
    with contextlib.suppress(OSError):
        return int(stat.read_text().rsplit(")", 1)[1].split()[1])
    return 0


@contextlib.contextmanager
def cluster(folder: pathlib.Path, dcs: dict):
    """Two members, of which the first to start leads; with the URL of both."""
    etcd = free_port()
    home = folder / "cluster"
    home.mkdir()
    options = as_nobody(home)
    peer = free_port()
    command = ["etcd", "--data-dir", f"{home}/etcd", "--listen-client-urls", f"http://127.0.0.1:{etcd}",
               "--advertise-client-urls", f"http://127.0.0.1:{etcd}", "--listen-peer-urls", f"http://127.0.0.1:{peer}",
               "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}", "--initial-cluster",
               f"default=http://127.0.0.1:{peer}"]
    members = [Member("one"), Member("two")]
    with contextlib.ExitStack() as stack:
        stack.enter_context(running(command, folder / "etcd.log", etcd, cwd=home, **options))
        for member in members:
            member.data = home / member.name
            settings = home / f"{member.name}.yml"
            settings.write_text(json.dumps(configuration(member, etcd, home, dcs)))
            member.program = stack.enter_context(
                running(["patroni", str(settings)], folder / f"{member.name}.log", member.rest, cwd=home, **options))
            stack.callback(end, member)
            # Patroni leaves PostgreSQL running when it is killed.
            wanted = "master" if member is members[0] else "replica"
            until(f"{member.name} to be {wanted}", lambda member=member, wanted=wanted: member.role() == wanted, 60)
        until("the standby to stream", members[1].is_standby_that_may_lead, 60)
        hosts = ",".join(f"127.0.0.1:{member.port}" for member in members)
        yield members, f"postgres://postgres@{hosts}/wxlogin"


def end(member: Member) -> None:
    with contextlib.suppress(OSError, ValueError):
        member.signal(signal.SIGCONT)
        first = member.postgres()[0]
        os.kill(first, signal.SIGQUIT)


def configuration(member: Member, etcd: int, home: pathlib.Path, dcs: dict) -> dict:
    user = {"username": "postgres", "password": "not-secret"}
    return {
        "scope": "wxlogin", "name": member.name,
        "restapi": {"listen": f"127.0.0.1:{member.rest}", "connect_address": f"127.0.0.1:{member.rest}"},
        "etcd3": {"host": f"127.0.0.1:{etcd}"},
        "bootstrap": {
            "dcs": dcs | {"postgresql": {"use_pg_rewind": True}},
            "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, {"auth": "trust"}],
            "pg_hba": ["local all all trust", "host all,replication all 127.0.0.1/32 trust"],
        },
        "postgresql": {
            "listen": f"127.0.0.1:{member.port}", "connect_address": f"127.0.0.1:{member.port}",
            "data_dir": str(member.data), "pgpass": f"{home}/{member.name}.pgpass", "bin_dir": str(programs("15")),
            "authentication": {"superuser": user, "replication": user, "rewind": user},
            "parameters": {"unix_socket_directories": str(home)},
        },
    }
