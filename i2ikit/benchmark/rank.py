"""Spearman's rank correlation: do two metrics put models in the same order?"""

import statistics
from collections.abc import Collection, Mapping, Sequence


def ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value, from 1; equal values share the mean of their ranks."""
    return [sum(other < value for other in values) + (values.count(value) + 1) / 2 for value in values]


def spearman(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation of two series, in -1..1; None for fewer than 2 pairs or a constant series.

    Source:
        Spearman 1904, "The Proof and Measurement of Association between Two Things".
    """
    try:
        return statistics.correlation(ranks(x), ranks(y))
    except statistics.StatisticsError:
        return None


def rank_correlations(
    measurements: Sequence[Mapping[str, float]], truth: Collection[str], better: Mapping[str, str]
) -> dict[str, dict[str, float | None]]:
    """Return how well each value predicts which of several models is better, judged by paired truth.

    Args:
        measurements: values by name, one mapping for each model or step of a run.
        truth: names of the values that compare with paired truth.
        better: ``"higher"`` or ``"lower"`` by name; values without a direction are left out.

    Returns:
        by value and by value of the truth: Spearman's correlation over the measurements that have both, with the sign
        that makes 1 perfect agreement, whatever the directions, to four digits; None if it is undefined.
    """
    names = [name for name in dict.fromkeys(key for found in measurements for key in found) if name in better]

    def agreement(name: str, other: str) -> float | None:
        both = [found for found in measurements if name in found and other in found]
        value = spearman([found[name] for found in both], [found[other] for found in both])
        return value and round(value if better[name] == better[other] else -value, 4)

    return {
        name: {other: agreement(name, other) for other in names if other in truth}
        for name in names
        if name not in truth
    }
