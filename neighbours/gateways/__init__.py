"""Gateways in front of the service and of a backend, configured as in docs/gateways.md."""

import pathlib
import tempfile

from process import Failure, free_port
from report import Report
from service import sandbox, service

from . import checks
from .checks import Behind
from .client import Phone
from .programs import Places, gateways, make_certificate
from .upstream import upstream

SETTINGS = {"SERVER__TRUSTED_PROXIES": "127.0.0.1"}
AWAY = SETTINGS | {"DATABASE__URL": "postgres://127.0.0.1:1/wxlogin", "DATABASE__ACQUIRE_TIMEOUT_MS": "200"}


def run(report: Report, wanted: set[str], fast: bool) -> None:
    for name, version, start, is_slow in gateways():
        if (wanted and name.lower() not in wanted) or (fast and is_slow):
            continue
        row = report.row("gateway", name, version())
        with tempfile.TemporaryDirectory(prefix="wxlogin-") as folder:
            row.check("runs", run_one, row, pathlib.Path(folder), name, start)


def run_one(row, folder: pathlib.Path, name: str, start) -> None:
    # Gateways that give up root must still read their files.
    folder.chmod(0o755)
    make_certificate(folder)
    port, public = free_port(), free_port()
    phone = Phone(public, name)
    with sandbox(folder) as wechat, upstream() as (orders, seen):
        behind = Behind(phone, None, seen, {})
        try:
            with start(Places(folder, public, port, orders)):
                with service(folder, wechat, port, **SETTINGS) as behind.service:
                    row.check("logs in over TLS", checks.logs_in_over_tls, behind)
                    for check in (checks.hides_what_is_not_public, checks.replaces_the_four_headers,
                                  checks.passes_any_method, checks.passes_preflights, checks.refuses_with_the_reason):
                        row.check(words(check), check, behind)
                check = checks.is_shut_while_the_service_is_away
                row.check(words(check), check, behind)
                with service(folder, wechat, port, ready=False, **AWAY):
                    check = checks.is_shut_while_the_service_cannot_tell
                    row.check(words(check), check, behind)
                limit = {"LIMITS__LOGIN_PER_MINUTE_PER_IP": "3"}
                with service(folder, wechat, port, **SETTINGS, **limit):
                    for check in (checks.opens_again, checks.counts_logins_by_caller):
                        row.check(words(check), check, behind)
        except Failure:
            print((folder / "gateway.log").read_text(errors="replace")[-3000:])
            raise
        if row.row.failures:
            print((folder / "gateway.log").read_text(errors="replace")[-3000:])


def words(check) -> str:
    return check.__name__.replace("_", " ")
