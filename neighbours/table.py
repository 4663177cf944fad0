"""The table of what was run, printed and in docs/neighbours.md in both languages."""

import datetime

from process import Failure
from report import Row
from service import ROOT

MARK = "<!-- table -->\n"
HEADINGS = {"": ("kind", "program", "version", "checks", "result"), ".zh-CN": ("类别", "程序", "版本", "检查项", "结果")}
KINDS = {"gateway": "网关", "library": "库", "introspection": "introspection", "client": "客户端生成器",
         "monitoring": "监控", "database": "数据库", "document": "文档"}


def printed(rows: list[Row]) -> str:
    return "\n".join(table(HEADINGS[""], [cells(row, "") for row in rows]))


def update(rows: list[Row]) -> None:
    """Writes the rows into the documents; those of programs that were not run stay."""
    failed = [row.program for row in rows if row.failures]
    if failed:
        raise Failure(f"the documents are left as they are, because these failed: {', '.join(failed)}")
    for language, heading in HEADINGS.items():
        path = ROOT / "docs" / f"neighbours{language}.md"
        before, old, after = path.read_text().split(MARK)
        known = {line.split("|")[2]: line for line in old.splitlines()[2:] if line.startswith("|")}
        known |= {line.split("|")[2]: line for line in table(heading, [cells(row, language) for row in rows])[2:]}
        lines = [*table(heading, []), *known.values(), ""]
        path.write_text(before + MARK + "\n".join(lines) + MARK + after)
    print(f"docs/neighbours.md is of {datetime.datetime.now(datetime.UTC):%Y-%m-%d}; set the date there")


def table(heading: tuple, rows: list[tuple]) -> list[str]:
    head, *lines = (f"| {' | '.join(row)} |" for row in [heading, *rows])
    return [head, "|---|---|---|---|---|", *lines]


def cells(row: Row, language: str) -> tuple:
    kind = KINDS[row.kind] if language else row.kind
    note = (row.note_zh or "通过") if language else (row.note or "passes")
    result = f"fails: {', '.join(row.failures)}" if row.failures else note
    return kind, row.program, row.version, str(row.checks), result
