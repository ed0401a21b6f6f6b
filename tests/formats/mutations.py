"""Valid documents gone wrong: wrong types everywhere, missing, huge and hostile values."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from estran import formats
from estran.formats import Document, Refusal
from estran.model import Item, Record

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from estran.formats import Format

WRONG = (
    None, True, False, 0, -1, 10**400, 1e308, "", " ", "x" * 3000, "\x00", "2024-02-30", "9999-99-99T99:99:99Z",
    "http://[", "{}", [], {}, [[]], [None], [[[[[[]]]]]], {"": None}, [{"a": {"b": [1]}}], -95.0, 400, "NaN", "１２",
)  # fmt: skip


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in parts for found in _paths(part, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn, valid: tuple[Any, ...]) -> bytes:
    """One of the valid documents with one to four members replaced, removed or wrapped."""
    value = deepcopy(draw(st.sampled_from(valid)))
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(_paths(value)))
        if not path:
            continue
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        match draw(st.integers(0, 5)):
            case 0:
                del holder[path[-1]]
            case 1:
                holder[path[-1]] = [holder[path[-1]]]
            case _:
                holder[path[-1]] = deepcopy(draw(st.sampled_from(WRONG)))
    return json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


def hold(body: bytes, form: Format) -> list[Record | Item | Refusal]:
    """What is read; the reader itself must have found nothing that it could not deal with."""
    found = list(formats.read(Document("mutated", body), form))
    for one in found:
        assert isinstance(one, Record | Item | Refusal)
        if isinstance(one, Refusal):
            assert "could not be understood (" not in one.why, one.why
            assert one.why
    return found


def hostile() -> SearchStrategy[bytes]:
    """Bytes that are no document at all."""
    return st.sampled_from(
        (
            b"", b"{", b"[" * 50_000, b'{"a":' * 50_000, b"\xff\xfe\x00", b'{"type": "Feature", "id": "\xff"}', b"NaN",
            b'{"type": "Feature", "id": NaN}', b'"' + b"x" * 100_000, b"\x00" * 5000, b'{"id": "\\ud800"}', b"[1e999]",
            b'{"features": 1, "features": [{"id": "a"}]}', b'{"features": [{"id": "a"}], "features": 1}', b"123", b"[[]]",
            b'{"id": 1' + b"0" * 5000 + b"}",
        )
    )  # fmt: skip
