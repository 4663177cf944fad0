"""Takes programs and settings out of the documents, as they stand there."""

import re

from process import Failure
from service import ROOT

FENCE = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def block(document: str, first: str) -> str:
    """The code block of `docs/<document>` whose first line holds `first`.

    The Chinese document has the same block, but for comments.
    """
    english = find(f"{document}.md", first)
    chinese = find(f"{document}.zh-CN.md", first)
    if without_comments(english) != without_comments(chinese):
        raise Failure(f"the block {first!r} is not the same in both languages of docs/{document}")
    return english


def find(name: str, first: str) -> str:
    text = (ROOT / "docs" / name).read_text()
    found = [match["text"] for match in FENCE.finditer(text) if first in match["text"].split("\n", 1)[0]]
    if len(found) != 1:
        raise Failure(f"docs/{name} has {len(found)} blocks that begin with {first!r}")
    return found[0]


def without_comments(text: str) -> list[str]:
    lines = (re.sub(r"(^|\s)(#|//|--)\s.*$", "", line).rstrip() for line in text.splitlines())
    return [line for line in lines if line]


def replaced(text: str, places: dict[str, str]) -> str:
    """`text` with other places; each of them must stand in it."""
    for place, other in places.items():
        if place not in text:
            raise Failure(f"{place!r} does not stand in the block")
        text = text.replace(place, other)
    return text
