"""Where to publish: questions one by one, whose answers stand in the address, and what they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from estran.web.portal.centres import counts, member

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from estran.node import Node
    from estran.web.portal.centres import Member
    from estran.web.portal.i18n import Words
    from estran.web.portal.views import Viewer

_MOST_PLACES = 12
_SEVERAL = "several"
QUESTIONS: dict[str, tuple[str, ...]] = {
    "what": ("data", "code", "text"),
    "bound": ("yes", "no", "unsure"),
    "earth": ("yes", "no"),
    "hub": (),
    "shape": ("finished", "growing"),
    "size": ("small", "large"),
    "access": ("open", "embargo", "sensitive"),
}
"""A question and its answers, in the order in which they are asked; the hubs of the node answer one of them."""
ENDS = {
    ("what", "code"): "code",
    ("what", "text"): "text",
    ("bound", "yes"): "bound",
    ("earth", "no"): "general",
}
"""Answers after which nothing more need be asked, and what then is right."""
# Answers that bring a piece of advice.
_ADVICE = (
    ("bound", "unsure"),
    ("shape", "growing"),
    ("size", "large"),
    ("access", "embargo"),
    ("access", "sensitive"),
)
_PREPARE = ("readme", "formats", "abstract", "lineage", "keywords", "licence")
DIRECTORIES = (
    ("re3data", "https://www.re3data.org/"),
    ("FAIRsharing", "https://fairsharing.org/databases/"),
    ("Cat OPIDoR", "https://cat.opidor.fr/"),
    ("Recherche Data Gouv", "https://recherche.data.gouv.fr/"),
    ("CoreTrustSeal", "https://www.coretrustseal.org/"),
)
"""Directories of trusted repositories, whatever the subject."""
_OTHERS = {
    "code": (("Software Heritage", "https://www.softwareheritage.org/"), ("HAL", "https://hal.science/")),
    "text": (("HAL", "https://hal.science/"),),
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An answer that can be given: its words, and the address that gives it."""

    value: str
    label: str
    href: str
    more: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked now."""

    name: str
    label: str
    why: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was answered, and the address at which it is asked again."""

    question: str
    label: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one may publish: a repository elsewhere, by its name."""

    name: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the answers lead to.

    Attributes:
        title, text: what is right.
        centres: of this node, that keep data of the domain.
        hub: address of the domain's own page, "" where there is none.
        advice: what the answers call for besides.
        prepare: what every repository asks for.
        places: repositories and directories elsewhere.
    """

    title: str
    text: str
    centres: tuple[Member, ...] = ()
    hub: str = ""
    advice: tuple[str, ...] = ()
    prepare: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PublishView:
    """The guide: what was answered, then either a question or the outcome; step counts from one."""

    step: int
    steps: int
    answers: tuple[Answer, ...]
    question: Question | None = None
    outcome: Outcome | None = None


def publish_view(node: Node, given: Mapping[str, str], viewer: Viewer) -> PublishView:
    """The guide at an address.

    Args:
        node: whose hubs and centres are recommended.
        given: the answers, question -> answer; what is no answer to a question is asked anew.
        viewer: says it in the page's words.
    """
    w = viewer.words
    hubs = viewer.hubs()
    offered = {name: answers or (*(hub.id for hub in hubs), _SEVERAL) for name, answers in QUESTIONS.items()}
    answered: dict[str, str] = {}
    end = "here"
    asked = ""
    for name, answers in offered.items():
        if given.get(name) not in answers:
            asked = name
            break
        answered[name] = given[name]
        if (name, given[name]) in ENDS:
            end = ENDS[name, given[name]]
            break
    names = {hub.id: w.of(hub.name) for hub in hubs}
    return PublishView(
        step=len(answered) + 1, steps=len(QUESTIONS), answers=_answers(answered, names, w),
        question=_question(asked, offered[asked], answered, names, w) if asked else None,
        outcome=None if asked else _outcome(node, end, answered, viewer),
    )  # fmt: skip


def _address(answered: Mapping[str, str], w: Words) -> str:
    path = f"/{w.language}/publish"
    return f"{path}?{urlencode(answered)}" if answered else path


def _said(name: str, value: str, names: Mapping[str, str], w: Words) -> str:
    return (
        names.get(value, "") if name == "hub" and value != _SEVERAL else w.label("answer", f"{name}_{value}")
    )


def _answers(answered: Mapping[str, str], names: Mapping[str, str], w: Words) -> tuple[Answer, ...]:
    found: list[Answer] = []
    before: dict[str, str] = {}
    for name, value in answered.items():
        said = _said(name, value, names, w)
        found.append(Answer(question=w.label("question", name), label=said, href=_address(before, w)))
        before[name] = value
    return tuple(found)


def _question(
    name: str, answers: Sequence[str], answered: Mapping[str, str], names: Mapping[str, str], w: Words
) -> Question:
    return Question(
        name=name, label=w.label("question", name), why=w.label("question", f"{name}_why"),
        choices=tuple(
            Choice(
                value=value, label=_said(name, value, names, w),
                href=_address({**answered, name: value}, w), more=w.table.get(f"answer.{name}_{value}_more", ""),
            )
            for value in answers
        ),
    )  # fmt: skip


def _outcome(node: Node, end: str, answered: Mapping[str, str], viewer: Viewer) -> Outcome:
    w = viewer.words
    hub = answered.get("hub", "")
    known = viewer.organisations
    centres = _centres(node, hub, viewer) if end == "here" else ()
    if end == "here" and not centres:
        end = "general"
    others = _OTHERS.get(end, ()) if end in _OTHERS else DIRECTORIES
    return Outcome(
        title=w.label("publishing", end), text=w.label("publishing", f"{end}_text"), centres=centres,
        hub=f"/{w.language}/hubs/{quote(hub)}" if centres and hub in known else "",
        advice=tuple(w.label("answer", f"{n}_{v}_advice") for n, v in _ADVICE if answered.get(n) == v),
        prepare=tuple(w.label("prepare", x) for x in _PREPARE) if answered.get("what") == "data" else (),
        places=tuple(Place(name=name, href=href) for name, href in others),
    )  # fmt: skip


def _centres(node: Node, hub: str, viewer: Viewer) -> tuple[Member, ...]:
    """The active centres of a hub, those with the most data first; of all hubs where several are meant."""
    held = counts(node)
    found = [
        member(o, viewer, held)
        for o in node.organisations.all("centre")
        if o.status == "active" and (hub == _SEVERAL or hub in node.organisations.hubs_of(o.id))
    ]
    return tuple(sorted(found, key=lambda m: (-m.count, m.name.casefold()))[:_MOST_PLACES])
