"""SPARQL as strangers send it: which form a query has, and what of the language is not answered here."""

from __future__ import annotations

import re

from estran.errors import Invalid

__all__ = ["GRAPHS", "SOLUTIONS", "checked"]

SOLUTIONS = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}
"""What SELECT and ASK are answered in; the first is the default."""
GRAPHS = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}
"""What CONSTRUCT and DESCRIBE are answered in."""

_LONGEST = 20_000
_FORMS = {"select": SOLUTIONS, "ask": SOLUTIONS, "construct": GRAPHS, "describe": GRAPHS}
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
# In this order: what stands in addresses, texts, names and comments is no keyword.
_TOKEN = re.compile(
    r"""<[^<>"{}|^`\\\x00-\x20]*> | \"{3}(?:[^\\]|\\.)*?\"{3} | '{3}(?:[^\\]|\\.)*?'{3}
      | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*' | \#[^\n\r]* | [?$]\w+ | @[A-Za-z][A-Za-z0-9-]*
      | [\w.-]*:(?:[\w.:-]|%[0-9A-Fa-f]{2}|\\.)* | (?P<word>[A-Za-z_]\w*)""",
    re.VERBOSE | re.DOTALL,
)
_REFUSED = {
    "service": "other services are not asked from here; leave out SERVICE",
    "from": "all vocabularies are one graph here; leave out FROM",
}
_UPDATES = frozenset({"insert", "delete", "load", "clear", "drop", "create", "add", "move", "copy", "with"})


def checked(query: str) -> tuple[str, dict[str, str]]:
    """A query to be run, and the media types that it may be answered in.

    Raises:
        Invalid: it is too long, changes something, or asks other services.
    """
    if len(query) > _LONGEST:
        raise Invalid(f"it has {len(query):,} letters; send at most {_LONGEST:,}", "query")
    # These are letters wherever they stand, so they may hide a keyword.
    try:
        query = _ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), query)
    except (ValueError, OverflowError):
        raise Invalid("it holds an escape of no character", "query") from None
    if "\0" in query or any("\ud800" <= c <= "\udfff" for c in query):
        raise Invalid("it holds characters that are none", "query")
    words = [word.lower() for found in _TOKEN.finditer(query) if (word := found["word"])]
    form = next((word for word in words if word in _FORMS or word in _UPDATES), "")
    if form in _UPDATES:
        raise Invalid("nothing is changed by SPARQL here; send SELECT, ASK, CONSTRUCT or DESCRIBE", "query")
    if not form:
        raise Invalid("send a query: SELECT, ASK, CONSTRUCT or DESCRIBE", "query")
    for word in words:
        if word in _REFUSED:
            raise Invalid(_REFUSED[word], "query")
    return query, _FORMS[form]
