"""The portal's words: one catalogue a language, numbers, dates and sizes as each language writes them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estran.model import Period, Text

LANGUAGES = ("fr", "en")
CODES = (
    "kind", "role", "concept", "topic", "function", "access", "status", "frequency", "representation",
    "restriction", "constraint", "organisation", "organisations", "organisation_status", "visibility", "relation", "tongue",
    "event", "facet", "sort", "sea", "map", "unit", "citation", "property", "property_group", "asset_role", "month", "weekday",
    "weekday_long", "mapping", "part", "defect", "field", "actor_role",
    "files", "link", "link_state", "link_reason", "service", "service_use", "run_state", "outcome", "held", "harvest_option",
    "question", "answer", "publishing", "prepare", "hint", "state", "quality", "order_state",
    "observed", "asker",
)  # fmt: skip
"""Tables of the catalogues that say codes in words; the other tables hold messages."""

_NARROW, _WIDE = "\u202f", "\u00a0"
_MONTHS = {
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
           "novembre", "décembre"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
}  # fmt: skip
_DATE = re.compile(r"([+-]?)(\d{4,6})(?:-(0[1-9]|1[0-2])(?:-(\d\d)(?:T(\d\d:\d\d).*)?)?)?")
_DURATION = re.compile(
    r"P(?:(?P<year>\d+)Y)?(?:(?P<month>\d+)M)?(?:(?P<week>\d+)W)?(?:(?P<day>\d+)D)?"
    r"(?:T(?:(?P<hour>\d+)H)?(?:(?P<minute>\d+)M)?(?:(?P<second>\d+(?:\.\d+)?)S)?)?"
)
_UNITS = {"fr": ("o", "ko", "Mo", "Go", "To", "Po"), "en": ("B", "kB", "MB", "GB", "TB", "PB")}
_KILO = 1000
_FULL_DATE = 3


@dataclass(frozen=True)
class Words:
    """One language's words."""

    language: str
    table: Mapping[str, str]

    @property
    def other(self) -> str:
        """The other language's code."""
        return LANGUAGES[1 - LANGUAGES.index(self.language)]

    def text(self, key: str, /, **values: Any) -> str:
        """The message of a key, its {names} filled in."""
        return self.table[key].format(**values) if values else self.table[key]

    def count(self, key: str, n: int) -> str:
        """The form of a message that fits a number; French counts zero as one thing."""
        form = "zero" if n == 0 and f"{key}.zero" in self.table else "one" if self._single(n) else "other"
        return self.table[f"{key}.{form}"].format(n=self.number(n))

    def _single(self, n: int) -> bool:
        return n in (0, 1) if self.language == "fr" else n == 1

    def label(self, table: str, code: str) -> str:
        """A code in words; an unknown one as it came."""
        return self.table.get(f"{table}.{code}", code)

    def of(self, text: Text) -> str:
        """A text of the data in this language, else as its producer wrote it."""
        return text.within(self.language)

    def tongue(self, text: Text) -> str:
        """The language that `of` answers in where it is another than the page's, else ""."""
        return "" if any(code == self.language for code, _ in text.variants) else text.language

    def number(self, value: float, decimals: int | None = None) -> str:
        """A number with its thousands apart; `decimals` None keeps up to six, without zeros at the end."""
        written = f"{value:,.{6 if decimals is None else decimals}f}"
        if decimals is None:
            written = written.rstrip("0").rstrip(".")
        if self.language == "fr":
            written = written.replace(",", _NARROW).replace(".", ",")
        return written.replace("-", "−")

    def size(self, size_bytes: int) -> str:
        """A number of bytes in the largest unit that leaves at least one."""
        value, unit = float(size_bytes), 0
        while value >= _KILO and unit < len(_UNITS["en"]) - 1:
            value, unit = value / _KILO, unit + 1
        decimals = 1 if unit and value < 10 else 0  # noqa: PLR2004
        return f"{self.number(value, decimals)}{_WIDE}{_UNITS[self.language][unit]}"

    def duration(self, iso: str) -> str:
        """An ISO 8601 duration in short units: PT15M is “15 min”; what is none, as it came."""
        found = _DURATION.fullmatch(iso)
        parts = (
            [
                f"{self.number(float(n))}{_WIDE}{self.label('unit', unit)}"
                for unit, n in found.groupdict().items()
                if n
            ]
            if found
            else []
        )
        return " ".join(parts) or iso

    def date(self, date: str) -> str:
        """A canonical date in words, to the minute: “1er mars 2020”, “1 March 2020”, “March 2020”, “2020”."""
        found = _DATE.fullmatch(date)
        if found is None:
            return date
        sign, year, month, day, clock = found.groups("")
        parts = [sign.replace("-", "−").replace("+", "") + year]
        if month:
            parts.insert(0, _MONTHS[self.language][int(month) - 1])
        if day:
            parts.insert(0, "1er" if day == "01" and self.language == "fr" else day.lstrip("0"))
        said = _WIDE.join(parts)
        return f"{said}, {clock}{_WIDE}UTC" if clock not in ("", "00:00") else said

    def period(self, period: Period, *, years: bool = False) -> str:
        """A period in words; `years` leaves months and days out where it is longer than a day."""
        start, end = period
        if years and start[:10] != end[:10]:
            start, end = _year(start), _year(end)
        start, end = (self.date(date[:10] if years else date) for date in (start, end))
        if start and end and start != end:
            return self.text("data.span", start=start, end=end)
        if start and end:
            return start
        if start:
            return self.text("data.since", start=start)
        return self.text("data.until", end=end) if end else ""


def _year(date: str) -> str:
    return date[:1] + date[1:].partition("-")[0]


def typeset(words: str) -> str:
    """French as it is printed: spaces that do not break before : ; ! ? % and inside « »."""
    words = re.sub(r" ([;!?%])", _NARROW + r"\1", words)
    return words.replace(" :", _WIDE + ":").replace("« ", "«" + _WIDE).replace(" »", _WIDE + "»")


@cache
def words(language: str) -> Words:
    """The words of one of `LANGUAGES`."""
    text = (Path(__file__).parent / "locale" / f"{language}.toml").read_text(encoding="utf-8")
    table = dict(_flat(tomllib.loads(text)))
    return Words(
        language, {key: typeset(value) for key, value in table.items()} if language == "fr" else table
    )


def _flat(table: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def negotiated(cookie: str, header: str, default: str) -> str:
    """The language to answer in: the one chosen before, else the browser's first that Estran speaks."""
    if cookie in LANGUAGES:
        return cookie
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(header[:500].split(",")):
        tag, *options = part.strip().lower().split(";")
        quality = next((o.strip()[2:] for o in options if o.strip().startswith("q=")), "1")
        if re.fullmatch(r"[01](\.\d{0,3})?", quality) and float(quality) > 0:
            wanted.append((-float(quality), place, tag.split("-")[0]))
    return next((tag for _, _, tag in sorted(wanted) if tag in LANGUAGES), default)
