"""Theia/OZCAR's pivot in JSON: a producer, its datasets, and the observations that each holds.

A file describes one producer in one language. A dataset becomes a record, in which is gathered what its
observations say of variables, instruments, places and periods. The producer is a record too, where a document
holds it whole: the collection that its datasets are part of.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estran.errors import Invalid
from estran.formats import Document, Format, Refusal
from estran.formats._identifiers import doi, identifier
from estran.formats._json import decode, obj, outline, text, texts
from estran.formats._languages import code
from estran.formats._licences import licence
from estran.formats._text import whole
from estran.formats._theia.data import is_data
from estran.formats._theia.gather import Gathered, gathered
from estran.formats._theia.parts import (
    Speech,
    concepts,
    constraints,
    distributions,
    fundings,
    parties,
    place,
    relations,
)
from estran.formats._theia.streams import Series, observed, series_of
from estran.model import Extent, Identifier, Licence, Party, Record, Relation, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estran.formats import Observed

__all__ = ["FORMAT", "Piece", "language_of", "observe", "pieces", "read"]

_CERTAIN, _LIKELY = 0.95, 0.85
_LANGUAGE = re.compile(r"_([a-z]{2})\.json$", re.IGNORECASE)
_SHARED = "sharedDois"
_HEAD_BYTES, _MOST_TOLD = 4096, 40


class Piece(NamedTuple):
    """One dataset or producer of a file, as a document of its own.

    Attributes:
        key: its identifier, "" where it has none; body: JSON that `read` takes.
    """

    key: str
    body: bytes


def language_of(name: str) -> str:
    """The language that the name of a file tells, as in ``CATC_en.json``; "" for none."""
    found = _LANGUAGE.search(name)
    return code(found[1]) if found else ""


def recognise(head: bytes, _name: str) -> float:
    """How surely it is the pivot, by the identifiers that it gives to producers and datasets, or one of its data files."""
    if is_data(head):
        return _CERTAIN
    shown = outline(head)
    if "producer.producerId" in shown:
        return _CERTAIN
    dataset = any(f"{place}datasetId" in shown for place in ("", "dataset.", "datasets."))
    return _LIKELY if dataset or ("producerId" in shown and "onlineResource" not in shown) else 0.0


def read(document: Document) -> Iterator[Record | Refusal]:
    """The producer and the datasets of a document.

    Raises:
        Invalid: it is no JSON, or holds neither a producer nor a dataset.
    """
    if is_data(document.head or _head(document)):
        return
    notes: list[str] = []
    value, _ = decode(document, notes)
    said = obj(value)
    producer, datasets = _parts(said)
    if not producer and not datasets:
        raise Invalid("it holds neither a producer nor a dataset of Theia/OZCAR's pivot", document.name)
    about = _About(
        producer,
        Speech(language_of(document.name)),
        frozenset(texts(said.get(_SHARED))) | _shared(datasets),
        f"Theia/OZCAR pivot {text(said.get('version'))}".strip(),
        tuple(notes),
    )
    # A dataset that was cut out of its file says so, and takes its producer along only to be understood.
    if producer and (not datasets or (isinstance(said.get("datasets"), list) and _SHARED not in said)):
        yield from _or_refused(document, lambda: _producer(about), "producer")
    for number, dataset in enumerate(datasets):
        yield from _or_refused(document, lambda one=dataset: _dataset(one, about), f"datasets[{number}]")


def observe(document: Document) -> Iterator[Observed]:
    """The observations whose data files lie in the folder or the archive of their description.

    Raises:
        Invalid: it is no JSON, or holds neither a producer nor a dataset.
    """
    if is_data(document.head or _head(document)):
        return
    found = _series(document)
    yield from (one for one in found if isinstance(one, Refusal))
    yield from observed([one for one in found if isinstance(one, Series)], document)


def explain(document: Document) -> str:
    """How the observations would be understood."""
    if is_data(document.head or _head(document)):
        return "a data file of Theia/OZCAR's pivot: it is read with the JSON that describes it"
    found = [one for one in _series(document) if isinstance(one, Series)]
    sets = Counter(one.dataset for one in found)
    lines = [
        f"Theia/OZCAR pivot: {len(found):,} observations of {len(sets):,} datasets, each with its data file"
    ]
    for one in found[:_MOST_TOLD]:
        (stream, *extra) = one.streams.values()
        more = f" and {len(extra)} more columns" if extra else ""
        told = f"{stream.variable.label} in {stream.variable.unit or 'no unit'} at {stream.thing.name}"
        lines.append(f"  {one.file:40} {told}{more}")
    if len(found) > _MOST_TOLD:
        lines.append(f"  and {len(found) - _MOST_TOLD:,} more")
    return "\n".join(lines)


def _series(document: Document) -> list[Series | Refusal]:
    value, _ = decode(Document(document.name, whole(document)), [])
    return list(series_of(_parts(obj(value))[1], Speech(language_of(document.name)), document))


def _head(document: Document) -> bytes:
    if document.path is None:
        return b""
    with document.path.open("rb") as file:
        return file.read(_HEAD_BYTES)


class _About(NamedTuple):
    """What the parts of a document share.

    Attributes:
        shared: DOIs that several datasets give.
    """

    producer: dict[str, Any]
    speech: Speech
    shared: frozenset[str]
    standard: str
    notes: tuple[str, ...]


def _parts(said: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """The producer and the datasets, in a file of both, or in a document of one of them."""
    producer = obj(said.get("producer"))
    if isinstance(said.get("datasets"), list):
        return producer, said["datasets"]
    if isinstance(said.get("dataset"), dict):
        return producer, [said["dataset"] | {"observations": [said.get("observation")]}]
    if "datasetId" in said:
        return producer, [said]
    return (producer or (said if "producerId" in said else {})), []


def pieces(value: Any) -> Iterator[Piece]:
    """The producer and each dataset of a file; a dataset goes with what it needs to know of its producer."""
    said = obj(value)
    producer, datasets = _parts(said)
    version = said.get("version", "1.0")
    if producer:
        body = msgspec.json.encode({"version": version, "producer": producer})
        yield Piece(text(producer.get("producerId")), body)
    shared = sorted(_shared(datasets))
    for dataset in datasets:
        whole = {"version": version, "producer": producer, _SHARED: shared, "datasets": [dataset]}
        yield Piece(text(obj(dataset).get("datasetId")), msgspec.json.encode(whole))


def _shared(datasets: list[Any]) -> frozenset[str]:
    """DOIs that several datasets give: they name the collection, not the dataset."""
    counts = Counter(filter(None, (_doi(obj(obj(one).get("metadata"))) for one in datasets)))
    return frozenset(name for name, count in counts.items() if count > 1)


def _doi(metadata: dict[str, Any]) -> str:
    return doi(text(obj(metadata.get("onlineResource")).get("doi")))


def _or_refused(document: Document, make: Callable[[], Record], where: str) -> Iterator[Record | Refusal]:
    try:
        yield make()
    except Invalid as error:
        yield Refusal(document.name, f"{where}: {error}", document.line)


def _producer(about: _About) -> Record:
    producer, speech = about.producer, about.speech
    name, title = text(producer.get("producerId")), speech.text(producer.get("title"))
    called = speech.text(producer.get("name"))
    if not (name or title or called):
        raise Invalid("the producer has neither producerId nor title")
    online = obj(producer.get("onlineResource"))
    own = doi(text(online.get("doi")))
    return Record(
        identifier=name,
        identifiers=(Identifier(own, "doi"),) if own else (),
        kind="collection",
        title=title or called or Text.of(name),
        alternate_titles=(called,) if called and called != title and title else (),
        abstract=speech.text(producer.get("description")),
        purpose=speech.text(producer.get("objectives")),
        supplement=speech.text(producer.get("measuredVariables")),
        metadata_language=speech.language or title.language,
        metadata_standard=about.standard,
        landing_page=speech.word(online.get("urlInfo")),
        parties=tuple(parties(producer.get("contacts"), speech)),
        distributions=tuple(distributions(online, speech)),
        fundings=fundings(producer.get("fundings"), speech),
        warnings=about.notes,
    )


def _dataset(dataset: Any, about: _About) -> Record:
    producer, speech, notes = about.producer, about.speech, list(about.notes)
    metadata = obj(obj(dataset).get("metadata"))
    name, title = text(obj(dataset).get("datasetId")), speech.text(metadata.get("title"))
    if not name and not title:
        raise Invalid("the dataset has neither datasetId nor title")
    online = obj(metadata.get("onlineResource"))
    together = gathered(obj(dataset).get("observations"), speech, notes)
    together.during(metadata.get("temporalExtent"))
    own = _doi(metadata)
    whole = own if own in about.shared else ""
    return Record(
        identifier=name,
        identifiers=(Identifier(own, "doi"),) if own and not whole else (),
        title=title or Text.of(name),
        abstract=speech.text(metadata.get("description")),
        purpose=speech.text(metadata.get("objective")),
        lineage=speech.text(metadata.get("datasetLineage")),
        metadata_language=speech.language or title.language,
        metadata_standard=about.standard,
        landing_page=speech.word(online.get("urlInfo")),
        parties=(*parties(metadata.get("contacts"), speech), *_publisher(producer, speech)),
        concepts=tuple(dict.fromkeys((*concepts(metadata, speech), *together.concepts))),
        variables=together.variables,
        extent=_extent(metadata, together, notes),
        distributions=tuple(distributions(online, speech)),
        licences=_licences(metadata, speech),
        constraints=tuple(constraints(metadata, speech)),
        relations=(*_part_of(producer, whole), *relations(metadata.get("documents"), speech)),
        fundings=fundings(producer.get("fundings"), speech),
        warnings=tuple(dict.fromkeys(notes)),
    )


def _publisher(producer: dict[str, Any], speech: Speech) -> Iterator[Party]:
    if name := speech.text(producer.get("name")) or speech.text(producer.get("title")):
        yield Party(role="publisher", organisation=name, email=text(producer.get("email")))


def _extent(metadata: dict[str, Any], together: Gathered, notes: list[str]) -> Extent:
    wkt, box = place(metadata.get("spatialExtent"), notes, "spatialExtent")
    box = box or together.box
    return Extent(
        boxes=(box,) if box else (),
        geometries=(wkt,) if wkt else (),
        places=together.places,
        periods=(together.period,) if together.period else (),
    )


def _licences(metadata: dict[str, Any], speech: Speech) -> tuple[Licence, ...]:
    said = obj(obj(metadata.get("dataConstraint")).get("licence"))
    title, url = speech.word(said.get("title")), speech.word(said.get("url"))
    return (licence(title, url, speech.language),) if title or url else ()


def _part_of(producer: dict[str, Any], shared: str) -> Iterator[Relation]:
    """The producer that a dataset is part of: by the DOI of the whole where there is one, and by its name here."""
    whole = shared or doi(text(obj(producer.get("onlineResource")).get("doi")))
    name = whole or text(producer.get("producerId"))
    if name:
        yield Relation(kind="IsPartOf", target=name, scheme=identifier(name).scheme, type="Collection")


FORMAT = Format(
    name="theia-pivot",
    title="Theia/OZCAR pivot",
    media_types=("application/json",),
    recognise=recognise,
    read=read,
    observe=observe,
    explain=explain,
    suffix=".json",
)
