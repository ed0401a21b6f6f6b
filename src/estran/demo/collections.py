"""The collections that eodag describes, as STAC Collections.

eodag carries its own list (``collections.yml``) and what its providers answered when it was released
(``ext_collections.json``); its keywords there are slugs, its unknown boxes zeros, its texts half Markdown.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from estran.vocabulary import Entry

_SCIENTIFIC = "https://stac-extensions.github.io/scientific/v1.0.0/schema.json"
_PROCESSING = "https://stac-extensions.github.io/processing/v1.2.0/schema.json"

# Which of the providers that offer a collection is named as its host: the first of these.
_HOSTS = (
    "cop_marine", "cop_ads", "cop_cds", "cop_ewds", "cop_ghsl", "cop_dataspace", "eumetsat_ds", "usgs",
    "usgs_satapi_aws", "wekeo_main", "wekeo_ecmwf", "earth_search", "aws_eos", "fedeo_ceda", "creodias",
    "planetary_computer", "ecmwf", "meteoblue", "dedt_lumi", "dedl", "geodes",
)  # fmt: skip
# Providers whose answers are taken: host, and the page or API of one collection.
_LISTS = {
    "theia": (
        "CDS MTD – Data Terra Theia",
        "https://api.datastore-mtd.theia.data-terra.org/collections/{id}",
    ),
    "geodes": ("CNES – GEODES", "https://geodes-portal.cnes.fr/api/stac/collections/{id}"),
    "cop_marine": ("", "https://data.marine.copernicus.eu/product/{id}/description"),
}
_SOLID_EARTH = re.compile(r"FLATSIM_|.*_SAGSA_")
_LICENCES = {"CC BY-SA 4.0": "CC-BY-SA-4.0"}
_MARINE_LICENCE = "https://marine.copernicus.eu/user-corner/service-commitments-and-licence"
# A heading over the first paragraph says nothing that its place does not say.
_HEADING = re.compile(r"^\s*(?:DEFINITION|(?:Short )?description:?)\s*\n", re.IGNORECASE)
_NOWHERE = [0, 0, 0, 0]
_NEVER = "1970-01-01T00:00:00.000000Z"
# One mission is written in several ways; "" stands for what is no platform.
_MISSIONS = {
    "satellite": "", "dt": "", "noaa": "NOAA", "metop": "Metop", "msg": "MSG", "venus": "VENµS",
    "landsat": "Landsat", "landsat8": "Landsat 8", **{f"l{n}": f"Landsat {n}" for n in range(1, 10)},
    **{f"landsat-{n}": f"Landsat {n}" for n in range(1, 10)},
}  # fmt: skip


def collections(resources: Path, names: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    """STAC Collections of eodag's folder of resources; what has no description is left out.

    Args:
        resources: the folder ``resources`` of an installed eodag.
        names: CF standard names: keywords that are one become variables.
    """
    units = {entry.name: entry.unit for entry in names}
    own = _yaml(resources / "collections.yml")
    hosts = _hosts(resources / "providers")
    answers = msgspec.json.decode((resources / "ext_collections.json").read_bytes())
    lists = {name: answers.get(name, {}).get("collections_config", {}) for name in _LISTS}
    for id_, said in own.items():
        # eodag names the marine products once more in its own way.
        if id_.removeprefix("MO_") not in lists["cop_marine"] and said.get("description"):
            named = hosts.get(id_, [])
            links = [{"rel": "via", "href": host["url"], "title": host["name"]} for host in named]
            yield _collection(id_, said, named, links, units)
    for name, listed in lists.items():
        for id_, said in listed.items():
            if said.get("description"):
                yield _collection(id_, _spelt_out(id_, said), *_host(name, id_), units)


def _hosts(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The provider to name for each collection of eodag's own list."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in _HOSTS:
        said = _yaml(folder / f"{name}.yml").get(name, {})
        host = {"name": said.get("description", name).strip(), "roles": ["host"], "url": said.get("url", "")}
        for id_ in said.get("products") or ():
            found.setdefault(id_, [host])
    return found


def _host(name: str, id_: str) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Who is named as host of a provider's collection, and the links to it."""
    title, page = _LISTS[name]
    if _SOLID_EARTH.match(id_):
        title = "ForM@Ter – CNES"
    links = [{"rel": "via", "href": page.format(id=id_), "title": "Page of the collection at its provider"}]
    if name == "cop_marine":
        links.append(
            {"rel": "license", "href": _MARINE_LICENCE, "title": "Copernicus Marine Service licence"}
        )
    return ([{"name": title, "roles": ["host"]}] if title else []), links


