"""ERDDAP-compatible tables at /erddap: each dataset that has observations, one row a thing, time and vertical."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Path, Request, Response

from estran.errors import Invalid, NotFound
from estran.observations.wide import files, texts
from estran.observations.wide.attributes import of_dataset
from estran.observations.wide.texts import Shown
from estran.web import Api, links_of, node_of, pages, replies
from estran.web.apis.tabledap import dap, listing
from estran.web.apis.tabledap.answers import nothing, streamed, told
from estran.web.apis.tabledap.asking import Asked, Function, as_of, asked
from estran.web.apis.tabledap.choosing import chosen, things
from estran.web.apis.tabledap.ordering import arranged
from estran.web.problems import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from estran.node import Node
    from estran.observations.wide import Column, WideTable

__all__ = ["API"]

PREFIX = listing.PREFIX
_VERSION = "2.23"
"""The ERDDAP whose requests are answered; clients compare it."""
FORMS = (*texts.TYPES, *files.TYPES, "das", "dds", "dods")
Form = Annotated[str, Path(description=f"Form of the answer: {', '.join(FORMS)}.", examples=["csv"])]
ListForm = Annotated[
    str, Path(description=f"Form of the answer: {', '.join(texts.TYPES)}.", examples=["csv"])
]
Dataset = Annotated[str, Path(description="Id of the dataset's record.", examples=["an-id"])]


def _routes(_node: Node) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["ERDDAP"])
    _lists(router)
    _details(router)

    @router.get("/tabledap/{dataset}.{form}", **_described("Rows of a dataset", "getTabledap", _ROWS))
    @told
    def rows(request: Request, dataset: Dataset, form: Form) -> Response:
        return _rows(request, dataset, form)

    @router.get("/tabledap/{dataset}", include_in_schema=False)
    @told
    def page(request: Request, dataset: str) -> Response:
        """What a person meets who opens the address that DAP clients are given."""
        return replies.see(f"{links_of(request).page(shown(node_of(request), dataset).id)}")

    return router


def _lists(router: APIRouter) -> None:
    @router.get("", include_in_schema=False)
    @router.get("/", include_in_schema=False)
    @router.get("/index.html", include_in_schema=False)
    def home(request: Request) -> Response:
        root = links_of(request).base + PREFIX
        named = {
            "Datasets": "info/index.htmlTable", "Search": "search/index.htmlTable?searchFor=",
            "Categories": "categorize/index.htmlTable", "Version": "version",
        }  # fmt: skip
        listed = [{"href": f"{root}/{path}", "title": title} for title, path in named.items()]
        words = f"Observations of {node_of(request).settings.name} as the tables of ERDDAP {_VERSION}."
        return pages.document("ERDDAP-compatible tables", {"description": words, "links": listed})

    @router.get("/version", include_in_schema=False)
    def version() -> Response:
        return Response(f"ERDDAP_version={_VERSION}\n", media_type="text/plain")

    @router.get("/version_string", include_in_schema=False)
    def version_string() -> Response:
        return Response(f"ERDDAP_version_string={_VERSION}_Estran\n", media_type="text/plain")

    @router.get("/info/index.{form}", **_described("The datasets that are tables", "getErddapInfo", _LISTS))
    @router.get("/tabledap/index.{form}", include_in_schema=False)
    @told
    def info(request: Request, form: ListForm) -> Response:
        return _listed(request, form, {}, "Datasets")

    @router.get(
        "/search/index.{form}", **_described("Search datasets by words", "searchErddap", _LISTS, _SEARCH[:1])
    )
    @router.get(
        "/search/advanced.{form}", **_described("Search datasets", "searchErddapAdvanced", _LISTS, _SEARCH)
    )
    @told
    def search(request: Request, form: ListForm) -> Response:
        return _listed(request, form, dict(request.query_params), "Search")


def _details(router: APIRouter) -> None:
    @router.get(
        "/info/{dataset}/index.{form}", **_described("Columns of a dataset", "getErddapDataset", _LISTS)
    )
    @told
    def information(request: Request, dataset: Dataset, form: ListForm) -> Response:
        table = _table(node_of(request), dataset)
        of_all = _globals(request, table)
        return _list(form, *listing.information(table.columns, table, of_all), dataset)

    @router.get(
        "/categorize/index.{form}",
        **_described("What datasets are grouped by", "getErddapCategories", _LISTS),
    )
    @told
    def categories(request: Request, form: ListForm) -> Response:
        return _list(form, *listing.categories(links_of(request)), "Categories")

    @router.get("/categorize/{name}/index.{form}", include_in_schema=False)
    @told
    def category(request: Request, name: str, form: str) -> Response:
        return _list(form, *listing.of_category(node_of(request), links_of(request), name), name)

    @router.get("/categorize/{name}/{value}/index.{form}", include_in_schema=False)
    @told
    def categorised(request: Request, name: str, value: str, form: str) -> Response:
        if name not in listing.ATTRIBUTES:
            raise NotFound("category", name, f"Choose among {', '.join(listing.ATTRIBUTES)}.")
        return _listed(request, form, {name: unquote(value)}, value)


# Lists


def _listed(request: Request, form: str, given: dict[str, str], title: str) -> Response:
    records = listing.found(node_of(request), given)
    if given and not records:
        return nothing()
    page = listing.paged(records, {**given, **request.query_params})
    return _list(form, *listing.datasets(page, links_of(request)), title)


def _list(form: str, columns: list[Shown], rows: Iterator[pa.Table], title: str) -> Response:
    form = "htmlTable" if form == "html" else form
    if form not in texts.TYPES or form == "geoJson":
        raise Invalid(
            f"fileType=“.{form[:20]}” is not written here; choose among {', '.join(texts.TYPES)}", ""
        )
    return streamed(texts.written(form, columns, rows, title), texts.TYPES[form])


# Rows


def _table(node: Node, dataset: str, instant: str = "") -> WideTable:
    return node.observations.table(shown(node, dataset).id, as_of=instant)


def _globals(request: Request, table: WideTable) -> dict[str, Any]:
    """Attributes of a dataset, with since when it can be asked for as it was."""
    node = node_of(request)
    told = listing.globals_of(node.show(table.record), table, links_of(request), node.settings.email)
    since = node.observations.history(table.record)
    words = f"&as_of= and an instant since {since} gives the observations as they were then."
    return told | ({"as_of": words} if since else {})


def _rows(request: Request, dataset: str, form: str) -> Response:
    node = node_of(request)
    if form == "html":
        return replies.see(links_of(request).page(dataset))
    if form not in FORMS:
        raise Invalid(f"fileType=“.{form[:20]}” is not written here; choose among {', '.join(FORMS)}", "")
    table = _table(node, dataset, as_of(request.scope["query_string"]))
    question = asked(request.scope["query_string"], table)
    if form == "das":
        return _das(request, table)
    if form == "dds":
        columns, _ = arranged(table, question, iter(()))
        return Response(dap.structure(_shown(columns)), 200, _dap_headers("dods-dds"), "text/plain")
    return _data(request, table, _fitted(question, form, table), form)


def _data(request: Request, table: WideTable, question: Asked, form: str) -> Response:
    node = node_of(request)
    columns, found = arranged(table, question, _found(table, question))
    renamed = [replace(column, name=name) for name, column in columns]
    made = (
        part.select([c.name for _, c in columns]).rename_columns([c.name for c in renamed]) for part in found
    )
    first = next(made, None)
    if first is None:
        return nothing()
    rows = _again(first, made)
    if form == "dods":
        return streamed(dap.data(_shown(columns), rows), "application/octet-stream", description="dods-data")
    name = _file_name(table.record, form)
    if form in files.TYPES:
        of_all = of_dataset(node.show(table.record), table, links_of(request), node.settings.email)
        return streamed(files.written(form, table, renamed, rows, of_all), files.TYPES[form], name)
    return streamed(texts.written(form, _shown(columns), rows, table.record), texts.TYPES[form], name)


def _again(first: pa.Table, others: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from others


_NEEDED = {
    "geoJson": ("longitude", "latitude"),
    **dict.fromkeys(
        ("ncCF", "ncCFMA"), ("platform", "platform_name", "longitude", "latitude", "time", "vertical")
    ),
}
"""Form -> roles of the columns that it has whether they are asked for or not."""
_SUMS = ("orderByCount", "orderByMean", "orderBySum")


def _fitted(question: Asked, form: str, table: WideTable) -> Asked:
    """A question with what a form needs.

    Raises:
        Invalid: the form has no room for what a function makes.
    """
    roles = _NEEDED.get(form, ())
    if not roles:
        return question
    if any(one.name in _SUMS for one in question.functions):
        raise Invalid(
            f".{form} holds observations where they were made; ask for csv, json or nc of sums and means", ""
        )
    known = {column.name for _, column in question.columns}
    needed = [column for column in table.columns if column.role in roles]
    columns = (*((one.name, one) for one in needed if one.name not in known), *question.columns)
    functions = question.functions
    if form != "geoJson" and any(one.name != "distinct" for one in functions):
        # The rows of a platform, or of a profile, lie together.
        order = ",".join(column.name for column in needed if column.role in ("platform", "time", "vertical"))
        functions = (*functions, Function("orderBy", order))
    return Asked(columns, question.constraints, functions)


def _found(table: WideTable, question: Asked) -> Iterator[pa.Table]:
    """The rows of a question; what is known of things alone is answered without a look at their observations."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    is_of_things = all(
        c.is_of_thing or (c.role in ("longitude", "latitude") and not table.moves)
        for _, c in question.columns
    )
    is_asked_of_things = all(one.column.is_of_thing for one in question.constraints)
    if not (is_of_things and is_asked_of_things and [one.name for one in question.functions] == ["distinct"]):
        return chosen(table, question)
    standing = [one for one in things(table, question.constraints) if one.count]
    cells: dict[str, Any] = {}
    for _, column in question.columns:
        if column.is_of_thing:
            told_ = [one.thing.key if column.role == "platform" else str(one.thing.name) for one in standing]
            cells[column.name] = pa.array(told_, pa.string())
        else:
            cells[column.name] = pa.array([getattr(one.thing, column.role) for one in standing], pa.float64())
    return iter([pa.table(cells)] if standing else [])


