"""Items: STAC granules beside the records."""

from estran.catalogue.items.items import Items
from estran.catalogue.items.query import ItemDays, ItemPage, ItemQuery, StoredItem
from estran.catalogue.items.queryables import ITEMS

__all__ = ["ITEMS", "ItemDays", "ItemPage", "ItemQuery", "Items", "StoredItem"]
