"""Do two measures put things in the same order? Spearman's rank correlation."""

import math
from collections.abc import Collection, Mapping, Sequence


def ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value, from 1; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for index in order[start:end]:
            found[index] = (start + 1 + end) / 2
        start = end
    return found


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Return Spearman's rank correlation of two series, in -1..1; NaN for fewer than 2 pairs or a constant series.

    Raises:
        ValueError: the lengths differ.
    Source:
        Spearman 1904, "The Proof and Measurement of Association between Two Things".
    """
    if len(x) != len(y):
        raise ValueError(f"two series of one length are needed, not {len(x)} and {len(y)}")
    middle = (len(x) + 1) / 2
    a, b = ([rank - middle for rank in ranks(series)] for series in (x, y))
    spread = math.sqrt(sum(v * v for v in a) * sum(v * v for v in b))
    return sum(p * q for p, q in zip(a, b, strict=True)) / spread if spread else math.nan


def rank_correlations(
    measurements: Sequence[Mapping[str, float]], truth: Collection[str], better: Mapping[str, str]
) -> dict[str, dict[str, float]]:
    """Return how well each number tells which of several models is better, judged by paired truth.

    Args:
        measurements: numbers by name, one mapping for each model or moment of a run.
        truth: names of the numbers that were taken against paired truth.
        better: ``"higher"`` or ``"lower"`` by name; numbers that are not in it are left out.

    Returns:
        by number and by number of the truth: Spearman's correlation over the measurements that have both, with the
        sign that makes 1 perfect agreement, whichever way the numbers count; NaN where it is not defined.
    """
    names = [name for name in dict.fromkeys(key for found in measurements for key in found) if name in better]

    def agreement(name: str, other: str) -> float:
        both = [found for found in measurements if name in found and other in found]
        value = spearman([found[name] for found in both], [found[other] for found in both])
        return value if better[name] == better[other] else -value

    return {
        name: {other: agreement(name, other) for other in names if other in truth}
        for name in names
        if name not in truth
    }
