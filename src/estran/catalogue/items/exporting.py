"""A collection with all its items as one file."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from estran import formats
from estran.catalogue.store.item_scan import scan
from estran.errors import Invalid, NotFound
from estran.formats import Links
from estran.formats import _geoparquet as geoparquet

if TYPE_CHECKING:
    from estran.access import Actor
    from estran.catalogue.store import Store, View
    from estran.catalogue.store.items import ItemStore

__all__ = ["FORMATS", "export"]

FORMATS = ("stac-geoparquet",)


def export(  # noqa: PLR0917 - two stores to read
    store: Store, items: ItemStore, actor: Actor, collection: str, out: IO[bytes], format: str  # noqa: A002
) -> int:  # fmt: skip
    """Write the items of a collection that an actor may see, all as of one moment; see `Items.export`."""
    if format not in FORMATS:
        raise Invalid(f"items are written as {', '.join(FORMATS)}", f"format {format}")
    with store.view() as view:
        known = view.collections(actor)
        if collection not in known:
            raise NotFound("collection", collection)
        described = _described(view, known[collection], collection)
        connection = view.connection
        return geoparquet.write(lambda: scan(items, connection, collection), {collection: described}, out)


def _described(view: View, pk: int, collection: str) -> Any:
    """The STAC Collection: as it came where it did, else written from its record."""
    newest = next(iter(view.originals(pk)), None)
    if newest and newest.format == "stac":
        try:
            found = json.loads(newest.body)
        except ValueError:
            found = None
        if isinstance(found, dict) and found.get("type") == "Collection" and found.get("id") == collection:
            return found
    write = formats.find("stac").write
    assert write
    return json.loads(write(view.records([pk])[0], Links()).body) | {"id": collection}
