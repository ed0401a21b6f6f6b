"""What is wrong with a vocabulary: the conditions of the SKOS reference, and what readers stumble over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.vocabulary.concepts import Defect
from estran.vocabulary.names import namespace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.vocabulary.concepts import Reading

__all__ = ["defects"]

_SHOWN = 20
_WHAT = {
    "S9": "a scheme is no concept (S9)",
    "S13": "preferred, alternative and hidden labels have nothing in common (S13)",
    "S14": "a concept has one preferred label a language (S14)",
    "S27": "what is related is not broader or narrower as well (S27)",
    "S37": "collections are neither concepts nor schemes (S37)",
    "S46": "an exact match is not a broader or related match as well (S46)",
    "cycle": "a concept is broader than itself, over others",
    "orphan": "a concept hangs together with no other, though others do",
    "dangling": "an address of this vocabulary that nothing defines",
    "no-label": "a concept without a preferred label; its name is shown instead",
    "notation": "two concepts share a notation",
    "language": "a language that part of the concepts have no preferred label in",
    "repaired": "put right to be read",
}
_COMMON = 0.5


def defects(reading: Reading) -> tuple[Defect, ...]:
    """All that is wrong with a vocabulary, by rule; the examples are the first of each."""
    graph = _Graph(reading)
    found = {
        "S9": graph.schemes_as_concepts(),
        "S13": graph.shared_labels(),
        "S14": graph.repeated_preferred(),
        "S27": graph.related_and_broader(),
        "S37": graph.collections_as_concepts(),
        "S46": graph.exact_and_more(),
        "cycle": graph.cycles(),
        "orphan": graph.orphans(),
        "dangling": graph.dangling(),
        "no-label": ((entry.uri, "") for entry in reading.entries if not entry.label),
        "notation": graph.shared_notations(),
        "language": graph.language_gaps(),
        "repaired": (("", warning) for warning in reading.warnings),
    }
    return tuple(
        Defect(rule=rule, what=_WHAT[rule], count=len(listed), examples=tuple(listed[:_SHOWN]))
        for rule, cases in found.items()
        if (listed := sorted(set(cases)))
    )


class _Graph:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._concepts = {entry.uri for entry in reading.entries if entry.kind != "collection"}
        self._said: dict[str, set[tuple[str, str]]] = {}
        self._above: dict[str, set[str]] = {}
        for subject, predicate, other in reading.relations:
            self._said.setdefault(predicate, set()).add((subject, other))
            if predicate == "broader":
                self._above.setdefault(subject, set()).add(other)
        self._circles = _circles(self._above)

    def _of(self, *predicates: str) -> set[tuple[str, str]]:
        return {pair for predicate in predicates for pair in self._said.get(predicate, ())}

    def schemes_as_concepts(self) -> Iterator[tuple[str, str]]:
        return ((uri, "") for uri, *_ in self._raw("scheme-concept"))

    def collections_as_concepts(self) -> Iterator[tuple[str, str]]:
        return ((uri, "") for uri, *_ in self._raw("collection-concept"))

    def _raw(self, kind: str) -> Iterator[tuple[str, str, str, str]]:
        return (label for label in self._reading.labels if label[1] == kind)

    def shared_labels(self) -> Iterator[tuple[str, str]]:
        held: dict[tuple[str, str, str], str] = {}
        for uri, kind, language, words in self._reading.labels:
            if kind in ("pref", "alt", "hidden"):
                other = held.setdefault((uri, language, words), kind)
                if other != kind:
                    yield uri, f"“{words}” ({language or 'no language'}) is {other} and {kind}"

    def repeated_preferred(self) -> Iterator[tuple[str, str]]:
        held: dict[tuple[str, str], str] = {}
        for uri, _, language, words in self._raw("pref"):
            other = held.setdefault((uri, language), words)
            if other != words:
                yield uri, f"“{other}” and “{words}” ({language or 'no language'})"

    def related_and_broader(self) -> Iterator[tuple[str, str]]:
        for one, other in self._of("related"):
            if other in self._ancestors(one) or one in self._ancestors(other):
                yield one, other

    def _ancestors(self, uri: str) -> set[str]:
        seen, waiting = set[str](), list(self._above.get(uri, ()))
        while waiting:
            above = waiting.pop()
            if above not in seen:
                seen.add(above)
                waiting += self._above.get(above, ())
        return seen

    def exact_and_more(self) -> Iterator[tuple[str, str]]:
        other = self._of("broadMatch", "narrowMatch", "relatedMatch")
        return (pair for pair in self._of("exactMatch") if pair in other or (pair[1], pair[0]) in other)

    def cycles(self) -> Iterator[tuple[str, str]]:
        return ((circle[0], " < ".join(circle)) for circle in self._circles)

    def orphans(self) -> Iterable[tuple[str, str]]:
        near = {uri for pair in self._of("broader", "related", "member") for uri in pair}
        alone = self._concepts - near
        # Where most concepts stand alone it is a list, and nothing is amiss.
        return ((uri, "") for uri in alone) if len(alone) < _COMMON * len(self._concepts) else ()

    def dangling(self) -> Iterator[tuple[str, str]]:
        entries = {entry.uri for entry in self._reading.entries}
        space = namespace(entries)
        own = {entry.scheme for entry in self._reading.entries} | {self._reading.scheme.uri}
        for subject, other in self._of("broader", "related", "member", "top"):
            for uri, end in ((subject, other), (other, subject)):
                if space and uri.startswith(space) and uri not in entries and uri not in own:
                    yield uri, f"from {end}"

    def shared_notations(self) -> Iterator[tuple[str, str]]:
        held: dict[str, str] = {}
        for entry in self._reading.entries:
            if entry.name:
                first = held.setdefault(entry.name, entry.uri)
                if first != entry.uri:
                    yield entry.uri, f"“{entry.name}” is that of {first} too"

    def language_gaps(self) -> Iterator[tuple[str, str]]:
        counted: dict[str, int] = {}
        for entry in self._reading.entries:
            for language, _ in entry.label.variants:
                counted[language] = counted.get(language, 0) + 1
        total = len(self._reading.entries)
        for language, count in counted.items():
            if count < total:
                yield "", f"{language or 'no language'}: {total - count} of {total} are without"


def _circles(above: dict[str, set[str]]) -> list[list[str]]:  # noqa: C901 - one algorithm
    """Groups of concepts that are all broader than each other (Tarjan's, without recursion)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    on: set[str] = set()
    found: list[list[str]] = []
    for start in sorted(above):
        if start in number:
            continue
        work = [(start, iter(sorted(above[start])))]
        number[start] = lowest[start] = len(number)
        stack.append(start)
        on.add(start)
        while work:
            uri, rest = work[-1]
            for other in rest:
                if other not in number:
                    number[other] = lowest[other] = len(number)
                    stack.append(other)
                    on.add(other)
                    work.append((other, iter(sorted(above.get(other, ())))))
                    break
                if other in on:
                    lowest[uri] = min(lowest[uri], number[other])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[uri])
                if lowest[uri] == number[uri]:
                    group: list[str] = []
                    while not group or group[-1] != uri:
                        group.append(stack.pop())
                        on.discard(group[-1])
                    if len(group) > 1 or uri in above.get(uri, ()):
                        found.append(sorted(group))
    return found
