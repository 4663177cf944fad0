"""The libraries, in folders that later runs find again."""

import filecmp
import pathlib
import shutil
import sys

from process import read
from service import CACHE

HERE = pathlib.Path(__file__).resolve().parent


def node(folder: pathlib.Path = HERE) -> pathlib.Path:
    """A folder with `node_modules` and the programs of `folder`."""
    home = CACHE / f"node-{folder.name}"
    home.mkdir(parents=True, exist_ok=True)
    if not is_same(folder / "package.json", home / "installed.json"):
        shutil.copy(folder / "package.json", home)
        read("npm", "install", "--prefix", str(home), "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts",
             "--loglevel=error")
        shutil.copy(folder / "package.json", home / "installed.json")
    for program in folder.glob("*.mjs"):
        shutil.copy(program, home)
    return home


def python(folder: pathlib.Path = HERE) -> pathlib.Path:
    """The `bin` of an environment with what `requirements.txt` of `folder` lists."""
    home = CACHE / f"python-{folder.name}"
    if not is_same(folder / "requirements.txt", home / "installed.txt"):
        read(sys.executable, "-m", "venv", "--clear", str(home))
        read(f"{home}/bin/pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:",
             "-r", f"{folder}/requirements.txt")
        shutil.copy(folder / "requirements.txt", home / "installed.txt")
    return home / "bin"


def go() -> pathlib.Path:
    """The program of Go, built with Debian's packages alone."""
    CACHE.mkdir(parents=True, exist_ok=True)
    program = CACHE / "go-verifiers"
    environment = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "PATH": "/usr/bin:/bin",
                   "GOCACHE": f"{CACHE}/go-build", "HOME": str(CACHE)}
    read("go", "build", "-o", str(program), str(HERE / "verifiers.go"), env=environment)
    return program


def is_same(one: pathlib.Path, other: pathlib.Path) -> bool:
    return other.exists() and filecmp.cmp(one, other, shallow=False)
