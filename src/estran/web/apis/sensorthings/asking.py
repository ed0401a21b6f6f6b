"""The query options of SensorThings: $filter, $expand and their kin, read and bounded."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estran.errors import Invalid
from estran.observations.entities import KINDS, Order, resolve
from estran.observations.expressions import Path, paths
from estran.web.apis.sensorthings.parsing import parse
from estran.web.problems import NotOffered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.observations.expressions import Expression

__all__ = ["DEFAULT_TOP", "FORMS", "NOTHING", "Expansion", "Options", "instant", "options", "token"]

DEFAULT_TOP = 100
FORMS = ("dataArray", "csv", "GeoJSON")
_MOST_LEVELS = 8
_MOST_EXPANSIONS = 24
_LARGEST = 2**53
_IN_EXPANSIONS = ("$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count")
_KNOWN = (*_IN_EXPANSIONS, "$skiptoken", "$resultFormat", "$decimate", "$as_of")


class Expansion(NamedTuple):
    """A link whose entities are to be shown in their place."""

    link: str
    options: Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is wanted of entities.

    Attributes:
        select: names of properties and links; none means all.
        top: None where nothing is said.
        after: where the page starts, as the link to it said.
        form: of the answer, one of `FORMS`, "" for the usual one.
        decimate: about so many observations are enough to see the curve; 0 for all.
        as_of: an instant, for observations as they were then; "" for now.
        given: the options as they came.
    """

    select: tuple[str, ...] = ()
    expand: tuple[Expansion, ...] = ()
    where: Expression | None = None
    order: tuple[Order, ...] = ()
    count: bool = False
    top: int | None = None
    skip: int = 0
    after: tuple[Any, ...] | None = None
    form: str = ""
    decimate: int = 0
    as_of: str = ""
    given: tuple[tuple[str, str], ...] = ()

    def most(self, limit: int) -> int:
        """How many entities stand on a page."""
        return min(DEFAULT_TOP if self.top is None else self.top, limit)


NOTHING = Options()


def options(kind: str, given: Iterable[tuple[str, str]]) -> Options:
    """The options of a request for entities of a kind.

    Raises:
        Invalid: one cannot be read, or stands twice.
        NotOffered: SensorThings or OData knows it, and it is not offered here.
    """
    return _Reader().read(kind, tuple(given), _KNOWN, 0)


class _Reader:
    """Reads options, and counts what is expanded."""

    def __init__(self) -> None:
        self._expansions = 0

    def read(
        self, kind: str, given: tuple[tuple[str, str], ...], known: tuple[str, ...], depth: int
    ) -> Options:
        held: dict[str, str] = {}
        for name, value in given:
            if name not in known:
                raise _unknown(name, known)
            if name in held:
                raise Invalid("it is given more than once; give it once", name)
            held[name] = value
        form = held.get("$resultFormat", "")
        if form and form not in FORMS:
            raise NotOffered(f"$resultFormat is one of {', '.join(FORMS)}; “{form[:40]}” is not offered.")
        return Options(
            select=_select(kind, held.get("$select", "")),
            expand=self._expand(kind, held.get("$expand", ""), depth),
            where=_where(kind, held.get("$filter", "")),
            order=tuple(_orders(kind, held.get("$orderby", ""))),
            count=_count(held.get("$count", "")),
            top=_number(held, "$top"),
            skip=_number(held, "$skip") or 0,
            after=_after(held.get("$skiptoken", "")),
            form=form,
            decimate=_number(held, "$decimate") or 0,
            as_of=_as_of(kind, held),
            given=given,
        )

    def _expand(self, kind: str, text: str, depth: int) -> tuple[Expansion, ...]:
        if not text:
            return ()
        if depth >= _MOST_LEVELS:
            raise Invalid(
                f"it goes deeper than {_MOST_LEVELS} levels; ask for what lies further by its link", "$expand"
            )
        wanted: dict[str, list[tuple[str, str]]] = {}
        for part in _split(text, ",", "$expand"):
            path, _, inside = part.strip().partition("(")
            if inside and not inside.endswith(")"):
                raise Invalid(f"“{part[:60]}” lacks its closing bracket", "$expand")
            link, _, further = path.strip().partition("/")
            if link not in KINDS[kind].links:
                known = ", ".join(KINDS[kind].links)
                raise Invalid(f"“{link[:40]}” is no link of {kind}; there are {known}", "$expand")
            self._expansions += 1
            if self._expansions > _MOST_EXPANSIONS:
                raise Invalid(
                    f"more than {_MOST_EXPANSIONS} links are expanded; ask in several requests", "$expand"
                )
            more = list(_inner(inside[:-1])) if inside else []
            wanted.setdefault(link, []).extend(
                [("$expand", f"{further}({inside}" if inside else further)] if further else more
            )
        return tuple(
            Expansion(link, self.read(KINDS[kind].links[link].kind, _merged(more), _IN_EXPANSIONS, depth + 1))
            for link, more in wanted.items()
        )


