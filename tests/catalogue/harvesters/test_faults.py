"""Whatever fails now and then: a visit that ends without complaint has named all that its source holds."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran.catalogue import harvesters
from estran.catalogue.harvesters import Found, Kept, Mark, Missed
from tests.catalogue.harvesters.test_through_a_node import SOURCES
from tests.catalogue.harvesters.visiting import until_broken, visiting
from tests.fetching.serving import Answer, Asked, serving

MANY = {f"n{number:02d}": f"Title {number}" for number in range(12)}
# For each protocol, what makes it ask for all that it can give.
OPTIONS: dict[str, dict[str, str]] = {"stac-api": {"items": "yes"}}


def damaged(body: bytes, chance: random.Random) -> Answer | bytes:
    match chance.randrange(6):
        case 0:
            return Answer(b"", 503)
        case 1:
            return Answer(b"", 500)
        case 2:
            return body[: chance.randrange(max(len(body), 1))]
        case 3:
            return b"<!doctype html><html><head><title>Busy</title></head><body><p>Please come back</body></html>"
        case 4:
            return b""
        case _:
            return Answer(b"gone", 404)


@pytest.mark.parametrize("protocol", [name for name in SOURCES if name != "estran"])
@settings(max_examples=10, deadline=None, suppress_health_check=(HealthCheck.too_slow,))
@given(seed=st.integers(0, 2**32), often=st.floats(0.05, 0.5))
def test_nothing_is_lost_in_silence(protocol: str, seed: int, often: float) -> None:
    chance, left = random.Random(seed), 25
    harvester = harvesters.find(protocol)

    def answer(asked: Asked) -> Answer | bytes:
        nonlocal left
        whole = SOURCES[protocol](asked, MANY)
        if left and chance.random() < often:
            left -= 1
            body = whole.body if isinstance(whole, Answer) else whole
            return damaged(body if isinstance(body, bytes) else b"", chance)
        return whole

    with serving(answer) as server:
        url = f"{server.url}/sitemap.xml" if protocol == "schema-org" else server.url + "/"
        with visiting(url, protocol, OPTIONS.get(protocol)) as visit:
            left, kept = 0, left
            whole = {event.key for event in harvester.changes(visit) if isinstance(event, Found)}
            left = kept
            held = dict.fromkeys(whole, "of old")
            knowing = replace(visit, stamps=lambda keys: {key: held[key] for key in keys if key in held})
            seen, position, clean = set[str](), None, True
            for _ in range(200):
                events, error = until_broken(harvester.changes(replace(knowing, position=position)))
                seen |= {event.key for event in events if isinstance(event, Found | Kept)}
                clean = clean and not any(isinstance(event, Missed) for event in events)
                marks = [event.position for event in events if isinstance(event, Mark)]
                position = marks[-1] if marks else position
                if error is None and clean:
                    assert seen == whole
                    return
                if error is None:
                    # Something was missed: the source is read again from its start.
                    seen, position, clean = set(), None, True
    pytest.fail("the visit did not end although the faults did")
