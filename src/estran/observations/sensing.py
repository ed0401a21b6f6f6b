"""The entities of SensorThings that an actor may see, observations among them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.access import OPERATOR
from estran.errors import Invalid, NotAllowed, NotFound
from estran.formats import Document
from estran.model import Record, Text
from estran.observations.describing import described
from estran.observations.entities import KINDS, Entity, Page, Query
from estran.observations.expressions import Path, conjuncts
from estran.observations.making import Making
from estran.observations.observing import Observing, is_span
from estran.observations.quality import judged
from estran.observations.rows import ID_STEP, entities
from estran.observations.several import Several
from estran.observations.store.columns import array, kept
from estran.observations.store.entered import Entering
from estran.observations.store.tiles import summed
from estran.observations.told import GEOJSON

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import pyarrow as pa

    from estran.access import Actor
    from estran.catalogue import Catalogue
    from estran.observations.entities import Order
    from estran.observations.expressions import Expression
    from estran.observations.store import SeriesStore, Tile
    from estran.observations.store.entities import Asker
    from estran.observations.store.newest import Newest
    from estran.observations.store.sensing import Observed
    from estran.observations.store.written import Following

__all__ = ["Sensing", "is_newest"]

_MOST_PARENTS = 1000
_HOME = "Observations by SensorThings"
_LARGEST_ID = 2**63 - 1


class _HomelessError(Exception):
    """There is no record yet for what names none."""


class Sensing:
    """Entities and observations, asked for as SensorThings does."""

    def __init__(self, store: SeriesStore, catalogue: Catalogue, actor: Actor) -> None:
        self._store, self._catalogue, self._actor = store, catalogue, actor

    @cached_property
    def _sets(self) -> Sequence[int] | None:
        """The datasets that may be seen, None where all may."""
        sets = self._store.datasets()
        seen = self._catalogue.visible(sets, self._actor)
        return None if self._actor.is_operator and len(seen) == len(sets) else [sets[id_] for id_ in seen]

    @contextmanager
    def _asking(self) -> Generator[Asker]:
        with self._store.sensing.asking(self._sets, self._observed) as ask:
            yield ask

    def _observed(self, condition: Expression, kind: str) -> Sequence[int]:
        """The datastreams, or the features of interest, of the observations for which something holds."""
        with self._asking() as ask:
            asked = Observing.of(self._store, ask, None, condition)
        if kind == "FeaturesOfInterest" and not asked.known:
            with self._asking() as ask:
                asked = replace(
                    asked, known=self._store.sensing.observed(ask, [e.datastream for e in asked.extents])
                )
        found: set[int] = set()
        for rows in asked.batches(("feature", "longitude") if kind == "FeaturesOfInterest" else ()):
            of = asked.features(rows) if kind == "FeaturesOfInterest" else array(rows, "datastream")
            found.update(np.unique(of).tolist())
        return [number for number in found if number < ID_STEP]

    # Entities

    def one(self, kind: str, number: int, as_of: str = "") -> Entity:
        """An entity; an observation as it was at an instant, where one is given.

        Raises:
            NotFound: there is none of that number, or none that the actor may know of.
            Conflict: its dataset does not keep what it said at that instant.
        """
        if 0 <= number <= _LARGEST_ID:
            found = self.page(Query(kind=kind, numbers=(number,), most=1, as_of=as_of)).entities
            if found:
                return found[0]
        raise NotFound(KINDS[kind].singular, str(number))

    def page(self, query: Query) -> Page:
        """A page of entities.

        Raises:
            Invalid: a part of the question does not fit.
        """
        with self._asking() as ask:
            if (several := self._several(ask)).concerns(query):
                return several.page(query)
            if query.kind == "Observations":
                return self._observations(ask, query)
            if query.kind == "FeaturesOfInterest" and query.numbers is not None:
                return self._features(ask, query, query.numbers)
            return ask.page(query)

    def newest(self, query: Query) -> tuple[list[Newest], tuple[Any, ...] | None]:
        """The datastreams of a page with the newest observation of each, whatever order is asked for."""
        with self._asking() as ask:
            return ask.newest(query)

    def children(self, query: Query) -> dict[int, list[Entity]]:
        """Of each parent its first entities: one more than the query wants, where there are more."""
        with self._asking() as ask:
            if (several := self._several(ask)).concerns(query):
                return several.children(query)
            return (
                self._children_of_observing(ask, query)
                if query.kind == "Observations"
                else ask.children(query)
            )

    def count(self, query: Query) -> int:
        """How many entities there are."""
        with self._asking() as ask:
            if (several := self._several(ask)).concerns(query):
                return several.count(query)
            if query.kind == "Observations":
                return self._observing(ask, query).count()
            return ask.count(query)

    def counts(self, query: Query) -> dict[int, int]:
        """How many entities each parent has."""
        if query.parent is None:
            return {}
        with self._asking() as ask:
            if (several := self._several(ask)).concerns(query):
                return several.counts(query)
            if query.kind != "Observations":
                return ask.counts(query)
            parent = query.parent
            return {
                number: self._observing(
                    ask, replace(query, parent=parent._replace(numbers=(number,)))
                ).count()
                for number in parent.numbers
            }

    def _several(self, ask: Asker) -> Several:
        return Several(self._store, ask)

    def told(self, rows: pa.Table) -> list[Entity]:
        """Rows of the store as entities, those that the actor may see."""
        with self._asking() as ask:
            wanted = np.unique(array(rows, "datastream")).tolist()
            seen = [one.datastream for one in self._store.sensing.extents(ask, wanted)]
            return self._entities(ask, kept(rows, np.isin(array(rows, "datastream"), seen)))

    def following(self, name: str) -> Following:
        """What is written, for one who tells it on; it is the operator's to do so."""
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may follow what is written")
        return self._store.following(name)

    def entering(self) -> Entering:
        """The same for entities but observations."""
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may follow what is written")
        return Entering(self._store.database)

    # Changing

    def may_write(self) -> None:
        """Refuse an actor who may write nowhere.

        Raises:
            NotAllowed: they are neither an editor nor the operator.
        """
        if self._actor.role not in {"editor", "operator"}:
            raise NotAllowed("only editors and the node's operator may write entities and observations")

    def change[T](self, work: Callable[[Making], T]) -> T:
        """Write within one transaction: all that `work` does, or nothing where it fails; it may be begun twice.

        Raises:
            NotAllowed: the actor may not write there.
        """
        self.may_write()
        known: set[int] = set()
        try:
            done, described = self._changed(work, known)
        except _HomelessError:
            self._home_made()
            done, described = self._changed(work, known)
        for record in described:
            self._described(record)
        self.__dict__.pop("_sets", None)
        return done

    def _changed[T](self, work: Callable[[Making], T], known: set[int]) -> tuple[T, list[str]]:
        with self._store.sensing.changing() as changing:

            def may(dataset: int) -> None:
                if dataset in known:
                    return
                record = self._catalogue.show(changing.record(dataset), self._actor)
                if not self._actor.may_write(record.centre):
                    raise NotAllowed(
                        f"only an editor of “{record.centre}” or the node's operator may write there"
                    )
                known.add(dataset)

            def home() -> str:
                held = changing.note(self._home_key)
                if not held or not self._catalogue.visible([held], OPERATOR):
                    raise _HomelessError
                return held

            done = work(Making(changing, may, home))
            return done, [changing.record(dataset) for dataset in sorted(changing.described)]

    @property
    def _centre(self) -> str:
        return self._actor.centres[0] if self._actor.centres else ""

    @property
    def _home_key(self) -> str:
        return f"sensorthings-record:{self._centre}"

    def _home_made(self) -> None:
        """A record for what names none."""
        record = Record(kind="dataset", title=Text.of(_HOME))
        id_ = self._kept(record)
        with self._store.sensing.changing() as changing:
            changing.note(self._home_key, id_)

    def _kept(self, record: Record) -> str:
        source = f"sensorthings {self._centre}".strip()
        document = Document(f"{_HOME}.json")
        return self._catalogue.keep(
            record, document, OPERATOR, source=source, centre=self._centre, visibility=""
        )

    def _described(self, record: str) -> None:
        """Let the record that was made for the service say what its datastreams are."""
        with self._store.sensing.changing() as changing:
            is_home = changing.note(self._home_key) == record
        if is_home:
            streams = self._store.datastreams([self._store.datasets()[record]])
            self._kept(replace(described(_HOME, streams), warnings=()))

    # Observations

    def observing(self, query: Query) -> tuple[Observing, dict[int, Observed]]:
        """The observations that a question means, to be read in portions, and what is needed to tell them."""
        with self._asking() as ask:
            if self._several(ask).concerns(query):
                raise Invalid(
                    "observations of a MultiDatastream have no other form; leave it out", "$resultFormat"
                )
            asked = self._observing(ask, query)
            known = asked.observed(ask, [one.datastream for one in asked.extents])
        return asked, known

    def runs(self, query: Query, most: int) -> list[Tile] | None:
        """At least so many runs of the observations of one datastream; None where it has no more than that.

        Raises:
            Invalid: there are conditions on more than the time.
        """
        asked, _ = self.observing(query)
        if query.as_of:
            raise Invalid("what is decimated is told as it is now; leave one of the two out", "$as_of")
        if any(not is_span(condition) for condition in conjuncts(query.where)):
            raise Invalid("only a time narrows what is decimated; leave other conditions out", "$filter")
        if not asked.extents:
            return None
        [one] = asked.extents
        tiles = self._store.tiles(one.datastream, one.first, one.last + 1, most)
        if tiles is not None:
            return tiles
        rows = self._store.read([one.datastream], one.first, one.last + 1)
        if rows.num_rows <= 2 * most:
            return None
        return [tuple(tile.values()) for _, tile in summed(rows, -(-rows.num_rows // most))]  # type: ignore[misc]

    def _observing(self, ask: Asker, query: Query) -> Observing:
        streams, feature = None, None
        if query.parent is not None:
            [number] = query.parent.numbers
            if query.parent.kind == "Datastreams":
                streams = [number]
            else:
                feature = number
                streams = (
                    [number // ID_STEP] if number >= ID_STEP else self._store.sensing.around(ask, number)
                )
        return Observing.of(self._store, ask, streams, query.where, feature, as_of=query.as_of)

    def _observations(self, ask: Asker, query: Query) -> Page:
        if query.numbers is not None:
            return Page([one for number in query.numbers for one in self._observation(ask, number, query)])
        asked = self._observing(ask, query)
        rows, after = asked.first(query.order, query.skip, query.most, query.after)
        return Page(self._entities(ask, rows, asked), after)

    def _observation(self, ask: Asker, number: int, query: Query) -> list[Entity]:
        """The one of a number, if there is one, or was."""
        if not query.as_of:
            rows = self._row(ask, number)
            return [] if rows is None else self._entities(ask, rows)
        stream = number // ID_STEP
        asked = Observing.of(self._store, ask, [stream] if stream < ID_STEP else (), None, as_of=query.as_of)
        if not asked.extents or asked.then is None:
            return []
        rows = self._store.sensing.find(stream, number % ID_STEP, asked.then.version)
        return self._entities(ask, rows, asked)

    def _row(self, ask: Asker, number: int) -> pa.Table | None:
        stream = number // ID_STEP
        if stream >= ID_STEP or not self._store.sensing.extents(ask, [stream]):
            return None
        rows = self._store.sensing.find(stream, number % ID_STEP)
        return rows if rows.num_rows else None

    def _children_of_observing(self, ask: Asker, query: Query) -> dict[int, list[Entity]]:
        parent = query.parent
        if parent is None:
            return {}
        if parent.kind == "Datastreams" and is_newest(query.where, query.order, query.skip, query.most):
            rows = self._store.sensing.newest(ask, parent.numbers)
            return {entity.ties["Datastream"] or 0: [entity] for entity in self._entities(ask, rows)}
        if len(parent.numbers) > _MOST_PARENTS:
            raise Invalid(
                f"observations are expanded for at most {_MOST_PARENTS:,} entities at once, but for their newest "
                "($orderby=phenomenonTime desc;$top=1)", "$expand",
            )  # fmt: skip
        return {
            number: list(
                self._observations(
                    ask, replace(query, parent=parent._replace(numbers=(number,)), most=query.most + 1)
                ).entities
            )
            for number in parent.numbers
        }

    def _entities(self, ask: Asker, rows: pa.Table, asked: Observing | None = None) -> list[Entity]:
        if not rows.num_rows:
            return []
        numbers = np.unique(array(rows, "datastream")).tolist()
        if asked is not None and asked.then is not None:
            return list(entities(asked.judged(rows), asked.observed(ask, numbers)))
        known = self._store.sensing.observed(ask, numbers)
        rows = judged(rows, self._store.quality)
        return list(entities(rows, known, self._store.sensing.said(ask, rows)))

    # Features of interest that are the place where an observation was made

    def _features(self, ask: Asker, query: Query, numbers: Sequence[int]) -> Page:
        stored = [number for number in numbers if number < ID_STEP]
        found = list(ask.page(replace(query, numbers=stored)).entities) if stored else []
        for number in numbers:
            if number >= ID_STEP and (rows := self._row(ask, number)) is not None:
                found += [_place(number, rows)]
        return Page(found)


def is_newest(where: Expression | None, order: Sequence[Order], skip: int, most: int | None) -> bool:
    """Whether only the newest observation of each is wanted, which the datastreams know."""
    if where is not None or skip or most != 1 or not order:
        return False
    first = order[0]
    return first.descending and isinstance(first.by, Path) and first.by.steps == ("phenomenonTime",)


def _place(number: int, rows: pa.Table) -> Entity:
    """The place where an observation was made, as a feature of interest."""
    x, y = (rows[name][0].as_py() for name in ("longitude", "latitude"))
    name = f"Place of observation {number}"
    feature = None if x is None or y is None else {"type": "Point", "coordinates": [x, y]}
    told = {"name": name, "description": name, "encodingType": GEOJSON, "feature": feature}
    return Entity(number, told)