def _unknown(name: str, known: tuple[str, ...]) -> Exception:
    if name.startswith("$"):
        return NotOffered(f"The option {name[:40]} is not offered here; there are {', '.join(known)}.")
    return Invalid(f"there is no parameter “{name[:80]}” here; there are {', '.join(known)}", name[:80])


def _merged(given: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Expansions of one link that came apart, such as A/B,A/C, as one."""
    expansions = [value for name, value in given if name == "$expand"]
    others = [(name, value) for name, value in given if name != "$expand"]
    return (*others, ("$expand", ",".join(expansions))) if expansions else tuple(others)


def _inner(text: str) -> Iterator[tuple[str, str]]:
    """Options in the brackets of an expansion."""
    for part in _split(text, ";", "$expand"):
        name, equals, value = part.strip().partition("=")
        if not equals:
            raise Invalid(f"“{part[:60]}” is no option; write $top=1 and the like, with ; between", "$expand")
        yield name.strip(), value.strip()


def _split(text: str, sign: str, where: str) -> Iterator[str]:
    """The parts between signs that stand in no brackets and no quotes."""
    depth, quoted, start = 0, False, 0
    for at, c in enumerate(text):
        if c == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
        elif c == sign and not depth:
            yield text[start:at]
            start = at + 1
    if quoted or depth:
        raise Invalid("its quotes or brackets do not match", where)
    yield text[start:]


def _select(kind: str, text: str) -> tuple[str, ...]:
    if not text:
        return ()
    known = KINDS[kind]
    names = ["id" if part.strip() == "@iot.id" else part.strip() for part in text.split(",")]
    for name in names:
        if name not in known.properties and name not in known.links:
            listed = ", ".join([*known.properties, *known.links])
            raise Invalid(f"“{name[:40]}” is no property of {kind}; there are {listed}", "$select")
    return tuple(dict.fromkeys(names))


def _where(kind: str, text: str) -> Expression | None:
    if not text:
        return None
    found = parse(text)
    for path in paths(found):
        resolve(kind, path)
    return found


def _orders(kind: str, text: str) -> Iterator[Order]:
    for part in _split(text, ",", "$orderby") if text else ():
        words = part.strip()
        direction = words.rpartition(" ")[2].lower()
        if direction in {"asc", "desc"}:
            words = words[: -len(direction)].strip()
        by = parse(words, "$orderby")
        for path in paths(by):
            resolve(kind, path, "$orderby")
        if isinstance(by, Path) and by.steps == ("@iot.id",):
            by = Path(("id",))
        yield Order(by, descending=direction == "desc")


def _count(text: str) -> bool:
    if text not in {"", "true", "false"}:
        raise Invalid(f"it is true or false, not “{text[:40]}”", "$count")
    return text == "true"


def _number(held: dict[str, str], name: str) -> int | None:
    text = held.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and int(text[:20]) < _LARGEST):
        raise Invalid(f"it is a whole number from 0, not “{text[:40]}”", name)
    return int(text)


def instant(given: Iterable[tuple[str, str]]) -> str:
    """The instant as of which something is asked, "" for now; a plus that became a space is one again."""
    return next((value.strip().replace(" ", "+") for name, value in given if name == "$as_of"), "")


def _as_of(kind: str, held: dict[str, str]) -> str:
    found = instant(held.items())
    if found and kind != "Observations":
        raise NotOffered(
            "$as_of is for observations: Datastreams(1)/Observations?$as_of=2026-01-31T12:00:00Z."
        )
    if found and held.get("$expand"):
        raise NotOffered("What is expanded is told as it is now; leave $expand or $as_of out.")
    return found


def token(after: tuple[Any, ...]) -> str:
    """What names the end of a page."""
    return base64.urlsafe_b64encode(msgspec.json.encode(after)).decode().rstrip("=")


def _after(text: str) -> tuple[Any, ...] | None:
    if not text:
        return None
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=list[Any])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        found = []
    if not found or any(isinstance(part, list | dict | bool) for part in found):
        raise Invalid("it is none that this node gave; start from the first page", "$skiptoken")
    return tuple(found)
