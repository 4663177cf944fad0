"""What was run, in which version, with which result."""

import dataclasses
import traceback

from process import Failure


@dataclasses.dataclass
class Row:
    kind: str
    program: str
    version: str
    checks: int
    failures: list[str]
    # What was found besides, in English and Chinese.
    note: str = ""
    note_zh: str = ""


class Report:
    """Runs checks and keeps what they found."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def row(self, kind: str, program: str, version: str) -> "Checks":
        row = Row(kind, program, version, 0, [])
        self.rows.append(row)
        return Checks(row)

    @property
    def is_well(self) -> bool:
        return bool(self.rows) and not any(row.failures or row.checks == 0 for row in self.rows)


class Checks:
    """The checks of one program. A failing one does not keep the next from running."""

    def __init__(self, row: Row) -> None:
        self.row = row

    def check(self, name: str, work, *arguments) -> None:
        self.row.checks += 1
        try:
            work(*arguments)
        except Failure as failure:
            self.fail(name, str(failure))
        except Exception:  # a check that breaks off has failed too
            self.fail(name, traceback.format_exc())

    def fail(self, name: str, why: str) -> None:
        self.row.failures.append(name)
        print(f"FAIL  {self.row.program}: {name}\n      {why}", flush=True)


def same(found, wanted, what: str) -> None:
    if found != wanted:
        raise Failure(f"{what}: wanted {wanted!r}, found {found!r}")
