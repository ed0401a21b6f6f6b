"""A record beside the document that it came from: what the reader took, where it stands there, what gets lost."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from dataclasses import dataclass, fields, is_dataclass
from itertools import accumulate
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from estran import formats
from estran.errors import NotFound
from estran.formats import Document, Refusal
from estran.model import NODE_FIELDS, Record, Text
from estran.web import links_of, node_of, replies
from estran.web.portal.originals import Shown, shown
from estran.web.portal.render import as_json, page, render, spoken
from estran.web.problems import shown as record_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estran.catalogue import OriginalDocument
    from estran.formats import Loss
    from estran.web.portal.i18n import Words

_MOST_TAKEN, _LONGEST_VALUE = 400, 600
_MOST_BYTES = 2_000_000
_TELLING, _LONGEST_NEEDLE, _MOST_LOOKS = 8, 80, 20
# What stands around a whole value: in XML, and in JSON, where numbers have no quotes.
_EDGES = ("<>\"'\n", "\"', :\n")
_JSON_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/]))')


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A value that the reader took; line is where it stands in the document as shown, 0 where it was not found."""

    field: str
    value: str
    tongue: str = ""
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a format keeps of the record, and what it cannot carry."""

    name: str
    title: str
    href: str
    losses: tuple[Loss, ...]


@dataclass(frozen=True, kw_only=True)
class CompareView:
    """A record beside one of its originals.

    Attributes:
        originals: (name, address) of all of them, the newest first; number is the one that is shown.
        why: why it cannot be read now, "" where it can.
        read: whether what was taken comes from reading the document just now, else from the record as held.
        more: how many values are left out.
    """

    id: str
    title: str
    tongue: str
    originals: tuple[tuple[str, str], ...]
    number: int
    format: str = ""
    received: str = ""
    download: str = ""
    document: Shown | None = None
    why: str = ""
    read: bool = True
    taken: tuple[Taken, ...] = ()
    more: int = 0
    warnings: tuple[str, ...] = ()
    losses: tuple[Kept, ...] = ()


def routes() -> APIRouter:
    """The page and its twin."""
    router = APIRouter(include_in_schema=False)

    @router.get("/{language}/data/{id}/compare.json", response_model=None)
    def twin(request: Request, language: str, id: str) -> Response:  # noqa: A002 - the word of the model
        return as_json(_view(request, id, spoken(language)))

    @router.get("/{language}/data/{id}/compare", response_model=None)
    def compare(request: Request, language: str, id: str) -> Response:  # noqa: A002
        w = spoken(language)
        view = _view(request, id, w)
        query = f"?{request.url.query}" if request.url.query else ""
        of = page(
            request, w, w.text("compare.title", title=view.title), f"data/{id}/compare", section="search",
            twin=f"/{language}/data/{id}/compare.json{query}",
        )  # fmt: skip
        lines = frozenset(x.line for x in view.taken)
        return render(request, "compare.html", w, of, v=view, lines_taken=lines)

    return router


def _view(request: Request, id: str, w: Words) -> CompareView:  # noqa: A002
    replies.checked(request, ("original",))
    node, links = node_of(request), links_of(request)
    record, originals = record_of(node, id), node.originals(id)
    number = _number(replies.one(request, "original"), originals, id)
    base: dict[str, Any] = {
        "id": id, "title": w.of(record.title) or id, "tongue": w.tongue(record.title), "number": number,
        "originals": tuple((_name(o), f"/{w.language}/data/{id}/compare?original={n}") for n, o in enumerate(originals)),
        "losses": tuple(
            Kept(
                name=form.name, title=form.title, href=f"/data/{id}/formats/{form.name}",
                losses=form.write(record, links).losses,
            )
            for form in formats.every()
            if form.write is not None
        ),
    }  # fmt: skip
    if not originals:
        return CompareView(**base)
    original = originals[number]
    document, (found, why) = shown(original.body), _read(original, record)
    taken = list(_taken(found or record))
    return CompareView(
        **base, format=formats.find(original.format).title, received=w.date(original.at[:10]),
        download=f"/data/{id}/originals/{number}", document=document, why=why, read=found is not None,
        taken=_placed(taken[:_MOST_TAKEN], document), more=max(0, len(taken) - _MOST_TAKEN),
        warnings=(found or record).warnings,
    )  # fmt: skip


def _number(text: str, originals: Sequence[OriginalDocument], id: str) -> int:  # noqa: A002
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 7 and int(text) < len(originals)):  # noqa: PLR2004
        raise NotFound("original", text[:20], f"/data/{id}/originals lists them.")
    return int(text)


def _name(original: OriginalDocument) -> str:
    return PurePath(original.name).name  # the rest is a path of the operator's machine


def _read(original: OriginalDocument, record: Record) -> tuple[Record | None, str]:
    """What the reader makes of an original now, and why it makes nothing of it."""
    if len(original.body) > _MOST_BYTES:
        return None, ""
    why, records = "", list[Record]()
    for value in formats.read(Document(_name(original), original.body), formats.find(original.format)):
        if isinstance(value, Record):
            records.append(value)
        elif isinstance(value, Refusal):
            why = why or value.why
    same = next((r for r in records if r.identifier == record.identifier), records[0] if records else None)
    return same, "" if same else why


def _taken(record: Record) -> Iterator[Taken]:
    for field in fields(record):
        if field.name not in NODE_FIELDS and field.name != "warnings":
            yield from _leaves(getattr(record, field.name), field.name)


def _leaves(value: Any, path: str) -> Iterator[Taken]:
    """The plain values within a value, with dotted paths; parts of lists of several are numbered."""
    if value in (None, "", False, ()):
        return
    if isinstance(value, Text):
        for tongue, words in value.variants:
            yield Taken(field=path, value=words[:_LONGEST_VALUE], tongue=tongue)
    elif parts := _parts(value, path):
        for name, part in parts:
            yield from _leaves(part, name)
    else:
        said = f"{value:.10g}" if isinstance(value, float) else str(value)
        yield Taken(field=path, value=said[:_LONGEST_VALUE])


def _parts(value: Any, path: str) -> list[tuple[str, Any]]:
    """What a value is made of, with paths; nothing of a plain one."""
    if is_dataclass(value):
        held = ((field, getattr(value, field.name)) for field in fields(value))
        return [(f"{path}.{field.name}", part) for field, part in held if part != field.default]
    if not isinstance(value, tuple):
        return []
    listed: tuple[Any, ...] = value
    names: Sequence[str] = getattr(listed, "_fields", ())
    if names:
        return [(f"{path}.{name}", part) for name, part in zip(names, listed, strict=True)]
    return [(f"{path} {n}" if len(listed) > 1 else path, part) for n, part in enumerate(listed, 1)]


def _placed(taken: Sequence[Taken], document: Shown) -> tuple[Taken, ...]:
    """The values with the lines where they stand."""
    plain = [" ".join(_unescaped(line, document.kind).split()) for line in document.lines]
    starts = [0, *accumulate(len(line) + 1 for line in plain)]
    whole = "\n".join(plain)

    edges = _EDGES[document.kind == "json"]

    def line(value: str) -> int:
        needle, loose = " ".join(value.split())[:_LONGEST_NEEDLE], 0
        at = -1
        for _ in range(_MOST_LOOKS if needle else 0):
            at = whole.find(needle, at + 1)
            if at < 0:
                break
            around = whole[max(0, at - 1) : at] + whole[at + len(needle) : at + len(needle) + 1]
            if all(c in edges for c in around):
                return bisect_right(starts, at)
            # Within a longer text a short value may be anything.
            if len(needle) >= _TELLING and not loose:
                loose = bisect_right(starts, at)
        return loose

    return tuple(Taken(field=x.field, value=x.value, tongue=x.tongue, line=line(x.value)) for x in taken)


def _unescaped(line: str, kind: str) -> str:
    if kind == "json":
        return _JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], line)
    return html.unescape(line) if kind == "xml" else line
