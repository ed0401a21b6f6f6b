"""What experts say of periods of a datastream, on its page: the list, and the form of those who may."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from estran.model import EVER_US, NEVER_US, moment_us

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.observations.store.registry import HeldDatastream
    from estran.observations.store.verdicts import Verdict
    from estran.web.portal.i18n import Words
    from estran.web.portal.views import Viewer

__all__ = ["CODES", "FIELDS", "Flagging", "Said", "flagging", "period_of"]

CODES = ("4", "3", "1", "2", "9")
"""QARTOD's, what is said most often first."""
_DAY_US = 86_400_000_000
FIELDS = ("from", "to", "quality", "reason")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What an expert said of a period.

    Attributes:
        period: in words; href: the page that shows it.
        undone: who took it back and when, "" if it stands.
        undo: where that is done, "" if the asker may not.
    """

    number: int
    period: str
    href: str
    quality: str
    reason: str
    by: str
    at: str
    undone: str
    undo: str


@dataclass(frozen=True, kw_only=True)
class Flagging:
    """The part of a datastream's page that tells what experts said.

    Attributes:
        said: the newest first.
        action: where the form goes, "" if the asker may not judge.
        qualities: (code, word) of the choices.
        values: field -> what stands in it; wrong: field -> what is wrong with it.
    """

    said: tuple[Said, ...] = ()
    action: str = ""
    qualities: tuple[tuple[str, str], ...] = ()
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    wrong: Mapping[str, str] = field(default_factory=dict[str, str])


def flagging(
    stream: HeldDatastream, viewer: Viewer, values: Mapping[str, str], wrong: Mapping[str, str]
) -> Flagging:
    """What is said of a datastream, and the form with what stands in it."""
    door, w = viewer.node.observations.quality, viewer.words
    may = door.may_judge(stream)
    path = f"/{w.language}/datastreams/{stream.number}"
    return Flagging(
        said=tuple(_said(one, path, w, may=may) for one in reversed(door.verdicts(stream.number))),
        action=f"{path}/flags" if may else "",
        qualities=tuple((code, w.label("quality", code)) for code in CODES) if may else (),
        values={name: values.get(name, "") for name in FIELDS},
        wrong=dict(wrong),
    )


def period_of(start: str, end: str) -> str:
    """Two fields as one period, "" where both are empty."""
    start, end = start.strip(), end.strip()
    return f"{start or '..'}/{end or '..'}" if start or end else ""


def _said(one: Verdict, path: str, w: Words, *, may: bool) -> Said:
    # The end is no more meant, what is written as an end is; whole days are written as days.
    cut = 10 if one.start % _DAY_US == 0 and one.end % _DAY_US == 0 else None
    first = moment_us(one.start)[:cut] if one.start > EVER_US else ""
    last = moment_us(one.end - 1_000_000)[:cut] if one.end < NEVER_US else ""
    shown = [w.date(first) if first else "…", w.date(last) if last else "…"]
    undone = ""
    if one.undone_at is not None:
        undone = w.text("flags.undone", by=one.undone_by, at=w.date(moment_us(one.undone_at)[:10]))
    return Said(
        number=one.number, period=" – ".join(dict.fromkeys(shown)), href=f"{path}?time={period_of(first, last)}#flags",
        quality=w.label("quality", f"{one.code}"), reason=one.reason, by=one.by,
        at=w.date(moment_us(one.at)[:10]), undone=undone,
        undo=f"{path}/flags/{one.number}/undo" if may and one.stands else "",
    )  # fmt: skip
