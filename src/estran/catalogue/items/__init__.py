"""Items: STAC granules beside the records."""

from estran.catalogue.items.items import Items
from estran.catalogue.items.query import ItemPage, ItemQuery, StoredItem
from estran.catalogue.items.queryables import ITEMS

__all__ = ["ITEMS", "ItemPage", "ItemQuery", "Items", "StoredItem"]
