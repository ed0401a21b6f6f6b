"""What the machine's tests said of a value: three bits a test, in one whole number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["TESTS", "outcome", "packed", "unpacked", "worst"]

TESTS = (
    "gross_range_test", "climatology_test", "spike_test", "rate_of_change_test", "flat_line_test",
    "attenuated_signal_test", "location_test", "pressure_increasing_test", "speed_test", "density_inversion_test",
)  # fmt: skip
"""The tests in the order of their bits, by the names that ioos_qc has for them; new ones go to the end."""
_BITS, _CODE = 3, 0b111
# QARTOD's 9 fits in no three bits: 5 is written for it. 0 is a test that was not run.
_MISSING, _WRITTEN = 9, 5
_RANKS = np.array([0, 1, 0, 2, 3, 0, 0, 0], np.uint8)
"""What was run but could not tell, or had no value, says nothing beside another test that could."""


def packed(outcomes: Mapping[str, NDArray[np.integer]], count: int) -> NDArray[np.int64]:
    """QARTOD's codes of some tests, of so many values, as the numbers that are stored."""
    found = np.zeros(count, np.int64)
    for test, codes in outcomes.items():
        written = np.where(codes == _MISSING, _WRITTEN, codes).astype(np.int64)
        found |= written << (_BITS * TESTS.index(test))
    return found


def outcome(tested: NDArray[np.int64], test: str) -> NDArray[np.uint8]:
    """What one test said of each value: QARTOD's code, 0 where it was not run."""
    code = ((tested >> (_BITS * TESTS.index(test))) & _CODE).astype(np.uint8)
    return np.where(code == _WRITTEN, np.uint8(_MISSING), code)


def unpacked(tested: int) -> dict[str, int]:
    """Test -> QARTOD's code, of those that were run on one value."""
    codes = {test: (tested >> (_BITS * n)) & _CODE for n, test in enumerate(TESTS)}
    return {test: _MISSING if code == _WRITTEN else code for test, code in codes.items() if code}


def worst(tested: NDArray[np.int64]) -> NDArray[np.uint8]:
    """How bad the worst outcome is: 0 nothing is known, 1 good, 2 suspect, 3 bad."""
    found = np.zeros(len(tested), np.uint8)
    used = int(np.bitwise_or.reduce(tested)) if len(tested) else 0
    for n in range(len(TESTS)):
        if (used >> (_BITS * n)) & _CODE:
            np.maximum(found, _RANKS[(tested >> (_BITS * n)) & _CODE], out=found)
    return found
