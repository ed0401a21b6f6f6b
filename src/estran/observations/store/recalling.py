"""What is known of datastreams and things whose observations come again, asked for by their keys."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import select

from estran.model import Thing
from estran.observations.store.registry import datastream_of
from estran.storage import schema, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import sqlalchemy as sa

    from estran.model import Datastream
    from estran.storage import Engine

__all__ = ["Recalled", "recalled"]

_D, _T, _N = (table.c for table in (schema.datastream, schema.thing, schema.observed_dataset))
_THING = msgspec.json.Decoder(Thing).decode


class Recalled(NamedTuple):
    """What is known of some datastreams: what each is and its number, and of some things, by their keys."""

    streams: Mapping[str, tuple[Datastream, int]]
    things: Mapping[str, Thing]


def recalled(
    connection: sa.Connection, engine: Engine, record: str, keys: Sequence[str], things: Sequence[str]
) -> Recalled:
    """What is known in the dataset of a record; of many that are there only these are looked at."""
    dataset = connection.execute(select(_N.number).where(_N.record == record)).scalar()
    if dataset is None:
        return Recalled({}, {})
    streams = connection.execute(
        select(_D.key, _D.document, _D.number).where(_D.dataset == dataset, engine.within(_D.key, keys))
    )
    stations = connection.execute(
        select(_T.key, _T.document).where(_T.dataset == dataset, engine.within(_T.key, things))
    )
    return Recalled(
        {key: (datastream_of(document), number) for key, document, number in streams},
        {key: _thing(document) for key, document in stations if document},
    )


@lru_cache(maxsize=16_384)
def _thing(document: bytes) -> Thing:
    return _THING(unpack(document))