def _shown(columns: tuple[tuple[str, Column], ...]) -> list[Shown]:
    return [Shown(name, name, column.kind, _unit(column)) for name, column in columns]


def _unit(column: Column) -> str:
    return "UTC" if column.kind == "time" else column.variable.unit


def _file_name(dataset: str, form: str) -> str:
    """The name of the file to save; tables that a browser shows have none."""
    if form in ("htmlTable", "xhtml"):
        return ""
    suffix = "csv" if form.startswith("csv") else "tsv" if form.startswith("tsv") else form
    return f"{dataset}.{'jsonl' if form.startswith('jsonl') else suffix}"


def _das(request: Request, table: WideTable) -> Response:
    of_all = _globals(request, table)
    of_columns = {column.name: listing.attributes_of(column, table) for column in table.columns}
    return Response(dap.attributes(of_columns, of_all), 200, _dap_headers("dods-das"), "text/plain")


def _dap_headers(description: str) -> dict[str, str]:
    return {"Content-Description": description, "XDODS-Server": "dods/3.7", "Cache-Control": "no-store"}


# What the routes say of themselves

_ROWS = dict.fromkeys(
    (*texts.TYPES.values(), *files.TYPES.values(), "text/plain", "application/octet-stream")
)
_LISTS = dict.fromkeys(texts.TYPES.values())
_ERROR = {"text/plain": {"schema": {"type": "string"}}}
_SEARCH = [
    {"name": name, "in": "query", "required": False, "description": words, "schema": {"type": "string"}}
    for name, words in {
        "searchFor": "Words to find; a minus in front of those that must not be there.",
        **dict.fromkeys(listing.ATTRIBUTES, "The value of this attribute."),
        **dict.fromkeys(("minLon", "minLat", "maxLon", "maxLat"), "A side of the box, in degrees."),
        **dict.fromkeys(("minTime", "maxTime"), "A date, seconds since 1970, or an instant told from now."),
    }.items()
]


def _described(
    summary: str, operation: str, contents: dict[str, Any], parameters: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    written = {media_type: {"schema": {"type": "string"}} for media_type in contents}
    responses: dict[int | str, Any] = {200: {"description": "The answer.", "content": written}}
    responses |= {
        status: {"description": words, "content": _ERROR}
        for status, words in (
            (400, "The query does not fit."),
            (404, "There is no such dataset, or no row is left."),
            (409, "The dataset does not keep what it said then."),
        )
    }
    return {
        "summary": summary,
        "operation_id": operation,
        "response_class": Response,
        "responses": responses,
        "openapi_extra": {"parameters": parameters or []},
    }


API = Api(name="tabledap", prefix=PREFIX, routes=_routes)
