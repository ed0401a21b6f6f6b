"""The newest records that are held give the first part of a walk, and say where the rest begins."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from estran.catalogue.newest import Newest

_changed = st.lists(st.integers(0, 5), max_size=700)


@given(_changed, st.integers(1, 800), st.randoms(use_true_random=False), st.integers(1, 40), st.floats(0, 1))
def test_a_walk_over_both_parts_is_a_walk_over_all(changed, most, dice, limit, share):
    everything = sorted(
        ((pk, updated, f"r{dice.randrange(10**6)}-{pk}") for pk, updated in enumerate(changed)),
        key=lambda row: (-row[1], row[2]),
    )
    held = Newest(everything[:most], most)
    pool = BitMap([pk for pk, _, _ in everything if dice.random() < share])
    place, walked = None, []
    while True:
        found, rest = held.of(pool, place, limit)
        if len(found) < limit and rest is not None:
            begin = (-rest[0], rest[1])
            behind = [r for r in everything if (-r[1], r[2]) > begin and r[0] in pool]
            found += behind[: limit - len(found)]
        walked += found
        if len(found) < limit:
            break
        place = found[-1][1:]
    assert walked == [row for row in everything if row[0] in pool]
