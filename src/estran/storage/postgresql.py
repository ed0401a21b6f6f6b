"""PostgreSQL with PostGIS: GiST for boxes, tsvector for words."""

from __future__ import annotations

import struct
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlalchemy.exc import DBAPIError, DisconnectionError

from estran.errors import Unavailable
from estran.model import Box
from estran.storage.arrays import as_text, copy_rows, listed, replace_rows, update_rows
from estran.storage.engine import Engine, Spelling
from estran.storage.functions import combining

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# One writer at a time, as on SQLite: bitmaps are read, changed and written back.
_WRITER = 0x45535452
_FRESH_S = 5.0
# Of one statement; what is read for long comes in many.
_LONGEST_READ_MS = 30_000


def connect(url: str) -> sa.Engine:
    """An engine through psycopg; transactions are begun by hand, so that a read is one snapshot."""
    return _connect(url, f"-c statement_timeout={_LONGEST_READ_MS}")


def connect_to_write(url: str) -> sa.Engine:
    """The same for those who write, however long it takes."""
    return _connect(url, "")


def _connect(url: str, options: str) -> sa.Engine:
    address = sa.make_url(url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(
        address, pool_size=20, max_overflow=20, isolation_level="AUTOCOMMIT",
        # The one that rested least has its plans and its memory at hand.
        pool_use_lifo=True,
        connect_args={"options": f"-c jit=off -c timezone=UTC {options}", "application_name": "estran"},
    )  # fmt: skip

    @event.listens_for(engine, "checkin")
    def _rests(_connection: Any, record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        record.info["since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _wakes(connection: Any, record: Any, _proxy: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        # One that was used a moment ago is alive; asking each time would cost a journey to the server.
        if time.monotonic() - record.info.get("since", 0.0) < _FRESH_S:
            return
        try:
            connection.execute("")
        except psycopg.Error as error:
            raise DisconnectionError from error

    return engine


# Of the schemas where a node would make its own; what belongs to an extension is nobody's.
_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_table_is_visible(c.oid)
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""


def tables(url: str) -> frozenset[str]:
    """Names of the tables that a node would meet there.

    Raises:
        Unavailable: the database cannot be reached.
    """
    engine = connect(url)
    try:
        with engine.connect() as connection:
            return frozenset(connection.exec_driver_sql(_TABLES).scalars())
    except DBAPIError as error:
        raise Unavailable(f"the database cannot be reached: {error.orig}") from None
    finally:
        engine.dispose()


class _Listed(sa.types.UserDefinedType[str]):
    """An array that is given as text."""

    cache_ok = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **_: Any) -> str:
        """Its name in SQL."""
        return f"{self.kind}[]"


_TEXTS, _NUMBERS = _Listed("text"), _Listed("int8")


def within(column: Any, wanted: Sequence[int] | Sequence[str]) -> Any:
    """`column` is one of these, as one bound array: no limit on their number."""
    values = [value if isinstance(value, str) else int(value) for value in wanted]
    if not values:
        # In words: the constant would take all conditions beside it away, and what they join.
        return sa.literal_column("false", sa.Boolean())
    kind = _TEXTS if isinstance(values[0], str) else _NUMBERS
    return column == sa.any_(sa.cast(sa.literal(as_text(values), kind), kind))


def like(column: Any, pattern: str) -> Any:
    """Its own LIKE is CQL2's."""
    return column.like(pattern, escape="\\")


@cache
def _marks() -> str:
    return f"[{combining()}]"


_JSON_KINDS = {"text": "string", "number": "number", "truth": "boolean"}


def member(column: Any, names: Sequence[str], kind: str) -> Any:
    """By its own operators of JSON."""
    path = sa.cast(list(names), ARRAY(sa.Text))
    found = sa.cast(column, JSONB).op("#>", return_type=JSONB)(path)
    told = sa.func.jsonb_typeof(found)
    if kind == "any":
        return sa.func.nullif(told, "null")
    text = found.op("#>>", return_type=sa.Text)(sa.cast([], ARRAY(sa.Text)))
    types: dict[str, Any] = {"number": sa.Double(), "truth": sa.Boolean()}
    value: Any = sa.collate(text, "C") if kind == "text" else sa.cast(text, types[kind])
    return sa.case((told == _JSON_KINDS[kind], value), else_=None)


def folded(column: Any, casei: bool, accenti: bool) -> Any:
    """By ICU, which knows the letters of all languages; compared by code point like any other text."""
    if accenti:
        column = sa.func.regexp_replace(sa.func.normalize(column, sa.text("NFKD")), _marks(), "", "g")
    if casei:
        column = sa.func.lower(sa.collate(column, "und-x-icu"))
    return sa.collate(column, "C")


_RELATIONS = {
    "intersects": "ST_Intersects", "within": "ST_Within", "contains": "ST_Contains", "equals": "ST_Equals",
    "touches": "ST_Touches", "overlaps": "ST_Overlaps", "crosses": "ST_Crosses",
}  # fmt: skip


def related(relation: str, wkt: str, shape: Any, box: tuple[Any, Any, Any, Any]) -> Any:
    """By PostGIS. What is not valid is made so first: else it has an answer on one engine only."""
    west, south, east, north = box
    f = sa.func
    around = f.ST_Envelope(f.ST_MakeLine(f.ST_MakePoint(west, south), f.ST_MakePoint(east, north)))
    ours = sa.case((shape.is_(None), around), else_=f.ST_GeomFromWKB(shape))
    valid = sa.case((f.ST_IsValid(ours), ours), else_=f.ST_MakeValid(ours))
    test = getattr(f, _RELATIONS[relation])(valid, f.ST_GeomFromText(wkt), type_=sa.Boolean)
    if relation == "intersects":
        return test
    return sa.case((f.ST_GeometryType(valid) == "ST_GeometryCollection", sa.null()), else_=test)


def joined(column: Any) -> Any:
    """All integers of a column as one text with commas."""
    return sa.func.string_agg(sa.cast(column, sa.Text), ",")


class _Boxes:
    """PostGIS envelopes under GiST. The index rounds to 32 bits outwards; the exact corners decide."""

    table = sa.table(
        "place", *(sa.column(name) for name in ("pk", "west", "east", "south", "north", "shape"))
    )

    def create(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgis")
        connection.exec_driver_sql(
            "CREATE TABLE place (pk integer NOT NULL, west float8, east float8, south float8, north float8,"
            " shape geometry GENERATED ALWAYS AS (ST_MakeEnvelope(west, south, east, north, 4326)) STORED)"
        )
        connection.exec_driver_sql("CREATE INDEX place_shape ON place USING gist (shape)")
        connection.exec_driver_sql("CREATE INDEX place_pk ON place (pk)")

    def put(self, connection: sa.Connection, rows: Iterable[tuple[int, Box]]) -> None:
        halves = [(pk, b.west, b.east, b.south, b.north) for pk, box in rows for b in box.parts()]
        if halves:
            connection.exec_driver_sql(
                "INSERT INTO place (pk, west, east, south, north) VALUES (%s, %s, %s, %s, %s)", halves
            )

    def remove(self, connection: sa.Connection, pks: Sequence[int]) -> None:
        connection.exec_driver_sql("DELETE FROM place WHERE pk = ANY(%s)", (list(pks),))

    def touching(self, box: Box) -> sa.Select[int]:
        t = self.table.c
        parts = [
            sa.and_(
                t.shape.op("&&")(sa.func.ST_MakeEnvelope(b.west, b.south, b.east, b.north, 4326)),
                t.west <= b.east,
                t.east >= b.west,
                t.south <= b.north,
                t.north >= b.south,
            )
            for b in box.parts()
        ]
        return sa.select(t.pk).where(sa.or_(*parts))

    def boxes(self, connection: sa.Connection, pks: Sequence[int] | None) -> list[tuple[int, Box]]:
        rows = (
            connection.exec_driver_sql("SELECT pk, west, south, east, north FROM place")
            if pks is None
            else connection.exec_driver_sql(
                "SELECT pk, west, south, east, north FROM place WHERE pk = ANY(%s)",
                ([int(pk) for pk in pks],),
            )
        )
        return [(pk, Box(*corners)) for pk, *corners in rows]


class _Items:
    """PostGIS envelopes and time ranges under one GiST index."""

    table = sa.table("item_place", *(sa.column(name) for name in ("pk", "shape", "span")))

    def create(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS btree_gist")
        connection.exec_driver_sql(
            "CREATE TABLE item_place (pk bigint NOT NULL, shape geometry NOT NULL, span int8range NOT NULL)"
        )
        connection.exec_driver_sql("CREATE INDEX item_place_shape ON item_place USING gist (shape, span)")
        connection.exec_driver_sql("CREATE INDEX item_place_pk ON item_place (pk)")

    def put(self, connection: sa.Connection, rows: Sequence[tuple[int, tuple[Box, ...], int, int]]) -> None:
        placed = [
            (pk, _envelope(b), f"[{start},{end})")
            for pk, boxes, start, end in rows
            for box in boxes
            for b in box.parts()
        ]
        if not placed:
            return
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy("COPY item_place (pk, shape, span) FROM STDIN") as copy:
            for row in placed:
                copy.write_row(row)

    def remove(self, connection: sa.Connection, pks: Sequence[int]) -> None:
        connection.exec_driver_sql("DELETE FROM item_place WHERE pk = ANY(%s)", (list(pks),))

    def near(self, box: Box, time: tuple[int, int] | None) -> sa.Select[int]:
        t = self.table.c
        conditions = [
            t.shape.op("&&")(sa.func.ST_MakeEnvelope(box.west, box.south, box.east, box.north, 4326))
        ]
        if time is not None:
            conditions.append(t.span.op("&&")(sa.func.int8range(*time)))
        return sa.select(t.pk).where(*conditions)

    def nearest(
        self, boxes: Sequence[Box], time: tuple[int, int] | None, most: int
    ) -> tuple[str, dict[str, Any]]:
        params: dict[str, Any] = {}
        parts: list[str] = []
        for n, box in enumerate(boxes):
            parts.append(
                "SELECT pk FROM item_place WHERE"  # noqa: S608 - numbers of parameters
                f" shape && ST_MakeEnvelope(%(w{n})s, %(s{n})s, %(e{n})s, %(n{n})s, 4326)"
            )
            params |= {f"w{n}": box.west, f"s{n}": box.south, f"e{n}": box.east, f"n{n}": box.north}
        if time is not None:
            parts = [f"{part} AND span && int8range(%(t0)s, %(t1)s)" for part in parts]
            params["t0"], params["t1"] = time
        return f"{' UNION ALL '.join(parts)} LIMIT {most}", params


def ask(connection: sa.Connection, text: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """By the driver alone, which is half of what a short question costs otherwise, and in binary form."""
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor(binary=True) as cursor:
            return cursor.execute(text, params).fetchall()
    except psycopg.Error as error:
        if driver.closed:
            connection.invalidate(error)
        raise DBAPIError.instance(text, dict(params), error, psycopg.Error) from error


def _envelope(b: Box) -> str:
    """A box as the line from corner to corner, which lies in the same envelope and is a third as long.

    EWKB in hexadecimal digits, which COPY takes for a geometry.
    """
    return struct.pack("<BIII4d", 1, 0x20000002, 4326, 2, b.west, b.south, b.east, b.north).hex()


class _Words:
    """A tsvector a column, made from tokens that were folded and stemmed before; PostgreSQL stems nothing."""

    columns = ("title_fr", "title_en", "subject_fr", "subject_en", "body_fr", "body_en")
    table = sa.table("words", sa.column("pk"), *(sa.column(name) for name in columns))

    def create(self, connection: sa.Connection) -> None:
        columns = ", ".join(f"{name} tsvector" for name in self.columns)
        connection.exec_driver_sql(f"CREATE TABLE words (pk integer PRIMARY KEY, {columns})")
        for name in self.columns:
            connection.exec_driver_sql(f"CREATE INDEX words_{name} ON words USING gin ({name})")

    def put(self, connection: sa.Connection, rows: Iterable[tuple[int, tuple[str, ...]]]) -> None:
        listed = [(pk, *(_vector(tokens) for tokens in columns)) for pk, columns in rows]
        if listed:
            connection.exec_driver_sql(
                "INSERT INTO words (pk, title_fr, title_en, subject_fr, subject_en, body_fr, body_en) VALUES"
                " (%s, %s::tsvector, %s::tsvector, %s::tsvector, %s::tsvector, %s::tsvector, %s::tsvector)",
                listed,
            )

    def remove(self, connection: sa.Connection, pks: Sequence[int]) -> None:
        connection.exec_driver_sql("DELETE FROM words WHERE pk = ANY(%s)", (list(pks),))

    def matching(self, phrases: Mapping[str, Sequence[str]], *, prefix: bool = False) -> sa.Select[int]:
        # Tokens are letters and digits only, so nothing of the query language can get in.
        asked = {
            column: " <-> ".join(
                f"'{token}'{':*' if prefix and last else ''}" for token, last in _marked(tokens)
            )
            for column, tokens in phrases.items()
            if tokens
        }
        parts = [self.table.c[column].op("@@")(sa.cast(query, _TsQuery())) for column, query in asked.items()]
        return sa.select(self.table.c.pk).where(sa.or_(*parts))


class _TsQuery(sa.types.UserDefinedType[str]):
    """PostgreSQL's type of text queries."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name in SQL."""
        return "tsquery"


# PostgreSQL keeps positions up to this; what follows is found but stands in no phrase.
_LAST_POSITION = 16_383
_MOST_POSITIONS = 255


def _vector(tokens: str) -> str:
    """The literal tsvector of blank-separated tokens, with their positions."""
    places: dict[str, list[int]] = {}
    for position, token in enumerate(tokens.split(), 1):
        held = places.setdefault(token, [])
        if len(held) < _MOST_POSITIONS:
            held.append(min(position, _LAST_POSITION))
    return " ".join(f"'{token}':{','.join(map(str, held))}" for token, held in places.items())


def _marked(tokens: Sequence[str]) -> list[tuple[str, bool]]:
    return [(token, n == len(tokens) - 1) for n, token in enumerate(tokens)]


ENGINE = Engine(
    scheme="postgresql",
    connect=connect,
    connect_to_write=connect_to_write,
    place_index=_Boxes(),
    text_index=_Words(),
    item_index=_Items(),
    insert=copy_rows,
    replace=replace_rows,
    update=update_rows,
    within=within,
    joined=joined,
    like=like,
    member=member,
    folded=folded,
    related=related,
    spelling=Spelling(
        mark="%({})s",
        among=lambda column, mark: f"{column} = ANY({mark})",
        listing=listed,
        gathered=lambda query: f"ARRAY({query})",
        dialect=dialect,
    ),
    ask=ask,
    apart=True,
    begin_read=("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",),
    begin_write=("BEGIN", f"SELECT pg_advisory_xact_lock({_WRITER})"),
    begin_fill=("BEGIN", f"SELECT pg_advisory_xact_lock({_WRITER})"),
    settle=("ANALYZE",),
    tables=tables,
)
