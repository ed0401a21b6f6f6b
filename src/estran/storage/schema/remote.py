"""What was taken of series of other servers, so that a second visit asks only for what is new."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table

from estran.storage.schema.base import Text, metadata

copied_series = Table(
    "copied_series",
    metadata,
    # Address of the server, without the name and password of whoever asks.
    Column("source", Text, primary_key=True),
    # What the server calls it: Datastreams(5), or a dataset of ERDDAP.
    Column("series", Text, primary_key=True),
    Column("record", Text, nullable=False),
    # Key of the datastream in the dataset of that record; "" for all of them.
    Column("datastream", Text, nullable=False),
    # Up to when its observations were taken; none where it had none.
    Column("newest", BigInteger),
    # The newest time of a result of those that were taken, where the server tells it.
    Column("result_time", BigInteger),
)
