"""The contract of formats catches what it is there to catch."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from estran.errors import Invalid
from estran.formats import Document, Format, Links, Loss, Written
from estran.model import Record, Text
from estran.testing.contracts import check_format

if TYPE_CHECKING:
    from collections.abc import Iterator


def recognise(head: bytes, _name: str) -> float:
    return 0.9 if head.startswith(b'{"lab":') else 0.0


def read(document: Document) -> Iterator[Record]:
    try:
        held: dict[str, Any] = json.loads(document.body)
        if not isinstance(held, dict) or "lab" not in held:
            raise Invalid("it has no member “lab”", document.name)
    except (ValueError, RecursionError):
        raise Invalid("it is not JSON", document.name) from None
    yield Record(identifier=str(held.get("id", "")), title=Text.of(held.get("title") or None))


def write(record: Record, _links: Links) -> Written:
    body = json.dumps({"lab": 1, "id": record.identifier, "title": str(record.title)}).encode()
    return Written(body, "application/x-lab", (Loss("abstract", "it has no place for it"),))


GOOD = Format(
    name="lab", title="Lab", media_types=("application/x-lab",), recognise=recognise, read=read, write=write, suffix=".lab"
)  # fmt: skip


def crashing(document: Document) -> Iterator[Record]:
    yield Record(title=Text.of(json.loads(document.body)["title"]))


def test_a_good_format_holds() -> None:
    check_format(GOOD, examples=10)


@pytest.mark.parametrize(
    ("fault", "promise"),
    [
        ({"name": "Lab Format"}, "lower-case words and hyphens"),
        ({"title": ""}, "it has a title"),
        ({"media_types": ()}, "it has a media type"),
        ({"media_types": ("lab",)}, "is a media type"),
        ({"read": None, "write": None}, "it reads, writes or observes"),
        ({"suffix": "lab"}, "starts with a dot"),
        ({"recognise": lambda _head, _name: 2.0}, "recognising gives 0 to 1"),
        ({"recognise": lambda _head, _name: 0.0}, "it recognises what it writes"),
        ({"read": crashing}, "it crashed on"),
        ({"read": lambda _document: iter([{"title": "a dict"}])}, "reading gives records"),
        ({"read": lambda _document: iter([Record(title=Text.of("another title"))])}, "the title comes back"),
        (
            {"read": lambda document: iter([*read(document), *read(document)])},
            "one record written is one record read",
        ),
        ({"media_types": ("application/x-other",)}, "is one of its media types"),
        ({"write": lambda _record, _links: Written(b"", "application/x-lab")}, "something is written"),
        (
            {"write": lambda record, links: replace(write(record, links), losses=(Loss("abstrct", "why"),))},
            "is a field of the pivot",
        ),
        (
            {"write": lambda record, links: replace(write(record, links), losses=(Loss("abstract", ""),))},
            "has a reason",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else ",".join(value),
)
def test_a_broken_promise_is_named(fault: dict[str, Any], promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check_format(replace(GOOD, **fault), examples=5, shrink=False)
