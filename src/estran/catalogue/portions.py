"""What any process can do of a load: documents in, rows out, ready to be stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from estran import formats
from estran.catalogue.documents import Lines, of_file
from estran.catalogue.items.dictionaries import Dictionaries
from estran.catalogue.items.prepare import PreparedItem, plain_item, prepare_item
from estran.catalogue.prepare import Prepared, keyed, original, prepare
from estran.catalogue.words import folded
from estran.errors import Invalid
from estran.formats import Document, Refusal
from estran.model import Item, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from estran.catalogue.items.queryables import Declared
    from estran.model.organisation import Organisation

__all__ = [
    "Assignment",
    "Lesson",
    "Portion",
    "SmallFile",
    "Task",
    "claim",
    "claims",
    "look_for",
    "prepared",
    "prepared_document",
    "size_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a load gives to its records.

    Attributes:
        centre: of all records, "" to let the claims decide; home: of those that no claim matches.
        claims: (folded words, centre) pairs, the longest first.
        owner: whose they are while they are drafts.
    """

    source: str
    centre: str = ""
    home: str = ""
    claims: tuple[tuple[str, str], ...] = ()
    visibility: str = "public"
    owner: str = ""

    def of(self, record: Record) -> str:
        """The centre of a record."""
        if self.centre:
            return self.centre
        names = [
            words for p in (*record.parties, *record.metadata_parties) for _, words in p.organisation.variants
        ]
        hosts = [p.email.partition("@")[2] for p in (*record.parties, *record.metadata_parties) if p.email]
        said = " | ".join(["", *(_spaced(name) for name in (*names, *hosts, record.identifier)), ""])
        for words, centre in self.claims:
            if f" {words} " in said:
                return centre
        return self.home


@lru_cache(maxsize=8192)
def _spaced(words: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in folded(words)).split())


def claim(words: str) -> str:
    """A claim in the form that `Assignment.claims` holds."""
    return _spaced(words)


def claims(organisations: Iterable[Organisation]) -> tuple[tuple[str, str], ...]:
    """The claims of all centres, as `Assignment.claims` holds them."""
    found = ((claim(words), one.id) for one in organisations for words in one.claims if claim(words))
    return tuple(sorted(found, key=lambda pair: (-len(pair[0]), pair)))


class SmallFile(NamedTuple):
    """A file so small that whoever prepares its documents may open it as well."""

    path: Path
    size: int


type Lesson = tuple[dict[str, int], dict[int, bytes]]
"""Numbers of collections, and their dictionaries."""

type Task = Document | Refusal | Lines | SmallFile


@dataclass(slots=True)
class Portion:
    """What became of some tasks.

    Attributes:
        strange: counts, by file, what is no document at all.
        observing: files that may hold observations beside their record.
    """

    prepared: list[Prepared] = field(default_factory=list)
    items: list[PreparedItem] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    strange: Counter[str] = field(default_factory=Counter)
    observing: list[Path] = field(default_factory=list["Path"])


class _Packing:
    """The collections whose dictionaries this process knows, and the declared properties that it looks for.

    None in the one that writes, which packs and looks for itself.
    """

    def __init__(self) -> None:
        self.declared: tuple[Declared, ...] = ()
        self.numbers: dict[str, int] = {}
        self.dictionaries = Dictionaries()

    def learn(self, numbers: dict[str, int], dictionaries: dict[int, bytes]) -> None:
        """Know more collections."""
        for number, body in dictionaries.items():
            if not self.dictionaries.knows(number):
                self.dictionaries.learn(number, body)
        self.numbers.update(numbers)

    def packed(self, item: PreparedItem) -> PreparedItem:
        """The item with its body made small, if its collection is known."""
        number = self.numbers.get(item.collection)
        if number is None:
            return item
        return item._replace(body=b"", packed=self.dictionaries.pack(number, item.body))


_packing = _Packing()


def look_for(declared: tuple[Declared, ...]) -> None:
    """Let this process find the values of declared properties."""
    _packing.declared = declared


def size_of(task: Task) -> int:
    """Bytes that a task holds or reads."""
    match task:
        case Refusal():
            return 0
        case SmallFile():
            return task.size
        case _:
            return len(task.body)


def prepared(portion: list[Task], given: Assignment, lesson: Lesson | None = None) -> Portion:
    """What becomes of some tasks; a lesson tells a process what it needs to know for them and those after."""
    done = Portion()
    if lesson is not None:
        _packing.learn(*lesson)
    for task in portion:
        for document in _documents(task):
            if isinstance(document, Refusal):
                done.refused.append(document)
                done.strange[document.file] += 1
            else:
                _prepare_document(document, given, done)
    return done


def _documents(task: Task) -> Iterator[Document | Refusal]:
    match task:
        case Lines():
            yield from task.documents()
        case SmallFile():
            for found in of_file(*task):
                yield from _documents(found)
        case _:
            yield task


def _prepare_item(item: Item, document: Document, done: Portion) -> None:
    try:
        done.items.append(prepare_item(item.body, item.collection, document.name))
    except Invalid as error:
        done.refused.append(
            Refusal(document.name, str(error).removeprefix(f"{document.name}: "), document.line)
        )


def prepared_document(document: Document, given: Assignment, key: str) -> Portion:
    """What becomes of one document that is called `key` where it came from.

    The key of its record is that key; of several records, each has its own name behind it.
    """
    done = Portion()
    _prepare_document(document, given, done)
    if len(done.prepared) == 1:
        done.prepared = [keyed(done.prepared[0], key)]
    else:
        done.prepared = [keyed(one, f"{key}#{one.key}") for one in done.prepared]
    return done


def _prepare_document(document: Document, given: Assignment, done: Portion) -> None:
    # Millions of granules are as plain as can be; whatever is not goes the long way, which can say why.
    if document.body[:1] == b"{" and (item := plain_item(document.body, _packing.declared)) is not None:
        done.items.append(_packing.packed(item))
        return
    try:
        form = formats.recognise(document)
    except Invalid as error:
        done.refused.append(Refusal(document.name, error.why, document.line))
        return
    if form.observe is not None and (path := document.path or document.container) not in (
        None,
        *done.observing[-1:],
    ):
        done.observing.append(path)
    held = original(document, form.name)
    at = f"{document.name}:{document.line}" if document.line else document.name
    for number, value in enumerate(formats.read(document, form)):
        if isinstance(value, Refusal):
            done.refused.append(value)
            continue
        if isinstance(value, Item) and value.collection:
            _prepare_item(value, document, done)
            continue
        record = value.record() if isinstance(value, Item) else value
        record = replace(record, source=given.source, centre=given.of(record), visibility=given.visibility)
        try:
            made = prepare(record, held, given.owner, f"{at}#{number}" if number else at)
            done.prepared.append(made._replace(is_part=form.parts and bool(record.identifier)))
        except Invalid as error:
            done.refused.append(Refusal(document.name, error.why, document.line))
