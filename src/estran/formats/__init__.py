"""Metadata formats: each file of this room reads and writes one standard.

A format is a value, `Format`, found through the entry point ``estran.format``. Reading gives pivot
values and never stores; writing gives bytes and says what the target could not carry.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import IO, TYPE_CHECKING, Any

from estran import plugins
from estran.errors import Invalid
from estran.formats._rows import Dataset, Rows
from estran.model import NODE_FIELDS, Datastream, Item, Record, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = [
    "Dataset",
    "Document",
    "Format",
    "Links",
    "Loss",
    "Observed",
    "Refusal",
    "Rows",
    "Written",
    "every",
    "find",
    "losses",
    "names",
    "read",
    "recognise",
]

_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Document:
    """One metadata document as it came.

    Attributes:
        name: where it came from, for messages and for recognition: a path, "folder/file.ndjson" or an URL.
        body: its bytes, untouched; empty where `path` must be read instead (NetCDF).
        path: the file that holds nothing but this document, if there is one.
        line: 1-based line of the file where it starts, 0 where that means nothing.
        container: the archive on the disk that it came out of, if it did.
        beside: gives the files of its folder or archive, one after the other, where a format may need them; each
            is open until the next is asked for.
        subject: name of what observations are of, where the document does not say; "" for that of the file.
    """

    name: str
    body: bytes = b""
    path: Path | None = None
    line: int = 0
    container: Path | None = None
    beside: (
        Callable[[], Iterator[tuple[str, Callable[[], AbstractContextManager[IO[bytes]]]] | Refusal]] | None
    ) = None
    subject: str = ""

    @property
    def head(self) -> bytes:
        """Its first bytes, enough to recognise it."""
        return self.body[:_HEAD_BYTES]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that could not be read.

    Attributes:
        file: name of the document or file.
        why: what is wrong and what to do next.
        line: 1-based, 0 where that means nothing.
    """

    file: str
    why: str
    line: int = 0


