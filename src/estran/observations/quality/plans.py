"""What is tested: rules of a plan, and the tests that they make for a datastream."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

import msgspec

from estran.errors import Invalid
from estran.observations.quality.arguments import checked
from estran.observations.quality.density import WATER, is_of_water
from estran.observations.quality.outcomes import TESTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from estran.observations.store.registry import HeldDatastream

__all__ = ["DENSITY", "NOTHING", "Plan", "Rule", "Tests", "parsed", "read", "tests_of"]

DENSITY = "density_inversion_test"

_ALONG = ("time", "vertical", "track")
_SCOPE = ("property", "record", "thing", "datastream")
_OTHER = ("unit", "along")
_MOST_RULES, _LARGEST = 10_000, 20_000_000
# Outcomes of another number are not those that this program would give.
_MACHINE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Tests for some datastreams.

    Attributes:
        property: observed property: standard name, name or URI; record: id of their dataset; thing and datastream:
            their keys, or a datastream's number. "" is for all; a star stands for any letters.
        unit: in which thresholds are told; "" for each datastream's own.
        along: what neighbours are: values at one vertical in the order of "time", at one time in that of "vertical", or
            on a "track" in the order of time wherever they are; "" goes by how observations lie.
        tests: name -> arguments as ioos_qc has them; None takes a test of an earlier rule away.
    """

    property: str = ""
    record: str = ""
    thing: str = ""
    datastream: str = ""
    unit: str = ""
    along: str = ""
    tests: dict[str, dict[str, Any] | None]

    def fits(self, one: HeldDatastream) -> bool:
        """Whether it is for a datastream."""
        variable = one.described.variable
        return self._fits(one, variable.standard_name, variable.name, variable.uri)

    def fits_water(self, one: HeldDatastream) -> bool:
        """Whether it is for a temperature that belongs to this salinity, or the other way round."""
        return is_of_water(one) and self._fits(one, *WATER)

    def _fits(self, one: HeldDatastream, *names: str) -> bool:
        return (
            _alike(self.property, *names)
            and _alike(self.record, one.record)
            and _alike(self.thing, one.described.thing.key)
            and _alike(self.datastream, one.described.key, str(one.number))
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """Rules under a name; a later rule's test takes the place of an earlier one's.

    Attributes:
        name: plans count in the order of their names.
    """

    name: str
    rules: tuple[Rule, ...]

    def document(self) -> bytes:
        """As it is stored."""
        return msgspec.json.encode(self.rules)

    @classmethod
    def stored(cls, name: str, document: bytes) -> Plan:
        """The plan of a stored document."""
        return cls(name, msgspec.json.decode(document, type=tuple[Rule, ...]))


@dataclass(frozen=True, slots=True)
class Tests:
    """What is tested of one datastream.

    Attributes:
        along: "time", "vertical" or "track".
        arguments: (test, its arguments as JSON, the unit into which values are brought before, "" for their own),
            in the order of `TESTS`.
    """

    along: str
    arguments: tuple[tuple[str, str, str], ...]

    @property
    def hash(self) -> str:
        """Of all that outcomes depend on besides the observations; "" where nothing is tested."""
        if not self.arguments:
            return ""
        told = json.dumps([_MACHINE, self.along, self.arguments])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def by_name(self) -> dict[str, dict[str, Any]]:
        """Test -> its arguments."""
        return {test: json.loads(told) for test, told, _ in self.arguments}

    @property
    def units(self) -> dict[str, str]:
        """Test -> the unit in which its thresholds are, "" for that of the values."""
        return {test: unit for test, _, unit in self.arguments}


NOTHING = Tests("time", ())


def tests_of(one: HeldDatastream, plans: Iterable[Plan]) -> Tests | None:
    """What plans say that is to be tested of a datastream; None where nothing is."""
    told: dict[str, tuple[str, str, str]] = {}
    lies = one.described.sampling
    along = "vertical" if lies.lower().endswith("profile") else "time" if lies == "timeSeries" else "track"
    for plan in plans:
        for rule in plan.rules:
            fits = rule.fits(one)
            along = (rule.along if fits else "") or along
            for test, arguments in rule.tests.items():
                if not (fits or (test == DENSITY and rule.fits_water(one))):
                    continue
                told.pop(test, None)
                if arguments is not None:
                    told[test] = (test, json.dumps(arguments, sort_keys=True), rule.unit)
    return Tests(along, tuple(told[test] for test in TESTS if test in told)) if told else None


def read(path: Path, name: str = "") -> Plan:
    """A plan from a file of TOML or JSON.

    Args:
        path: of the file.
        name: of the plan, that of the file if not given.

    Raises:
        Invalid: it is neither, or a rule does not fit; the message names it.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise Invalid(f"the plan cannot be read: {error.strerror}", str(path)) from None
    if len(body) > _LARGEST:
        raise Invalid("the plan is larger than 20 MB", str(path))
    try:
        given: Any = json.loads(body) if path.suffix == ".json" else tomllib.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise Invalid(
            f"it is no {'JSON' if path.suffix == '.json' else 'TOML'}: {error}", str(path)
        ) from None
    return parsed(given, name or path.stem)


def parsed(given: Any, name: str) -> Plan:
    """A plan of its tables.

    Raises:
        Invalid: a rule does not fit.
    """
    rules: Any = cast("dict[str, Any]", given).get("rules") if isinstance(given, dict) else None
    if not isinstance(rules, list) or not rules:
        raise Invalid("a plan has rules: tables [[rules]] with a property or record, and tests", "rules")
    if len(cast("list[Any]", rules)) > _MOST_RULES:
        raise Invalid(f"a plan has up to {_MOST_RULES:,} rules; make several plans", "rules")
    return Plan(name, tuple(_rule(one, f"rules[{n + 1}]") for n, one in enumerate(cast("list[Any]", rules))))


def _rule(given: Any, where: str) -> Rule:
    if not isinstance(given, dict):
        raise Invalid("a rule is a table", where)
    told = cast("dict[str, Any]", given)
    words = {key: str(told[key]) for key in (*_SCOPE, *_OTHER) if key in told}
    if not any(words.get(key) for key in _SCOPE):
        raise Invalid(f"a rule says for what it is: {', '.join(_SCOPE)}", where)
    if words.get("along", "time") not in _ALONG:
        raise Invalid(f"choose among {', '.join(_ALONG)}", f"{where}.along")
    rest = {key: value for key, value in told.items() if key not in words}
    tests = {test: None if value is False else checked(test, value, where) for test, value in rest.items()}
    if not tests:
        raise Invalid(f"a rule has a test: {', '.join(TESTS)}", where)
    return Rule(**words, tests=tests)


def _alike(pattern: str, *names: str) -> bool:
    return not pattern or any(name and fnmatchcase(name, pattern) for name in names)
