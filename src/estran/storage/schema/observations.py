"""Datastreams, and the newest of their observations; the others lie in files beside the database.

Times are microseconds since 1970 UTC. Each write has a version, higher than all before it; of one key (datastream,
time, vertical) the highest version counts, wherever it lies.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from estran.storage.schema.base import Text, metadata

observed_dataset = Table(
    "observed_dataset",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    # The record that describes it.
    Column("record", Text, nullable=False, unique=True),
    # The version since which what its observations said before is kept; none where it is not.
    Column("history_since", BigInteger),
)

thing = Table(
    "thing",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("dataset", Integer, ForeignKey("observed_dataset.number", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),
    Column("longitude", Float),
    Column("latitude", Float),
    Column("document", LargeBinary, nullable=False),
    # What SensorThings says of it, as JSON.
    Column("told", Text),
    UniqueConstraint("dataset", "key"),
)

# The words of the names and codes of a dataset's things, by which its record is found.
thing_word = Table(
    "thing_word",
    metadata,
    Column("word", Text, primary_key=True),
    Column(
        "dataset", Integer, ForeignKey("observed_dataset.number", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    sqlite_with_rowid=False,
)  # fmt: skip
Index("thing_word_dataset", thing_word.c.dataset)

sensor = Table(
    "sensor",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("dataset", Integer, ForeignKey("observed_dataset.number", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    # What SensorThings says of it, as JSON.
    Column("told", Text),
    UniqueConstraint("dataset", "key"),
)

observed_property = Table(
    "observed_property",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    # Its URI, else its standard name, else its name: one property for all datasets that name it alike.
    Column("key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("standard_name", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    # What SensorThings says of it, as JSON.
    Column("told", Text),
    # Where it was made for one dataset alone.
    Column("dataset", Integer),
)
Index("observed_property_name", observed_property.c.name)
Index("observed_property_standard_name", observed_property.c.standard_name)

datastream = Table(
    "datastream",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("dataset", Integer, ForeignKey("observed_dataset.number", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),
    Column("thing", Integer, ForeignKey("thing.number"), nullable=False),
    Column("sensor", Integer, ForeignKey("sensor.number")),
    Column("property", Integer, ForeignKey("observed_property.number"), nullable=False),
    Column("document", LargeBinary, nullable=False),
    # What SensorThings says of it, as JSON.
    Column("told", Text),
    # What is known without looking at its observations: how many, from when to when, their usual step, the newest.
    Column("count", BigInteger, nullable=False, server_default="0"),
    Column("first", BigInteger),
    Column("last", BigInteger),
    Column("step", BigInteger),
    Column("last_value", Float),
    Column("last_words", Text),
    # Where that was, of what moves.
    Column("last_longitude", Float),
    Column("last_latitude", Float),
    # The row of the newest, as JSON.
    Column("newest", Text),
    # Number of the next observation, which is never given twice.
    Column("following", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("dataset", "key"),
)
Index("datastream_property", datastream.c.property)
Index("datastream_thing", datastream.c.thing)
Index("datastream_sensor", datastream.c.sensor)


def _told() -> list[Column[Any]]:
    """What is said of an observation, and the number by which it is known."""
    return [
        Column("value", Float),
        Column("words", Text),
        # The end of the interval that the value stands for.
        Column("until", BigInteger),
        Column("longitude", Float),
        Column("latitude", Float),
        # As the producer gave it.
        Column("flag", Text),
        Column("result_time", BigInteger),
        # What was observed, where that is not the thing, nor the place of the row.
        Column("feature", Integer),
        # Outcomes of the tests of quality, three bits each; none where none was made since the values came.
        Column("tested", BigInteger),
        Column("number", BigInteger, nullable=False),
    ]


# Written since the files were, in the order of the files.
observation = Table(
    "observation",
    metadata,
    Column("datastream", Integer, primary_key=True, autoincrement=False),
    Column("time", BigInteger, primary_key=True, autoincrement=False),
    # Metres, decibars or whatever the datastream says; 0 where it has no vertical.
    Column("vertical", Float, primary_key=True, autoincrement=False),
    *_told(),
    Column("version", BigInteger, nullable=False),
    # Taken out: what the files say of this key is no longer so.
    Column("gone", Boolean, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)

# What observations said before something newer took their place, of datasets that keep it.
former_observation = Table(
    "former_observation",
    metadata,
    Column("datastream", Integer, primary_key=True, autoincrement=False),
    Column("time", BigInteger, primary_key=True, autoincrement=False),
    Column("vertical", Float, primary_key=True, autoincrement=False),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    *_told(),
    # The version that took its place.
    Column("superseded", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# How a dataset (number -1) or a datastream was described before something else took its place, of those that keep it.
former_description = Table(
    "former_description",
    metadata,
    Column(
        "dataset", Integer, ForeignKey("observed_dataset.number", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    # The version that took its place.
    Column("superseded", BigInteger, primary_key=True, autoincrement=False),
    Column("document", LargeBinary, nullable=False),
    # Of a record: when it was written.
    Column("updated", BigInteger),
)  # fmt: skip

# The parts of the files that are written as a whole: datastreams [low, after) of a group in [start, end) of a year.
# A year that has none is one block, of number 0.
observed_block = Table(
    "observed_block",
    metadata,
    Column("group", Integer, primary_key=True, autoincrement=False),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("low", Integer, nullable=False),
    Column("after", Integer, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Minimum, maximum and mean of so many consecutive observations in the files, for plots of any length. Level 0
# holds one row a block; the others one for each so many observations of a block.
observed_tile = Table(
    "observed_tile",
    metadata,
    Column("datastream", Integer, primary_key=True, autoincrement=False),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    # Which of its block, from 0: a profile may fill several at one time.
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    # Of the values that are numbers.
    Column("numbers", BigInteger, nullable=False),
    Column("low", Float),
    Column("high", Float),
    Column("total", Float, nullable=False),
    # QARTOD's code of the worst of them by its producer and its tests, 0 where none is suspect or bad; none where
    # that was not looked at.
    Column("worst", Integer),
    sqlite_with_rowid=False,
)

# Of tiles some of whose observations are suspect or bad: what the others say, and the extremes of these.
doubtful_tile = Table(
    "doubtful_tile",
    metadata,
    Column("datastream", Integer, primary_key=True, autoincrement=False),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    # How many are doubtful; of the others as of the tile.
    Column("count", BigInteger, nullable=False),
    Column("numbers", BigInteger, nullable=False),
    Column("low", Float),
    Column("high", Float),
    Column("total", Float, nullable=False),
    # The lowest and the highest doubtful value, and when they were observed.
    Column("lowest", Float),
    Column("lowest_at", BigInteger),
    Column("highest", Float),
    Column("highest_at", BigInteger),
    sqlite_with_rowid=False,
)
