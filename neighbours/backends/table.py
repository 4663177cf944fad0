"""The table of libraries in docs/backends.md."""

import re

from process import Failure
from service import ROOT

LINE = re.compile(r"^\| \[?(?P<library>[\w/.-]+)\]?[^|]*\|(?P<algorithms>[^|]*)\|", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    """Which algorithms each library verifies; the same in both languages."""
    english, chinese = (table(f"backends{language}.md") for language in ("", ".zh-CN"))
    if english != chinese:
        raise Failure("the tables of libraries differ between the languages")
    return english


def table(name: str) -> dict[str, set[str]]:
    text = (ROOT / "docs" / name).read_text()
    part = text.split("<!-- libraries -->")[1]
    found = {match["library"]: set(re.findall(r"EdDSA|ES256|RS256", match["algorithms"])) for match in LINE.finditer(part)}
    return {library: algorithms for library, algorithms in found.items() if algorithms}
