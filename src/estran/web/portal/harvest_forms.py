"""What an operator does to sources through forms: add, change, read, pause, confirm a loss, remove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from estran.catalogue import harvesters
from estran.errors import Conflict, EstranError, Invalid, NotAllowed, NotFound, Unavailable
from estran.web import node_of, replies
from estran.web.portal.harvest_views import home, source_href, without_password
from estran.web.portal.render import page, render, spoken
from estran.web.signing import OwnForm  # noqa: TC001 - FastAPI reads the annotations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.catalogue.harvest import HarvestSource
    from estran.node import Node
    from estran.web.portal.i18n import Words

_FIELDS = ("name", "url", "protocol", "centre", "visibility", "schedule", "precedence")
_OPTION = "option."
VISIBILITIES = ("public", "restricted", "draft")
_HIDDEN = ":…@"
# More than a browser waits for is left to the command line.
_MOST_REMOVED = 5000
_FLEETING = {"Cache-Control": "private, no-store"}


@dataclass(frozen=True, kw_only=True)
class Option:
    """Something that a protocol wants to know; `means` is its explanation, in `tongue` if not the page's."""

    name: str
    means: str
    tongue: str
    value: str


@dataclass(frozen=True, kw_only=True)
class SourceForm:
    """The form of a source.

    Attributes:
        name: of the source that is changed, "" for a new one.
        values: field -> what stands in it; wrong: field -> what is wrong with it.
        protocols, centres: (code, name) to choose from.
        options: of the chosen protocol.
    """

    name: str
    values: Mapping[str, str]
    wrong: Mapping[str, str]
    protocols: tuple[tuple[str, str], ...]
    centres: tuple[tuple[str, str], ...]
    options: tuple[Option, ...]


def routes() -> APIRouter:
    """The forms, and what they do."""
    router = APIRouter(include_in_schema=False)
    one = "/{language}/harvest/sources/{name}"
    for method, path, endpoint in (
        ("GET", "/{language}/harvest/new", new_page),
        ("POST", "/{language}/harvest/new", add),
        ("GET", f"{one}/change", change_page),
        ("POST", f"{one}/change", change),
        ("GET", f"{one}/remove", remove_page),
        ("POST", f"{one}/remove", remove),
        ("POST", f"{one}/run", run),
        ("POST", f"{one}/pause", pause),
        ("POST", f"{one}/resume", resume),
    ):
        router.add_api_route(path, endpoint, methods=[method], response_model=None)
    return router


def new_page(request: Request, language: str) -> Response:
    """The form of a new source, with the options of the protocol that was chosen."""
    w, node = spoken(language), node_of(request)
    replies.checked(request, ("protocol",))
    protocol = replies.one(request, "protocol")
    node.harvest.sources()  # whoever may not see them may not add to them
    view = _form(node, w, {"protocol": protocol, "visibility": "public", "precedence": "0"}, {})
    return _shown(request, w, view)


def add(request: Request, language: str, form: OwnForm) -> Response:
    """Set up a source, or say beside each field what is wrong."""
    w, node = spoken(language), node_of(request)
    harvest, wrong = node.harvest, dict[str, str]()
    precedence = _whole(form, wrong)
    _check_address(form.get("url", ""), w, wrong)
    if not wrong:
        try:
            made = harvest.add(
                form.get("name", "").strip(), form.get("url", ""), form.get("protocol", ""),
                options=_options(form), centre=form.get("centre", ""),
                visibility=form.get("visibility", "public"), schedule=form.get("schedule", ""),
                precedence=precedence,
            )  # fmt: skip
            return _see(source_href(made.name, w))
        except EstranError as error:
            wrong = _wrong(error)
    return _shown(request, w, _form(node, w, form, wrong), 400)


def change_page(request: Request, language: str, name: str) -> Response:
    """The form of a source that there is."""
    w, node = spoken(language), node_of(request)
    source = node.harvest.source(name)
    return _shown(request, w, _form(node, w, _values(source), {}, name))


def change(request: Request, language: str, name: str, form: OwnForm) -> Response:
    """Change a source, or say what is wrong."""
    w, node = spoken(language), node_of(request)
    harvest, wrong = node.harvest, dict[str, str]()
    held = harvest.source(name)
    precedence, url = _whole(form, wrong), _with_password(form.get("url", "").strip(), held.url)
    if url != held.url:
        _check_address(url, w, wrong)
    if not wrong:
        try:
            harvest.change(
                name, options=_options(form), centre=form.get("centre", ""),
                visibility=form.get("visibility", "public"), schedule=form.get("schedule", "").strip(),
                url=None if url == held.url else url, precedence=precedence,
            )  # fmt: skip
            return _see(source_href(name, w))
        except EstranError as error:
            wrong = _wrong(error)
    return _shown(request, w, _form(node, w, {**form, "protocol": held.protocol}, wrong, name), 400)


def remove_page(request: Request, language: str, name: str) -> Response:
    """Whether a source shall really go, and what becomes of its records."""
    return _removing(request, spoken(language), name)


def remove(request: Request, language: str, name: str, form: OwnForm) -> Response:
    """Forget a source, with its records or without."""
    w, node = spoken(language), node_of(request)
    keep = form.get("records", "")
    if keep not in ("keep", "remove"):
        return _removing(request, w, name, w.text("harvest.choose"))
    if keep == "remove" and _holds(node, name) > _MOST_REMOVED:
        return _removing(request, w, name, w.text("harvest.too_many", name=name))
    node.harvest.remove(name, keep_records=keep == "keep")
    return _see(home(w))


