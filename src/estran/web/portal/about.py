"""The pages about the node itself: its APIs and the accessibility statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from estran import plugins
from estran.catalogue.query import Query
from estran.web import Api

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.node import Node
    from estran.web.portal.i18n import Words

_LABELS = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\nSELECT ?c ?label WHERE { ?c skos:prefLabel ?label } LIMIT 5"
_JSON = """import json
from urllib.request import urlopen

with urlopen("{address}") as answer:
    found = json.load(answer)
print(json.dumps(found, indent=1, ensure_ascii=False)[:1500])"""
_TEXT = """from urllib.request import urlopen

with urlopen("{address}") as answer:
    print(answer.read(1500).decode(errors="replace"))"""
_PYTHON = """import estran

node = estran.open("my-node")
for record in node.search(bbox=(-10, 35, 20, 60)):
    print(record.id, record.title)"""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that can be tried: what it asks, its whole address, and the part that this node answers."""

    says: str
    address: str
    path: str
    curl: str
    python: str


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way in for machines: what it is, where it starts, requests to try, and lines to paste where there are none."""

    key: str
    title: str
    text: str
    href: str = ""
    shown: str = ""
    calls: tuple[Call, ...] = ()
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a statement."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is said of an API that Estran brings: where it starts, and requests with the key of what each asks."""

    api: str
    title: str
    text: str
    start: str
    asks: tuple[tuple[str, str], ...]
    # Whether its start answers only who asks something: people are led to the first request instead.
    wants_more: bool = False


_ITEMS = "/ogc/collections/records/items"
_NEWEST = "Observations(%24orderby=phenomenonTime%20desc;%24top=1)"
_KNOWN = (
    _Known(api="records", title="api.records", text="api.records_text", start="/ogc", asks=(
        ("api.records_first", f"{_ITEMS}?limit=2"),
        ("api.records_box", f"{_ITEMS}?bbox=-10,35,20,60&datetime=2015-01-01/..&limit=2"),
    )),
    _Known(api="stac", title="api.stac", text="api.stac_text", start="/stac", asks=(
        ("api.stac_all", "/stac/collections?limit=2"), ("api.stac_search", "/stac/search?bbox=-10,35,20,60&limit=2"),
    )),
    _Known(api="edr", title="api.edr", text="api.edr_text", start="/ogc/collections", asks=(
        ("api.edr_all", "/ogc/collections"),
    )),
    _Known(api="tabledap", title="api.tabledap", text="api.tabledap_text", start="/erddap/index.html", asks=(
        ("api.tabledap_all", "/erddap/info/index.json"), ("api.tabledap_names", "/erddap/categorize/standard_name/index.json"),
    )),
    _Known(api="sensorthings", title="api.sensorthings", text="api.sensorthings_text", start="/sta/v1.1", asks=(
        # In a shell a dollar sign would be read otherwise.
        ("api.sensorthings_things", "/sta/v1.1/Things?%24count=true&%24top=2&%24expand=Locations"),
        ("api.sensorthings_newest", f"/sta/v1.1/Datastreams?%24count=true&%24top=2&%24expand={_NEWEST}"),
    )),
    _Known(api="dcat", title="api.dcat", text="api.dcat_text", start="/dcat.ttl", asks=(("api.dcat_all", "/dcat.ttl"),)),
    _Known(api="csw", title="api.csw", text="api.csw_text", start="/csw", asks=(
        ("api.csw_box", "/csw?service=CSW&version=3.0.0&request=GetRecords&bbox=-10,35,20,60"),
    )),
    _Known(api="oaipmh", title="api.oaipmh", text="api.oaipmh_text", start="/oai?verb=Identify", asks=(
        ("api.oaipmh_list", "/oai?verb=ListRecords&metadataPrefix=oai_dc"),
    )),
    _Known(api="changes", title="api.changes", text="api.changes_text", start="/api/changes", asks=(
        ("api.changes_all", "/api/changes?after=0&limit=5"),
    )),
    _Known(api="atom", title="api.atom", text="api.atom_text", start="/changes.atom", asks=(
        ("api.atom_newest", "/changes.atom"),
    )),
    _Known(api="vocabulary", title="api.vocabulary", text="api.vocabulary_text", start="/vocabulary", asks=(
        ("api.vocabulary_all", "/vocabulary?f=json"), ("api.vocabulary_search", "/vocabulary/search?q=temperature"),
    )),
    _Known(api="sparql", title="api.sparql", text="api.sparql_text", start="/sparql", asks=(
        ("api.sparql_labels", f"/sparql?query={quote(_LABELS)}&f=json"),
    ), wants_more=True),
)  # fmt: skip
# Answers in JSON are shown by their members, all others by their beginning.
_IN_TEXT = ("/dcat.", "/csw", "/oai", "/changes.atom")
_TWINS = (("OGC Record", "json"), ("ISO 19115-3", "xml"), ("schema.org", "jsonld"), ("DCAT", "ttl"))


