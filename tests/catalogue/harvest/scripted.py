"""A protocol that tells what a file says, event by event, so that tests decide what a source does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estran.catalogue import harvesters
from estran.catalogue.harvesters import Found, Gone, Harvester, Kept, Mark, Missed, Total, Visit
from estran.errors import Invalid, Unavailable
from estran.formats import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters import Event

_find = harvesters.find
visits: list[Visit] = []


def changes(visit: Visit) -> Iterator[Event]:
    visits.append(visit)
    events = json.loads(Path(visit.source.url).read_text())
    start = (visit.position or {}).get("at", 0)
    for n, (kind, *said) in enumerate(events[start:], start):
        match kind:
            case "found":
                yield Found(said[0], Document(said[0], said[1].encode()), said[2] if len(said) > 2 else "")
            case "kept":
                yield Kept(said[0])
            case "gone":
                yield Gone(said[0])
            case "missed":
                yield Missed(said[0], "it answers 500")
            case "total":
                yield Total(said[0])
            case "mark":
                yield Mark({"at": n + 1})
            case "once":  # fails the first time that it is met
                flag = Path(visit.source.url + f".{n}")
                if not flag.exists():
                    flag.touch()
                    raise {"unavailable": Unavailable, "invalid": Invalid, "bug": KeyError}[said[0]](
                        "it fails"
                    )
            case _:
                raise AssertionError(kind)


def find(name: str) -> Harvester:
    """`harvesters.find`, with what is scripted: whole visits, changes since an instant, or nothing of what is gone."""
    given: dict[str, dict[str, Any]] = {
        "scripted": {},
        "scripted-changes": {"incremental": True, "tells_gone": "said"},
        "scripted-never": {"tells_gone": "never"},
    }
    if name not in given:
        return _find(name)
    return Harvester(name=name, title="A script", changes=changes, options={"set": "a part"}, **given[name])


def install() -> None:
    """For processes that tests start."""
    harvesters.find = find


def dataset(n: int | str, title: str = "Turbidity of the estuary", **more: Any) -> str:
    body = {"@context": "https://schema.org/", "@type": "Dataset", "name": title, "identifier": f"id-{n}"}
    return json.dumps({**body, "description": "It was measured.", **more})


def found(n: int | str, title: str = "Turbidity of the estuary", stamp: str = "", **more: Any) -> list[str]:
    return ["found", f"key-{n}", dataset(n, title, **more), stamp]


MARK = ["mark"]
