"""What Estran asks of a plugin, as checks that its author runs too. Each failure names the broken promise."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import tempfile
from contextlib import contextmanager
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings

from estran import formats
from estran.catalogue.harvesters import Event, Found, Gone, Harvester, Kept, Mark, Missed, Total, Visit
from estran.fetching import Fetcher, Reply
from estran.formats import Document, Format, Links, Refusal, Written
from estran.model import Item, Record
from estran.testing.strategies import records

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

__all__ = ["check_format", "check_harvester"]

_LINKS = Links("https://node.example.org", "A node")
_FIELDS = frozenset(field.name for field in fields(Record))
_MOST_FOUND = 10_000
_EVERY_PHASE = tuple(Phase)
_NO_SHRINKING = (Phase.explicit, Phase.generate)
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
_GARBAGE = (
    b"", b" ", b"\0", b"\0" * 5000, b"\xff\xfe", b"\xef\xbb\xbf", b"<", b"<a>", b"<a/>", b"{", b"{}", b"[]",
    b"null", b'{"type": 3}', b"[" * 20_000, b"<a>" * 20_000, b'{"a":' * 20_000, "é".encode("latin-1") * 100,
    b'<?xml version="1.0" encoding="klingon"?><a/>', bytes(range(256)) * 40, b"CDF\x01", b"\x89HDF\r\n\x1a\n",
    b'<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;&b;">]><a>&d;</a>',
    b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
)  # fmt: skip


def check_format(form: Format, examples: int = 25, *, shrink: bool = True) -> None:
    """Hold a format to its contract.

    Args:
        form: the format.
        examples: how many random records it must write.
        shrink: whether to look for the smallest record that breaks a promise, which takes a while.

    Raises:
        AssertionError: a promise is broken; the message says which.
    """
    _describes_itself(form)
    _survives_garbage(form, _GARBAGE)
    if form.write is not None:
        _writes(form, examples, _EVERY_PHASE if shrink else _NO_SHRINKING)


def _describes_itself(form: Format) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", form.name), (
        f"the name “{form.name}” is lower-case words and hyphens"
    )
    assert form.title, "it has a title for people"
    assert form.media_types, "it has a media type"
    for media_type in form.media_types:
        assert re.fullmatch(r"[\w.+-]+/[\w.+-]+(;.*)?", media_type), f"“{media_type}” is a media type"
    assert form.read or form.write or form.observe, "it reads, writes or observes"
    assert not form.suffix or form.suffix.startswith("."), "its suffix starts with a dot"


def _survives_garbage(form: Format, bodies: tuple[bytes, ...]) -> None:
    for body in bodies:
        confidence = form.recognise(body[:4096], "garbage")
        assert 0.0 <= confidence <= 1.0, f"recognising gives 0 to 1, not {confidence}"
        if form.read is not None:
            _read(form, body, strict=False)


def _read(form: Format, body: bytes, *, strict: bool) -> list[Record | Item | Refusal]:
    """What it reads; a crash, which the reader's net turned into a refusal, breaks the promise."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"document{form.suffix}"
        path.write_bytes(body)
        found = list(islice(formats.read(Document(path.name, body, path), form), _MOST_FOUND))
    for one in found:
        assert isinstance(one, Record | Item | Refusal), (
            f"reading gives records, items and refusals, not {one!r}"
        )
        if isinstance(one, Refusal):
            assert one.why.strip(), "a refusal has a reason"
            assert "could not be understood (" not in one.why, f"it crashed on {body[:80]!r}: {one.why}"
            assert not strict, f"it reads what it wrote, but refused: {one.why}"
    return found


def _writes(form: Format, examples: int, phases: tuple[Phase, ...]) -> None:
    @settings(max_examples=examples, deadline=None, database=None, phases=phases, suppress_health_check=_SLOW)
    @given(records())
    def hold(record: Record) -> None:
        written = _write(form, record)
        if form.read is not None:
            _reads_its_own(form, record, written)

    hold()
    _write(form, Record(identifier="only-an-identifier"))


def _write(form: Format, record: Record) -> Written:
    assert form.write is not None
    written = form.write(record, _LINKS)
    assert isinstance(written, Written), "writing gives Written"
    assert isinstance(written.body, bytes), "what is written is bytes"
    assert written.body, "something is written"
    assert written.media_type.partition(";")[0] in _bare(form), (
        f"“{written.media_type}” is one of its media types"
    )
    for loss in written.losses:
        assert loss.field.partition(".")[0].partition("@")[0] in _FIELDS, (
            f"“{loss.field}” is a field of the pivot"
        )
        assert loss.why.strip(), f"the loss of {loss.field} has a reason"
    return written


def _bare(form: Format) -> Iterator[str]:
    return (media_type.partition(";")[0] for media_type in form.media_types)


def _reads_its_own(form: Format, record: Record, written: Written) -> None:
    assert form.recognise(written.body[:4096], f"x{form.suffix}") > 0, "it recognises what it writes"
    found = [one for one in _read(form, written.body, strict=True) if isinstance(one, Record)]
    assert len(found) == 1, f"one record written is one record read, not {len(found)}"
    assert _blanks(str(found[0].title)) == _blanks(str(record.title)), "the title comes back"
    middle = len(written.body) // 2
    _survives_garbage(
        form, (written.body[:middle], written.body[middle:], written.body[:-1], written.body * 2)
    )
    _survives_garbage(
        form,
        (written.body.replace(b'"', b"'"), b"\xef\xbb\xbf" + written.body, written.body[:middle] + b"\0"),
    )


def _blanks(words: str) -> str:
    return " ".join(words.split())


_POSITION_BYTES = 64 << 10


