"""schema.org to the pivot: every dataset, catalogue, service or work of a document becomes a record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from estran.formats import Refusal, _json, _languages, _licences
from estran.formats._identifiers import doi, identifier
from estran.formats._json import obj, objs, seq
from estran.formats._schema_org.people import parties
from estran.formats._schema_org.places import extent
from estran.formats._schema_org.terms import ACCESS, KINDS, RELATIONS, STANDARD_NAMES
from estran.model import (
    Concept,
    Constraint,
    Distribution,
    Funding,
    Identifier,
    Licence,
    Record,
    Relation,
    Text,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Document
    from estran.formats._schema_org.tree import Tree

__all__ = ["records"]

# The types that are meant where a page describes several things.
_FIRST = frozenset({"dataset", "collection", "service", "software"})
_UNITS = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
_SIZE = re.compile(r"^\s*([\d.,]+)\s*(?:([KMGT]?i?B)|bytes?)?\s*$", re.IGNORECASE)
_FUNCTIONS = frozenset(
    ("download", "information", "service", "search", "order", "offline", "thumbnail", "metadata")
)


def records(tree: Tree, document: Document, warnings: list[str]) -> Iterator[Record | Refusal]:
    """The records of a document in its order; what cannot be one is refused by name."""
    found = _described(tree)
    for node in found:
        if not tree.text(node.get("name") or node.get("headline")) and not _own_identifiers(tree, node):
            shown = _json.text(node.get("description"))[:60] or "without description"
            why = f"a {node['@type'][0]} (“{shown}”) has neither a name nor an identifier; give it a name"
            yield Refusal(document.name, why, document.line)
        else:
            yield _record(tree, node, list(warnings))
    if not found:
        types = dict.fromkeys(kind for root in tree.roots for kind in seq(root.get("@type")))
        what = ", ".join(list(types)[:5]) or "nothing that has a type"
        yield Refusal(
            document.name,
            f"no Dataset of schema.org is described in it, but {what}; give a Dataset",
            document.line,
        )


def _described(tree: Tree) -> list[dict[str, Any]]:
    """The objects that a document is about; of a catalogue with datasets, the datasets."""
    crate = next(
        (root for root in tree.roots if "ro-crate-metadata.json" in _json.text(root.get("@id"))), None
    )
    if crate is not None:
        # A research object's own description says which of its folders is the whole.
        return [node for node in tree.follow(crate.get("about")) if isinstance(node, dict) and _kind(node)]
    resources = [root for root in tree.roots if _kind(root)]
    chosen = [root for root in resources if _kind(root) in _FIRST] or resources[:1]
    datasets = [root for root in chosen if "DataCatalog" not in root["@type"]]
    return datasets or chosen


def _kind(node: dict[str, Any]) -> str:
    return next((KINDS[kind] for kind in seq(node.get("@type")) if kind in KINDS), "")


def _record(tree: Tree, node: dict[str, Any], notes: list[str]) -> Record:
    where, places = extent(tree, node, notes)
    own, others = _identifiers(tree, node)
    label = tree.word(node.get("additionalType"))
    kind = _kind(node)
    title = tree.text(node.get("name")) or tree.text(node.get("headline"))
    abstract = tree.text(node.get("description")) or tree.text(node.get("abstract"))
    return Record(
        identifier=own,
        identifiers=others,
        kind=label if label in ("model", "sample", "item") else kind,
        kind_label="" if label in ("model", "sample", "item") else label,
        title=title,
        alternate_titles=tuple(tree.each(node.get("alternateName"))),
        # A description that only repeats the name was written because one is obligatory.
        abstract=Text() if abstract == title else abstract,
        credit=tree.text(node.get("creditText")),
        version=tree.word(node.get("version")),
        language=_spoken(tree, node),
        status=tree.word(node.get("creativeWorkStatus")),
        access=_access(tree, node),
        service_type=tree.word(node.get("serviceType")),
        created=_json.day(node.get("dateCreated"), notes, "dateCreated"),
        published=_json.day(node.get("datePublished"), notes, "datePublished"),
        revised=_json.day(node.get("dateModified"), notes, "dateModified"),
        metadata_date=_json.day(node.get("sdDatePublished"), notes, "sdDatePublished"),
        landing_page=tree.address(node.get("url")),
        parties=parties(tree, node),
        concepts=tuple(dict.fromkeys((*_concepts(tree, node), *places))),
        variables=tuple(_variables(tree, node)),
        extent=where,
        distributions=tuple(_distributions(tree, node)),
        thumbnails=tuple(dict.fromkeys(_pictures(tree, node))),
        licences=tuple(
            dict.fromkeys(_licence(tree, part) for part in tree.follow(node.get("license")) if part)
        ),
        constraints=tuple(_constraints(tree, node)),
        relations=tuple(dict.fromkeys(_relations(tree, node))),
        fundings=tuple(dict.fromkeys(_fundings(tree, node))),
        warnings=tuple(dict.fromkeys(notes)),
    )


def _own_identifiers(tree: Tree, node: dict[str, Any]) -> list[Identifier]:
    found: list[Identifier] = []
    for part in tree.follow(node.get("identifier")):
        if isinstance(part, dict):
            value = tree.word(part.get("value")) or tree.address(part)
            scheme = (
                tail.lower()
                if (tail := unquote(tree.word(part.get("propertyID"))).rstrip("/").rpartition("/")[2])
                else ""
            )
            if value:
                found.append(
                    identifier(value, scheme if re.fullmatch(r"[a-z][a-z0-9+.-]{1,19}", scheme) else "")
                )
        elif value := _json.text(part):
            found.append(identifier(value))
    return found


def _identifiers(tree: Tree, node: dict[str, Any]) -> tuple[str, tuple[Identifier, ...]]:
    """The first identifier as it came, and all others: addresses that name the resource included."""
    listed = _own_identifiers(tree, node)
    first = next(iter(tree.follow(node.get("identifier"))), None)
    own = (
        tree.word(first.get("value")) or tree.address(first) if isinstance(first, dict) else _json.text(first)
    )
    names = [_json.text(node.get("@id")), *(tree.address(part) for part in tree.follow(node.get("sameAs")))]
    addresses = [name for name in names if name.startswith(("http", "doi:", "ark:", "urn:")) or doi(name)]
    own = own or next(iter(addresses), "") or tree.address(node.get("url"))
    found = dict.fromkeys((*listed, *map(identifier, addresses)))
    mine = identifier(own)
    if mine.scheme == "doi":
        found.setdefault(mine)
    else:
        found.pop(mine, None)
    return own, tuple(one for one in found if (one.value and one.value != own) or one.scheme == "doi")


def _spoken(tree: Tree, node: dict[str, Any]) -> tuple[str, ...]:
    found: list[str] = []
    for part in tree.follow(node.get("inLanguage")):
        words = tree.word(obj(part).get("alternateName")) or tree.word(part)
        found.append(_languages.code(words))
    return tuple(dict.fromkeys(code for code in found if code))


def _access(tree: Tree, node: dict[str, Any]) -> str:
    words = [tree.word(part) for part in seq(node.get("conditionsOfAccess"))]
    known = next((word for word, uri in ACCESS.items() if uri in words), "")
    free = _json.text(node.get("isAccessibleForFree")).lower() or str(node.get("isAccessibleForFree")).lower()
    return known or ("open" if free == "true" else "")


def _concepts(tree: Tree, node: dict[str, Any]) -> Iterator[Concept]:
    """Keywords, written as one string, as a list or as terms of a vocabulary; subjects are themes."""
    for role, name in (("keyword", "keywords"), ("theme", "about")):
        for part in tree.follow(node.get(name)):
            if isinstance(part, dict) and "@value" not in part:
                yield from _term(tree, part, role)
            elif isinstance(part, str) and role == "keyword" and len(seq(node.get(name))) == 1:
                yield from (
                    Concept(label=Text.of(word, tree.language)) for word in part.split(",") if word.strip()
                )
            elif words := tree.text(part):
                yield Concept(label=words, role=role)


def _term(tree: Tree, part: dict[str, Any], role: str) -> Iterator[Concept]:
    uri = next(
        (
            u
            for u in (tree.address(part), _json.text(part.get("termCode")))
            if "://" in u or u.startswith("urn:")
        ),
        "",
    )
    label = tree.text(part.get("name")) or tree.text(part.get("termCode"))
    vocabulary = next(iter(tree.follow(part.get("inDefinedTermSet"))), None)
    scheme = str(tree.text(vocabulary)) if isinstance(vocabulary, dict) else _json.text(vocabulary)
    address = tree.address(vocabulary) if isinstance(vocabulary, dict) else scheme if "://" in scheme else ""
    if label or uri:
        yield Concept(
            label=label, role=role, uri=uri, scheme="" if scheme == address else scheme, scheme_uri=address
        )


def _variables(tree: Tree, node: dict[str, Any]) -> Iterator[Variable]:
    for part in tree.follow(node.get("variableMeasured")):
        if not isinstance(part, dict) or "@value" in part:
            if name := tree.word(part):
                yield Variable(name=name)
            continue
        names = [tree.address(p) for p in tree.follow(part.get("propertyID"))] + [_json.text(part.get("url"))]
        addresses = [name for name in names if name.startswith(("http", "urn:"))]
        standard = next((a for a in addresses if a.startswith(STANDARD_NAMES)), "")
        found = Variable(
            name=tree.word(part.get("name")),
            label=tree.text(part.get("alternateName")),
            description=tree.text(part.get("description")),
            standard_name=standard.removeprefix(STANDARD_NAMES).strip("/"),
            unit=tree.word(part.get("unitText")) or tree.word(part.get("unitCode")),
            uri=next((a for a in addresses if a != standard), ""),
        )
        if found != Variable():
            yield found


def _distributions(tree: Tree, node: dict[str, Any]) -> Iterator[Distribution]:
    for part in tree.follow(node.get("distribution")):
        if isinstance(part, dict):
            yield from _distribution(tree, part)
        elif url := _json.text(part):
            yield Distribution(url=url, function="download")
    # Some put the file's address on the dataset itself.
    for url in _json.texts(node.get("contentUrl")):
        yield Distribution(url=url, function="download")
    for action in tree.follow(node.get("potentialAction")):
        target = next(iter(tree.follow(obj(action).get("target"))), None)
        url = _json.text(obj(target).get("urlTemplate")) or tree.address(target)
        if url:
            title = tree.text(obj(action).get("name")) or tree.text(obj(target).get("name"))
            yield Distribution(
                url=url, title=title, description=tree.text(obj(target).get("description")), function="search"
            )


def _distribution(tree: Tree, part: dict[str, Any]) -> Iterator[Distribution]:
    encodings = [
        tree.word(p) for name in ("encodingFormat", "fileFormat") for p in tree.follow(part.get(name))
    ]
    media = [words for words in encodings if re.fullmatch(r"[a-zA-Z]+/[\w.+-]+(?:\s*;.*)?", words)]
    names = [words for words in encodings if words and words not in media]
    files = [url for p in tree.follow(part.get("contentUrl")) if (url := tree.address(p))]
    said = tree.word(part.get("additionalType"))
    serves = "WebAPI" in seq(part.get("@type"))
    function = said if said in _FUNCTIONS else "service" if serves else "download" if files else ""
    sums = [
        f"{name}:{value.lower()}"
        for name in ("sha256", "md5", "sha1", "sha512")
        if (value := _json.text(part.get(name)))
    ]
    for url in files or [tree.address(part)]:
        yield Distribution(
            url=url,
            title=tree.text(part.get("name")),
            description=tree.text(part.get("description")),
            function=function,
            protocol=tree.word(part.get("serviceType")),
            media_type=next(iter(media), ""),
            format=next(iter(names), ""),
            name=tree.word(part.get("alternateName")),
            size_bytes=_size(tree.word(part.get("contentSize"))),
            checksum=next(iter(sums), ""),
        )


def _size(words: str) -> int:
    found = _SIZE.match(words)
    if found is None:
        return -1
    number = _json.number(found[1].replace(",", ""))
    unit = (found[2] or "").lower()
    return -1 if number is None or unit not in _UNITS else _json.whole(number * _UNITS[unit])


def _pictures(tree: Tree, node: dict[str, Any]) -> Iterator[str]:
    for name in ("thumbnailUrl", "image", "thumbnail"):
        for part in tree.follow(node.get(name)):
            if url := _json.text(obj(part).get("contentUrl")) or tree.address(part):
                yield url


def _licence(tree: Tree, part: Any) -> Licence:
    if not isinstance(part, dict) or "@value" in part:
        words = tree.word(part)
        return _licences.licence(words, language=tree.language)
    name, uri = tree.text(part.get("name")), tree.address(part)
    given = tree.word(part.get("identifier"))
    return Licence(name=name, uri=uri, spdx=_licences.spdx(given, uri) or _licences.spdx(str(name), uri))


def _constraints(tree: Tree, node: dict[str, Any]) -> Iterator[Constraint]:
    for kind, name in (("access", "conditionsOfAccess"), ("use", "usageInfo")):
        for part in tree.follow(node.get(name)):
            text, uri = (
                tree.text(part),
                tree.address(part) if isinstance(part, dict) and "@value" not in part else "",
            )
            if str(text) not in ACCESS.values() and (text or uri):
                yield Constraint(kind=kind, text=text, uri=uri)


def _relations(tree: Tree, node: dict[str, Any]) -> Iterator[Relation]:
    for name, kind in RELATIONS.items():
        for part in tree.follow(node.get(name)):
            yield from _relation(tree, part, kind)


def _relation(tree: Tree, part: Any, kind: str) -> Iterator[Relation]:
    if not isinstance(part, dict):
        words = _json.text(part)
        one = identifier(words)
        if words:
            # A citation in words has no address to go to.
            spoken = " " in words and one.scheme != "doi"
            yield (
                Relation(kind=kind, title=Text.of(words, tree.language))
                if spoken
                else Relation(kind=kind, target=one.value, scheme=one.scheme)
            )
        return
    listed = _own_identifiers(tree, part)
    target = next(iter(listed), None) or identifier(_json.text(part.get("@id")) or tree.address(part))
    title = tree.text(part)
    types = seq(part.get("@type"))
    if target.value or title:
        general = "Dataset" if "Dataset" in types else "Software" if "SoftwareSourceCode" in types else ""
        yield Relation(kind=kind, target=target.value, scheme=target.scheme, title=title, type=general)


def _fundings(tree: Tree, node: dict[str, Any]) -> Iterator[Funding]:
    for part in objs(tree.follow(node.get("funding"))):
        # Some put the funder itself where the grant belongs.
        organisation = "Organization" in seq(part.get("@type"))
        grant: dict[str, Any] = {} if organisation else part
        funder = part if organisation else next(iter(objs(tree.follow(part.get("funder")))), {})
        found = Funding(
            funder=tree.word(funder.get("name")) or tree.word(funder.get("legalName")),
            funder_identifier=_json.text(funder.get("@id")) or tree.word(funder.get("identifier")),
            award=tree.word(grant.get("identifier")),
            award_title=tree.word(grant.get("name")),
            award_uri=tree.address(grant.get("url")),
        )
        if found != Funding():
            yield found
