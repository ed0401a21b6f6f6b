"""What a message says: rows of a table, JSON objects as rows, or Observations of SensorThings."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estran.errors import Invalid
from estran.formats import Document, Refusal, table
from estran.formats._packed import PACKED
from estran.observations.feeds.options import subject
from estran.observations.given import parted, reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.formats import Observed
    from estran.formats._table.layout import Layout
    from estran.observations.feeds.values import Feed, Message

__all__ = ["Reader", "Sensed"]

_TOPIC = re.compile(r"(?:^|/)(?:Datastreams\((\d+)\)/)?(?:Create)?Observations$")
_SAYS = {"result", "phenomenonTime", "Datastream", "dataArray"}
_MOST_KNOWN = 100
_NO_ROW = (
    "it is no object of plain values, such as "
    '{"time": "2026-01-31T12:00:00Z", "station": "A", "water_level [m]": 1.2}'
)


class Sensed(NamedTuple):
    """An Observation of SensorThings: of which datastream, its properties, and what is given inside it."""

    datastream: int
    own: dict[str, Any]
    inside: dict[str, Any]


class Reader:
    """Reads the messages of one feed; what it learns of their tables it keeps."""

    def __init__(self, feed: Feed) -> None:
        self._options = feed.options
        self._moves = feed.options.get("moving") == "yes"
        # First lines of a table -> how it is laid out.
        self._known: dict[tuple[str, ...], Layout] = {}
        self._heads: dict[str, int] = {}

    def read(self, message: Message) -> list[Observed] | list[Sensed | Refusal]:
        """What a message says; what of it cannot be read is refused with its row.

        Raises:
            Invalid: nothing of it can be read.
        """
        if not message.body.strip():
            raise Invalid("it is empty", message.place)
        form = self._options.get("format", "")
        is_sensed = form == "sensorthings" or (not form and _TOPIC.search(message.place) is not None)
        if form == "table" or (not form and not is_sensed and not _is_json(message)):
            return self._table(message.body, message.place)
        found = _decoded(message.body)
        listed: list[Any] = found if isinstance(found, list) else [found]
        if is_sensed or (not form and any(isinstance(one, dict) and _says(one) for one in listed)):
            return _sensed(listed, message.place)
        numbers, refused = _rows_of(listed, message.place)
        if not numbers:
            return refused
        found_ = self._parsed(_as_table([listed[number - 1] for number in numbers]), message.place)
        return [*refused, *(_renumbered(one, numbers) for one in found_)]

    def _table(self, body: bytes, where: str) -> list[Observed]:
        header = self._options.get("header", "").encode()
        if not header or body.startswith(header):
            return self._parsed(body, where)
        found = self._parsed(header + b"\n" + body, where)
        return [replace(one, line=max(one.line - 1, 0)) if isinstance(one, Refusal) else one for one in found]

    def _parsed(self, body: bytes, where: str) -> list[Observed]:
        document = Document(where, body, subject=subject(self._options, where))
        found = self._as_before(document)
        if found is None:
            layout = table.layout(document)
            found = list(table.observe(document, layout, moves=self._moves))
            self._learn(document, layout)
        return found

    def _as_before(self, document: Document) -> list[Observed] | None:
        """A table with the first lines of one that was read before, if all of it fits; else None."""
        first = _first_line(document.body)
        if first not in self._heads:
            return None
        layout = self._known.get(_head(document.body, self._heads[first]))
        if layout is None:
            return None
        found = list(table.observe(document, layout, moves=self._moves))
        return None if not found or any(isinstance(one, Refusal) for one in found) else found

    def _learn(self, document: Document, layout: Layout) -> None:
        # What is left out may be left out for what stands in it here.
        if document.body.startswith(PACKED) or any(not column.role for column in layout.columns):
            return
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
            self._heads.clear()
        self._heads[_first_line(document.body)] = layout.skipped
        self._known[_head(document.body, layout.skipped)] = layout


def _first_line(body: bytes) -> str:
    return body.partition(b"\n")[0].decode("utf-8", "replace")


def _head(body: bytes, count: int) -> tuple[str, ...]:
    return tuple(line.decode("utf-8", "replace") for line in body.split(b"\n", count)[:count])


def _is_json(message: Message) -> bool:
    return "json" in message.media_type or message.body.lstrip()[:1] in (b"{", b"[")


def _decoded(body: bytes) -> Any:
    """JSON, or lines of it."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        try:
            return [msgspec.json.decode(line) for line in body.splitlines() if line.strip()]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Invalid(f"it is not JSON ({str(error)[:200]})", "body") from None


