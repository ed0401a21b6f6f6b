"""Where things are and were, and what observations are made of, as SensorThings has them.

Of each entity `told` is what SensorThings says of it, as JSON: it is asked of, and given, as it stands.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, Table

from estran.storage.schema.base import Text, metadata


def _within_dataset() -> Column[int]:
    return Column(
        "dataset", Integer, ForeignKey("observed_dataset.number", ondelete="CASCADE"), nullable=False
    )


def _bounds() -> tuple[Column[float], ...]:
    """The bounds of a geometry in degrees; itself it stands in what is told."""
    return tuple(Column(name, Float) for name in ("west", "south", "east", "north"))


location = Table(
    "location",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    _within_dataset(),
    Column("told", Text, nullable=False),
    *_bounds(),
)

# Where things are now.
thing_location = Table(
    "thing_location",
    metadata,
    Column("thing", Integer, ForeignKey("thing.number", ondelete="CASCADE"), primary_key=True),
    Column("location", Integer, ForeignKey("location.number", ondelete="CASCADE"), primary_key=True),
)
Index("thing_location_location", thing_location.c.location)

# Where they were from a time on.
historical_location = Table(
    "historical_location",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    _within_dataset(),
    Column("thing", Integer, ForeignKey("thing.number", ondelete="CASCADE"), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("told", Text, nullable=False, server_default="{}"),
)
Index("historical_location_thing", historical_location.c.thing, historical_location.c.time)

historical_place = Table(
    "historical_place",
    metadata,
    Column(
        "historical", Integer, ForeignKey("historical_location.number", ondelete="CASCADE"), primary_key=True
    ),
    Column("location", Integer, ForeignKey("location.number", ondelete="CASCADE"), primary_key=True),
)
Index("historical_place_location", historical_place.c.location)

# What observations are made of; the newest of a thing stands for itself, where they name no other.
feature = Table(
    "feature",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    _within_dataset(),
    Column("thing", Integer, ForeignKey("thing.number", ondelete="SET NULL")),
    Column("told", Text, nullable=False),
    *_bounds(),
)
Index("feature_thing", feature.c.thing)

# Where observations of a datastream were made, where their rows say so, and when their results came.
datastream_reach = Table(
    "datastream_reach",
    metadata,
    Column(
        "datastream", Integer, ForeignKey("datastream.number", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    *_bounds(),
    Column("result_first", BigInteger),
    Column("result_last", BigInteger),
    # Whether all of them were seen; of those that were there before this was noted nothing is known.
    Column("whole", Boolean, nullable=False),
)  # fmt: skip

# What is said of single observations that rows have no room for: JSON by datastream and number.
observation_said = Table(
    "observation_said",
    metadata,
    Column("datastream", Integer, ForeignKey("datastream.number", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("told", Text, nullable=False),
    sqlite_with_rowid=False,
)