def check_harvester(harvester: Harvester, visit: Visit, *, marks: int = 12) -> list[Event]:
    """Hold a harvest protocol to its contract, on a source that answers and does not change meanwhile.

    Args:
        harvester: the protocol.
        visit: a full visit from the start; its source holds more than one page or folder, if it can.
        marks: from how many of the visit's marks, evenly spread, it must be able to go on.

    Returns:
        The events of the undisturbed visit, to be compared with what the source holds.

    Raises:
        AssertionError: a promise is broken; the message says which.
    """
    _describes_protocol(harvester, visit)
    events = _events_of(harvester, visit)
    for event in events:
        _is_well_formed(event)
    whole = _outcome(events)
    _goes_on_from_its_marks(harvester, visit, events, marks)
    stamps = {event.key: event.stamp for event in events if isinstance(event, Found) and event.stamp}
    held = replace(
        visit, stamps=lambda keys: {key: stamps[key] for key in keys if key in stamps}, position=None
    )
    again = _events_of(harvester, held)
    assert _outcome(again).keys() == whole.keys(), "what is held already is named again: Kept or Found"
    for event in again:
        assert not isinstance(event, Kept) or event.key in stamps, f"“{event.key}” is Kept and was never held"
    return events


def _describes_protocol(harvester: Harvester, visit: Visit) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", harvester.name), (
        f"the name “{harvester.name}” is lower-case words and hyphens"
    )
    assert harvester.title.strip(), "it has a title for people"
    assert harvester.tells_gone in {"listed", "said", "never"}, "tells_gone is listed, said or never"
    for name, meaning in harvester.options.items():
        assert re.fullmatch(r"[a-z][a-z0-9_-]*", name), f"the option “{name}” is one lower-case word"
        assert meaning.strip(), f"the option “{name}” says what it means"
    for body in _GARBAGE:
        confidence = harvester.recognise(visit.source.url, body)
        assert 0.0 <= confidence <= 1.0, f"recognising gives 0 to 1, not {confidence}"


def _events_of(harvester: Harvester, visit: Visit) -> list[Event]:
    """All that it gives; a connection that is not the fetcher's breaks the promise."""
    watched = _Watched(visit.fetcher)
    with _no_other_way_out(watched):
        return list(harvester.changes(replace(visit, fetcher=watched)))


class _Watched(Fetcher):
    """A fetcher that tells when it is at work."""

    def __init__(self, fetcher: Fetcher) -> None:
        self.policy, self._fetcher, self.busy = fetcher.policy, fetcher, 0

    def get(self, url: str, **how: Any) -> Reply:
        return self._during(lambda: self._fetcher.get(url, **how))

    def post(self, url: str, body: bytes, media_type: str, **how: Any) -> Reply:
        return self._during(lambda: self._fetcher.post(url, body, media_type, **how))

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.__dict__["_fetcher"], name)
        return (lambda *args, **how: self._during(lambda: found(*args, **how))) if callable(found) else found

    def _during[T](self, ask: Callable[[], T]) -> T:
        self.busy += 1
        try:
            return ask()
        finally:
            self.busy -= 1

    def close(self) -> None:
        """It belongs to whoever opened it."""


@contextmanager
def _no_other_way_out(watched: _Watched) -> Generator[None]:
    allowed = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        assert watched.busy or self.family == socket.AF_UNIX, f"it asks {address} past its fetcher"
        allowed(self, address)

    socket.socket.connect = connect  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        socket.socket.connect = allowed  # pyright: ignore[reportAttributeAccessIssue]


def _is_well_formed(event: Event) -> None:
    match event:
        case Found(key, document, stamp):
            assert key.strip(), f"what is found has a key: {document.name}"
            assert document.name, f"the document of “{key}” has a name"
            assert document.body or document.path, f"the document of “{key}” is not empty"
            assert isinstance(stamp, str), f"the stamp of “{key}” is text"
        case Kept(key) | Gone(key):
            assert key.strip(), f"{event!r} has a key"
        case Missed(where, why):
            assert where.strip(), f"what was missed is somewhere: {why}"
            assert why.strip(), f"there is a reason why {where} was missed"
        case Total(number):
            assert number >= 0, f"a total is a number of documents, not {number}"
        case Mark(position):
            _is_plain(position)


def _is_plain(position: Mapping[str, Any]) -> None:
    written = json.dumps(position)
    assert json.loads(written) == position, f"a position is plain JSON: {written[:200]}"
    assert len(written) <= _POSITION_BYTES, f"a position is small, not {len(written)} bytes"


def _outcome(events: Iterable[Event]) -> dict[str, str]:
    """Keys -> what is known of them in the end."""
    known: dict[str, str] = {}
    for event in events:
        match event:
            case Found(key, document):
                body = document.body or (document.path.read_bytes() if document.path else b"")
                known[key] = hashlib.sha256(body).hexdigest()
            case Kept(key):
                known.setdefault(key, "held")
            case Gone(key):
                known[key] = "gone"
            case _:
                pass
    return known


def _goes_on_from_its_marks(harvester: Harvester, visit: Visit, events: list[Event], most: int) -> None:
    whole = _outcome(events)
    places = [at for at, event in enumerate(events) if isinstance(event, Mark)]
    step = max(1, -(-len(places) // most))
    for at in dict.fromkeys([*places[::step], *places[-1:]]):
        mark = events[at]
        assert isinstance(mark, Mark)
        position = json.loads(json.dumps(mark.position))
        rest = _events_of(harvester, replace(visit, position=position))
        for event in rest:
            _is_well_formed(event)
        both = _outcome([*events[: at + 1], *rest])
        lost = whole.keys() - both.keys()
        assert not lost, f"going on from {position} loses {len(lost)} documents, such as {min(lost)}"
        assert both == whole, f"going on from {position} does not end where the undisturbed visit ends"
