"""Which columns of a table judge the values of others."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from estran.formats._table import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats._table.layout import Column

__all__ = ["flagged"]

_JUDGES = re.compile(r"(?:q[cf]?[_:. ]?|flag_?|code_?qualit.*?)(?P<of>.+)", re.IGNORECASE)
_JUDGED = re.compile(
    r"(?P<of>.+?)[_.: ]{0,2}(?:qc|qf|flag|flg|quality|qualityindex|code|remark|qualifier|attributes|cd|f|flag_?[wi]"
    r"|qartod\w{0,40})",
    re.IGNORECASE,
)


def flagged(columns: list[Column]) -> list[Column]:
    """The columns with those that judge others among them."""
    plain = {_plain(c.name): c for c in reversed(columns) if c.role == "value"}
    titles, values = Counter(c.name for c in columns), [c for c in columns if c.role == "value"]
    judged: set[int] = set()
    found = [*columns]
    for column in columns:
        if column.role not in ("value", ""):
            continue
        other = next((plain[one] for one in _judged(column.name) if one in plain), None)
        if other is not None and other is not column:
            is_first = other.position not in judged
            found[column.position] = replace(column, role="flag" if is_first else "", of=other.position)
            judged.add(other.position)
    general = [c for c in found if c.role in ("value", "") and words.is_quality(c.name)]
    for column in general:
        ahead = found[: column.position]
        if titles[column.name] > 1:
            # Each of many of one name judges what stands before it.
            judges = next((c for c in reversed(ahead) if titles[c.name] == 1 and c.role != "flag"), None)
        else:
            near = [c for c in ahead if c.role not in ("flag", "")][-1:]
            judges = next(
                iter(
                    [c for c in values if not words.is_quality(c.name)]
                    if len(values) - len(general) <= 1
                    else near
                ),
                None,
            )
        is_judging = (
            judges is not None
            and judges.role == "value"
            and (titles[column.name] > 1 or column is general[0])
        )
        of = judges.position if judges is not None and is_judging and titles[column.name] > 1 else -1
        found[column.position] = replace(column, role="flag" if is_judging else "", of=of)
    if not any(c.role == "value" for c in found):
        return columns
    return found


def _judged(name: str) -> Iterator[str]:
    """The names of the columns that one may judge: QT and T_qc and “T QC Flag” judge T."""
    if (found := _JUDGES.fullmatch(name.strip())) is not None:
        yield _plain(found["of"])
    rest = name.strip()
    for _ in range(2):
        if (found := _JUDGED.fullmatch(rest)) is None:
            return
        rest = found["of"]
        yield _plain(rest)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()
