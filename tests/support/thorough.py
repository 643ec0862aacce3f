"""How much the tests marked `thorough` do: a sample, or all of it where the environment has THOROUGH=1."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from hypothesis import HealthCheck, settings

THOROUGH = os.environ.get("THOROUGH") == "1"


def sampled(points: Iterable[int], sample: int) -> Sequence[int]:
    """All of the points if THOROUGH, else `sample` of them: the first, the last and some between."""
    every = list(points)
    if THOROUGH or len(every) <= sample:
        return every
    if sample == 1:
        return every[:1]
    return sorted({every[round(place * (len(every) - 1) / (sample - 1))] for place in range(sample)})


def examples(few: int, many: int) -> settings:
    """Settings for so many generated examples, always the same ones."""
    return settings(
        max_examples=many if THOROUGH else few,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