def _collection(
    id_: str,
    said: dict[str, Any],
    hosts: list[dict[str, Any]],
    links: list[dict[str, str]],
    units: dict[str, str],
) -> dict[str, Any]:
    words = [word for word in said.get("keywords") or () if word]
    variables = {name: units[name] for word in words if (name := word.replace(" ", "_").lower()) in units}
    summaries = {
        "platform": [_mission(name) for name in _split(said.get("platform"))],
        "constellation": [_mission(name) for name in _split(said.get("constellation"))],
        "instruments": list(said.get("instruments") or ()),
        "processing:level": [_level(part) for part in _split(said.get("processing:level"))],
    }
    summaries = {
        name: kept for name, values in summaries.items() if (kept := [*dict.fromkeys(filter(None, values))])
    }
    doi = said.get("sci:doi") or ""
    extensions = [(_SCIENTIFIC, doi), (_PROCESSING, "processing:level" in summaries)]
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": [address for address, used in extensions if used],
        "id": id_,
        "title": " ".join((said.get("title") or id_).split()),
        "description": plain_text(said["description"]),
        "keywords": [word for word in words if word.replace(" ", "_").lower() not in variables],
        "license": _LICENCES.get(said.get("license") or "", said.get("license") or "other"),
        "providers": [*(p for p in said.get("providers") or () if p.get("name")), *hosts],
        "extent": _extent(said.get("extent") or {}),
        "summaries": summaries,
        **({"cube:variables": {n: _variable(n, u) for n, u in variables.items()}} if variables else {}),
        **({"sci:doi": doi} if doi else {}),
        "links": [*links, *(said.get("links") or ())],
    }


def _variable(name: str, unit: str) -> dict[str, Any]:
    return {"type": "data", "unit": unit, "attrs": {"standard_name": name}}


def _extent(said: dict[str, Any]) -> dict[str, Any]:
    """The extent without the zeros that stand for "not known"."""
    boxes = [box for box in said.get("spatial", {}).get("bbox", ()) if box != _NOWHERE]
    intervals = [span for span in said.get("temporal", {}).get("interval", ()) if span != [_NEVER, _NEVER]]
    return {
        **({"spatial": {"bbox": boxes}} if boxes else {}),
        **({"temporal": {"interval": intervals}} if intervals else {}),
    }


def _spelt_out(id_: str, said: dict[str, Any]) -> dict[str, Any]:
    """A provider's collection with its keywords as words; those that only repeat the id are left out."""
    itself = re.sub(r"[^a-z0-9]+", "-", id_.lower())
    words = [
        word for word in said.get("keywords") or () if word not in ("", "none", itself) and word[0].isalpha()
    ]
    return {
        **said,
        "keywords": [word.partition("#")[0].replace("-", " ") for word in words if "#" not in word],
    }


def _split(words: Any) -> list[str]:
    return [part.strip() for part in str(words or "").split(",") if part.strip()]


def _mission(name: str) -> str:
    """A mission's usual name: S2A, SENTINEL2A and sentinel-2a are one."""
    found = re.fullmatch(r"(?:S|sentinel-?)([1-6])(P|-?[A-D])?", name, re.IGNORECASE)
    if found:
        return f"Sentinel-{found[1]}{(found[2] or '').lstrip('-').upper()}"
    return _MISSIONS.get(name.lower(), name.upper() if re.fullmatch(r"spot-\d", name) else name)


def _level(words: str) -> str:
    """A processing level as L1B: "Level 4", LEVEL1A and TIMESERIE:L3 say the same in other words."""
    found = re.fullmatch(r"(?:.*:)?L(?:evel ?)?(\d\w?)", words, re.IGNORECASE)
    return f"L{found[1].upper()}" if found else words.replace("N/A", "").upper()


def plain_text(markdown: str) -> str:
    """A description without its Markdown: no emphasis, links written out, paragraphs of one line."""
    text = html.unescape(markdown.replace("\\n", "\n")).replace("**", "").replace("'''", "")
    text = re.sub(r"\[([^\]\n]*)\]\((https?://[^)\s]+)\)", _link, text)
    text = _HEADING.sub("", re.sub(r"[ \t]+", " ", text))
    text = re.sub(r" ?\n ?", "\n", text)
    # A single line end inside a paragraph is only where somebody's editor was full.
    text = re.sub(r"(?<!\n)\n(?!\n|[-*•–]|\d+[.)])", " ", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _link(found: re.Match[str]) -> str:
    words, address = found.groups()
    return address if words.strip() in ("", address) else f"{words} ({address})"


def _yaml(file: Path) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - comes with the demo's packages

    return yaml.load(file.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}  # noqa: S506 - both are safe loaders
