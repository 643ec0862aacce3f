"""How much the tests marked `thorough` do: a sample, or all of it with THOROUGH=1 in the environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

THOROUGH = os.environ.get("THOROUGH") == "1"


def sampled(points: Iterable[int], sample: int) -> Sequence[int]:
    """All of the points if THOROUGH, else `sample` of them: the first, the last and some between."""
    every = list(points)
    if THOROUGH or len(every) <= sample:
        return every
    if sample == 1:
        return every[:1]
    return sorted({every[round(place * (len(every) - 1) / (sample - 1))] for place in range(sample)})