def run(request: Request, language: str, name: str, form: OwnForm) -> Response:
    """Have a worker read a source: what changed, or all of it; or confirm that so much is gone."""
    w, node = spoken(language), node_of(request)
    given = {flag: True for flag in ("full", "confirm_loss", "reread") if form.get(flag)}
    node.jobs.enqueue("harvest", {"source": node.harvest.source(name).name, **given}, alone=name)
    return _see(f"{source_href(name, w)}?asked=1")


def pause(request: Request, language: str, name: str, _form: OwnForm) -> Response:
    """Have schedules pass a source over."""
    return _activated(request, spoken(language), name, active=False)


def resume(request: Request, language: str, name: str, _form: OwnForm) -> Response:
    """Have schedules reach a source again."""
    return _activated(request, spoken(language), name, active=True)


def _activated(request: Request, w: Words, name: str, *, active: bool) -> Response:
    node_of(request).harvest.change(name, active=active)
    return _see(source_href(name, w))


def _removing(request: Request, w: Words, name: str, wrong: str = "") -> Response:
    node = node_of(request)
    source = node.harvest.source(name)
    title = w.text("harvest.remove_title", name=source.name)
    twin = f"{source_href(name, w)}/source.json"
    of = page(request, w, title, f"harvest/sources/{name}/remove", section="harvest", twin=twin)
    return render(
        request, "harvest_remove.html", w, of, status=400 if wrong else 200, headers=_FLEETING, name=name,
        source_href=source_href(name, w), holds=_holds(node, name), wrong=wrong,
    )  # fmt: skip


def _holds(node: Node, name: str) -> int:
    known = node.harvest.tally(name)
    return known.get("held", 0) + known.get("refused", 0)


def _see(address: str) -> Response:
    response = replies.see(address)
    response.headers.update(_FLEETING)
    return response


def _shown(request: Request, w: Words, view: SourceForm, status: int = 200) -> Response:
    path = f"harvest/sources/{view.name}/change" if view.name else "harvest/new"
    title = w.text("harvest.change_title", name=view.name) if view.name else w.text("harvest.new")
    twin = f"{source_href(view.name, w)}/source.json" if view.name else f"{home(w)}.json"
    of = page(request, w, title, path, section="harvest", twin=twin)
    return render(
        request, "harvest_form.html", w, of, status=status, headers=_FLEETING, v=view,
        visibilities=VISIBILITIES, back=source_href(view.name, w) if view.name else home(w),
    )  # fmt: skip


def _form(
    node: Node, w: Words, values: Mapping[str, str], wrong: Mapping[str, str], name: str = ""
) -> SourceForm:
    protocol = values.get("protocol", "")
    known: Any = harvesters.find(protocol).options if protocol in harvesters.names() else {}
    return SourceForm(
        name=name, wrong=wrong,
        values={field: values.get(field, "") for field in _FIELDS},
        protocols=tuple((one.name, one.title) for one in harvesters.every()),
        centres=tuple((one.id, w.of(one.name) or one.id) for one in node.organisations.all("centre")),
        options=tuple(_option(protocol, key, str(means), values, w) for key, means in known.items()),
    )  # fmt: skip


def _option(protocol: str, key: str, means: str, values: Mapping[str, str], w: Words) -> Option:
    code = f"{protocol}-{key}"
    said = w.label("harvest_option", code)
    value = values.get(f"{_OPTION}{key}", "")
    if said == code:  # a protocol of somebody else explains itself, in English
        return Option(name=key, means=means, tongue="" if w.language == "en" else "en", value=value)
    return Option(name=key, means=said, tongue="", value=value)


def _values(source: HarvestSource) -> dict[str, str]:
    options = {f"{_OPTION}{key}": value for key, value in source.options.items()}
    return {
        "name": source.name, "url": without_password(source.url), "protocol": source.protocol,
        "centre": source.centre, "visibility": source.visibility, "schedule": source.schedule,
        "precedence": str(source.precedence), **options,
    }  # fmt: skip


def _options(form: Mapping[str, str]) -> dict[str, str]:
    return {
        key.removeprefix(_OPTION): value.strip()
        for key, value in form.items()
        if key.startswith(_OPTION) and value.strip()
    }


def _check_address(url: str, w: Words, wrong: dict[str, str]) -> None:
    """Whoever signs in from afar must not read files of this machine; who works on it sets folders up there."""
    if not url.strip().startswith(("http://", "https://")):
        wrong["url"] = w.text("harvest.url_wrong")
    elif _HIDDEN in url:
        wrong["url"] = w.text("harvest.url_password")


def _with_password(url: str, held: str) -> str:
    """An address of a form, with the password that its page did not show; never for another host."""
    shown = without_password(held)
    if url == shown:
        return held
    host, hidden = urlsplit(held).netloc, urlsplit(shown).netloc
    return url.replace(f"//{hidden}/", f"//{host}/", 1) if _HIDDEN in hidden else url


def _whole(form: Mapping[str, str], wrong: dict[str, str]) -> int:
    text = form.get("precedence", "").strip() or "0"
    if not (text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() and len(text) < 7):  # noqa: PLR2004
        wrong["precedence"] = "write a whole number, such as 0 or 10"
        return 0
    return int(text)


def _wrong(error: EstranError) -> dict[str, str]:
    """Beside which field an error stands; what is about none is raised again."""
    match error:
        case Invalid(where=where) if where in _FIELDS:
            return {where: error.why}
        case NotFound(kind="organisation"):
            return {"centre": str(error)}
        case NotFound():
            return {"protocol": str(error)}
        case Conflict():
            return {"name": str(error)}
        case Invalid() if error.where == "options":
            return {"protocol": error.why}
        case Invalid() | Unavailable() | NotAllowed():  # asking the address what it speaks
            return {"url": str(error)}
        case _:
            raise error
