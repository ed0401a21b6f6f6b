"""The pages about the node itself: its APIs and the accessibility statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran import plugins
from estran.catalogue.query import Query

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.node import Node
    from estran.web.portal.i18n import Words

_PYTHON = """import estran

node = estran.open("my-node")
for record in node.search(bbox=(-10, 35, 20, 60)):
    print(record.id, record.title)"""


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way in for machines: what it is, where, and lines to paste; `api` is the plugin that it needs."""

    key: str
    title: str
    text: str
    example: str
    href: str = ""
    shown: str = ""
    api: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a statement."""

    title: str
    lines: tuple[str, ...]


def doors(node: Node, links: Links, words: Words) -> list[Way]:
    """The ways in that this node has."""
    t, base = words.text, links.base
    found = node.ask(Query(limit=1)).records
    id_ = found[0].id if found else "ID"
    items = f"{base}/ogc/collections/records/items"
    installed = ("", *plugins.names("api"))
    listed = (
        Way(
            key="records", title=t("api.records"), text=t("api.records_text"), api="records", href="/ogc",
            shown=f"{base}/ogc",
            example=f'curl "{items}?limit=5"\ncurl "{items}?bbox=-10,35,20,60&datetime=2015-01-01/.."',
        ),
        Way(
            key="stac", title=t("api.stac"), text=t("api.stac_text"), api="stac", href="/stac", shown=f"{base}/stac",
            example=f'curl "{base}/stac/search?limit=5"\ncurl "{base}/stac/search?bbox=-10,35,20,60&collections=ID"',
        ),
        Way(
            key="dcat", title=t("api.dcat"), text=t("api.dcat_text"), api="dcat", href="/dcat.ttl",
            shown=f"{base}/dcat", example=f'curl -H "Accept: text/turtle" "{base}/dcat"',
        ),
        Way(
            key="csw", title=t("api.csw"), text=t("api.csw_text"), api="csw", href="/csw", shown=f"{base}/csw",
            example=f'curl "{base}/csw?service=CSW&version=3.0.0&request=GetRecords&bbox=-10,35,20,60"',
        ),
        Way(
            key="oaipmh", title=t("api.oaipmh"), text=t("api.oaipmh_text"), api="oaipmh", href="/oai?verb=Identify",
            shown=f"{base}/oai", example=f'curl "{base}/oai?verb=ListRecords&metadataPrefix=oai_dc"',
        ),
        Way(
            key="changes", title=t("api.changes"), text=t("api.changes_text"), api="changes", href="/changes.atom",
            shown=f"{base}/changes.atom", example=f'curl "{base}/api/changes?after=0&include=document"',
        ),
        Way(
            key="data", title=t("api.data"), text=t("api.data_text"),
            example="\n".join(f'curl "{links.twin(id_, suffix)}"' for suffix in ("json", "xml", "jsonld", "ttl")),
        ),
        Way(
            key="pages", title=t("api.pages"), text=t("api.pages_text"),
            example=f'curl "{base}/{words.language}/search.json?sort=-updated"',
        ),
        Way(key="python", title=t("api.python"), text=t("api.python_text"), example=_PYTHON),
    )  # fmt: skip
    return [way for way in listed if way.api in installed]


def statement(words: Words) -> list[Part]:
    """The accessibility statement."""
    listed = (
        ("accessibility.state", ("accessibility.state_text",)),
        (
            "accessibility.means",
            ("accessibility.mean_keyboard", "accessibility.mean_map", "accessibility.mean_colour",
             "accessibility.mean_script", "accessibility.mean_motion"),
        ),
        ("accessibility.limits", ("accessibility.limit_maps", "accessibility.limit_texts")),
        ("accessibility.contact", ("accessibility.contact_text",)),
    )  # fmt: skip
    return [Part(title=words.text(title), lines=tuple(map(words.text, lines))) for title, lines in listed]
