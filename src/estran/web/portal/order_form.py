"""The form of an order: what of a dataset, of which time, in which form; and what that would be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from estran.errors import Conflict, Invalid, NotFound
from estran.observations.store.registry import property_key
from estran.orders.asking import REQUIRED, STATUSES, Said
from estran.web.portal import telling
from estran.web.portal.orders import ANSWERS, FORMS, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estran.orders import Estimate
    from estran.web.portal.i18n import Words
    from estran.web.portal.views import Viewer

__all__ = ["PARAMETERS", "Asked", "NewView", "asked", "new_view", "said"]

PARAMETERS = ("record", "datastream", "variable", "from", "to", "form")
"""What an address and the form may name."""
_USES = {"csv": "orders.form_csv", "nc": "orders.form_nc", "parquet": "orders.form_parquet"}
_MOST_VARIABLES, _MOST_NAMED, _LONGEST = 100, 12, 9


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked for."""

    record: str
    datastreams: tuple[int, ...] = ()
    variables: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    form: str = "csv"

    @property
    def time(self) -> str:
        """The period as one text."""
        return f"{self.start or '..'}/{self.end or '..'}" if self.start or self.end else ""


@dataclass(frozen=True, kw_only=True)
class NewView:
    """The form.

    Attributes:
        forms: (code, name, what it is good for).
        variables: (value, label, how many series), none where there is one alone.
        series: the datastreams that it is of, in words; none where it is all.
        said: what it would be, "" where something is wrong.
        wrong: field -> what is wrong with it, "" for the whole.
        questions: what whoever orders is asked; answers: what they said so far; statuses: (code, words).
    """

    asked: Asked
    title: str
    tongue: str
    href: str
    css: str
    forms: tuple[tuple[str, str, str], ...]
    variables: tuple[tuple[str, str, str], ...]
    series: tuple[str, ...]
    said: tuple[str, ...]
    wait: str
    wrong: Mapping[str, str] = field(default_factory=dict[str, str])
    questions: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict[str, str])
    statuses: tuple[tuple[str, str], ...] = ()


def asked(given: Iterable[tuple[str, str]]) -> Asked:
    """What fields ask for.

    Raises:
        NotFound: they name no dataset.
        Invalid: a datastream has no number.
    """
    held: dict[str, list[str]] = {}
    for name, value in given:
        held.setdefault(name, []).append(value.strip())
    last = {name: values[-1] for name, values in held.items()}
    if not last.get("record"):
        raise NotFound("dataset", "", "Order from the page of a dataset or of a series.")
    return Asked(
        record=last["record"], datastreams=tuple(dict.fromkeys(map(_number, held.get("datastream", ())))),
        variables=tuple(dict.fromkeys(filter(None, held.get("variable", ())))), start=last.get("from", "")[:40],
        end=last.get("to", "")[:40], form=last.get("form") or "csv",
    )  # fmt: skip


def said(given: Iterable[tuple[str, str]], w: Words) -> Said:
    """The answers that fields give; who agrees agrees to the words of the form."""
    held = {name: value.strip() for name, value in given if name in ANSWERS}
    if held.get("consent"):
        held["consent"] = w.text("orders.consent")
    return Said(**held)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST):
        raise Invalid("write the number of a datastream", "datastream")
    return int(text)


def new_view(
    a: Asked, viewer: Viewer, refused: Exception | None = None, answers: Mapping[str, str] | None = None
) -> NewView:
    """The form with what stands in it, what that would be, and why it was refused."""
    w, node = viewer.words, viewer.node
    card = viewer.card(node.show(a.record))
    found: Estimate | None = None
    if refused is None:
        try:
            found = node.orders.estimate(
                a.record, datastreams=a.datastreams, variables=a.variables, time=a.time, form=a.form
            )
        except (Invalid, Conflict) as error:
            refused = error
    properties = node.observations.overview.properties(a.record)[:_MOST_VARIABLES]
    variables = tuple(
        (property_key(one.variable), telling.variable(one.variable, w), w.count("orders.series", one.datastreams))
        for one in properties
    )  # fmt: skip
    named = (
        node.observations.datastreams(record=a.record, numbers=a.datastreams[:_MOST_NAMED])
        if a.datastreams
        else []
    )
    series = [telling.title(one.described, w) for one in named]
    more = len(a.datastreams) - _MOST_NAMED
    return NewView(
        asked=a, title=card.title, tongue=card.tongue, href=f"/{w.language}/data/{a.record}", css=card.css,
        forms=tuple((code, name, w.text(_USES[code])) for code, name in FORMS.items()),
        variables=variables if len(variables) > 1 and not a.datastreams else (),
        series=(*series, *((w.count("orders.more_series", more),) if more > 0 else ())),
        said=_said(found, w) if found else (), wait=w.text("orders.wait", days=w.number(node.settings.orders.days)),
        wrong=_wrong(refused, is_chosen=len(variables) > 1 and not a.datastreams) if refused else {},
        questions=node.orders.questions(a.record), answers=answers or dict.fromkeys(ANSWERS, ""),
        statuses=tuple((code, w.label("asker", code)) for code in STATUSES),
    )  # fmt: skip


def _said(found: Estimate, w: Words) -> tuple[str, ...]:
    return (
        w.text("orders.about_values", n=w.number(rounded(found.observations))),
        w.count("orders.parts", found.parts),
        w.text("orders.about_size", size=w.size(found.size)),
    )


def _wrong(error: Exception, *, is_chosen: bool) -> dict[str, str]:
    if not isinstance(error, Invalid):
        return {"": f"{error}"}
    beside = {"time": "from", "form": "form"} | {name: name for name in (*REQUIRED, "email")}
    beside |= {"variables": "variable"} if is_chosen else {}
    return {beside.get(error.where, ""): error.why}
