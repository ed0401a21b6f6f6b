"""The annotator: a text, with the concepts that it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from estran.errors import Invalid
from estran.web import node_of, replies
from estran.web.portal.render import as_json, page, render, spoken
from estran.web.portal.vocabularies import Named, named
from estran.web.signing import Form  # noqa: TC001 - FastAPI reads it

if TYPE_CHECKING:
    from estran.web.portal.i18n import Words

_LONGEST = 50_000
_PATH = "vocabulary/annotate"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of the text; it names concepts, or none."""

    words: str
    concepts: tuple[Named, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AnnotateView:
    """A text in pieces, and all concepts that it names, each once."""

    text: str = ""
    pieces: tuple[Piece, ...] = ()
    concepts: tuple[Named, ...] = ()


def routes() -> APIRouter:
    """The page, its form and its twin."""
    router = APIRouter(include_in_schema=False)

    @router.get(f"/{{language}}/{_PATH}", response_model=None)
    def form(request: Request, language: str) -> Response:
        w = spoken(language)
        return _page(request, w, _view(request, w, replies.one(request, "text")))

    @router.get(f"/{{language}}/{_PATH}.json", response_model=None)
    def twin(request: Request, language: str) -> Response:
        return as_json(_view(request, spoken(language), replies.one(request, "text")))

    @router.post(f"/{{language}}/{_PATH}", response_model=None)
    def sent(request: Request, language: str, fields: Form) -> Response:
        w = spoken(language)
        return _page(request, w, _view(request, w, fields.get("text", "")))

    return router


def _page(request: Request, w: Words, view: AnnotateView) -> Response:
    # A text that was sent is too long for an address.
    asked = f"?{request.url.query}" if request.url.query else ""
    twin = f"/{w.language}/{_PATH}.json{asked}"
    of = page(request, w, w.text("annotate.title"), _PATH, section="vocabulary", twin=twin)
    return render(request, "annotate.html", w, of, v=view, longest=_LONGEST)


def _view(request: Request, w: Words, text: str) -> AnnotateView:
    if len(text) > _LONGEST:
        raise Invalid(f"it has {len(text):,} letters; send at most {_LONGEST:,} at once", "text")
    pieces: list[Piece] = []
    concepts: dict[str, Named] = {}
    done = 0
    for found in node_of(request).vocabulary.annotate(text) if text.strip() else ():
        listed = tuple(named(entry, w, detail=entry.scheme) for entry in found.entries)
        pieces += [Piece(words=text[done : found.start]), Piece(words=found.words, concepts=listed)]
        concepts |= {one.href: one for one in listed}
        done = found.end
    pieces.append(Piece(words=text[done:]))
    shown = tuple(piece for piece in pieces if piece.words)
    order = sorted(concepts.values(), key=lambda one: (one.title.casefold(), one.href))
    return AnnotateView(text=text, pieces=shown, concepts=tuple(order))
