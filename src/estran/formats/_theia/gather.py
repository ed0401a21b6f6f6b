"""What the observations of a dataset say together: variables, instruments, stations, first and last day."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.formats._json import day, obj, objs, text, texts
from estran.formats._theia.parts import place
from estran.model import Concept, Period, Text, Variable, hull

if TYPE_CHECKING:
    from estran.formats._theia.parts import Speech
    from estran.model import Box

__all__ = ["Gathered", "gathered"]

_MOST_PLACES = 300
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Gathered:
    """What observations have in common, each thing once and in the order in which it was met."""

    def __init__(self, speech: Speech, notes: list[str]) -> None:
        self._speech, self._notes = speech, notes
        self._variables: dict[Variable, None] = {}
        self._concepts: dict[Concept, None] = {}
        self._places: dict[Text, None] = {}
        self._boxes: list[Box] = []
        self._starts: list[str] = []
        self._ends: list[str] = []

    @property
    def variables(self) -> tuple[Variable, ...]:
        """What was measured."""
        return tuple(self._variables)

    @property
    def concepts(self) -> tuple[Concept, ...]:
        """Categories of variables, instruments, levels of processing."""
        return tuple(self._concepts)

    @property
    def places(self) -> tuple[Text, ...]:
        """Names of the stations, transects and other features."""
        return tuple(self._places)

    @property
    def box(self) -> Box | None:
        """Around all features."""
        return hull(self._boxes)

    @property
    def period(self) -> Period | None:
        """From the first to the last observation."""
        return (
            Period(min(self._starts, default=""), max(self._ends, default=""))
            if self._starts or self._ends
            else None
        )

    def take(self, observation: dict[str, Any]) -> None:
        """Add what one observation says."""
        self._variable(obj(observation.get("observedProperty")))
        feature = obj(obj(observation.get("featureOfInterest")).get("samplingFeature"))
        if (name := self._speech.text(feature.get("name"))) and len(self._places) < _MOST_PLACES:
            self._places[name] = None
        _, box = place(feature, self._notes if len(self._notes) < _MOST_PLACES else [], "samplingFeature")
        if box:
            self._boxes.append(box)
        self.during(observation.get("temporalExtent"))
        if level := self._speech.text(observation.get("processingLevel")):
            self._concepts[Concept(label=level, role="level")] = None
        for sensor in objs(obj(obj(observation.get("procedure")).get("dataProduction")).get("sensors")):
            self._sensor(sensor)

    def during(self, value: Any) -> None:
        """Add a ``temporalExtent``."""
        said = obj(value)
        if start := day(said.get("dateBeg"), self._notes, "temporalExtent.dateBeg"):
            self._starts.append(start)
        if end := day(said.get("dateEnd"), self._notes, "temporalExtent.dateEnd"):
            self._ends.append(end)

    def _variable(self, said: dict[str, Any]) -> None:
        shared = obj(said.get("theiaVariable"))
        label = self._speech.text(said.get("name")) or self._speech.text(shared.get("prefLabel"))
        if label or shared:
            one = Variable(
                label=label,
                description=self._speech.text(said.get("description")),
                unit=self._speech.word(said.get("unit")),
                uri=text(shared.get("uri")),
            )
            self._variables[one] = None
        for uri in texts(said.get("theiaCategories")):
            words = _WORDS.sub(" ", uri.rpartition("/")[2]).lower()
            self._concepts[Concept(label=Text.of(words, "en"), role="variable", uri=uri)] = None
        for words in texts(said.get("gcmdKeywords")):
            self._concepts[Concept(label=Text.of(words), role="variable", scheme="GCMD")] = None

    def _sensor(self, sensor: dict[str, Any]) -> None:
        made = " ".join(
            filter(None, (self._speech.word(sensor.get(name)) for name in ("manufacturer", "model")))
        )
        label = Text.of(made) or self._speech.text(sensor.get("sensorType"))
        if label:
            self._concepts[Concept(label=label, role="instrument")] = None


def gathered(observations: Any, speech: Speech, notes: list[str]) -> Gathered:
    """What a list of observations says together."""
    found = Gathered(speech, notes)
    for one in objs(observations):
        found.take(one)
    return found
