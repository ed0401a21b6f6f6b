"""A record, or its dataset as all records of it say together: which of the two an address asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from estran.errors import Invalid
from estran.web import node_of, openapi, replies
from estran.web.problems import shown

if TYPE_CHECKING:
    from starlette.requests import Request

    from estran.catalogue.members import Member, Merged
    from estran.formats import Links
    from estran.model import Record

__all__ = ["MERGED", "Asked", "asked", "told"]

MERGED = openapi.parameter(
    "merged",
    "Whether what this record lacks is filled from the others that describe the same dataset.",
    enum=["true", "false"],
    default="false",
)
"""The parameter, as the definition of the API describes it."""


class Asked(NamedTuple):
    """What an address asks for.

    Attributes:
        record: to be shown.
        whole: its dataset; is_merged: whether `record` is the whole one.
    """

    record: Record
    whole: Merged
    is_merged: bool


def asked(request: Request, id: str) -> Asked:  # noqa: A002 - the word of the model
    """The record of an address, or its dataset.

    Raises:
        NotFound, Gone: as for `shown`.
        Invalid: ``merged`` is neither true nor false.
    """
    said = replies.one(request, "merged").strip().lower()
    if said not in ("", "true", "false"):
        raise Invalid("write true or false", "merged")
    node = node_of(request)
    record = shown(node, id)
    whole = node.merged(id)
    return (
        Asked(whole.record, whole, is_merged=True)
        if said == "true"
        else Asked(record, whole, is_merged=False)
    )


def told(found: Asked, links: Links) -> dict[str, Any]:
    """What JSON says of the other records of a dataset; nothing where there are none."""
    if len(found.whole.members) == 1:
        return {}
    made: dict[str, Any] = {
        "alsoDescribedBy": [_member(one, links) for one in found.whole.members if one.id != found.record.id]
    }
    if found.is_merged:
        made["filledFrom"] = dict(found.whole.given)
    return made


def _member(one: Member, links: Links) -> dict[str, str]:
    said = {
        "id": one.id, "title": str(one.title), "source": one.source, "centre": one.centre, "date": one.date,
        "updated": one.updated, "standard": one.standard, "href": links.page(one.id),
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}
