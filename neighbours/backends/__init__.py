"""Backends that verify tokens offline or by introspection, as docs/backends.md says."""

import json
import os
import pathlib
import re
import tempfile

from process import Failure, free_port, read
from report import Report, same
from service import sandbox, service
from tls import make_certificate, tls

from . import installed, introspection, rotation, tokens
from .table import documented

ALGORITHMS = ("EdDSA", "ES256", "RS256")
DEBIAN = {"golang-jwt": "golang-github-golang-jwt-jwt-dev", "go-oidc": "golang-github-coreos-go-oidc-dev"}


def run(report: Report, wanted: set[str], fast: bool) -> None:
    if not fast and (not wanted or "rotation" in wanted):
        rotation.run(report)
    if wanted == {"rotation"}:
        return
    programs = {"node": ["node", str(installed.node() / "verifiers.mjs")],
                "python": [str(installed.python() / "python"), str(installed.HERE / "verifiers.py")]}
    if not fast:
        programs["go"] = [str(installed.go())]
    seen, rows = {}, {}
    for algorithm in ALGORITHMS:
        with tempfile.TemporaryDirectory(prefix="wxlogin-") as name:
            found = verified(pathlib.Path(name), algorithm, programs, report, wanted, fast)
        for library, result in found.items():
            seen.setdefault(library, {})[algorithm] = result["answers"]
            rows[library] = result["version"] or debian_version(DEBIAN[library])
    for library, answers in seen.items():
        if not wanted or library.lower() in wanted:
            judge(report.row("library", library, rows[library]), library, answers)
    if not wanted and not fast:
        row = report.row("document", "docs/backends.md", "–")
        row.check("lists what is run", same, set(documented()), set(seen), "libraries of the table")


def verified(folder: pathlib.Path, algorithm: str, programs: dict, report: Report, wanted: set[str], fast: bool) -> dict:
    folder.chmod(0o755)
    authority = make_certificate(folder)
    port, public = free_port(), free_port()
    issuer = f"https://127.0.0.1:{public}"
    keys = json.dumps([{"name": introspection.NAME, "key": introspection.KEY, "scopes": ["introspect"]}])
    settings = {"TOKENS__ISSUER": issuer, "TOKENS__AUDIENCE": "orders", "TOKENS__ALGORITHM": algorithm,
                "ADMIN__API_KEYS": keys}
    trust = os.environ | {"NODE_EXTRA_CA_CERTS": str(authority), "SSL_CERT_FILE": str(authority),
                          "REQUESTS_CA_BUNDLE": str(authority)}
    with sandbox(folder) as wechat, tls(folder, public, port), service(folder, wechat, port, **settings) as replica:
        login = replica.login()
        given = {"issuer": issuer, "jwksUri": f"{issuer}/.well-known/jwks.json", "audience": "orders",
                 "algorithm": algorithm, "tokens": tokens.made(folder, wechat, login, settings)}
        found = {}
        for program in programs.values():
            found |= json.loads(read(*program, input=json.dumps(given), env=trust, stderr=None).splitlines()[-1])
        for result in found.values():
            if result["answers"]["good"] == login["userId"]:
                result["answers"]["good"] = "accepted"
        if algorithm == "ES256":
            introspection.run(report, wanted, fast, replica, issuer, folder, trust)
    return found


def judge(row, library: str, answers: dict) -> None:
    """What is documented is accepted, and nothing that is not good ever is."""
    table = documented()
    if library not in table:
        row.check("is documented", missing, library)
        return
    for algorithm, kinds in answers.items():
        good = kinds.pop("good")
        if algorithm in table[library]:
            row.check(f"accepts {algorithm}", same, good, "accepted", "a good token")
        else:
            row.check(f"refuses {algorithm}", must_refuse, good, algorithm)
        for kind, answer in kinds.items():
            row.check(f"refuses a token of {algorithm} {kind}", must_refuse, answer, kind)


def missing(library: str) -> None:
    raise Failure(f"docs/backends.md does not list {library}")


def must_refuse(answer: str, what: str) -> None:
    if not answer.startswith("refused"):
        raise Failure(f"{what}: {answer}")


def debian_version(package: str) -> str:
    return re.sub(r"-[^-]*$", "", read("dpkg-query", "--showformat=${Version}", "--show", package))