def doors(node: Node, links: Links, words: Words) -> list[Way]:
    """The ways in that this node has: its installed APIs, then what every node has."""
    t, base = words.text, links.base
    installed = {api.name: api for api in plugins.working("api", Api)}
    ours = [known for known in _KNOWN if known.api in installed]
    found = node.ask(Query(limit=1)).records
    id_ = found[0].id if found else "ID"
    newest = f"/{words.language}/search.json?sort=-updated"
    return [
        *(
            Way(
                key=known.api, title=t(known.title), text=t(known.text),
                href=known.asks[0][1] if known.wants_more else known.start,
                shown=f"{base}{known.start}", calls=tuple(_call(t(says), base, path) for says, path in known.asks),
            )
            for known in ours
        ),
        # Of what others brought, the name and the place are known.
        *(
            Way(key=name, title=name, text=t("api.other"), href=api.prefix, shown=f"{base}{api.prefix}")
            for name, api in installed.items() if name not in {known.api for known in ours}
        ),
        Way(
            key="data", title=t("api.data"), text=t("api.data_text"),
            calls=tuple(_call(said, base, f"/data/{id_}.{suffix}") for said, suffix in _TWINS),
        ),
        Way(key="pages", title=t("api.pages"), text=t("api.pages_text"), calls=(_call(t("api.pages_newest"), base, newest),)),
        Way(key="python", title=t("api.python"), text=t("api.python_text"), code=_PYTHON),
    ]  # fmt: skip


def _call(says: str, base: str, path: str) -> Call:
    address = f"{base}{path}"
    is_text = path.startswith(_IN_TEXT) or path.endswith((".xml", ".ttl"))
    python = (_TEXT if is_text else _JSON).format(address=address)
    return Call(says=says, address=address, path=path, curl=f'curl "{address}"', python=python)


def statement(words: Words) -> list[Part]:
    """The accessibility statement: what is done, what is tested and how, what is not."""
    listed = (
        ("accessibility.state", ("accessibility.state_text",)),
        (
            "accessibility.means",
            ("accessibility.mean_keyboard", "accessibility.mean_map", "accessibility.mean_colour",
             "accessibility.mean_script", "accessibility.mean_motion", "accessibility.mean_size", "accessibility.mean_print"),
        ),
        (
            "accessibility.tested",
            ("accessibility.tested_axe", "accessibility.tested_contrast", "accessibility.tested_headings",
             "accessibility.tested_keyboard", "accessibility.tested_phone"),
        ),
        (
            "accessibility.limits",
            ("accessibility.limit_people", "accessibility.limit_browsers", "accessibility.limit_maps",
             "accessibility.limit_texts", "accessibility.limit_errors"),
        ),
        ("accessibility.contact", ("accessibility.contact_text",)),
    )  # fmt: skip
    return [Part(title=words.text(title), lines=tuple(map(words.text, lines))) for title, lines in listed]