type Observed = Dataset | Datastream | Rows | Refusal
"""What a data format gives of observations."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of the record that the target cannot carry.

    Attributes:
        field: dotted path in the pivot, such as ``extent.vertical`` or ``parties.phone``.
        why: the reason, in English.
    """

    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Written:
    """A record in one standard."""

    body: bytes
    media_type: str
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses on the node that publishes.

    Attributes:
        base: the node's address without a slash at its end, such as ``https://data.example.org``.
        publisher: name of the node, for catalogues that must name their publisher.
    """

    base: str = "http://localhost:8321"
    publisher: str = "Estran"

    def page(self, id: str) -> str:  # noqa: A002 - the word of the model
        """The permanent, citable address of a record."""
        return f"{self.base}/data/{id}"

    def twin(self, id: str, suffix: str) -> str:  # noqa: A002
        """The record's address in another form: ``json``, ``xml``, ``jsonld``, ``ttl``."""
        return f"{self.base}/data/{id}.{suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One metadata standard in one serialisation.

    Attributes:
        name: the word for ``export --format``.
        title: what people call it.
        media_types: IANA media types, the one that is written first.
        recognise: (first bytes, name) -> confidence from 0.0 (no) to 1.0 (certain).
        read: gives Records, Items and Refusals; raises `Invalid` where the whole is unreadable.
        write: (record, links) -> Written.
        explain: says how the observations of a document would be understood, for people.
        observe: gives the datastreams that a document holds, each before its rows; nothing where it holds none.
            Where a document describes several datasets, each of them is named before what belongs to it.
        parts: whether documents that give the same identifier are parts of one dataset: what each tells of it is
            put together, instead of the newest description standing for all.
        names_only: whether it tells of its datastreams no more than their names: what is known of them stays.
        suffix: of files, with its dot.
    """

    name: str
    title: str
    media_types: tuple[str, ...]
    recognise: Callable[[bytes, str], float] = lambda _head, _name: 0.0
    read: Callable[[Document], Iterator[Record | Item | Refusal]] | None = None
    write: Callable[[Record, Links], Written] | None = None
    observe: Callable[[Document], Iterator[Observed]] | None = None
    explain: Callable[[Document], str] | None = None
    parts: bool = False
    names_only: bool = False
    suffix: str = ""


def names() -> list[str]:
    """Names of all installed formats."""
    return plugins.names("format")


def find(name: str) -> Format:
    """The format of that name.

    Raises:
        NotFound: there is none.
    """
    return plugins.load("format", name, Format)


def every() -> tuple[Format, ...]:
    """All installed formats that work, by name."""
    return plugins.working("format", Format)


def recognise(document: Document) -> Format:
    """The format that a document is most probably in.

    Raises:
        Invalid: nothing here reads it.
    """
    head = document.head or (_head_of(document.path) if document.path else b"")
    best, confidence = None, 0.0
    for form in every():
        if form.read is not None and (found := form.recognise(head, document.name)) > confidence:
            best, confidence = form, found
    if best is None:
        readable = ", ".join(form.title for form in every() if form.read is not None)
        raise Invalid(
            f"no metadata format is recognised in it; Estran reads {readable}; a table of observations is loaded "
            "with --as observations",
            document.name,
        )
    return best


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def read(document: Document, form: Format | None = None) -> Iterator[Record | Item | Refusal]:
    """What a document holds; what is unreadable becomes a `Refusal`, never an exception of the reader's."""
    try:
        form = form or recognise(document)
        if form.read is None:
            raise Invalid(f"{form.title} is only written, not read", document.name)
        yield from form.read(document)
    except Invalid as error:
        yield Refusal(
            document.name, error.why if error.where in ("", document.name) else str(error), document.line
        )
    except RecursionError:
        yield Refusal(document.name, "it is nested too deeply to be metadata", document.line)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError) as error:
        # A reader's own mistake on a strange document: the file is named, the load goes on.
        yield Refusal(
            document.name,
            f"it could not be understood ({type(error).__name__}: {error})"[:500],
            document.line,
        )


def losses(
    record: Record, carried: Iterable[str], why: str = "the target has no place for it"
) -> tuple[Loss, ...]:
    """What of a record is outside `carried`.

    Args:
        record: the record that was written.
        carried: dotted pivot paths that the target carries; a path carries all beneath it. ``@*`` says
            that it carries every language of a text, otherwise the further languages count as lost.
        why: the reason given with each loss.
    """
    allowed = frozenset(carried)
    found: dict[str, None] = {}
    for field in fields(record):
        if field.name not in NODE_FIELDS:
            _walk(getattr(record, field.name), field.default, field.name, allowed, found)
    return tuple(Loss(path, why) for path in found)


def _walk(value: Any, default: Any, path: str, carried: frozenset[str], found: dict[str, None]) -> None:
    if value == default or value in ("", ()):
        return
    whole = path in carried
    if isinstance(value, Text):
        if not whole:
            found[path] = None
        elif len(value.variants) > 1 and "@*" not in carried:
            found[f"{path}@*"] = None
    elif isinstance(value, tuple) and not hasattr(value, "_fields"):
        for part in value:
            _walk(part, None, path, carried, found)
    elif is_dataclass(value) or (isinstance(value, tuple) and (whole or _holds_one_of(path, carried))):
        for name, part, usual in _members(value):
            inner = f"{path}.{name}"
            _walk(part, usual, inner, carried | {inner} if whole else carried, found)
    elif not whole:
        found[path] = None


def _holds_one_of(path: str, carried: frozenset[str]) -> bool:
    return any(one.startswith(f"{path}.") for one in carried)


def _members(value: Any) -> Iterator[tuple[str, Any, Any]]:
    """Name, value and default of each member of a dataclass or named tuple."""
    if is_dataclass(value):
        return ((field.name, getattr(value, field.name), field.default) for field in fields(value))
    return ((name, getattr(value, name), value._field_defaults.get(name)) for name in value._fields)
