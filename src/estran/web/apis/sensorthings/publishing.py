"""What is written, told to an MQTT broker: SensorThings' way to be told of what is new.

An entity is told on the topic of its set, on its own, and on those of the sets behind the entities that it names:
Datastreams, Datastreams(7), Things(3)/Datastreams…; an observation on that of its set and of its datastream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

from estran.access import ANYONE
from estran.errors import Invalid, Unavailable
from estran.fetching.brokers import broker
from estran.observations.entities import KINDS, Query
from estran.web.apis.sensorthings.answers import PATH, Writer
from estran.web.apis.sensorthings.asking import NOTHING

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from paho.mqtt.client import MQTTMessageInfo

    from estran.node import Node
    from estran.observations.entities import Entity

__all__ = ["Publisher"]

_NAME = "mqtt"
_AT_ONCE = 1000
_PATIENCE_S = 30.0
_AGAIN_S = 5
_KEPT_ALIVE_S = 60


class Publisher:
    """Tells a broker what is written, whoever wrote it; each observation at least once, each entity as it is then.

    Args:
        node: acting as its operator; what everyone may see is told.
        patience_s: how long the broker may take to confirm.
    """

    def __init__(self, node: Node, patience_s: float = _PATIENCE_S) -> None:
        held = node.settings.publish
        if not held.broker:
            raise Invalid("no broker is named; the setting publish.broker says which", "publish.broker")
        self._broker, _ = broker(
            held.broker, password=held.password.get_secret_value(), authorities=held.authorities
        )
        self._following = node.observations.sensing.following(_NAME)
        self._node, self._root = node.acting_as(ANYONE), f"{node.settings.url}{PATH}"
        self._patience_s = patience_s
        self._client = self._broker.client()
        self._mark = self._following.mark()
        self._entering = node.observations.sensing.entering()
        self._entered = self._entering.mark()

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._broker.host, self._broker.port, _KEPT_ALIVE_S)
        except OSError as error:
            raise Unavailable(f"the broker {self._broker.url} does not answer: {error}", _AGAIN_S) from None
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def step(self) -> int:
        """Tell what was written since the last step; gives how many entities that are, observations among them.

        Raises:
            Unavailable: the broker does not confirm; the next step tells them again.
        """
        count = self._tell_entered()
        for rows, mark in self._following.written(self._mark):
            for at in range(0, rows.num_rows, _AT_ONCE):
                some = self._node.observations.sensing.told(rows.slice(at, _AT_ONCE))
                count += self._tell("Observations", some)
            if mark != self._mark:
                self._following.note(mark)
                self._mark = mark
        return count

    def follow(self, ended: threading.Event, every_s: float = 1.0) -> None:
        """Tell what is written until it is ended.

        Raises:
            Unavailable: as for `step`.
        """
        while not ended.is_set():
            self.step()
            ended.wait(every_s)

    def _tell_entered(self) -> int:
        """Tell the entities that were entered or changed."""
        count = 0
        while True:
            told, mark = self._entering.written(self._entered)
            for kind in (one for one in KINDS if one in told):
                # What was removed since, or may not be seen, is not there.
                query = Query(kind=kind, numbers=told[kind], most=len(told[kind]))
                count += self._tell(kind, self._node.observations.sensing.page(query).entities)
            if mark == self._entered:
                return count
            self._entering.note(mark)
            self._entered = mark

    def _tell(self, kind: str, entities: Sequence[Entity]) -> int:
        sensing = self._node.observations.sensing
        written = Writer(sensing, self._root, _AT_ONCE).entities(kind, entities, NOTHING)
        told: list[MQTTMessageInfo] = []
        for one, document in zip(entities, written, strict=True):
            body = msgspec.json.encode(document)
            told += [self._client.publish(topic, body, qos=1) for topic in _topics(kind, one)]
        for info in told:
            self._confirmed(info)
        return len(entities)

    def _confirmed(self, info: MQTTMessageInfo) -> None:
        try:
            info.wait_for_publish(self._patience_s)
            is_there = info.is_published()
        except (ValueError, RuntimeError):
            is_there = False
        if not is_there:
            raise Unavailable(f"the broker {self._broker.url} does not confirm what it is told", _AGAIN_S)


def _topics(kind: str, one: Entity) -> Iterator[str]:
    """Where an entity is told."""
    if kind == "Observations":
        yield f"v1.1/Datastreams({one.ties['Datastream']})/{kind}"
    else:
        yield f"v1.1/{kind}({one.number})"
        for name, number in one.ties.items():
            if number is not None:
                yield f"v1.1/{KINDS[kind].links[name].kind}({number})/{kind}"
    yield f"v1.1/{kind}"
