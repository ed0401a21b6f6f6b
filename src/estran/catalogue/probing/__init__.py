"""Whether what records lead to is there: each address asked now and then, once for all records that name it."""

from estran.catalogue.probing.values import LinkCheck, LinkPage, LinkReport, LinkState, RecordLink

__all__ = ["LinkCheck", "LinkPage", "LinkReport", "LinkState", "RecordLink"]