def _says(document: dict[str, Any]) -> bool:
    """Whether an object is an Observation, or a data array of them."""
    return "dataArray" in document or ("result" in document and len(_SAYS & document.keys()) > 1)


def _rows_of(listed: Sequence[Any], where: str) -> tuple[list[int], list[Observed]]:
    """The numbers of what are rows, and why the others are none."""
    numbers: list[int] = []
    refused: list[Observed] = []
    for number, one in enumerate(listed, 1):
        if isinstance(one, dict) and not any(isinstance(value, dict | list) for value in one.values()):
            numbers.append(number)
        else:
            refused.append(Refusal(where, _NO_ROW, number))
    return numbers, refused


def _renumbered(one: Observed, numbers: Sequence[int]) -> Observed:
    """A refusal of a line of the table, as one of the object that it was made of."""
    if isinstance(one, Refusal) and one.line > 1:
        return replace(one, line=numbers[one.line - 2])
    return one


def _as_table(listed: Sequence[dict[str, Any]]) -> bytes:
    """Objects as a table whose columns are their members."""
    columns = dict.fromkeys(name for one in listed for name in one)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=",", lineterminator="\n")
    writer.writerow(columns)
    for one in listed:
        writer.writerow(["" if (value := one.get(name)) is None else value for name in columns])
    return text.getvalue().encode()


def _sensed(listed: Sequence[Any], where: str) -> list[Sensed | Refusal]:
    topic = _TOPIC.search(where)
    stream = int(topic[1]) if topic and topic[1] else None
    found: list[Sensed | Refusal] = []
    for number, one in enumerate(listed, 1):
        try:
            found += (
                _group(one, stream, where)
                if isinstance(one, dict) and "dataArray" in one
                else [_one(one, stream)]
            )
        except Invalid as error:
            found.append(Refusal(where, str(error), number if len(listed) > 1 else 0))
    return found


def _one(document: Any, stream: int | None) -> Sensed:
    """An Observation.

    Raises:
        Invalid: it does not say of what it is, or when it was made.
    """
    own, inside = parted("Observations", document)
    named = reference(inside.pop("Datastream")) if "Datastream" in inside else stream
    if named is None:
        raise Invalid(
            'it names no Datastream; send it to Datastreams(1)/Observations, or add {"@iot.id": 1}',
            "Datastream",
        )
    if "result" not in own:
        raise Invalid("an Observation has a result; give it", "result")
    if own.get("phenomenonTime") is None:
        own["phenomenonTime"] = own.get("resultTime")
    if own["phenomenonTime"] is None:
        raise Invalid(
            "it does not say when it was made, and may come twice; give a phenomenonTime", "phenomenonTime"
        )
    return Sensed(named, own, inside)


def _group(group: dict[str, Any], stream: int | None, where: str) -> list[Sensed | Refusal]:
    """The Observations of a data array."""
    components, rows = group.get("components"), group["dataArray"]
    named = reference(group.get("Datastream")) if "Datastream" in group else stream
    if named is None or not isinstance(components, list) or not isinstance(rows, list):
        raise Invalid("a group has a Datastream with its @iot.id, components and a dataArray", "dataArray")
    found: list[Sensed | Refusal] = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, list) or len(row) != len(components):
            found.append(Refusal(where, "the row has not as many values as there are components", number))
            continue
        document = {str(name): value for name, value in zip(components, row, strict=True) if name != "id"}
        if "FeatureOfInterest/id" in document:
            document["FeatureOfInterest"] = {"@iot.id": document.pop("FeatureOfInterest/id")}
        try:
            found.append(_one(document, named))
        except Invalid as error:
            found.append(Refusal(where, str(error), number))
    return found
