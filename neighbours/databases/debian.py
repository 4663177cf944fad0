"""Programs of a Debian release other than the installed one, unpacked into a folder and not installed."""

import pathlib
import shutil

from process import Failure, read
from service import CACHE


def unpacked(release: str, *packages: str) -> pathlib.Path:
    """A folder with the files of `packages`, from the mirror that apt uses."""
    home = CACHE / f"debian-{release}-{packages[0]}"
    if (home / "unpacked").exists():
        return home
    shutil.rmtree(home, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "packages", "etc"):
        (home / folder).mkdir(parents=True)
    (home / "status").touch()
    (home / "sources.list").write_text(f"deb {mirror()} {release} main\n")
    options = ["-o", f"Dir::Etc::sourcelist={home}/sources.list", "-o", "Dir::Etc::sourceparts=-",
               "-o", f"Dir::State::lists={home}/lists", "-o", f"Dir::State::status={home}/status",
               "-o", f"Dir::Cache={home}/cache"]
    read("apt-get", *options, "--quiet", "update")
    read("apt-get", *options, "--quiet", "download", *packages, cwd=home / "packages")
    for package in (home / "packages").glob("*.deb"):
        read("dpkg-deb", "--extract", str(package), str(home))
    shutil.rmtree(home / "lists")
    (home / "unpacked").touch()
    return home


def mirror() -> str:
    places = read("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").split()
    found = next((place for place in places if place.rstrip("/").endswith("/debian")), None)
    if found is None:
        raise Failure("apt knows no mirror of Debian")
    return found


def with_own_libraries(home: pathlib.Path, program: str) -> list[str]:
    """The beginning of a command that runs `program` with the C library of its own release."""
    libraries = home / "usr" / "lib" / "x86_64-linux-gnu"
    return [f"{libraries}/ld-linux-x86-64.so.2", "--library-path", str(libraries), str(home / program)]
